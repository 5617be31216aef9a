//! Waiting for locks: a statement that waits for one longer than `lock_wait` is cancelled, and its test told who holds it.
//!
//! Every transaction of a test is entered here while it is open. A task on the session's runtime looks at the clock now and
//! then ([`watch`]); only if a statement has run for long does it ask the server, by a connection of its own, whether
//! that statement waits for a lock ([`look`]). The first look is well before the limit: a deadlock is over by the time that it
//! is known, and then the server no longer knows the other side. What the test's output says of it is in [`tell`].
//!
//! Other tests are known by the `application_name` of their transactions, whichever process they are in. A test with a database
//! of its own waits for nobody else: it is entered with all its connections, and told which of its statements waits for which.

mod look;
mod tell;
mod watch;

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use aiodal_core::DatabaseUrl;
use tokio::runtime::Handle;

use self::look::Wait;
use crate::case::TestCase;
use crate::journal::Journal;
use crate::report;
use crate::rollback;

/// What the `application_name` of a test begins with, before its path.
const PREFIX: &str = "aiodal:";

/// How long a name may be that the server shows (`NAMEDATALEN` - 1 of every stock build).
const LONGEST_NAME: usize = 63;

/// The open transactions of a session's tests.
pub(crate) struct Locks {
    /// How long a statement may wait.
    limit: Duration,
    runtime: Handle,
    /// Starts the task with the first transaction.
    started: Once,
    /// Guards the list only.
    watched: Mutex<Vec<Arc<Watched>>>,
}

/// Says when a transaction has begun, and in which process of the server.
type Began = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// The transaction of a test, as far as others can wait for it, or it for others; or all those in a database of its own.
pub(crate) struct Watched {
    case: TestCase,
    url: DatabaseUrl,
    /// Returns what the server said when the transaction began, once it has; `None` where the test has the database to itself.
    began: Option<Began>,
    journal: Arc<Journal>,
    notes: Mutex<Notes>,
    /// Whether the transaction is about to end. Held by the watch while it cancels a statement: nothing else shall be hit.
    over: tokio::sync::Mutex<bool>,
}

#[derive(Default)]
struct Notes {
    /// When to look next at the statement that has been running since then.
    next_look: Option<(Instant, Instant)>,
    /// What the statement that has been running since then was waiting for at the last look.
    wait: Option<(Instant, Wait)>,
    /// The waits that were too long.
    cancelled: Vec<Wait>,
    /// Whether nothing is seen any more: its connections are about to be closed, which would be taken for an end of the wait.
    is_closed: bool,
}

/// A transaction's entry; it ends when dropped.
pub(crate) struct Watching {
    locks: Arc<Locks>,
    watched: Arc<Watched>,
}

/// Says whether an `application_name` is one that a test's connection has been given.
pub(crate) fn is_own_name(application_name: &str) -> bool {
    application_name.starts_with(PREFIX) || application_name == PREFIX.trim_end_matches(':')
}

/// Returns the `application_name` of a test's transaction: its path, or the end of it where that is too long.
pub(crate) fn application_name(case: &TestCase) -> String {
    // The server shows other characters as question marks at best (PostgreSQL manual, 20.8).
    let name: String = case
        .name
        .chars()
        .map(|c| if c.is_ascii() { c } else { '?' })
        .collect();
    let room = LONGEST_NAME - PREFIX.len();
    if name.len() <= room {
        return format!("{PREFIX}{name}");
    }
    let tail = &name[name.len() - (room - 3)..];
    format!("{PREFIX}...{tail}")
}

impl Locks {
    pub(crate) fn new(runtime: &Handle, limit: Duration) -> Arc<Locks> {
        Arc::new(Locks {
            limit,
            runtime: runtime.clone(),
            started: Once::new(),
            watched: Mutex::default(),
        })
    }

    /// Watches a transaction until the entry is dropped.
    pub(crate) fn watch(self: &Arc<Locks>, watched: Watched) -> Watching {
        let watched = Arc::new(watched);
        self.watched().push(watched.clone());
        self.started.call_once(|| {
            self.runtime.spawn(watch::watch(self.clone()));
        });
        Watching {
            locks: self.clone(),
            watched,
        }
    }

