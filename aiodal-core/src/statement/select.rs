//! SELECT from one relation.

use super::bound::BoundStatement;
use super::condition::Condition;
use super::page::Page;
use super::param::Param;
use super::source::TableSource;
use super::target::Target;
use super::verbs::{condition, verbs};
use crate::error::{Error, Result};
use crate::schema::Table;
use crate::{FromRow, Row, Transaction};

/// A SELECT from a reflected table or a [`TableSource`]; made by [`Table::select`].
///
/// ```no_run
/// # async fn example(tx: &aiodal_core::Transaction, job: &aiodal_core::schema::Table) -> aiodal_core::Result<()> {
/// let next = job
///     .select()
///     .columns(["id", "payload"])
///     .filter("done", &false)
///     .order_by("id")
///     .limit(1)
///     .for_update()
///     .skip_locked()
///     .fetch_opt(tx)
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is sent before execute() or a fetch"]
pub struct Select<'t> {
    target: Target<'t>,
    source: Option<&'t TableSource>,
    columns: Vec<&'t str>,
    condition: Condition,
    order: Vec<(&'t str, &'static str)>,
    limit: Option<u64>,
    offset: Option<u64>,
    lock: Option<&'static str>,
    wait: &'static str,
    failed: Option<Error>,
}

impl<'t> Select<'t> {
    pub(super) fn new(table: &'t Table, source: Option<&'t TableSource>) -> Select<'t> {
        Select {
            target: Target::new(table, "select from"),
            source,
            columns: Vec::new(),
            condition: Condition::default(),
            order: Vec::new(),
            limit: None,
            offset: None,
            lock: None,
            wait: "",
            failed: None,
        }
    }

    /// Selects these columns only, in this order, rather than all in the table's.
    pub fn columns<C: AsRef<str>>(self, columns: impl IntoIterator<Item = C>) -> Self {
        let columns: Vec<C> = columns.into_iter().collect();
        self.attempt(|this| {
            this.columns = this.target.names(columns.iter().map(AsRef::as_ref))?;
            Ok(())
        })
    }

    /// Orders by a column, ascending; called again, by that one where the first are equal.
    pub fn order_by(self, column: &str) -> Self {
        self.order(column, "")
    }

    /// Orders by a column, descending.
    pub fn order_by_desc(self, column: &str) -> Self {
        self.order(column, " desc")
    }

    fn order(self, column: &str, direction: &'static str) -> Self {
        self.attempt(|this| {
            let place = this.target.place(column)?;
            this.order
                .push((&this.target.column(place).name, direction));
            Ok(())
        })
    }

    /// Returns this many rows at most.
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Leaves out this many rows.
    pub fn offset(mut self, rows: u64) -> Self {
        self.offset = Some(rows);
        self
    }

    /// Locks the rows against everybody else's locks and changes.
    pub fn for_update(mut self) -> Self {
        self.lock = Some(" for update");
        self
    }

    /// Locks the rows as [`for_update`](Select::for_update) does, but lets others refer to them by foreign keys.
    pub fn for_no_key_update(mut self) -> Self {
        self.lock = Some(" for no key update");
        self
    }

    /// Locks the rows against changes.
    pub fn for_share(mut self) -> Self {
        self.lock = Some(" for share");
        self
    }

    /// Locks the rows against being deleted and changes of their keys.
    pub fn for_key_share(mut self) -> Self {
        self.lock = Some(" for key share");
        self
    }

    /// Leaves out rows that somebody else has locked, where rows are to be locked.
    pub fn skip_locked(mut self) -> Self {
        self.wait = " skip locked";
        self
    }

    /// Fails (55P03) on rows that somebody else has locked, where rows are to be locked.
    pub fn no_wait(mut self) -> Self {
        self.wait = " nowait";
        self
    }

    /// Executes it and returns a page of its rows, with the number of all.
    ///
    /// Like [`Transaction::query_page`]. Order it by something unique, or pages overlap.
    ///
    /// # Errors
    ///
    /// What the builder refused, before anything is sent, and what the server refused.
    pub async fn fetch_page(self, tx: &Transaction, limit: u64, offset: u64) -> Result<Page<Row>> {
        let statement = self.bind()?;
        tx.query_page(statement.sql(), &statement.params(), limit, offset)
            .await
    }

    /// Like [`fetch_page`](Select::fetch_page), with the rows read into `T`.
    ///
    /// # Errors
    ///
    /// Those of `fetch_page`, and a row that does not fit `T`.
    pub async fn fetch_page_as<T: FromRow>(
        self,
        tx: &Transaction,
        limit: u64,
        offset: u64,
    ) -> Result<Page<T>> {
        let statement = self.bind()?;
        tx.query_page_as(statement.sql(), &statement.params(), limit, offset)
            .await
    }

    /// Makes the statement without running it.
    ///
    /// # Errors
    ///
    /// A column that there is not; a value that does not go with its column; skipping locked rows without locking any.
    pub fn bind(self) -> Result<BoundStatement> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let target = &self.target;
        let mut sql = BoundStatement::of(target);
        sql.push("select ");
        if !self.columns.is_empty() {
            sql.push_idents(self.columns.iter().copied())?;
        } else if target.table.columns.is_empty() {
            sql.push("*");
        } else {
            // By name, so that a column that is added meanwhile changes nothing.
            sql.push_idents(target.table.columns.iter().map(|column| &*column.name))?;
        }
        sql.push(" from ");
        match self.source {
            Some(source) => source.push(&mut sql),
            None => target.push_table(&mut sql)?,
        }
        self.condition.push(target, &mut sql)?;
        for (index, (name, direction)) in self.order.iter().enumerate() {
            sql.push(if index == 0 { " order by " } else { ", " });
            sql.push_ident(name)?;
            sql.push(direction);
        }
        for (word, what, rows) in [
            (" limit ", "limit", self.limit),
            (" offset ", "offset", self.offset),
        ] {
            if let Some(rows) = rows {
                sql.push(word);
                // More rows than that no relation holds.
                sql.push_param(Param::int8(i64::try_from(rows).unwrap_or(i64::MAX), what));
            }
        }
        match self.lock {
            Some(lock) => {
                sql.push(lock);
                sql.push(self.wait);
            }
            None if !self.wait.is_empty() => {
                return target.refuse(format!(
                    "{} says nothing without a lock: add for_update() or for_share()",
                    self.wait.trim()
                ));
            }
            None => {}
        }
        sql.checked()
    }
}

verbs!(Select, |_| Ok(()));
condition!(Select);
