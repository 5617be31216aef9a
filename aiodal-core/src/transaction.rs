//! A transaction that owns what it needs.

use std::fmt;

use bb8::PooledConnection;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::error::{Error, Result};
use crate::lane::{Lane, LaneOptions};
use crate::pool::{ConnectionSource, Pool, checkout};
use crate::savepoint::Savepoint;

/// A transaction.
///
/// It is owned: no lifetime ties it to a pool or a client. Statements take `&self`, so that they can be
/// pipelined (poll several together) and a function that takes `&Transaction` composes. Dropped without
/// [`commit`](Transaction::commit) it rolls back.
///
/// A test is given one `on loan`: its end belongs to the test framework, which rolls it back.
///
/// # Cancel safety
///
/// A statement's future may be dropped at any time. The server may still run the statement; the
/// transaction stays usable, and its connection goes back to the pool only if nothing is running on it.
pub struct Transaction {
    lane: Lane,
    end: End,
}

enum End {
    /// Ours: dropped without commit it rolls back and the connection returns to its pool.
    Owned(PooledConnection<'static, ConnectionSource>),
    /// The lane's owner decides how it ends.
    Lent,
    /// Ended by `commit` or `rollback`.
    Done,
}

impl Transaction {
    /// Begins a transaction on a connection of the pool.
    ///
    /// BEGIN is sent at once and answered together with the first statement.
    ///
    /// # Errors
    ///
    /// No connection became free within the pool's `connection_timeout`.
    pub async fn begin(pool: &Pool) -> Result<Transaction> {
        let connection = checkout(pool).await?;
        let lane = Lane::open(
            connection.client().clone(),
            "begin",
            "its pool",
            LaneOptions::default(),
        );
        Ok(Transaction {
            lane,
            end: End::Owned(connection),
        })
    }

    /// Makes a transaction on a lane that somebody else will end: [`commit`](Transaction::commit) is refused.
    #[must_use]
    pub fn on_loan(lane: &Lane) -> Transaction {
        Transaction {
            lane: lane.clone(),
            end: End::Lent,
        }
    }

    pub(crate) fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Executes a statement and returns the number of rows it affected.
    ///
    /// Like [`tokio_postgres::Client::execute`].
    ///
    /// # Errors
    ///
    /// What the server refused, with the statement's beginning.
    pub async fn execute(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        self.lane.execute(sql, params).await
    }

    /// Executes a statement and returns all its rows.
    ///
    /// Like [`tokio_postgres::Client::query`].
    ///
    /// # Errors
    ///
    /// What the server refused, with the statement's beginning.
    pub async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        self.lane.query(sql, params).await
    }

    /// Executes a statement that returns exactly one row.
    ///
    /// Like [`tokio_postgres::Client::query_one`].
    ///
    /// # Errors
    ///
    /// What the server refused, and any other number of rows.
    pub async fn query_one(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Row> {
        self.lane.query_one(sql, params).await
    }

    /// Executes a statement that returns one row or none.
    ///
    /// Like [`tokio_postgres::Client::query_opt`].
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

    /// Executes a string of statements separated by semicolons, without parameters.
    ///
    /// Like [`tokio_postgres::Client::batch_execute`].
    ///
    /// # Errors
    ///
    /// The first statement that the server refused; those behind it were not run.
    pub async fn batch_execute(&self, sql: &str) -> Result<()> {
        self.lane.batch_execute(sql).await
    }

    /// Sets a savepoint: a transaction within this one.
    ///
    /// # Errors
    ///
    /// The transaction has already failed, or the connection is lost.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, a savepoint may stay set. It changes nothing and ends with the transaction.
    pub async fn savepoint(&mut self) -> Result<Savepoint<'_>> {
        Savepoint::set(&self.lane, 1).await
    }

    /// Commits.
    ///
    /// # Errors
    ///
    /// What the server refused, a violated deferred constraint for instance; a transaction in which a
    /// statement has failed (the server would answer that COMMIT with a silent ROLLBACK); and any
    /// transaction on loan. In each case nothing is committed.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped after its first poll, the transaction may or may not commit.
    pub async fn commit(mut self) -> Result<()> {
        if matches!(self.end, End::Lent) {
            return Err(Error::not_owner(self.lane.owner()));
        }
        // The empty SELECT fails in a failed transaction and takes COMMIT with it; alone, COMMIT would
        // be answered by a ROLLBACK that looks like success.
        let result = self
            .lane
            .run(
                "commit",
                self.lane.client().batch_execute("select; commit"),
                |()| None,
            )
            .await;
        match result {
            Ok(()) => {
                self.end = End::Done;
                Ok(())
            }
            // Dropping `self` rolls back.
            Err(error) => Err(error.into_commit()),
        }
    }

    /// Rolls back.
    ///
    /// On loan this ends the borrower's use of the transaction; its owner rolls it back.
    ///
    /// # Errors
    ///
    /// The connection is lost: the server rolls back on its own.
    ///
    /// # Cancel safety
    ///
    /// The transaction rolls back even if the future is dropped.
    pub async fn rollback(mut self) -> Result<()> {
        if matches!(self.end, End::Lent) {
            return Ok(());
        }
        self.lane
            .batch_execute("rollback")
            .await
            .map_err(Error::into_rollback)?;
        self.end = End::Done;
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let End::Owned(connection) = &mut self.end else {
            return;
        };
        if self.lane.is_idle() {
            // In order before whatever the next user of the connection sends.
            self.lane.queue("rollback");
        } else {
            // A statement whose future was dropped may run for long: the next user must not wait for it.
            connection.spoil();
        }
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match self.end {
            End::Owned(_) => "owned",
            End::Lent => "on loan",
            End::Done => "done",
        };
        f.debug_struct("Transaction")
            .field("end", &end)
            .finish_non_exhaustive()
    }
}
