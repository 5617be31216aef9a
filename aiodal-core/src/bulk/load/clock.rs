//! How long a load may take.

use std::io;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::target::Target;
use crate::error::{Error, Result};
use crate::transaction::Transaction;

/// A statement that nobody waits for any more ends by itself this long after the load's time.
const GRACE: Duration = Duration::from_millis(200);

/// When a load has begun, and when it has to be done.
#[derive(Debug)]
pub(super) struct Clock {
    pub(super) started: Instant,
    limit: Option<Duration>,
}

impl Clock {
    pub(super) fn start(limit: Option<Duration>) -> Clock {
        Clock {
            started: Instant::now(),
            limit,
        }
    }

    /// Runs a load for no longer than it may take. Dropped, it undoes what it has done.
    pub(super) async fn within<T>(
        &self,
        operation: &str,
        load: Pin<Box<impl Future<Output = Result<T>>>>,
    ) -> Result<T> {
        let Some(limit) = self.limit else {
            return load.await;
        };
        match timeout(limit, load).await {
            Ok(done) => done,
            Err(_) => {
                let reason = format!(
                    "it is not done after {limit:?}, and nothing of it is kept; raise its `timeout`"
                );
                let elapsed = io::Error::from(io::ErrorKind::TimedOut);
                Err(Error::bulk(operation, reason, Some(elapsed.into())))
            }
        }
    }

    /// Has the server end a statement itself when the load's time is over: a request to cancel might hit a later one.
    pub(super) async fn limit(&self, tx: &Transaction, target: &Target) -> Result<()> {
        let Some(limit) = self.limit else {
            return Ok(());
        };
        let left = (limit + GRACE).saturating_sub(self.started.elapsed());
        let left = i64::try_from(left.as_millis()).unwrap_or(i64::MAX);
        let left = left.clamp(1, i64::from(i32::MAX));
        let limit = match target.statement_timeout {
            0 => left,
            before => left.min(before),
        };
        set(tx, limit).await
    }

    /// Leaves the transaction's limit as it was.
    pub(super) async fn unlimit(&self, tx: &Transaction, target: &Target) -> Result<()> {
        match self.limit {
            Some(_) => set(tx, target.statement_timeout).await,
            None => Ok(()),
        }
    }
}

async fn set(tx: &Transaction, milliseconds: i64) -> Result<()> {
    tx.batch_execute(&format!("set local statement_timeout = {milliseconds}"))
        .await
}
