//! A transaction that owns what it needs.

mod copy;
mod count;
mod hooks;
mod leave;
mod nested;
mod options;
mod query;
mod retry;
mod shared;
mod stream;
mod unique;

use std::fmt;
use std::mem;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio_postgres::Client;

pub use self::copy::{CopyIn, CopyOut};
use self::nested::Nested;
pub use self::options::{IsolationLevel, TransactionOptions};
pub use self::retry::Retry;
pub(crate) use self::shared::Shared;
pub use self::stream::RowStream;
use crate::dal::DataAccessLayer;
use crate::error::{Error, Result};
use crate::lane::{Lane, Observer};
use crate::pool::Connections;
use crate::savepoint::Savepoint;

/// A transaction.
///
/// It is owned: no lifetime ties it to a pool or a client. Statements take `&self`, so that they can be
/// pipelined and a function that takes `&Transaction` composes. Dropped without
/// [`commit`](Transaction::commit) it rolls back.
///
/// A test is given one `on loan`: its end belongs to the test framework, which rolls it back.
///
/// # Prepared statements
///
/// On a connection of a [`Pool`](crate::Pool), a repeated statement costs one round trip: it stays prepared. If its tables
/// have changed since, by whomever, it is prepared anew, and nobody sees an error; for that it is sent with a savepoint
/// around it where it is first used in a transaction. Only a function that changes a table which the same transaction
/// has used already goes unnoticed.
///
/// # Pipelining
///
/// Statements that don't depend on each other can share a round trip: poll them together, and they are sent together.
///
/// ```no_run
/// # async fn example(tx: &aiodal_core::Transaction) -> aiodal_core::Result<()> {
/// let authors = tx.query("select * from author", &[]);
/// let books = tx.query("select * from book", &[]);
/// let (authors, books) = futures_util::future::try_join(authors, books).await?;
/// # drop((authors, books)); Ok(())
/// # }
/// ```
///
/// Those that are prepared, or have no parameters, run in the order of their first polls; the others once they have been
/// prepared. Poll them to their ends or drop them: they wait for each other if the schema has changed under them. If one
/// fails, those behind it fail with 25P02.
///
/// # Cancel safety
///
/// A statement's future may be dropped at any time. The server may still run the statement, and the next one waits for
/// it. If the transaction is dropped or rolled back meanwhile, the statement is cancelled; the connection goes back to
/// its pool when it is idle and in no transaction, or else is closed.
pub struct Transaction {
    lane: Lane,
    shared: Arc<Shared>,
    end: End,
    /// How many savepoints it is behind.
    depth: u32,
}

#[derive(Debug)]
enum End {
    /// Ours: dropped without commit it rolls back and the connection returns to its pool.
    Owned(Handle),
    /// COMMIT is on its way.
    Committing(Handle),
    /// Ours, as far as the transaction that it is nested in goes.
    Nested(Nested),
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
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub async fn begin(connections: impl Into<Connections>) -> Result<Transaction> {
        Transaction::begin_with(connections, &TransactionOptions::default()).await
    }