    /// Returns the test of this process that a process of the server works for.
    fn test_of(&self, process: i32) -> Option<TestCase> {
        let watched = self.watched();
        let mut watched = watched.iter();
        let found = watched.find(|watched| watched.process() == Some(process));
        found.map(|watched| watched.case)
    }

    fn watched(&self) -> MutexGuard<'_, Vec<Arc<Watched>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    pub(crate) fn new(
        case: TestCase,
        url: &DatabaseUrl,
        journal: &Arc<Journal>,
        began: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Watched {
        Watched {
            case,
            url: url.clone(),
            began: Some(Box::new(began)),
            journal: journal.clone(),
            notes: Mutex::default(),
            over: tokio::sync::Mutex::default(),
        }
    }

    /// All connections to a database that a test has to itself.
    pub(crate) fn in_own_database(
        case: TestCase,
        url: &DatabaseUrl,
        journal: &Arc<Journal>,
    ) -> Watched {
        Watched {
            case,
            url: url.clone(),
            began: None,
            journal: journal.clone(),
            notes: Mutex::default(),
            over: tokio::sync::Mutex::default(),
        }
    }

    fn has_the_database(&self) -> bool {
        self.began.is_none()
    }

    /// The process of the server that works for the transaction, once it has begun.
    fn process(&self) -> Option<i32> {
        rollback::process(&self.began.as_ref()?()?)
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notes {
    fn see(&mut self, wait: Option<(Instant, Wait)>) {
        if !self.is_closed {
            self.wait = wait;
        }
    }
}

impl Watching {
    /// Keeps what has been seen so far, and prints the wait that something else has ended: what comes now is the end of the test.
    pub(crate) fn close(&self) {
        let wait = {
            let mut notes = self.watched.notes();
            notes.is_closed = true;
            notes.wait.clone()
        };
        self.tell_wait(wait);
    }

    /// Ends the watch, so that no statement is cancelled any more, and returns what is wrong: the test has waited too long.
    ///
    /// A deadlock is printed only: the test may have expected it.
    pub(crate) async fn end(self, case: &TestCase) -> Option<String> {
        *self.watched.over.lock().await = true;
        self.tell(case)
    }

    /// The same where no runtime is running.
    pub(crate) fn end_blocking(self, case: &TestCase) -> Option<String> {
        *self.watched.over.blocking_lock() = true;
        self.tell(case)
    }

    fn tell(self, case: &TestCase) -> Option<String> {
        let watched = &self.watched;
        let (cancelled, wait, is_told) = {
            let mut notes = watched.notes();
            let cancelled = mem::take(&mut notes.cancelled);
            (cancelled, notes.wait.take(), notes.is_closed)
        };
        let errors = watched.journal.lock_errors();
        let seen = wait.as_ref().map(|(_, wait)| wait);
        if let Some(note) = tell::deadlocks(&errors, seen, &self) {
            eprintln!("{}", report::after(case, &note));
        }
        if !is_told {
            self.tell_wait(wait);
        }
        tell::cancelled(&cancelled, &errors, self.locks.limit)
    }

    /// Prints the wait that something else has ended: a time limit of the test, for instance.
    fn tell_wait(&self, wait: Option<(Instant, Wait)>) {
        let running = self.watched.journal.running_since();
        if let Some((_, wait)) = wait.filter(|(since, _)| Some(*since) == running) {
            let case = &self.watched.case;
            eprintln!("{}", report::after(case, &tell::waiting(&wait)));
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut watched = self.locks.watched();
        watched.retain(|other| !Arc::ptr_eq(other, &self.watched));
    }
}

impl fmt::Debug for Locks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locks")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched")
            .field("case", &self.case)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watching")
            .field("watched", &self.watched)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_of_a_test_fits_the_server_and_keeps_its_end() {
        let name = |path: &'static str| application_name(&TestCase::new(path, "a.rs", 1, "."));
        assert_eq!(name("it::locks::waits"), "aiodal:it::locks::waits");
        assert_eq!(name("it::größe"), "aiodal:it::gr??e");
        let long =
            name("a_crate::a_module_with_a_long_name::another_such_module::the_test_that_is_meant");
        assert_eq!(long.len(), LONGEST_NAME);
        assert!(long.starts_with("aiodal:..."), "{long}");
        assert!(long.ends_with("::the_test_that_is_meant"), "{long}");
    }
}
