//! A transaction within a transaction.

use std::fmt;
use std::marker::PhantomData;

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::error::{Error, Result};
use crate::lane::Lane;

/// A savepoint: what happens behind it can be undone alone.
///
/// It borrows its transaction, so that nothing else runs in between. Dropped without
/// [`commit`](Savepoint::commit) it rolls back. Both ends release it: savepoints that pile up make
/// the server slower from the 65th on (PostgreSQL manual, 67.3, "Subtransactions").
///
/// ```no_run
/// # async fn example(tx: &mut aiodal_core::Transaction) -> aiodal_core::Result<()> {
/// let attempt = tx.savepoint().await?;
/// match attempt.execute("insert into author (id) values (1)", &[]).await {
///     Ok(_) => attempt.commit().await?,
///     Err(error) if error.is_unique_violation() => attempt.rollback().await?,
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
pub struct Savepoint<'a> {
    lane: Lane,
    depth: u32,
    open: bool,
    transaction: PhantomData<&'a mut ()>,
}

impl<'a> Savepoint<'a> {
    pub(crate) async fn set(lane: &Lane, depth: u32) -> Result<Savepoint<'a>> {
        let sql = format!("savepoint aiodal_{depth}");
        lane.batch_execute(&sql)
            .await
            .map_err(Error::into_savepoint)?;
        Ok(Savepoint {
            lane: lane.clone(),
            depth,
            open: true,
            transaction: PhantomData,
        })
    }

    /// Like [`Transaction::execute`](crate::Transaction::execute).
    ///
    /// # Errors
    ///
    /// What the server refused. Rolling back to the savepoint mends the transaction.
    pub async fn execute(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        self.lane.execute(sql, params).await
    }

    /// Like [`Transaction::query`](crate::Transaction::query).
    ///
    /// # Errors
    ///
    /// What the server refused. Rolling back to the savepoint mends the transaction.
    pub async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        self.lane.query(sql, params).await
    }

    /// Like [`Transaction::query_one`](crate::Transaction::query_one).
    ///
    /// # Errors
    ///
    /// What the server refused, and any other number of rows.
    pub async fn query_one(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Row> {
        self.lane.query_one(sql, params).await
    }

    /// Like [`Transaction::query_opt`](crate::Transaction::query_opt).
    ///
    /// # Errors
    ///
    /// What the server refused, and more than one row.
    pub async fn query_opt(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>> {
        self.lane.query_opt(sql, params).await
    }

    /// Like [`Transaction::batch_execute`](crate::Transaction::batch_execute).
    ///
    /// # Errors
    ///
    /// The first statement that the server refused; those behind it were not run.
    pub async fn batch_execute(&self, sql: &str) -> Result<()> {
        self.lane.batch_execute(sql).await
    }

    /// Sets a savepoint within this one.
    ///
    /// # Errors
    ///
    /// A statement has failed since this savepoint was set, or the connection is lost.
    pub async fn savepoint(&mut self) -> Result<Savepoint<'_>> {
        Savepoint::set(&self.lane, self.depth + 1).await
    }

    /// Keeps what happened behind the savepoint, as part of the transaction around it: RELEASE.
    ///
    /// # Errors
    ///
    /// A statement has failed since: what happened behind the savepoint is undone.
    pub async fn commit(mut self) -> Result<()> {
        let sql = format!("release aiodal_{}", self.depth);
        // Dropping `self` rolls back if this fails.
        self.lane
            .batch_execute(&sql)
            .await
            .map_err(Error::into_savepoint)?;
        self.open = false;
        Ok(())
    }

    /// Undoes what happened behind the savepoint, an error included: ROLLBACK TO and RELEASE.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub async fn rollback(mut self) -> Result<()> {
        self.lane
            .batch_execute(&self.undo())
            .await
            .map_err(Error::into_savepoint)?;
        self.open = false;
        Ok(())
    }

    fn undo(&self) -> String {
        format!("rollback to aiodal_{0}; release aiodal_{0}", self.depth)
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        if self.open {
            self.lane.queue(&self.undo());
        }
    }
}

impl fmt::Debug for Savepoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Savepoint")
            .field("depth", &self.depth)
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}
