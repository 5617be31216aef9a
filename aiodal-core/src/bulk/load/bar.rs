//! A bar on the terminal.

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

use super::progress::{Phase, Progress};

const KNOWN: &str = "{prefix} {wide_bar} {percent:>3} % {binary_bytes_per_sec:>12} {msg}";

/// The size of a socket or a pipe is not known.
const UNKNOWN: &str = "{prefix} {spinner} {binary_bytes} {binary_bytes_per_sec} {msg}";

/// A bar on the standard error; nothing, where that is no terminal.
pub(super) struct Bar {
    bar: ProgressBar,
    known: Option<bool>,
}

impl Bar {
    pub(super) fn new(source: &str) -> Bar {
        // What a failed load has come to stays readable above its error.
        let bar = ProgressBar::no_length().with_finish(ProgressFinish::Abandon);
        Bar {
            bar: bar.with_prefix(source.to_owned()),
            known: None,
        }
    }

    pub(super) fn show(&mut self, progress: &Progress) {
        let known = progress.total.is_some();
        if self.known != Some(known) {
            let template = if known { KNOWN } else { UNKNOWN };
            let style = ProgressStyle::with_template(template);
            self.bar.set_style(style.expect("it is a template"));
            self.known = Some(known);
        }
        if let Some(total) = progress.total {
            self.bar.set_length(total);
        }
        self.bar.set_position(progress.bytes);
        let what = match progress.phase {
            Phase::Copying | Phase::Done => format!("{} rows", progress.rows),
            Phase::AfterCopy => format!("{} rows, running statements", progress.rows),
            Phase::Merging => format!("{} rows, merging", progress.rows),
        };
        self.bar.set_message(what);
        if progress.phase == Phase::Done {
            self.bar.finish();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use indicatif::ProgressDrawTarget;

    use super::*;

    #[test]
    fn bar_says_how_far_it_has_come() {
        let mut bar = Bar::new("a.csv");
        bar.bar.set_draw_target(ProgressDrawTarget::hidden());
        let mut progress = Progress {
            phase: Phase::Copying,
            bytes: 10,
            total: Some(40),
            rows: 3,
            rejected: 0,
            elapsed: Duration::from_secs(1),
        };
        bar.show(&progress);
        assert_eq!((bar.bar.position(), bar.bar.length()), (10, Some(40)));
        assert_eq!(bar.bar.message(), "3 rows");
        progress.phase = Phase::Done;
        progress.total = None;
        bar.show(&progress);
        assert!(bar.bar.is_finished());
    }
}
