//! INSERT.

use tokio_postgres::types::ToSql;

use super::bound::BoundStatement;
use super::returning::Returning;
use super::rows::{Cell, Rows};
use super::target::Target;
use super::verbs::{returning, verbs};
use crate::error::{Error, Result};
use crate::schema::Table;

/// An INSERT into a reflected table; made by [`Table::insert`].
///
/// ```no_run
/// # async fn example(tx: &aiodal_core::Transaction, author: &aiodal_core::schema::Table) -> aiodal_core::Result<()> {
/// let row = author.insert().set("name", &"Hep").returning(["id"]).fetch_one(tx).await?;
/// let two = author
///     .insert()
///     .values(&[("name", &"Ann"), ("born", &1960)])
///     .values(&[("name", &"Bob")]) // born: its default
///     .execute(tx)
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is sent before execute() or a fetch"]
pub struct Insert<'t> {
    target: Target<'t>,
    rows: Rows,
    returning: Returning<'t>,
    failed: Option<Error>,
}

impl<'t> Insert<'t> {
    pub(super) fn new(table: &'t Table) -> Insert<'t> {
        Insert {
            target: Target::new(table, "insert into"),
            rows: Rows::default(),
            returning: Returning::default(),
            failed: None,
        }
    }

    /// Gives the row a value for a column: the last row, if [`values`](Insert::values) has added several.
    pub fn set(self, column: &str, value: &(dyn ToSql + Sync)) -> Self {
        self.attempt(|this| this.rows.set_value(&this.target, column, value))
    }

    /// Gives the row the default of a column, which is what leaving it out gives too.
    pub fn set_default(self, column: &str) -> Self {
        self.attempt(|this| this.rows.set(&this.target, column, Cell::Default))
    }

    /// Gives the row the value of an SQL expression for a column: `now()`.
    ///
    /// The text is sent as it is: never make it of somebody's input.
    pub fn set_sql(self, column: &str, expression: &str) -> Self {
        let cell = Cell::Sql(format!("({expression})"));
        self.attempt(|this| this.rows.set(&this.target, column, cell))
    }

    /// Adds a row. Rows need not have the same columns: what one leaves out is its default.
    pub fn values(self, values: &[(&str, &(dyn ToSql + Sync))]) -> Self {
        self.attempt(|this| this.rows.values(&this.target, values))
    }

    /// Allows values for columns that are GENERATED ALWAYS AS IDENTITY: `overriding system value`.
    pub fn overriding_system_value(mut self) -> Self {
        self.rows.overriding = true;
        self
    }

    /// Makes the statement without running it.
    ///
    /// # Errors
    ///
    /// A column that there is not, or given twice in a row; a value that does not go with its column; a value for a
    /// column that is generated.
    pub fn bind(self) -> Result<BoundStatement> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut sql = BoundStatement::of(&self.target);
        self.rows.push(&self.target, None, &mut sql)?;
        self.returning.push(&mut sql)?;
        sql.hints.left_out = self.rows.left_out(&self.target);
        sql.checked()
    }
}

verbs!(Insert, |this| this.returning.required(&this.target));
returning!(Insert);
