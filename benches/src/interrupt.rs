//! Ctrl-C as an error like others, so that servers and directories are cleaned up behind it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::runtime::Builder;

use crate::Result;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Notes a Ctrl-C instead of dying of it.
///
/// The contestants, in the same process group, die of theirs, and what waits for them goes on to [`check`].
///
/// # Errors
///
/// The operating system refused the signal handler or its thread.
pub(crate) fn listen() -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let signals = {
        let _guard = runtime.enter();
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
    };
    let mut signals = signals?;
    thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(move || {
            while runtime.block_on(signals.recv()).is_some() {
                INTERRUPTED.store(true, Ordering::Relaxed);
            }
        })?;
    Ok(())
}

/// Fails if there was a Ctrl-C.
///
/// # Errors
///
/// There was.
pub(crate) fn check() -> Result<()> {
    if INTERRUPTED.load(Ordering::Relaxed) {
        return Err("interrupted".into());
    }
    Ok(())
}
