//! A transaction that is nested in one of somebody else: its ends are those of a savepoint, and look like those of a
//! transaction.

use std::mem;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::{End, Transaction, TransactionOptions, hooks};
use crate::error::{Error, Result};
use crate::lane::{Lane, Level};

const UNDO: &str = "rollback to aiodal_nested; release aiodal_nested";

/// What it takes to end a nested transaction.
#[derive(Debug)]
pub(super) struct Nested {
    /// Sent at a commit: what the transaction had set for itself is as before.
    reset: String,
    /// Taken before what ends it is sent.
    level: Option<Level>,
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
        let mut tx = Transaction {
            lane: lane.clone(),
            shared: Arc::default(),
            end: End::Nested(Nested {
                reset: options.end_nested(),
                level: None,
                _turn: turn,
            }),
            depth: 0,
        };
        lane.batch_as("begin", &options.begin_nested())
            .await
            .map_err(Error::into_begin)?;
        if let End::Nested(nested) = &mut tx.end {
            nested.level = Some(lane.enter());
        }
        Ok(tx)
    }

    pub(super) async fn commit_nested(mut self, mut nested: Nested) -> Result<()> {
        // Constraints are checked behind a savepoint of their own: rolling back to it makes deferred ones deferred again.
        let sql = format!(
            "savepoint aiodal_check; set constraints all immediate; rollback to aiodal_check; release aiodal_check; {}\
             release aiodal_nested",
            nested.reset
        );
        // It is on its way with the first poll. If this future is dropped then, it may be done: to undo it would fail.
        self.end = End::Done;
        nested.level = None;
        if let Err(error) = self.lane.batch_as("commit", &sql).await {
            // Dropping `self` rolls back.
            self.end = End::Nested(nested);
            return Err(error.into_commit());
        }
        let hooks = self.shared.take_hooks();
        // A hook may want to begin a transaction of its own.
        drop((self, nested));
        hooks::run(hooks).await;
        Ok(())
    }

    pub(super) async fn rollback_nested(mut self) -> Result<()> {
        // Not again when this future is dropped: to undo it twice would fail.
        let mut end = mem::replace(&mut self.end, End::Done);
        if let End::Nested(nested) = &mut end {
            nested.level = None;
        }
        self.lane.rolled_back();
        let undone = self.lane.batch_as("rollback", UNDO).await;
        undone.map_err(Error::into_rollback)
    }

    pub(super) fn undo_nested(&mut self) {
        if let End::Nested(nested) = &mut self.end {
            nested.level = None;
        }
        self.lane.queue_as("rollback", UNDO);
        self.lane.rolled_back();
    }
}
