//! SQL text with its values: what every builder makes.

use std::error::Error as StdError;
use std::fmt;

use bytes::BytesMut;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{Format, IsNull, ToSql, Type};

use super::convert::convert;
use super::target::Target;
use super::wire::Wire;
use crate::error::{Error, Result};
use crate::ident::quote_ident;
use crate::row::FromRow;
use crate::schema::{QualifiedName, TableKind};
use crate::transaction::Transaction;

/// SQL text and the values of its parameters.
///
/// The values convert to the types of the parameters when the statement is run, as the [module](super) says.
///
/// ```no_run
/// # async fn example(tx: &aiodal_core::Transaction, author: &aiodal_core::schema::Table) -> aiodal_core::Result<()> {
/// let statement = author.select().filter("name", &"Hep").bind()?;
/// let plan = tx.query(&format!("explain {}", statement.sql()), &statement.params()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct BoundStatement {
    pub(super) sql: String,
    pub(super) params: Vec<Param>,
    pub(super) hints: Hints,
}

/// What the builder knows and the server does not say when it refuses.
#[derive(Clone, Debug, Default)]
pub(super) struct Hints {
    /// For errors: `insert into public.author`.
    operation: String,
    table: Option<QualifiedName>,
    /// Whether the server names another table in its errors: a partition, or the table under a view.
    other_tables: bool,
    /// Columns that must not be null, have no default and were left out.
    pub(super) left_out: Vec<String>,
    /// The key that an upsert goes by.
    pub(super) arbiter: Option<String>,
}

