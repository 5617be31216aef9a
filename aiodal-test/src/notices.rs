//! What the session has to say that is no failure, kept until a test can print it: the session's own thread must not.

use std::mem;
use std::sync::{Mutex, PoisonError};

/// Guards what is kept only; filled by the session's thread, emptied by whichever test comes next.
static KEPT: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps a notice for the next test.
pub(crate) fn keep(notice: String) {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.push(notice);
}

/// Prints what has been kept, on the thread of a test: libtest captures it there.
pub(crate) fn print() {
    let kept = mem::take(&mut *KEPT.lock().unwrap_or_else(PoisonError::into_inner));
    for notice in kept {
        eprintln!("aiodal: {}", notice.replace('\n', "\n  "));
    }
}
