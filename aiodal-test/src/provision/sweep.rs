//! Removes what servers left that could not clean up after themselves.
//!
//! Only kill -9 of a wrapper, or of a starter before it has one, leaves a run directory behind.

use super::place::Place;

/// Removes the deserted run directories of this user's other servers.
///
/// What cannot be removed now is left to the next start: it is not what anybody is waiting for.
pub(super) fn sweep(place: &Place) {
    for run in place.others() {
        // Without a log, one may be just being made under another lock, unless it is being removed.
        if run.is_deserted().unwrap_or(run.is_going()) {
            let _left = run.remove();
        }
    }
}
