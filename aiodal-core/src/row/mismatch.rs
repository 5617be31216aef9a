//! How a row does not fit the type that it is read into, in words.

use std::borrow::Cow;
use std::fmt;

use tokio_postgres::types::Type;

use super::describe::{self, Names};

/// What is read: a field of a type, or the type itself.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// As `std::any::type_name` writes it.
    pub(crate) target: &'static str,
    /// Empty where there are no fields.
    pub(crate) field: Cow<'static, str>,
}

/// One way in which a row does not fit.
#[derive(Debug)]
pub(crate) struct Mismatch {
    pub(crate) place: Place,
    /// The column's name in the row, where there is one.
    pub(crate) column: Option<String>,
    pub(crate) reason: Reason,
}

#[derive(Debug)]
pub(crate) enum Reason {
    Missing {
        near: Vec<String>,
        names: Vec<String>,
    },
    /// Positions, from 0.
    Ambiguous(Vec<usize>),
    Type {
        ty: Type,
        rust: &'static str,
        accepted: Vec<Type>,
    },
    Arity {
        expected: usize,
        names: Vec<String>,
    },
    Null {
        rust: &'static str,
    },
    /// Its cause is the error's source.
    Value {
        ty: Type,
        rust: &'static str,
    },
    #[cfg(feature = "json")]
    NoJson {
        ty: Type,
    },
    /// A plan that was made for another result, or by a `resolve` that does not go with its `decode`.
    Plan,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&describe::rust(self.target))?;
        match &*self.field {
            "" => Ok(()),
            field => write!(f, ".{field}"),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch {
            place,
            column,
            reason,
        } = self;
        let column = column.as_deref().unwrap_or_default();
        write!(f, "cannot read {place}")?;
        match reason {
            Reason::Missing { near, names } => {
                let names = Names(names);
                write!(f, ": there is no column \"{column}\" among {names}")?;
                if !near.is_empty() {
                    write!(f, "; did you mean {}?", Names(near))?;
                }
                Ok(())
            }
            Reason::Ambiguous(positions) => {
                let count = positions.len();
                write!(f, ": {count} columns are named \"{column}\" (numbers ")?;
                for (i, position) in positions.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{}", position + 1)?;
                }
                write!(f, "); give them different names with AS")
            }
            Reason::Type { ty, rust, accepted } => {
                let (sql, rust) = (describe::sql(ty), describe::rust(rust));
                write!(
                    f,
                    " from column \"{column}\": it is {sql}, and {rust} reads "
                )?;
                if accepted.is_empty() {
                    write!(f, "another type")?;
                }
                for (i, ty) in accepted.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{}", describe::sql(ty))?;
                }
                match describe::remedy(ty) {
                    Some(remedy) => write!(f, "; {remedy}"),
                    None => Ok(()),
                }
            }
            Reason::Arity { expected, names } => {
                let s = if *expected == 1 { "" } else { "s" };
                let count = names.len();
                write!(
                    f,
                    ": it takes {expected} column{s}, and the row has {count}"
                )?;
                match count {
                    0 => Ok(()),
                    _ => write!(f, ": {}", Names(names)),
                }
            }
            Reason::Null { rust } => {
                let rust = describe::value(rust);
                write!(
                    f,
                    " from column \"{column}\": it is null, which {rust} cannot be; use Option<{rust}>"
                )
            }
            Reason::Value { ty, rust } => {
                let (sql, rust) = (describe::sql(ty), describe::value(rust));
                write!(
                    f,
                    " from column \"{column}\": the {sql} was refused by {rust}"
                )
            }
            #[cfg(feature = "json")]
            Reason::NoJson { ty } => {
                let sql = describe::sql(ty);
                write!(
                    f,
                    " from column \"{column}\": there is no JSON form for {sql}; cast the column to text or jsonb"
                )
            }
            Reason::Plan => write!(f, ": its plan was made for other columns"),
        }
    }
}
