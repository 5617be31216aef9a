//! Removes what servers left that could not clean up after themselves.
//!
//! Only kill -9 of a wrapper, or of a starter before it has one, leaves a run directory behind.

use super::place::Place;

/// Removes the deserted run directories of other servers that are started under the same lock, which the caller holds.
///
/// What cannot be removed now is left to the next start: it is not what anybody is waiting for.
pub(super) fn sweep(place: &Place) {
    for run in place.others() {
        if run.is_deserted() {
            let _left = run.remove();
        }
    }
}