    /// Begins a transaction with an isolation level, time limits and the like: no round trip more.
    ///
    /// # Errors
    ///
    /// No connection became free within the pool's `connection_timeout`, or the server is too old for an option. What
    /// the server has against the others, the first statement reports.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub async fn begin_with(
        connections: impl Into<Connections>,
        options: &TransactionOptions,
    ) -> Result<Transaction> {
        Transaction::begin_on(&connections.into(), options, "its pool", None).await
    }

    pub(crate) async fn begin_on(
        connections: &Connections,
        options: &TransactionOptions,
        owner: &str,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Transaction> {
        let held = connections.checkout().await?;
        let version = match options.oldest_server() {
            Some(_) => Some(held.ask_version().await.map_err(Error::begin)?),
            None => None,
        };
        let begin = options.begin(version)?;
        let lane = Lane::open_on(held, begin, owner, observer, false);
        Ok(Transaction::own(lane))
    }

    fn own(lane: Lane) -> Transaction {
        Transaction {
            lane,
            shared: Arc::default(),
            end: End::Owned(Handle::current()),
            depth: 0,
        }
    }

    /// Makes a transaction on a lane that somebody else will end: [`commit`](Transaction::commit) is refused.
    #[must_use]
    pub fn on_loan(lane: &Lane) -> Transaction {
        Transaction::lent(lane.clone(), Arc::default(), 0)
    }

    pub(crate) fn lent(lane: Lane, shared: Arc<Shared>, depth: u32) -> Transaction {
        Transaction {
            lane,
            shared,
            end: End::Lent,
            depth,
        }
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
        Savepoint::set(self, self.depth + 1).await
    }

    /// Returns the driver's client, for what the transaction does not offer itself.
    ///
    /// What is sent on it goes past the transaction: a test's journal and echo don't show it, the end of a test doesn't
    /// stop it, and a transaction that is dropped meanwhile doesn't cancel it. BEGIN has been sent already.
    #[must_use]
    pub fn client(&self) -> &Client {
        self.lane.read_begin_aside();
        self.lane.client()
    }

    pub(crate) fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Makes it a transaction of a data access layer, whose schema and aliases it sees.
    pub(crate) fn of(self, dal: DataAccessLayer) -> Transaction {
        self.lane.explain_by(dal.explain());
        self.shared.set_dal(dal);
        self
    }

    pub(crate) fn dal(&self) -> Option<&DataAccessLayer> {
        self.shared.dal()
    }

    /// Lends it to somebody who is not to end it: [`commit`](Transaction::commit) of what is returned is refused.
    ///
    /// When this one has ended, so has the loan. A savepoint that one of them sets is the other's, too.
    #[must_use]
    pub fn lend(&self) -> Transaction {
        Transaction::lent(self.lane.clone(), self.shared.clone(), self.depth)
    }

    /// Takes it back: whoever still holds it can send nothing more. Of a nested one, the lane goes on.
    pub(crate) fn reclaim(&self) {
        if matches!(self.end, End::Owned(_)) {
            let _left = self.lane.revoke();
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Commits, and then runs what was left [`on_commit`](Transaction::on_commit).
    ///
    /// # Errors
    ///
    /// What the server refused, a violated deferred constraint for instance; a transaction in which a
    /// statement has failed (the server would answer that COMMIT with a silent ROLLBACK); and any
    /// transaction on loan. In each case nothing is committed.
    ///
    /// # Panics
    ///
    /// If a hook does, once all of them have run. The transaction is committed.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped after its first poll, the transaction may or may not commit, and the hooks may not run.
    pub async fn commit(mut self) -> Result<()> {
        let runtime = match mem::replace(&mut self.end, End::Lent) {
            End::Owned(runtime) => runtime,
            End::Nested(nested) => return self.commit_nested(nested).await,
            End::Committing(_) | End::Lent | End::Done => {
                return Err(Error::not_owner(self.lane.owner()));
            }
        };
        self.end = End::Committing(runtime.clone());
        if let Err(error) = self.lane.commit().await {
            // Dropping `self` rolls back.
            self.end = End::Owned(runtime);
            return Err(error.into_commit());
        }
        self.end = End::Done;
        self.lane.ended();
        if let Some(dal) = self.dal().filter(|_| self.lane.is_outdated()) {
            dal.refresh();
        }
        let hooks = self.shared.take_hooks();
        // A hook may want a connection of the same pool.
        drop(self);
        hooks::run(hooks).await;
        Ok(())
    }

    /// Rolls back. A statement whose future was dropped is cancelled.
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
        let runtime = match &self.end {
            End::Owned(runtime) => runtime,
            End::Nested(_) => return self.rollback_nested().await,
            End::Committing(_) | End::Lent | End::Done => return Ok(()),
        };
        let runtime = runtime.clone();
        if self.lane.is_broken() {
            // Its pool closes the connection, and the server rolls back.
            self.end = End::Done;
        } else if self.lane.is_idle() {
            let result = self.lane.rollback().await;
            result.map_err(Error::into_rollback)?;
            self.lane.ended();
            self.end = End::Done;
        } else {
            let left = leave::clean(&runtime, self.lane.clone(), true);
            self.end = End::Done;
            drop(self);
            // Whatever comes of it, the server has no transaction of ours when this is over.
            let _ended = left.await;
        }
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let (runtime, cancel) = match &self.end {
            End::Owned(runtime) => (runtime, true),
            // It may be as good as done: better to hear it out.
            End::Committing(runtime) => (runtime, false),
            End::Nested(_) => return self.undo_nested(),
            End::Lent | End::Done => return,
        };
        if self.lane.is_broken() {
            // Spoilt already: its pool closes the connection.
        } else if self.lane.is_idle() {
            // In order before whatever the next user of the connection sends.
            self.lane.queue_rollback();
            self.lane.ended();
        } else {
            drop(leave::clean(runtime, self.lane.clone(), cancel));
        }
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match self.end {
            End::Owned(_) | End::Committing(_) => "owned",
            End::Nested(_) => "nested",
            End::Lent => "on loan",
            End::Done => "done",
        };
        f.debug_struct("Transaction")
            .field("end", &end)
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}
