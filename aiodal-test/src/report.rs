//! What a failure says. Printed by the thread of the test, so that libtest shows it with the test.

mod account;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aiodal_core::DatabaseUrl;

pub(crate) use self::account::Account;
use crate::case::TestCase;
use crate::journal::{LONGEST_STATEMENT, in_a_line};
use crate::set_up::SetUpError;

/// Failures of many tests that have been shown in full. Guards their repetition in this process only.
static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A failure to set up: the first test that meets it tells all, the others refer to it.
pub(crate) fn set_up_failed(case: &TestCase, error: &SetUpError) -> String {
    let name = case.name;
    let is_first = || {
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(error.summary().to_owned())
    };
    if error.is_shared() && !is_first() {
        return format!(
            "test set-up failed for {name}: {} (told in full by the first test that met it)",
            error.summary()
        );
    }
    format!(
        "test set-up failed for {name}; the body did not run\n  {}",
        indented(&error.to_string())
    )
}

/// The body took too long.
pub(crate) fn timed_out(
    case: &TestCase,
    limit: Duration,
    running: &[(String, Duration)],
) -> String {
    let TestCase {
        name, file, line, ..
    } = case;
    let mut text = format!("test {name} timed out: it may take {limit:?} ({file}:{line})");
    for (sql, since) in running {
        let sql = in_a_line(sql, LONGEST_STATEMENT);
        let _infallible = write!(text, "\n  waiting {since:.1?} for the answer to: {sql}");
    }
    if running.is_empty() {
        text.push_str("\n  no statement of its transaction was running");
    }
    text.push_str("\n  its transaction was rolled back; raise it with `timeout = \"..\"` on the test, or in aiodal.toml");
    text
}

/// Something is wrong with the end of a test.
pub(crate) fn after(case: &TestCase, problem: &str) -> String {
    let TestCase {
        name, file, line, ..
    } = case;
    format!("test {name} ({file}:{line}) {}", indented(problem))
}

/// A COMMIT would have been refused.
pub(crate) fn refused(cause: &str) -> String {
    format!(
        "would not have been allowed to commit: a deferred constraint is violated at its end\n{cause}\n\
         mend the rows, or, if the test is about the violation itself, run \
         `set constraints all immediate` in it and assert the error"
    )
}

/// The test ended its own transaction.
pub(crate) fn escaped(statement: Option<&str>, url: &DatabaseUrl, aftermath: &str) -> String {
    let statement = match statement {
        Some(sql) => format!("`{}` ended it", in_a_line(sql, LONGEST_STATEMENT)),
        None => "a statement that did not go through the transaction ended it".to_owned(),
    };
    let database = url.database();
    format!(
        "escaped from its transaction: {statement}\n\
         what it wrote may be committed in database {database}, where no rollback reaches it\n{aftermath}\n\
         remove the statement: the test's transaction is rolled back for you; use `savepoint()` for one within it"
    )
}

/// A test's own database was kept to be looked at.
pub(crate) fn kept(url: &DatabaseUrl, stays: Option<Duration>) -> String {
    let until = match stays {
        Some(stays) => format!(
            "it stays until the test runs again, and at most for {stays:.0?} after the last session on the server"
        ),
        None => "it stays until the test runs again".to_owned(),
    };
    format!(
        "left its database to be looked at: {url}\n  psql '{}'\n{until}; AIODAL_KEEP=never keeps none",
        url.to_string().replace('\'', "'\\''")
    )
}

/// A test's own database could not be kept.
pub(crate) fn not_kept(url: &DatabaseUrl, error: &SetUpError) -> String {
    format!("could not leave its database {url} to be looked at\n{error}")
}

/// The connection was lost, or would not come clean.
pub(crate) fn lost(cause: &str) -> String {
    format!(
        "could not roll back in order: its connection was closed, upon which the server rolls back\n{cause}"
    )
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n  ")
}
