//! Who hears of statements.

use std::time::{Duration, Instant};

use super::Lane;
use crate::error::{Error, Result};

/// Hears of every statement, on the task that runs it.
///
/// For logs, journals and counters. It must be quick: the statement waits for it.
pub trait Observer: Send + Sync {
    /// A statement is about to be sent.
    fn started(&self, sql: &str) {
        let _ = sql;
    }

    /// A statement has been answered. A statement whose future was dropped is never heard of again.
    fn finished(&self, sql: &str, took: Duration, outcome: Outcome<'_>);
}

/// How a statement ended.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// It returned or affected this many rows; `None` for a batch.
    Rows(Option<u64>),
    /// It failed.
    Failed(&'a Error),
}

/// A statement that the observer has been told of.
pub(crate) struct Observed {
    lane: Lane,
    sql: String,
    started: Instant,
}

impl Observed {
    pub(crate) fn finished(self, outcome: Outcome<'_>) {
        if let Some(observer) = &self.lane.0.observer {
            observer.finished(&self.sql, self.started.elapsed(), outcome);
        }
    }
}

impl Lane {
    /// Tells the observer, if there is one, that a statement is about to be sent.
    pub(crate) fn observe(&self, sql: &str) -> Option<Observed> {
        let observer = self.0.observer.as_ref()?;
        observer.started(sql);
        Some(Observed {
            lane: self.clone(),
            sql: sql.to_owned(),
            started: Instant::now(),
        })
    }

    /// Runs a statement under the observer's eyes.
    pub(crate) async fn observed<T>(
        &self,
        sql: &str,
        rows: fn(&T) -> Option<u64>,
        statement: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let observed = self.observe(sql);
        let result = statement.await;
        if let Some(observed) = observed {
            observed.finished(match &result {
                Ok(value) => Outcome::Rows(rows(value)),
                Err(error) => Outcome::Failed(error),
            });
        }
        result
    }
}
