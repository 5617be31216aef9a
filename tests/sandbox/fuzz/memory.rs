//! How much memory the process takes.

use std::fs;

/// What a run may take at most on top of what there was, in kilobytes: a length that a message claims is no reason to take it.
const MOST: u64 = 200_000;

pub(super) struct Memory {
    before: Option<u64>,
}

impl Memory {
    pub(super) fn now() -> Memory {
        Memory { before: peak() }
    }

    pub(super) fn check(&self, seed: u64) {
        if let (Some(before), Some(now)) = (self.before, peak()) {
            let more = now.saturating_sub(before);
            assert!(more < MOST, "SANDBOX_SEED={seed} has taken {more} kB");
        }
    }
}

/// The most that it has ever been, where the system tells.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
