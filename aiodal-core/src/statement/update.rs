//! UPDATE and DELETE.

use tokio_postgres::types::ToSql;

use super::bound::BoundStatement;
use super::condition::Condition;
use super::returning::Returning;
use super::rows::Cell;
use super::target::Target;
use super::verbs::{condition, returning, verbs};
use crate::error::{Error, Result};
use crate::schema::Table;

/// An UPDATE of a reflected table; made by [`Table::update`].
///
/// ```no_run
/// # async fn example(tx: &aiodal_core::Transaction, author: &aiodal_core::schema::Table) -> aiodal_core::Result<()> {
/// let updated = author.update().set("name", &"Hepburn").key(&[&7]).execute(tx).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is sent before execute() or a fetch"]
pub struct Update<'t> {
    target: Target<'t>,
    cells: Vec<(usize, Cell)>,
    condition: Condition,
    all_rows: bool,
    returning: Returning<'t>,
    failed: Option<Error>,
}

impl<'t> Update<'t> {
    pub(super) fn new(table: &'t Table) -> Update<'t> {
        Update {
            target: Target::new(table, "update"),
            cells: Vec::new(),
            condition: Condition::default(),
            all_rows: false,
            returning: Returning::default(),
            failed: None,
        }
    }

    /// Sets a column to a value.
    pub fn set(self, column: &str, value: &(dyn ToSql + Sync)) -> Self {
        self.attempt(|this| {
            let place = this.target.place(column)?;
            let param = this.target.param(place, value)?;
            this.put(place, Cell::Value(param))
        })
    }

    /// Sets several columns.
    pub fn values(self, values: &[(&str, &(dyn ToSql + Sync))]) -> Self {
        let each = values.iter();
        each.fold(self, |this, (column, value)| this.set(column, *value))
    }

    /// Sets a column to its default.
    pub fn set_default(self, column: &str) -> Self {
        self.attempt(|this| this.put(this.target.place(column)?, Cell::Default))
    }

    /// Sets a column to the value of an SQL expression, which may read the row: `count + 1`.
    ///
    /// The text is sent as it is: never make it of somebody's input.
    pub fn set_sql(self, column: &str, expression: &str) -> Self {
        let cell = Cell::Sql(format!("({expression})"));
        self.attempt(|this| this.put(this.target.place(column)?, cell))
    }

    /// Means all rows, which having neither key nor filter does not.
    pub fn all_rows(mut self) -> Self {
        self.all_rows = true;
        self
    }

    fn put(&mut self, place: usize, cell: Cell) -> Result<()> {
        let column = self.target.column(place);
        let name = &column.name;
        if self.cells.iter().any(|(other, _)| *other == place) {
            return self
                .target
                .refuse(format!("column \"{name}\" is set twice"));
        }
        if !matches!(cell, Cell::Default) {
            settable(&self.target, place)?;
        }
        self.cells.push((place, cell));
        Ok(())
    }

    /// Makes the statement without running it.
    ///
    /// # Errors
    ///
    /// A column that there is not, is set twice or is generated; a value that does not go with its column; nothing to
    /// set; neither key, filter nor [`all_rows`](Update::all_rows).
    pub fn bind(mut self) -> Result<BoundStatement> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.target.writable()?;
        if self.cells.is_empty() {
            return self.target.refuse("it sets nothing: add set()");
        }
        some_rows(&self.target, &self.condition, self.all_rows)?;
        self.cells.sort_by_key(|(place, _)| *place);
        let mut sql = BoundStatement::of(&self.target);
        sql.push("update ");
        self.target.push_table(&mut sql)?;
        sql.push(" set ");
        sql.push_list(&self.cells, |sql, (place, cell)| {
            sql.push_ident(&self.target.column(*place).name)?;
            sql.push(" = ");
            cell.push(sql);
            Ok(())
        })?;
        self.condition.push(&self.target, &mut sql)?;
        self.returning.push(&mut sql)?;
        sql.checked()
    }
}

/// Refuses to set what an UPDATE may set to its default only (428C9).
pub(super) fn settable(target: &Target<'_>, place: usize) -> Result<()> {
    let column = target.column(place);
    if column.generated.is_some() {
        return target.refuse(format!(
            "column \"{}\" is generated: it follows the columns it is computed from",
            column.name
        ));
    }
    if column
        .identity
        .as_ref()
        .is_some_and(|identity| identity.always)
    {
        return target.refuse(format!(
            "column \"{}\" is generated always as identity: only set_default() may change it",
            column.name
        ));
    }
    Ok(())
}

fn some_rows(target: &Target<'_>, condition: &Condition, all_rows: bool) -> Result<()> {
    if condition.is_empty() && !all_rows {
        return target.refuse("it has neither key() nor filter(): add all_rows() if all are meant");
    }
    Ok(())
}

/// A DELETE from a reflected table; made by [`Table::delete`].
///
/// ```no_run
/// # async fn example(tx: &aiodal_core::Transaction, author: &aiodal_core::schema::Table) -> aiodal_core::Result<()> {
/// let gone = author.delete().filter("name", &"Hep").returning(["id"]).fetch_all(tx).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is sent before execute() or a fetch"]
pub struct Delete<'t> {
    target: Target<'t>,
    condition: Condition,
    all_rows: bool,
    returning: Returning<'t>,
    failed: Option<Error>,
}

impl<'t> Delete<'t> {
    pub(super) fn new(table: &'t Table) -> Delete<'t> {
        Delete {
            target: Target::new(table, "delete from"),
            condition: Condition::default(),
            all_rows: false,
            returning: Returning::default(),
            failed: None,
        }
    }

    /// Means all rows, which having neither key nor filter does not.
    pub fn all_rows(mut self) -> Self {
        self.all_rows = true;
        self
    }

    /// Makes the statement without running it.
    ///
    /// # Errors
    ///
    /// A column that there is not; a value that does not go with its column; neither key, filter nor
    /// [`all_rows`](Delete::all_rows).
    pub fn bind(self) -> Result<BoundStatement> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.target.writable()?;
        some_rows(&self.target, &self.condition, self.all_rows)?;
        let mut sql = BoundStatement::of(&self.target);
        sql.push("delete from ");
        self.target.push_table(&mut sql)?;
        self.condition.push(&self.target, &mut sql)?;
        self.returning.push(&mut sql)?;
        sql.checked()
    }
}

verbs!(Update, |this| this.returning.required(&this.target));
returning!(Update);
condition!(Update);
verbs!(Delete, |this| this.returning.required(&this.target));
returning!(Delete);
condition!(Delete);
