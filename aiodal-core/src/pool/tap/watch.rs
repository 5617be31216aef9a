//! What a tap tells of its connection, and what it is told.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;

use futures_util::task::AtomicWaker;

/// What a [`Tap`](super::Tap) knows of its connection's COPYs. Shared with whoever uses the connection.
#[derive(Default)]
pub struct Watch {
    /// Statements on their way to be prepared that will be run as a COPY from the client. Guards nothing else.
    expected: Mutex<Vec<Box<str>>>,
    /// How many they are: most statements are no COPY, and take no lock.
    expecting: AtomicUsize,
    /// Whether the server has refused what the COPY from the client sends.
    refused: AtomicBool,
    /// Whoever waits to send more of it.
    sender: AtomicWaker,
}

/// A COPY from the client that is about to be prepared.
pub(crate) struct Expected {
    watch: Arc<Watch>,
    sql: Box<str>,
}

impl Watch {
    /// Announces a statement that will be run as a COPY from the client, until it has been prepared.
    pub(crate) fn expect(self: &Arc<Watch>, sql: &str) -> Expected {
        self.expected().push(sql.into());
        self.expecting.fetch_add(1, Ordering::Release);
        Expected {
            watch: self.clone(),
            sql: sql.into(),
        }
    }

    /// Says whether the server has refused what the COPY under way sends; if not, the task is woken when it does.
    pub(crate) fn poll_refused(&self, cx: &Context<'_>) -> bool {
        if self.refused.load(Ordering::Acquire) {
            return true;
        }
        self.sender.register(cx.waker());
        self.refused.load(Ordering::Acquire)
    }

    pub(super) fn is_expecting(&self) -> bool {
        self.expecting.load(Ordering::Acquire) > 0
    }

    pub(super) fn expects(&self, sql: &[u8]) -> bool {
        self.expected()
            .iter()
            .any(|expected| expected.as_bytes() == sql)
    }

    /// The server takes data.
    pub(super) fn copy_in_begins(&self) {
        self.refused.store(false, Ordering::Release);
    }

    /// The server takes no more of it.
    pub(super) fn copy_in_refused(&self) {
        self.refused.store(true, Ordering::Release);
        self.sender.wake();
    }

    fn expected(&self) -> MutexGuard<'_, Vec<Box<str>>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        let mut expected = self.watch.expected();
        if let Some(index) = expected.iter().position(|sql| *sql == self.sql) {
            expected.swap_remove(index);
            self.watch.expecting.fetch_sub(1, Ordering::Release);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("refused", &self.refused.load(Ordering::Relaxed))
            .finish_non_exhaustive()
    }
}
