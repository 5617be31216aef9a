//! The two kinds of runtime: the session's, on a thread of its own, and one per test.
//!
//! The session's runtime makes connections, waits on their behalf and keeps the pool's time. It must not
//! print: output capture is inherited when a thread is spawned, and its lines would go into the output of
//! whichever test came first, for ever.

use std::future::{Future, pending};
use std::io;
use std::pin::pin;
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::case::{Flavor, TestCase};
use crate::set_up::SetUpError;

/// The session's runtime, which exists before the session does. Guards its start, by whichever thread comes first.
static SESSION: OnceLock<Result<Handle, Arc<io::Error>>> = OnceLock::new();

/// Returns the session's runtime, starting it if this is the first to ask.
pub(crate) fn session_runtime() -> Result<Handle, SetUpError> {
    let runtime = SESSION.get_or_init(|| start_session_runtime().map_err(Arc::new));
    runtime
        .clone()
        .map_err(|error| SetUpError::caused("failed to start the session's runtime", &*error))
}

/// Starts the session's runtime on its thread; both live as long as the process.
///
/// # Errors
///
/// The operating system refused a thread or a reactor.
fn start_session_runtime() -> io::Result<Handle> {
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

/// Waits for a future, but no longer than `limit` of real time, whatever the test has done to its runtime's clock.
///
/// A paused clock jumps ahead whenever its runtime waits for a socket, so the time is the session's runtime's.
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let late = match session_runtime() {
        Ok(runtime) => {
            let _on_session = runtime.enter();
            tokio::time::sleep(limit)
        }
        // Without a session's runtime there is only the test's own clock.
        Err(_) => tokio::time::sleep(limit),
    };
    match select(pin!(future), pin!(late)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}
