//! How far a load has come.

use std::fmt;
use std::time::{Duration, Instant};

use super::report::LoadReport;

/// No call comes sooner after the last one, unless the phase is another.
const PAUSE: Duration = Duration::from_millis(100);

/// What a load is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Reading and copying rows.
    Copying,
    /// Running the statements [after the copy](super::Load::after_copy).
    AfterCopy,
    /// Merging the staged rows.
    Merging,
    /// It is done.
    Done,
}

/// How far a load has come: see [`Load::on_progress`](super::Load::on_progress).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// How many bytes of the source have been read, as they are stored: compressed, that is.
    pub bytes: u64,
    /// How many there are, if that is known.
    pub total: Option<u64>,
    /// How many rows have been sent or rejected.
    pub rows: u64,
    /// How many of them have been rejected.
    pub rejected: u64,
    /// How long it has taken so far.
    pub elapsed: Duration,
}

impl Progress {
    /// Returns how many bytes it has read per second.
    #[must_use]
    pub fn bytes_per_second(&self) -> f64 {
        per_second(self.bytes, self.elapsed)
    }

    /// Returns how many rows it has sent per second.
    #[must_use]
    pub fn rows_per_second(&self) -> f64 {
        per_second(self.rows, self.elapsed)
    }

    /// Returns how much of the source has been read, from 0 to 1, if its size is known.
    #[must_use]
    pub fn fraction(&self) -> Option<f64> {
        let total = self.total?;
        if total == 0 {
            return Some(1.0);
        }
        Some(f64::min(float(self.bytes) / float(total), 1.0))
    }
}

fn per_second(number: u64, elapsed: Duration) -> f64 {
    if elapsed.is_zero() {
        return 0.0;
    }
    float(number) / elapsed.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "a rate of 53 bits is precise")]
fn float(number: u64) -> f64 {
    number as f64
}

pub(super) type OnProgress<'a> = Box<dyn FnMut(&Progress) + Send + 'a>;

/// Tells it, not too often.
pub(super) struct Teller<'a> {
    on_progress: Vec<OnProgress<'a>>,
    total: Option<u64>,
    started: Instant,
    last: Option<(Phase, Instant)>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(on_progress: Vec<OnProgress<'a>>, started: Instant) -> Teller<'a> {
        Teller {
            on_progress,
            total: None,
            started,
            last: None,
        }
    }

    pub(super) fn set_total(&mut self, total: Option<u64>) {
        self.total = total;
    }

    /// Tells what the report says, if it is time.
    pub(super) fn tell(&mut self, phase: Phase, report: &LoadReport) {
        if self.on_progress.is_empty() {
            return;
        }
        let now = Instant::now();
        if let Some((last, at)) = self.last
            && last == phase
            && now.duration_since(at) < PAUSE
        {
            return;
        }
        self.last = Some((phase, now));
        let progress = Progress {
            phase,
            bytes: report.bytes,
            total: self.total,
            rows: report.rows,
            rejected: report.rejected,
            elapsed: now.duration_since(self.started),
        };
        for on_progress in &mut self.on_progress {
            on_progress(&progress);
        }
    }
}

impl fmt::Debug for Teller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Teller")
            .field("total", &self.total)
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}
