//! A transaction that is nested in one of somebody else: its ends are those of a savepoint, and look like those of a
//! transaction.

use std::mem;

use tokio::sync::OwnedSemaphorePermit;

use super::{End, Transaction, TransactionOptions, hooks};
use crate::error::{Error, Result};
use crate::lane::Lane;

const UNDO: &str = "rollback to aiodal_nested; release aiodal_nested";

/// What it takes to end a nested transaction.
#[derive(Debug)]
pub(super) struct Nested {
    /// Sent at a commit: what the transaction had set for itself is as before.
    reset: String,
    /// Lets the next one begin, once this is dropped.
    _turn: OwnedSemaphorePermit,
}

impl Transaction {
    /// Begins a transaction nested in that of a lane.
    pub(crate) async fn nested(
        lane: &Lane,
        options: &TransactionOptions,
        turn: OwnedSemaphorePermit,
    ) -> Result<Transaction> {
        // A retry asks what the last one has failed of until the next one begins.
        lane.undone();
        // Made before anything is sent: dropped half way, it rolls back.
        let tx = Transaction {
            lane: lane.clone(),
            shared: Default::default(),
            end: End::Nested(Nested {
                reset: options.end_nested(),
                _turn: turn,
            }),
            depth: 0,
        };
        lane.batch_as("begin", &options.begin_nested())
            .await
            .map_err(Error::into_begin)?;
        Ok(tx)
    }

    pub(super) async fn commit_nested(mut self, nested: Nested) -> Result<()> {
        // Constraints are checked behind a savepoint of their own: rolling back to it makes deferred ones deferred again.
        let sql = format!(
            "savepoint aiodal_check; set constraints all immediate; rollback to aiodal_check; release aiodal_check; {}\
             release aiodal_nested",
            nested.reset
        );
        // It is on its way with the first poll. If this future is dropped then, it may be done: to undo it would fail.
        self.end = End::Done;
        if let Err(error) = self.lane.batch_as("commit", &sql).await {
            // Dropping `self` rolls back.
            self.end = End::Nested(nested);
            return Err(error.into_commit());
        }
        let hooks = self.shared.take_hooks();
        drop(self);
        hooks::run(hooks).await;
        Ok(())
    }

    pub(super) async fn rollback_nested(mut self) -> Result<()> {
        // Not again when this future is dropped: to undo it twice would fail.
        let _turn = mem::replace(&mut self.end, End::Done);
        self.lane.rolled_back();
        let undone = self.lane.batch_as("rollback", UNDO).await;
        undone.map_err(Error::into_rollback)
    }

    pub(super) fn undo_nested(&self) {
        self.lane.queue(UNDO);
        self.lane.rolled_back();
    }
}
