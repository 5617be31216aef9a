//! What a test sent to its database, as far as its end needs to know.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aiodal_core::{Observer, Outcome};

use crate::template::split;

/// Listens to the statements of one test.
pub(crate) struct Journal {
    echo: bool,
    /// Guards the notes against statements that a test runs on several threads at once.
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    running: Vec<(String, Instant)>,
    /// The last statement that ends a transaction.
    ender: Option<String>,
    prepares: bool,
}

impl Journal {
    pub(crate) fn new(echo: bool) -> Journal {
        Journal {
            echo,
            notes: Mutex::default(),
        }
    }

    /// Returns the last statement that could have ended the test's transaction.
    pub(crate) fn ender(&self) -> Option<String> {
        self.notes().ender.clone()
    }

    /// Returns the statements that have not been answered, and for how long each has been waited for.
    pub(crate) fn running(&self) -> Vec<(String, Duration)> {
        self.notes()
            .running
            .iter()
            .map(|(sql, since)| (sql.clone(), since.elapsed()))
            .collect()
    }

    /// Says whether statements were prepared by SQL: a rollback doesn't forget them.
    pub(crate) fn prepares(&self) -> bool {
        self.notes().prepares
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Journal {
    fn started(&self, sql: &str) {
        let mut notes = self.notes();
        // A cheap look first: hardly any statement of a test has one of these words in it.
        if mentions(sql, &["commit", "end", "rollback", "abort", "prepare"]) {
            for statement in split(sql) {
                match Control::of(statement.text) {
                    Some(Control::EndsTransaction) => notes.ender = Some(statement.text.to_owned()),
                    Some(Control::Prepares) => notes.prepares = true,
                    None => {}
                }
            }
        }
        notes.running.push((sql.to_owned(), Instant::now()));
    }

    fn finished(&self, sql: &str, took: Duration, outcome: Outcome<'_>) {
        let mut notes = self.notes();
        if let Some(index) = notes.running.iter().position(|(running, _)| running == sql) {
            notes.running.swap_remove(index);
        }
        drop(notes);
        if self.echo {
            // On the thread that polls the statement, which is the test's: libtest captures it there.
            eprintln!("{}", echo_line(sql, took, outcome));
        }
    }
}

fn echo_line(sql: &str, took: Duration, outcome: Outcome<'_>) -> String {
    let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let millis = took.as_secs_f64() * 1e3;
    let ended = match outcome {
        Outcome::Rows(Some(1)) => "1 row".to_owned(),
        Outcome::Rows(Some(rows)) => format!("{rows} rows"),
        Outcome::Rows(None) => "done".to_owned(),
        Outcome::Failed(error) => match error.code() {
            Some(code) => format!("error {}", code.code()),
            None => "error".to_owned(),
        },
    };
    format!("[sql {millis:>8.3} ms  {ended}] {sql}")
}

#[derive(Debug, PartialEq, Eq)]
enum Control {
    EndsTransaction,
    Prepares,
}

impl Control {
    fn of(statement: &str) -> Option<Control> {
        let mut words = statement
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty());
        let first = words.next()?.to_ascii_lowercase();
        let rest: Vec<String> = words.take(3).map(str::to_ascii_lowercase).collect();
        let has = |word: &str| rest.iter().any(|other| other == word);
        match first.as_str() {
            "commit" | "end" | "abort" => Some(Control::EndsTransaction),
            "rollback" if !has("to") => Some(Control::EndsTransaction),
            "prepare" if rest.first().is_some_and(|word| word == "transaction") => {
                Some(Control::EndsTransaction)
            }
            "prepare" => Some(Control::Prepares),
            _ => None,
        }
    }
}

fn mentions(sql: &str, words: &[&str]) -> bool {
    let bytes = sql.as_bytes();
    words.iter().any(|word| {
        bytes
            .windows(word.len())
            .any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
    })
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("echo", &self.echo)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ender(sql: &str) -> Option<String> {
        let journal = Journal::new(false);
        journal.started(sql);
        journal.ender()
    }

    #[test]
    fn statement_that_ends_the_transaction_is_found_in_a_batch() {
        assert_eq!(
            ender("insert into t values (1); COMMIT AND CHAIN; select 1").as_deref(),
            Some("COMMIT AND CHAIN")
        );
        assert_eq!(ender("/* x */ end work").as_deref(), Some("end work"));
        assert_eq!(
            ender("prepare transaction 'x'").as_deref(),
            Some("prepare transaction 'x'")
        );
    }

    #[test]
    fn words_that_only_look_like_it_are_not_suspected() {
        for sql in [
            "rollback to savepoint a",
            "select 'commit; '",
            "select legend from map",
            "rollback work to a",
        ] {
            assert_eq!(ender(sql), None, "{sql}");
        }
    }
}
