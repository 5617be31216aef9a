//! Statements in a line each, as `echo` logs them to the output of their test.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::{End, Entry, LONGEST_STATEMENT, in_a_line};

/// Lines for the output of a test, from whichever thread.
///
/// libtest captures what the threads of a test print. What the engine of a sandbox does on the session's thread would be in
/// the output of whichever test came first.
#[derive(Default)]
pub(crate) struct Echo {
    /// What nobody has printed yet. Guards nothing else.
    lines: Mutex<Vec<String>>,
    /// Held while lines are printed, so that they stay in their order.
    printing: Mutex<()>,
    more: Notify,
}

/// Has a task print the lines of a test on its runtime, as they come; dropped, it prints the rest.
pub(crate) struct Echoing {
    echo: Arc<Echo>,
    task: JoinHandle<()>,
}

impl Echo {
    /// Takes a line, on whichever thread.
    pub(super) fn put(&self, line: String) {
        lock(&self.lines).push(line);
        if is_captured() {
            self.more.notify_one();
        } else {
            // Whoever watches a test that blocks its thread wants to see it now.
            self.print();
        }
    }

    /// Prints what has come. On a thread of the test's.
    pub(super) fn print(&self) {
        let _in_order = lock(&self.printing);
        let lines = mem::take(&mut *lock(&self.lines));
        for line in lines {
            eprintln!("{line}");
        }
    }
}

impl Echoing {
    /// Begins, on the current runtime, which is the test's.
    pub(super) fn begin(echo: &Arc<Echo>) -> Echoing {
        let printed = echo.clone();
        let task = tokio::spawn(async move {
            loop {
                printed.more.notified().await;
                printed.print();
            }
        });
        Echoing {
            echo: echo.clone(),
            task,
        }
    }
}

impl Drop for Echoing {
    fn drop(&mut self) {
        self.task.abort();
        self.echo.print();
    }
}

/// Says whether libtest keeps what tests print; nextest, which does so itself, has it not to.
fn is_captured() -> bool {
    static CAPTURED: OnceLock<bool> = OnceLock::new();
    *CAPTURED.get_or_init(|| {
        let mut arguments = std::env::args();
        let said = arguments.any(|argument| ["--nocapture", "--no-capture"].contains(&&*argument));
        let variable = std::env::var("RUST_TEST_NOCAPTURE");
        !said && variable.map_or(true, |value| value == "0")
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn line(entry: &Entry) -> String {
    let millis = entry
        .end
        .took()
        .map_or(0.0, |took| took.as_secs_f64() * 1e3);
    let ended = match &entry.end {
        End::None | End::Queued => "sent".to_owned(),
        End::Rows(_, Some(1)) => "1 row".to_owned(),
        End::Rows(_, Some(rows)) => format!("{rows} rows"),
        End::Rows(_, None) => "done".to_owned(),
        End::Failed(_, failure) => match &failure.code {
            Some(code) => format!("error {code}"),
            None => "error".to_owned(),
        },
    };
    format!(
        "[sql {millis:>8.3} ms  {ended}] {}",
        entry.statement(LONGEST_STATEMENT)
    )
}

impl Entry {
    /// Returns the statement in one line, masked and cut, with its parameters behind it as a comment.
    pub(crate) fn statement(&self, longest: usize) -> String {
        let sql = in_a_line(&self.sql, longest);
        if self.params.is_empty() {
            return sql;
        }
        let params = if super::hides(&self.sql) {
            "parameters hidden"
        } else {
            &self.params
        };
        format!("{sql}  -- {params}")
    }
}

impl fmt::Debug for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Echo")
    }
}

impl fmt::Debug for Echoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Echoing")
    }
}
