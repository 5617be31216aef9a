//! Who hears of statements, and how many there were.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio_postgres::types::{ToSql, Type};

use super::Lane;
use crate::error::{Error, Result};

/// Hears of every statement, on the task that runs it.
///
/// For logs, journals and counters. It must be quick: the statement waits for it.
pub trait Observer: Send + Sync {
    /// A statement is about to be sent. What this returns, [`finished`](Observer::finished) is given back.
    fn started(&self, statement: &Started<'_>) -> u64 {
        let _ = statement;
        0
    }

    /// A statement has been answered. A statement whose future was dropped is never heard of again.
    fn finished(&self, number: u64, took: Duration, outcome: Outcome<'_>);

    /// A statement was sent whose answer nobody waits for: a savepoint that was dropped is rolled back so.
    fn queued(&self, statement: &Started<'_>) {
        let _ = statement;
    }
}

/// A statement that is about to be sent.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Started<'a> {
    /// Its text; of a batch, all of it.
    pub sql: &'a str,
    /// Its parameters, not yet formatted.
    pub params: Params<'a>,
    /// How many savepoints of this crate it is behind, a nested transaction counted as one.
    pub depth: u32,
    /// When it was handed over.
    pub at: Instant,
}

/// The parameters of a statement, borrowed: to look at one costs what its `Debug` costs.
#[derive(Clone, Copy)]
pub struct Params<'a>(Of<'a>);

#[derive(Clone, Copy)]
enum Of<'a> {
    Plain(&'a [&'a (dyn ToSql + Sync)]),
    Typed(&'a [(&'a (dyn ToSql + Sync), Type)]),
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
    number: u64,
    at: Instant,
}

impl<'a> Started<'a> {
    /// Describes a statement without parameters, behind no savepoint.
    #[must_use]
    pub fn new(sql: &'a str) -> Started<'a> {
        Started {
            sql,
            params: Params::NONE,
            depth: 0,
            at: Instant::now(),
        }
    }

    /// Adds its parameters.
    #[must_use]
    pub fn with_params(mut self, params: Params<'a>) -> Started<'a> {
        self.params = params;
        self
    }

    /// Says whether it only begins or ends a transaction or a savepoint: such a statement is no query.
    #[must_use]
    pub fn is_control(&self) -> bool {
        const WORDS: [&str; 8] = [
            "begin",
            "start",
            "commit",
            "end",
            "rollback",
            "abort",
            "savepoint",
            "release",
        ];
        let sql = self.sql.trim_start();
        let end = sql
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(sql.len());
        let word = &sql[..end];
        WORDS.iter().any(|other| word.eq_ignore_ascii_case(other))
    }
}

impl<'a> Params<'a> {
    /// No parameters.
    pub const NONE: Params<'static> = Params(Of::Plain(&[]));

    /// Returns how many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.0 {
            Of::Plain(params) => params.len(),
            Of::Typed(params) => params.len(),
        }
    }

    /// Says whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the parameter at a position, from 0, to be formatted.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'a dyn fmt::Debug> {
        let param: &'a (dyn ToSql + Sync) = match self.0 {
            Of::Plain(params) => *params.get(index)?,
            Of::Typed(params) => params.get(index)?.0,
        };
        Some(param)
    }

    pub(crate) fn typed(params: &'a [(&'a (dyn ToSql + Sync), Type)]) -> Params<'a> {
        Params(Of::Typed(params))
    }
}

impl<'a> From<&'a [&'a (dyn ToSql + Sync)]> for Params<'a> {
    fn from(params: &'a [&'a (dyn ToSql + Sync)]) -> Params<'a> {
        Params(Of::Plain(params))
    }
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries((0..self.len()).filter_map(|index| self.get(index)))
            .finish()
    }
}

impl Observed {
    pub(crate) fn finished(self, outcome: Outcome<'_>) {
        if let Some(observer) = &self.lane.0.observer {
            observer.finished(self.number, self.at.elapsed(), outcome);
        }
    }
}

impl Lane {
    /// Counts a statement that is about to be sent, and tells the observer, if there is one.
    pub(crate) fn observe(&self, sql: &str, params: Params<'_>) -> Option<Observed> {
        let mut started = Started::new(sql).with_params(params);
        if !started.is_control() {
            self.0.queries.fetch_add(1, Ordering::Relaxed);
        }
        let observer = self.0.observer.as_ref()?;
        started.depth = self.depth();
        Some(Observed {
            lane: self.clone(),
            number: observer.started(&started),
            at: started.at,
        })
    }

    /// Runs a statement under the observer's eyes.
    ///
    /// Mapped, and not awaited: an async function has room for the futures it is given, and once more for those it awaits.
    pub(crate) fn observed<T>(
        &self,
        sql: &str,
        params: Params<'_>,
        rows: fn(&T) -> Option<u64>,
        statement: impl Future<Output = Result<T>>,
    ) -> impl Future<Output = Result<T>> {
        let observed = self.observe(sql, params);
        statement.map(move |result| {
            if let Some(observed) = observed {
                observed.finished(match &result {
                    Ok(value) => Outcome::Rows(rows(value)),
                    Err(error) => Outcome::Failed(error),
                });
            }
            result
        })
    }

    /// Returns how many statements have been run, those that begin or end something left out.
    pub(crate) fn queries(&self) -> u64 {
        self.0.queries.load(Ordering::Relaxed)
    }

    /// Tells the observer of a batch that is sent without waiting for its answer, under a name.
    pub(crate) fn observe_queued(&self, name: &str) {
        if let Some(observer) = &self.0.observer {
            let mut started = Started::new(name);
            started.depth = self.depth();
            observer.queued(&started);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_begin_or_end_something_are_no_queries() {
        for sql in [
            "begin",
            " SAVEPOINT a",
            "release a",
            "rollback to a",
            "COMMIT;",
        ] {
            assert!(Started::new(sql).is_control(), "{sql}");
        }
        for sql in [
            "",
            "select 1",
            "beginning",
            "endless",
            "savepoints",
            "set constraints all immediate",
        ] {
            assert!(!Started::new(sql).is_control(), "{sql}");
        }
    }

    #[test]
    fn parameters_are_formatted_where_they_are_asked_for() {
        let params: [&(dyn ToSql + Sync); 2] = [&1_i32, &"Hep"];
        let plain = Params::from(&params[..]);
        assert_eq!(format!("{plain:?}"), r#"[1, "Hep"]"#);
        let typed: [(&(dyn ToSql + Sync), Type); 1] = [(&Some(2_i64), Type::INT8)];
        let typed = Params::typed(&typed);
        assert_eq!(
            (typed.len(), format!("{typed:?}").as_str()),
            (1, "[Some(2)]")
        );
        assert!(Params::NONE.is_empty() && Params::NONE.get(0).is_none());
    }
}
