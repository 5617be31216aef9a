//! How many savepoints the next statement is behind.

use std::fmt;
use std::sync::atomic::Ordering;

use super::Lane;

/// A savepoint that is open, for whoever observes; no longer when this is dropped.
pub(crate) struct Level(Lane);

impl Lane {
    pub(crate) fn enter(&self) -> Level {
        self.0.depth.fetch_add(1, Ordering::Relaxed);
        Level(self.clone())
    }

    pub(super) fn depth(&self) -> u32 {
        self.0.depth.load(Ordering::Relaxed)
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        self.0.0.depth.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Level")
    }
}
