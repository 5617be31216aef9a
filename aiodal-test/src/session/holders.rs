//! Who has a connection of a pool.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// The tests that have a connection of one pool.
#[derive(Default)]
pub(crate) struct Holders {
    /// Guards the list only.
    holders: Arc<Mutex<BTreeMap<u64, Holder>>>,
    next: AtomicU64,
}

struct Holder {
    test: &'static str,
    since: Instant,
}

/// A test's entry among the holders; it ends when dropped.
pub(crate) struct Ticket {
    holders: Arc<Mutex<BTreeMap<u64, Holder>>>,
    number: u64,
}

impl Holders {
    pub(crate) fn enter(&self, test: &'static str) -> Ticket {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let holder = Holder {
            test,
            since: Instant::now(),
        };
        self.holders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(number, holder);
        Ticket {
            holders: self.holders.clone(),
            number,
        }
    }

    /// A line for each.
    pub(crate) fn told(&self) -> Vec<String> {
        let holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        holders
            .values()
            .map(|Holder { test, since }| format!("held for {:.1?} by {test}", since.elapsed()))
            .collect()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.holders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.number);
    }
}
