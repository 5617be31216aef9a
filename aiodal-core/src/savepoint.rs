//! A transaction within a transaction.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use crate::error::{Error, Result};
use crate::lane::Level;
use crate::transaction::Transaction;

/// A savepoint: what happens behind it can be undone alone.
///
/// It is a [`Transaction`] behind a savepoint, so whatever runs in a transaction runs behind one too. It borrows the
/// transaction around it, so that nothing else runs in between. Dropped without [`commit`](Savepoint::commit) it rolls
/// back. Both ends release it: savepoints that pile up make the server slower from the 65th on (PostgreSQL manual, 67.3,
/// "Subtransactions").
///
/// ```no_run
/// # use aiodal_core::{Result, Transaction};
/// async fn add(tx: &Transaction, id: i32) -> Result<u64> {
///     tx.execute("insert into author (id) values ($1)", &[&id]).await
/// }
///
/// # async fn example(tx: &mut Transaction) -> Result<()> {
/// let attempt = tx.savepoint().await?;
/// match add(&attempt, 1).await {
///     Ok(_) => attempt.commit().await?,
///     Err(error) if error.is_unique_violation() => attempt.rollback().await?,
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
pub struct Savepoint<'a> {
    transaction: Transaction,
    depth: u32,
    /// How many hooks there were when it was set.
    hooks: usize,
    open: bool,
    /// Taken before what ends it is sent.
    level: Option<Level>,
    outer: PhantomData<&'a mut Transaction>,
}

impl<'a> Savepoint<'a> {
    pub(crate) async fn set(outer: &'a mut Transaction, depth: u32) -> Result<Savepoint<'a>> {
        let lane = outer.lane();
        lane.batch_execute(&format!("savepoint aiodal_{depth}"))
            .await
            .map_err(Error::into_savepoint)?;
        Ok(Savepoint {
            hooks: outer.shared().count_hooks(),
            transaction: Transaction::lent(lane.clone(), outer.shared().clone(), depth),
            depth,
            open: true,
            level: Some(lane.enter()),
            outer: PhantomData,
        })
    }

    /// Keeps what happened behind the savepoint, as part of the transaction around it: RELEASE.
    ///
    /// # Errors
    ///
    /// A statement has failed since: what happened behind the savepoint is undone.
    pub async fn commit(mut self) -> Result<()> {
        let sql = format!("release aiodal_{}", self.depth);
        self.level = None;
        // It is on its way with the first poll. If this future is dropped then, it may be done: to undo it would fail.
        self.open = false;
        let released = self.transaction.lane().batch_execute(&sql).await;
        // Dropping `self` rolls back if this failed.
        self.open = released.is_err();
        released.map_err(Error::into_savepoint)
    }

    /// Keeps what happened behind the savepoint without waiting for the server's word, which is known: nothing has failed.
    ///
    /// What is awaited can be dropped meanwhile, and nobody would know then whether it was kept.
    pub(crate) fn keep(mut self) {
        self.open = false;
        let release = format!("release aiodal_{}", self.depth);
        self.level = None;
        self.transaction.lane().queue_as(&release, &release);
    }

    /// Undoes what happened behind the savepoint, an error included: ROLLBACK TO and RELEASE.
    ///
    /// Hooks that were left behind it are dropped.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub async fn rollback(mut self) -> Result<()> {
        // Not again when this future is dropped: to undo it twice would fail.
        self.open = false;
        self.level = None;
        self.forget();
        let undone = self.transaction.lane().batch_execute(&self.undo()).await;
        undone.map_err(Error::into_savepoint)
    }

    fn undo(&self) -> String {
        format!("rollback to aiodal_{0}; release aiodal_{0}", self.depth)
    }

    fn forget(&self) {
        self.transaction.lane().undone();
        self.transaction.shared().truncate_hooks(self.hooks);
    }
}

impl Deref for Savepoint<'_> {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.transaction
    }
}

impl DerefMut for Savepoint<'_> {
    fn deref_mut(&mut self) -> &mut Transaction {
        &mut self.transaction
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        if self.open {
            self.level = None;
            let undo = self.undo();
            self.transaction.lane().queue_as(&undo, &undo);
            self.forget();
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