impl BoundStatement {
    /// Returns the text, with parameters numbered from `$1`.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Returns the values, for the methods of [`Transaction`] that take them.
    #[must_use]
    pub fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.params.iter().map(|param| param as _).collect()
    }

    /// Executes it and returns the number of rows it affected.
    ///
    /// # Errors
    ///
    /// What the server refused, and a value that does not go with its parameter.
    pub async fn execute(&self, tx: &Transaction) -> Result<u64> {
        tx.execute(&self.sql, &self.params())
            .await
            .map_err(|error| self.explain(error))
    }

    /// Executes it and returns all its rows.
    ///
    /// # Errors
    ///
    /// What the server refused, and a value that does not go with its parameter.
    pub async fn fetch_all(&self, tx: &Transaction) -> Result<Vec<Row>> {
        tx.query(&self.sql, &self.params())
            .await
            .map_err(|error| self.explain(error))
    }

    /// Executes it and returns its only row.
    ///
    /// # Errors
    ///
    /// What the server refused, a value that does not go with its parameter, and any other number of rows.
    pub async fn fetch_one(&self, tx: &Transaction) -> Result<Row> {
        tx.query_one(&self.sql, &self.params())
            .await
            .map_err(|error| self.explain(error))
    }

    /// Executes it and returns its row, if there is one.
    ///
    /// # Errors
    ///
    /// What the server refused, a value that does not go with its parameter, and more than one row.
    pub async fn fetch_opt(&self, tx: &Transaction) -> Result<Option<Row>> {
        tx.query_opt(&self.sql, &self.params())
            .await
            .map_err(|error| self.explain(error))
    }

    /// Executes it and reads all its rows into `T`.
    ///
    /// # Errors
    ///
    /// Those of [`fetch_all`](BoundStatement::fetch_all), and a row that does not fit `T`.
    pub async fn fetch_all_as<T: FromRow>(&self, tx: &Transaction) -> Result<Vec<T>> {
        tx.query_as(&self.sql, &self.params())
            .await
            .map_err(|error| self.explain(error))
    }

    /// Executes it and reads its only row into `T`.
    ///
    /// # Errors
    ///
    /// Those of [`fetch_one`](BoundStatement::fetch_one), and a row that does not fit `T`.
    pub async fn fetch_one_as<T: FromRow>(&self, tx: &Transaction) -> Result<T> {
        tx.query_one_as(&self.sql, &self.params())
            .await
            .map_err(|error| self.explain(error))
    }

    /// Executes it and reads its row, if there is one, into `T`.
    ///
    /// # Errors
    ///
    /// Those of [`fetch_opt`](BoundStatement::fetch_opt), and a row that does not fit `T`.
    pub async fn fetch_opt_as<T: FromRow>(&self, tx: &Transaction) -> Result<Option<T>> {
        tx.query_opt_as(&self.sql, &self.params())
            .await
            .map_err(|error| self.explain(error))
    }

    pub(super) fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    pub(super) fn push_ident(&mut self, name: &str) -> Result<()> {
        self.sql.push_str(&quote_ident(name)?);
        Ok(())
    }

    /// Writes names with commas between.
    pub(super) fn push_idents<'n>(
        &mut self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<()> {
        self.push_list(names, |sql, name| sql.push_ident(name))
    }

    /// Writes items with commas between.
    pub(super) fn push_list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut push: impl FnMut(&mut Self, T) -> Result<()>,
    ) -> Result<()> {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            push(self, item)?;
        }
        Ok(())
    }

    /// Writes a relation's or function's name.
    pub(super) fn push_name(&mut self, name: &QualifiedName) -> Result<()> {
        self.push_ident(&name.schema)?;
        self.push(".");
        self.push_ident(&name.name)
    }

    /// Writes the next parameter's number, and keeps its value.
    pub(super) fn push_param(&mut self, param: Param) {
        use fmt::Write as _;
        self.params.push(param);
        let _infallible = write!(self.sql, "${}", self.params.len());
    }

    pub(super) fn of(target: &Target<'_>) -> BoundStatement {
        BoundStatement {
            hints: Hints {
                operation: target.operation(),
                table: Some(target.table.name.clone()),
                other_tables: matches!(
                    target.table.kind,
                    TableKind::PartitionedTable | TableKind::View
                ),
                ..Hints::default()
            },
            ..BoundStatement::default()
        }
    }

    /// Refuses more parameters than the protocol counts (Bind has them as 16 bits).
    pub(super) fn checked(self) -> Result<BoundStatement> {
        const MOST: usize = u16::MAX as usize;
        let count = self.params.len();
        if count > MOST {
            let reason = format!(
                "it has {count} values, and a statement takes {MOST}: split the rows, or copy them in"
            );
            return Err(Error::refused(&self.hints.operation, reason));
        }
        Ok(self)
    }

    /// Adds what the builder knows to what the server refused.
    fn explain(&self, error: Error) -> Error {
        let Hints {
            operation,
            table: Some(table),
            other_tables,
            left_out,
            arbiter,
        } = &self.hints
        else {
            return error;
        };
        if error.is_not_null_violation() {
            let Some(db) = error.as_db_error() else {
                return error;
            };
            // A trigger's own insert may be what failed.
            let ours = db.table() == Some(&*table.name) && db.schema() == Some(&*table.schema);
            let column = db.column().unwrap_or_default();
            if (ours || *other_tables) && left_out.iter().any(|name| name == column) {
                let reason = format!(
                    "it leaves out \"{}\": not null, and without a default",
                    left_out.join("\", \"")
                );
                return error.explained(operation, reason);
            }
        }
        if let Some(arbiter) = arbiter
            && error.code() == Some(&SqlState::CARDINALITY_VIOLATION)
        {
            let reason = format!(
                "two of its rows have the same {arbiter}, and a statement may write a row once: \
                 keep one of them, or use two statements"
            );
            return error.explained(operation, reason);
        }
        error
    }
}

/// A value, and what it is for.
#[derive(Clone)]
pub(super) struct Param {
    pub(super) wire: Wire,
    /// Said in errors: `column "name"`.
    pub(super) what: String,
}

impl Param {
    /// A number that the builder itself needs: a limit, say.
    pub(super) fn int8(value: i64, what: &str) -> Param {
        Param {
            wire: Wire::int8(value),
            what: what.to_owned(),
        }
    }
}

impl ToSql for Param {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        let converted = convert(&self.wire, ty)
            .map_err(|reason| format!("{} ({}): {reason}", self.what, ty.name()))?;
        Ok(match converted.bytes {
            None => IsNull::Yes,
            Some(bytes) => {
                out.extend_from_slice(&bytes);
                IsNull::No
            }
        })
    }

    fn to_sql_checked(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        self.to_sql(ty, out)
    }

    /// Every type: whether the value converts is seen by converting it.
    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, ty: &Type) -> Format {
        convert(&self.wire, ty).map_or(Format::Binary, |converted| converted.format)
    }
}

/// Values are the application's and may be secret.
impl fmt::Debug for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.wire.ty.name())
    }
}
