//! The two kinds of runtime: the session's, on a thread of its own, and one per test.
//!
//! The session's runtime makes connections, waits on their behalf and keeps the pool's time. It must not
//! print: output capture is inherited when a thread is spawned, and its lines would go into the output of
//! whichever test came first, for ever.

use std::future::{Future, pending};
use std::io;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::case::{Flavor, TestCase};

/// Starts the session's runtime on its thread; both live as long as the process.
///
/// # Errors
///
/// The operating system refused a thread or a reactor.
pub(crate) fn start_session_runtime() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name("aiodal-session".to_owned())
        .spawn(move || runtime.block_on(pending::<()>()))?;
    Ok(handle)
}

/// Runs a future on the session's runtime and blocks until it is done.
///
/// For threads without a runtime, and for set-up inside one: the session's thread never waits for a test's.
///
/// # Panics
///
/// If the future panics.
pub(crate) fn block_on_session<T: Send + 'static>(
    session: &Handle,
    future: impl Future<Output = T> + Send + 'static,
) -> T {
    let (sender, receiver) = mpsc::sync_channel(1);
    session.spawn(async move {
        // Nobody listens only if the waiting thread is gone.
        let _gone = sender.send(future.await);
    });
    receiver
        .recv()
        .expect("the session's runtime lives as long as the process, and the future did not panic")
}

/// Builds the runtime that the body of a test runs on.
///
/// # Errors
///
/// The operating system refused a thread or a reactor.
pub(crate) fn build_test_runtime(case: &TestCase) -> io::Result<Runtime> {
    let mut builder = match case.flavor {
        Flavor::CurrentThread => Builder::new_current_thread(),
        Flavor::MultiThread => Builder::new_multi_thread(),
    };
    if let Some(workers) = case.worker_threads {
        builder.worker_threads(workers);
    }
    if case.start_paused {
        builder.start_paused(true);
    }
    builder.enable_all().build()
}
