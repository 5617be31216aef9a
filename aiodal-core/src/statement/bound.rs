//! SQL text with its values: what every builder makes.

use std::fmt;

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::hints::Hints;
use super::param::Param;
use super::target::Target;
use crate::error::{Error, Result};
use crate::ident::quote_ident;
use crate::row::FromRow;
use crate::schema::QualifiedName;
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
            .map_err(|error| self.hints.explain(error))
    }

    /// Executes it and returns all its rows.
    ///
    /// # Errors
    ///
    /// What the server refused, and a value that does not go with its parameter.
    pub async fn fetch_all(&self, tx: &Transaction) -> Result<Vec<Row>> {
        tx.query(&self.sql, &self.params())
            .await
            .map_err(|error| self.hints.explain(error))
    }

    /// Executes it and returns its only row.
    ///
    /// # Errors
    ///
    /// What the server refused, a value that does not go with its parameter, and any other number of rows.
    pub async fn fetch_one(&self, tx: &Transaction) -> Result<Row> {
        tx.query_one(&self.sql, &self.params())
            .await
            .map_err(|error| self.hints.explain(error))
    }

    /// Executes it and returns its row, if there is one.
    ///
    /// # Errors
    ///
    /// What the server refused, a value that does not go with its parameter, and more than one row.
    pub async fn fetch_opt(&self, tx: &Transaction) -> Result<Option<Row>> {
        tx.query_opt(&self.sql, &self.params())
            .await
            .map_err(|error| self.hints.explain(error))
    }

    /// Executes it and reads all its rows into `T`.
    ///
    /// # Errors
    ///
    /// Those of [`fetch_all`](BoundStatement::fetch_all), and a row that does not fit `T`.
    pub async fn fetch_all_as<T: FromRow>(&self, tx: &Transaction) -> Result<Vec<T>> {
        tx.query_as(&self.sql, &self.params())
            .await
            .map_err(|error| self.hints.explain(error))
    }

    /// Executes it and reads its only row into `T`.
    ///
    /// # Errors
    ///
    /// Those of [`fetch_one`](BoundStatement::fetch_one), and a row that does not fit `T`.
    pub async fn fetch_one_as<T: FromRow>(&self, tx: &Transaction) -> Result<T> {
        tx.query_one_as(&self.sql, &self.params())
            .await
            .map_err(|error| self.hints.explain(error))
    }

    /// Executes it and reads its row, if there is one, into `T`.
    ///
    /// # Errors
    ///
    /// Those of [`fetch_opt`](BoundStatement::fetch_opt), and a row that does not fit `T`.
    pub async fn fetch_opt_as<T: FromRow>(&self, tx: &Transaction) -> Result<Option<T>> {
        tx.query_opt_as(&self.sql, &self.params())
            .await
            .map_err(|error| self.hints.explain(error))
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
        self.push_list(names, BoundStatement::push_ident)
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
            hints: Hints::of(target),
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
}
