//! The least of a script that still makes a difference.

use std::time::{Duration, Instant};

use crate::compare::Pair;
use crate::script::Script;

/// A difference that takes its time, such as a silence, would otherwise take an hour.
const PATIENCE: Duration = Duration::from_secs(60);

/// Leaves out lines, many at first, then one by one, as long as the endpoints differ.
pub(crate) async fn minimised(pair: &mut Pair, script: &Script) -> Script {
    let started = Instant::now();
    let mut least = script.clone();
    let mut size = least.0.len().div_ceil(2);
    while started.elapsed() < PATIENCE && !pair.is_broken {
        let before = least.0.len();
        let mut at = 0;
        while at < least.0.len() && started.elapsed() < PATIENCE {
            let mut fewer = least.clone();
            fewer.0.drain(at..(at + size).min(least.0.len()));
            match pair.try_out(&fewer).await {
                _ if pair.is_broken => return least,
                Some(_) => least = fewer,
                None => at += size,
            }
        }
        if size == 1 && least.0.len() == before {
            break;
        }
        size = size.div_ceil(2);
    }
    least
}
