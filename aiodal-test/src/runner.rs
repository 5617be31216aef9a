//! The run of one test: set-up, body, end, verdict.

use std::panic::resume_unwind;
use std::pin::Pin;
use std::process::{ExitCode, Termination};
use std::time::Duration;

use crate::case::TestCase;
use crate::context::{Context, Held, Interrupted};
use crate::report;
use crate::rollback::Ending;
use crate::runtime::{build_test_runtime, within};
use crate::set_up::SetUpError;

/// How long the end of a test may take; it is one round trip.
const END_LIMIT: Duration = Duration::from_secs(15);

/// How long the test's runtime waits for blocking tasks that outlive the body.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(1);

/// What libtest is told of a test.
///
/// Not part of the stable interface.
#[derive(Debug)]
#[must_use]
pub struct Verdict {
    exit: ExitCode,
}

impl Termination for Verdict {
    fn report(self) -> ExitCode {
        self.exit
    }
}

impl Verdict {
    /// Ends a `#[should_panic]` test, which returns nothing.
    ///
    /// Such a test fails by returning: had a failure to set up panicked, it would pass.
    pub fn into_unit(self) {}
}

/// The body of a test and the setting up before it, whatever the test is.
type Body<'a> = Pin<Box<dyn Future<Output = Result<Report<'a>, Interrupted>> + 'a>>;

/// What the body returned, still to be asked for its exit code: a `Result` prints its error then.
type Report<'a> = Box<dyn FnOnce() -> ExitCode + 'a>;

/// Runs one test to its end.
///
/// Called by generated code; not part of the stable interface.
///
/// # Panics
///
/// With the panic of the body, once everything behind it is done.
pub fn run<'a, F, Fut, T>(case: TestCase, test: F) -> Verdict
where
    F: FnOnce(Context) -> Fut,
    Fut: Future<Output = Result<T, Interrupted>> + 'a,
    T: Termination + 'a,
{
    let context = Context::new(case);
    let test = test(context.clone());
    // Erased here, so that a runtime and its schedulers are compiled once and not once per test.
    let body: Body<'a> = Box::pin(async {
        let value = test.await?;
        Ok(Box::new(|| value.report()) as Report<'a>)
    });
    run_erased(&case, &context, body)
}

fn run_erased(case: &TestCase, context: &Context, body: Body<'_>) -> Verdict {
    let runtime = match build_test_runtime(case) {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = SetUpError::caused("failed to build the runtime of the test", &error);
            return verdict(case, Err(Interrupted::SetUp(error)), None);
        }
    };
    let (outcome, problem) = runtime.block_on(async {
        let outcome = body.await;
        let problem = match context.take_lease() {
            Some(held) => end(case, held, outcome.is_err()).await,
            None => None,
        };
        (outcome, problem)
    });
    runtime.shutdown_timeout(SHUTDOWN_LIMIT);
    verdict(case, outcome, problem)
}

/// Ends the test's transaction and says what is wrong with how it ended.
async fn end(case: &TestCase, held: Held, failed: bool) -> Option<String> {
    let Held {
        lease,
        session,
        place,
        ticket,
        ..
    } = held;
    // Not finished in time, it is dropped: the connection closes, and the server rolls back.
    let ending = match within(END_LIMIT, lease.end()).await {
        Some(ending) => ending,
        None => Ending::Lost(format!("the server did not answer within {END_LIMIT:?}")),
    };
    drop(ticket);
    match ending {
        Ending::RolledBack => None,
        // After a panic half of a test's rows are missing: that constraints are violated says nothing.
        Ending::Refused(_) if failed => None,
        Ending::Refused(error) => Some(report::refused(&error)),
        Ending::Lost(why) => Some(report::lost(&why)),
        Ending::Escaped(statement) => {
            let aftermath = session.set_aside(&place, case).await;
            Some(report::escaped(
                statement.as_deref(),
                &place.url,
                &aftermath,
            ))
        }
    }
}

fn verdict(
    case: &TestCase,
    outcome: Result<Report<'_>, Interrupted>,
    problem: Option<String>,
) -> Verdict {
    let body = match outcome {
        Ok(report) => report(),
        Err(Interrupted::SetUp(error)) => {
            eprintln!("{}", report::set_up_failed(case, &error));
            ExitCode::FAILURE
        }
        Err(Interrupted::TimedOut { limit, running }) => {
            eprintln!("{}", report::timed_out(case, limit, &running));
            ExitCode::FAILURE
        }
        Err(Interrupted::Panicked(panic)) => {
            let Some(problem) = problem else {
                resume_unwind(panic.0);
            };
            eprintln!("{}", report::after(case, &problem));
            if case.should_panic {
                // It panicked as it should, but it did not end as it should: libtest fails it for returning.
                return Verdict {
                    exit: ExitCode::FAILURE,
                };
            }
            resume_unwind(panic.0);
        }
    };
    match problem {
        Some(problem) => {
            eprintln!("{}", report::after(case, &problem));
            Verdict {
                exit: ExitCode::FAILURE,
            }
        }
        None => Verdict { exit: body },
    }
}
