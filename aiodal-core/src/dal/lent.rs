//! Transactions nested in one that belongs to somebody else: what a test's data access layer begins.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::DataAccessLayer;
use crate::error::{Error, Result};
use crate::lane::Lane;
use crate::transaction::{Transaction, TransactionOptions};

/// How long a transaction waits for the one before it. Whoever holds that one is usually who waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// A transaction on loan, in which others are nested, one at a time.
pub(super) struct Lent {
    lane: Lane,
    /// One permit: held by the nested transaction that is open. It does not keep the borrower of the outer one from
    /// sending statements meanwhile.
    turn: Arc<Semaphore>,
}

impl Lent {
    pub(super) fn new(lane: &Lane) -> Lent {
        Lent {
            lane: lane.clone(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    pub(super) fn outer(&self, dal: &DataAccessLayer) -> Transaction {
        Transaction::on_loan(&self.lane).of(dal.clone())
    }

    pub(super) async fn begin(&self, options: &TransactionOptions) -> Result<Transaction> {
        let turn = timeout(PATIENCE, self.turn.clone().acquire_owned()).await;
        match turn {
            Ok(Ok(turn)) => Transaction::nested(&self.lane, options, turn).await,
            // Nobody closes the semaphore.
            _ => Err(Error::nested(self.lane.owner())),
        }
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent")
            .field("lane", &self.lane)
            .field("open", &(self.turn.available_permits() == 0))
            .finish()
    }
}
