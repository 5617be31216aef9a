//! Which columns a type writes, and whether its values fit them.

use std::any::type_name;

use tokio_postgres::types::{Kind, Type};

use super::json::{self, ToJson};
use super::{ToColumn, ToRow};
use crate::error::{Error, Result};
use crate::row::describe;

/// The columns that a type writes, in order: what [`ToRow::columns`] adds to.
#[derive(Debug)]
pub struct RowColumns {
    /// The type whose fields are being added.
    target: &'static str,
    prefix: String,
    /// `None` while they are only counted.
    fields: Option<Vec<Field>>,
    count: usize,
}

/// One value of a row.
#[derive(Debug)]
struct Field {
    target: &'static str,
    label: &'static str,
    /// The column's name; `None` goes by position.
    column: Option<String>,
    rust: &'static str,
    accepts: fn(&Type) -> bool,
}

/// A column that values of a known type go into.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    /// What its values are encoded as.
    pub(crate) ty: Type,
    /// Of the type that was said to be written to it.
    pub(crate) accepts: fn(&Type) -> bool,
}

impl RowColumns {
    /// Returns the columns of a type.
    pub(crate) fn of<T: ToRow>() -> RowColumns {
        T::columns(RowColumns::new::<T>(Some(Vec::new())))
    }

    /// Returns how many columns a type has, without the cost of naming them.
    pub(crate) fn count<T: ToRow>() -> usize {
        T::columns(RowColumns::new::<T>(None)).count
    }

    fn new<T>(fields: Option<Vec<Field>>) -> RowColumns {
        RowColumns {
            target: type_name::<T>(),
            prefix: String::new(),
            fields,
            count: 0,
        }
    }

    /// Adds a column by its name, which values of `T` are written to; `field` is what errors call them.
    #[must_use]
    pub fn column<T: ToColumn>(self, field: &'static str, column: &str) -> RowColumns {
        self.add(field, Some(column), type_name::<T>(), T::accepts)
    }

    /// Adds a column of `json` or `jsonb` by its name, which values of `T` are written to as JSON.
    #[must_use]
    pub fn json<T: ToJson>(self, field: &'static str, column: &str) -> RowColumns {
        self.add(field, Some(column), type_name::<T>(), json::accepts)
    }

    /// Adds the column that is next in order, whatever its name.
    #[must_use]
    pub fn position<T: ToColumn>(self, field: &'static str) -> RowColumns {
        self.add(field, None, type_name::<T>(), T::accepts)
    }

    /// Adds the column that is next in order, which is of `json` or `jsonb`.
    #[must_use]
    pub fn json_position<T: ToJson>(self, field: &'static str) -> RowColumns {
        self.add(field, None, type_name::<T>(), json::accepts)
    }

    /// Adds the columns of another type, with `prefix` before their names.
    #[must_use]
    pub fn nested<T: ToRow + ?Sized>(mut self, prefix: &str) -> RowColumns {
        if self.fields.is_none() {
            return T::columns(self);
        }
        let target = std::mem::replace(&mut self.target, type_name::<T>());
        let outer = self.prefix.len();
        self.prefix.push_str(prefix);
        let mut columns = T::columns(self);
        columns.prefix.truncate(outer);
        columns.target = target;
        columns
    }

    fn add(
        mut self,
        label: &'static str,
        column: Option<&str>,
        rust: &'static str,
        accepts: fn(&Type) -> bool,
    ) -> RowColumns {
        self.count += 1;
        if let Some(fields) = &mut self.fields {
            fields.push(Field {
                target: self.target,
                label,
                column: column.map(|column| format!("{}{column}", self.prefix)),
                rust,
                accepts,
            });
        }
        self
    }

    /// Returns how many columns there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Returns the names of all columns; `None` if one goes by position.
    pub(crate) fn names(&self) -> Option<Vec<String>> {
        let fields = self.fields.as_deref().unwrap_or_default();
        fields.iter().map(|field| field.column.clone()).collect()
    }

    /// Checks that every value can be written to its column.
    ///
    /// # Errors
    ///
    /// Every column that is of another type; as many columns as there are values.
    pub(crate) fn bind(self, columns: Vec<(String, Type)>) -> Result<Vec<Target>> {
        let fields = self.fields.unwrap_or_default();
        if fields.len() != columns.len() {
            let names: Vec<String> = columns.into_iter().map(|(name, _)| name).collect();
            let reason = format!(
                "it has {} value{}, and there {} {} column{}: {}; name as many as there are values",
                fields.len(),
                if fields.len() == 1 { "" } else { "s" },
                if names.len() == 1 { "is" } else { "are" },
                names.len(),
                if names.len() == 1 { "" } else { "s" },
                describe::Names(&names),
            );
            return Err(refused(self.target, reason));
        }
        let mut targets = Vec::with_capacity(columns.len());
        let mut unfit = Vec::new();
        for (field, (name, ty)) in fields.iter().zip(columns) {
            let accepts = field.accepts;
            match encoded_as(&ty, accepts) {
                Some(ty) => targets.push(Target { name, ty, accepts }),
                None => unfit.push(field.unfit(&name, &ty)),
            }
        }
        if unfit.is_empty() {
            Ok(targets)
        } else {
            Err(refused(self.target, unfit.join("; ")))
        }
    }
}

fn refused(target: &str, reason: String) -> Error {
    let rust = describe::rust(target);
    Error::refused(&format!("write a row from {rust}"), reason)
}

/// Returns the type that a value for a column is encoded as: a domain's values are encoded as those of its base type.
pub(super) fn encoded_as(column: &Type, accepts: fn(&Type) -> bool) -> Option<Type> {
    let mut ty = column;
    while !accepts(ty) {
        match ty.kind() {
            Kind::Domain(base) => ty = base,
            _ => return None,
        }
    }
    Some(ty.clone())
}

impl Field {
    /// Says why a value cannot go into a column.
    fn unfit(&self, column: &str, ty: &Type) -> String {
        let (target, rust) = (describe::rust(self.target), describe::value(self.rust));
        let mut said = format!(
            "column \"{column}\" is {}, and {target}.{}, {rust}, is written as ",
            describe::sql(ty),
            self.label
        );
        let accepted = describe::common(self.accepts);
        if accepted.is_empty() {
            said.push_str("another type");
        }
        let accepted: Vec<String> = accepted.iter().map(describe::sql).collect();
        said.push_str(&accepted.join(" or "));
        if let Some(remedy) = describe::written_as(ty) {
            said.push_str("; ");
            said.push_str(&remedy);
        }
        said
    }
}
