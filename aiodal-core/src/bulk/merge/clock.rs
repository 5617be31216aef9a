//! How long the statements of a merge may take, all together.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::ident::quote_literal;
use crate::transaction::Transaction;

/// Hands out what is left of a time as `statement_timeout`.
///
/// The server keeps the time, so that what it says is all there is to say: a statement is over, or was cancelled.
#[derive(Debug)]
pub(super) struct Clock {
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    timeout: Duration,
    begun: Instant,
    /// The session's own.
    before: String,
}

impl Clock {
    pub(super) async fn start(tx: &Transaction, timeout: Option<Duration>) -> Result<Clock> {
        let Some(timeout) = timeout else {
            return Ok(Clock { running: None });
        };
        let begun = Instant::now();
        let sql = "select current_setting('statement_timeout')";
        let row = tx.query_one(sql, &[]).await?;
        Ok(Clock {
            running: Some(Running {
                timeout,
                begun,
                before: row.get(0),
            }),
        })
    }

    /// Gives the next statement the time that is left.
    pub(super) async fn wind(&self, tx: &Transaction) -> Result<()> {
        let Some(running) = &self.running else {
            return Ok(());
        };
        let left = running.timeout.saturating_sub(running.begun.elapsed());
        // Rounded up: 0 would be no limit, and who is cancelled has had all of the time.
        let left = (left.as_millis() + 1).min(i32::MAX as u128);
        let sql = format!("set local statement_timeout = {left}");
        tx.batch_execute(&sql).await
    }

    /// Gives the session its own limit back.
    pub(super) async fn stop(&self, tx: &Transaction) -> Result<()> {
        let Some(running) = &self.running else {
            return Ok(());
        };
        let before = quote_literal(&running.before);
        let sql = format!("set local statement_timeout = {before}");
        tx.batch_execute(&sql).await
    }

    /// Says so where it is this limit that a statement has run into.
    pub(super) fn explain(&self, error: Error, operation: &str) -> Error {
        match &self.running {
            Some(running) if error.is_timeout() && running.begun.elapsed() >= running.timeout => {
                let reason = format!("it takes longer than its timeout of {:?}", running.timeout);
                error.explained(operation, reason)
            }
            _ => error,
        }
    }
}
