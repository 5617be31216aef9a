//! What a sandbox has to say at the end of its test.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::client::Client;
use super::error::Said;
use crate::journal::{LONGEST_STATEMENT, in_a_line};

/// How much is kept: a loop that goes on after each error must not fill the memory.
const MOST: usize = 8;
const MORE: usize = MOST - 1;

/// What has happened that a test must not keep to itself. The engine writes, the test's end reads.
#[derive(Debug, Default)]
pub(crate) struct Report(Mutex<Notes>);

/// Guarded against the engine's thread, which may be another than the test's.
#[derive(Debug, Default)]
struct Notes {
    stalled: Vec<String>,
    escaped: Option<String>,
    isolation: Option<String>,
    advisory: Option<String>,
    temporary: Option<String>,
    began: Option<String>,
}

impl Report {
    /// The test's transaction has begun.
    pub(super) fn begin(&self, cell: Option<String>) {
        self.notes().began = cell;
    }

    /// Returns what the server said when the transaction began, once it has.
    pub(super) fn began(&self) -> Option<String> {
        self.notes().began.clone()
    }

    /// A client has waited for too long.
    pub(super) fn stalled(&self, said: &Said) {
        let mut notes = self.notes();
        if notes.stalled.len() < MOST {
            notes.stalled.push(said.message.clone());
        }
    }

    /// The test's transaction has been ended.
    pub(super) fn escape(&self, client: Option<&Client>) {
        let last = client.and_then(|client| client.last.as_ref());
        let statement = last.map_or_else(String::new, |(sql, _)| in_a_line(sql, LONGEST_STATEMENT));
        self.notes().escaped.get_or_insert(statement);
    }

    /// A client has asked for an isolation level that the one transaction does not have.
    pub(super) fn isolation(&self, client: &Client) {
        let name = client.name();
        self.notes().isolation.get_or_insert(name);
    }

    /// Returns what is wrong with the test: clients have waited for too long, whoever has swallowed the error.
    pub(crate) fn stalled_clients(&self) -> Option<String> {
        let stalled = &self.notes().stalled;
        let first = stalled.first()?;
        let more = match stalled.len() - 1 {
            0 => String::new(),
            MORE => format!("\nand {MORE} more at least"),
            more => format!("\nand {more} more"),
        };
        Some(format!(
            "has clients of its sandbox that wait for each other: {first}{more}\n\
             end the one transaction before the other statement, or take a database of the test's own: \
             #[aiodal::test(isolation = \"database\")]; `sandbox_wait` says how long a client may wait"
        ))
    }

    /// One of several clients has taken a lock that the others have as well.
    pub(super) fn advisory(&self, client: &Client) {
        let name = client.name();
        self.notes().advisory.get_or_insert(name);
    }

    /// A client makes a temporary table that another has by that name.
    pub(super) fn temporary(&self, client: &Client, other: &Client, table: &str) {
        let (client, other) = (client.name(), other.name());
        let table = table.trim_matches('"');
        let told = format!("{client} makes a temporary table `{table}`, which {other} has as well");
        self.notes().temporary.get_or_insert(told);
    }

    /// Returns the statement that has ended the test's transaction.
    pub(super) fn escaped(&self) -> Option<String> {
        self.notes().escaped.clone()
    }

    /// Returns what to tell of a test that failed.
    pub(crate) fn advice(&self) -> Option<String> {
        let notes = self.notes();
        let mut told = Vec::new();
        if let Some(client) = &notes.isolation {
            told.push(format!(
                "{client} has asked for an isolation level that its sandbox does not have: statements of other clients wait while \
                 it has a transaction, so that it sees none of their changes, and no serialization failure can occur"
            ));
        }
        if let Some(client) = &notes.advisory {
            told.push(format!(
                "{client} has used an advisory lock: the clients of a sandbox share one connection, so that each has what another has taken"
            ));
        }
        if let Some(both) = &notes.temporary {
            told.push(format!(
                "{both}: the clients of a sandbox share one connection, and its temporary tables with it"
            ));
        }
        let last = told.last_mut()?;
        last.push_str("\nfor the real thing: #[aiodal::test(isolation = \"database\")]");
        Some(told.join("\n"))
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
