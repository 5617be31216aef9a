//! What a test sent to its database: for its end, its limits and its report.

mod budget;
mod control;
mod echo;
mod history;
mod line;
mod params;
mod secret;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aiodal_core::{Error, Observer, Outcome, SqlState, Started};

use self::budget::Budget;
use self::control::Control;
use self::echo::Echo;
pub(crate) use self::echo::Echoing;
pub(crate) use self::history::{End, Entry, Failure, History};
pub(crate) use self::line::{LONGEST_STATEMENT, in_a_line};
pub(crate) use self::secret::{hides, mask};
use crate::case::TestCase;
use crate::config::{Config, ShowSql};
use crate::limits::Limits;

/// Listens to the statements of one test.
pub(crate) struct Journal {
    /// Where its statements are logged to, if they are.
    echo: Option<Arc<Echo>>,
    /// Whether anybody will want to see the parameters.
    params: bool,
    /// Guards the notes against statements that a test runs on several threads at once.
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    history: History,
    budget: Budget,
    /// The last statement that ends a transaction.
    ender: Option<String>,
    prepares: bool,
    undoes: bool,
    limits: Limits,
    lock_errors: Vec<LockError>,
}

/// A statement that the server ended because of a lock, or that was cancelled.
#[derive(Clone, Debug)]
pub(crate) struct LockError {
    pub(crate) sql: String,
    pub(crate) is_deadlock: bool,
    /// Who waits for whom, by their processes.
    pub(crate) detail: Option<String>,
    /// What the server was doing: it names the index, or the row.
    pub(crate) context: Option<String>,
}

/// How many of them are kept: a loop that goes on after each must not fill the memory.
const LOCK_ERRORS: usize = 8;

impl Journal {
    pub(crate) fn new(case: &TestCase, config: &Config) -> Journal {
        let echo = case.echo.unwrap_or(config.echo);
        Journal {
            echo: echo.then(Arc::default),
            params: echo || config.sql != ShowSql::Never,
            notes: Mutex::new(Notes {
                budget: Budget::of(case),
                ..Notes::default()
            }),
        }
    }

    /// From here on statements are the test's own, and count towards its limits.
    pub(crate) fn body_begins(&self) {
        self.notes().budget.begin();
    }

    /// Says by how much the test has gone over its limits, if it has.
    pub(crate) fn over_budget(&self) -> Option<String> {
        self.notes().budget.exceeded()
    }

    /// Returns the last statement that could have ended the test's transaction.
    pub(crate) fn ender(&self) -> Option<String> {
        self.notes().ender.clone()
    }

    /// Returns the statements that have not been answered, and for how long each has been waited for.
    pub(crate) fn running(&self) -> Vec<(String, Duration)> {
        self.notes()
            .history
            .entries()
            .filter(|entry| matches!(entry.end, End::None))
            .map(|entry| (entry.sql.clone(), entry.since.elapsed()))
            .collect()
    }

    /// Returns since when the statement is running that has run for the longest.
    pub(crate) fn running_since(&self) -> Option<Instant> {
        let notes = self.notes();
        let running = notes.history.entries();
        let running = running.filter(|entry| matches!(entry.end, End::None));
        running.map(|entry| entry.since).min()
    }

    /// Returns the statements that deadlocks and requests to cancel have ended.
    pub(crate) fn lock_errors(&self) -> Vec<LockError> {
        self.notes().lock_errors.clone()
    }

    /// Says whether statements were prepared by SQL: a rollback doesn't forget them.
    pub(crate) fn prepares(&self) -> bool {
        self.notes().prepares
    }

    /// Returns what to tell of a test that failed because of what a transaction can't do.
    pub(crate) fn advice(&self, read_only: bool) -> Option<String> {
        self.notes().limits.advice(read_only)
    }

    /// Says whether anything was undone by rolling back to a savepoint.
    pub(crate) fn undoes(&self) -> bool {
        self.notes().undoes
    }

    /// Takes what was noted of the statements; those to come are noted anew.
    pub(crate) fn take_history(&self) -> History {
        std::mem::take(&mut self.notes().history)
    }

    /// Notes a statement that a client of the sandbox sends, whichever driver it has.
    pub(crate) fn sent(&self, sql: &str) -> u64 {
        let statement = Started::new(sql);
        let mut notes = self.notes();
        notes.budget.count(&statement);
        notes.history.push(&statement).number
    }

    /// Notes how such a statement has ended.
    pub(crate) fn answered(
        &self,
        number: u64,
        took: Duration,
        outcome: Result<Option<u64>, Failure>,
    ) {
        let mut guard = self.notes();
        let notes = &mut *guard;
        let Some(entry) = notes.history.find(number) else {
            return;
        };
        entry.end = match outcome {
            Ok(rows) => End::Rows(took, rows),
            Err(failure) => {
                notes.limits.refused(&entry.sql, &failure);
                End::Failed(took, failure)
            }
        };
        if let Some(echo) = &self.echo {
            let line = echo::line(entry);
            drop(guard);
            echo.put(line);
        }
    }

    /// Has the statements of clients be logged by a task of the current runtime, the test's, if they are to be.
    pub(crate) fn echo(&self) -> Option<Echoing> {
        self.echo.as_ref().map(Echoing::begin)
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notes {
    fn heed(&mut self, sql: &str) {
        for control in control::of_batch(sql) {
            match control {
                Control::EndsTransaction(statement) => self.ender = Some(statement),
                Control::Prepares => self.prepares = true,
                Control::Undoes => self.undoes = true,
            }
        }
    }
}

impl Observer for Journal {
    fn started(&self, statement: &Started<'_>) -> u64 {
        let mut notes = self.notes();
        if control::is_suspect(statement.sql) {
            notes.heed(statement.sql);
        }
        notes.limits.started(statement.sql);
        notes.budget.count(statement);
        let entry = notes.history.push(statement);
        if self.params {
            params::write(&mut entry.params, statement.params);
        }
        entry.number
    }

    fn finished(&self, number: u64, took: Duration, outcome: Outcome<'_>) {
        let mut guard = self.notes();
        let notes = &mut *guard;
        let Some(entry) = notes.history.find(number) else {
            return;
        };
        entry.end = End::of(took, outcome);
        if let Outcome::Failed(error) = outcome {
            notes.limits.finished(&entry.sql, outcome);
            if notes.lock_errors.len() < LOCK_ERRORS {
                notes.lock_errors.extend(LockError::of(&entry.sql, error));
            }
        }
        if let Some(echo) = &self.echo {
            let line = echo::line(entry);
            drop(guard);
            echo.put(line);
            // The thread that polls the statement is the test's.
            echo.print();
        }
    }

    fn queued(&self, statement: &Started<'_>) {
        let mut notes = self.notes();
        notes.heed(statement.sql);
        notes.history.push(statement).end = End::Queued;
    }
}

impl LockError {
    fn of(sql: &str, error: &Error) -> Option<LockError> {
        let told = error.as_db_error()?;
        let is_deadlock = error.is_deadlock();
        (is_deadlock || *told.code() == SqlState::QUERY_CANCELED).then(|| LockError {
            sql: sql.to_owned(),
            is_deadlock,
            detail: told.detail().map(str::to_owned),
            context: told.where_().map(str::to_owned),
        })
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("echo", &self.echo.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
