//! The run of one test: set-up, body, end, verdict.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::process::{ExitCode, Termination};
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryFutureExt;

use crate::case::TestCase;
use crate::changes::Changes;
use crate::config::ShowSql;
use crate::context::{Context, Database, Held, Interrupted, Leased, Lent, Panic};
use crate::database::OwnDatabase;
use crate::report::{self, Account};
use crate::rollback::Ending;
use crate::runtime::{build_test_runtime, within};
use crate::session::{Place, Session};
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
    // Erased here, so that a runtime and its schedulers are compiled once and not once per test. Mapped, and not awaited: an
    // async block has room for what it has captured, and once more for what it awaits.
    let body: Body<'a> = Box::pin(test.map_ok(|value| Box::new(|| value.report()) as Report<'a>));
    run_erased(&case, &context, body)
}

fn run_erased(case: &TestCase, context: &Context, body: Body<'_>) -> Verdict {
    let runtime = match build_test_runtime(case) {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = SetUpError::caused("failed to build the runtime of the test", &error);
            let outcome = Outcome::Interrupted(Interrupted::SetUp(error));
            return verdict(case, outcome, Ended::default());
        }
    };
    // What the body returned says how it went only when it is asked, and prints an error then: outside of the runtime,
    // because it may want one of its own, and before the end, which has more to tell of a test that failed.
    let outcome = Outcome::of(runtime.block_on(body));
    let ended = runtime.block_on(async {
        let mut ended = Ended {
            problems: context.tear_down().await,
            ..Ended::default()
        };
        if let Some(held) = context.take_database() {
            Box::pin(end(case, held, &outcome, &mut ended)).await;
        }
        ended
    });
    runtime.shutdown_timeout(SHUTDOWN_LIMIT);
    verdict(case, outcome, ended)
}

/// How the body of a test went.
enum Outcome {
    Returned(ExitCode),
    Interrupted(Interrupted),
}

/// What is left of a test's database when its runtime is gone.
#[derive(Default)]
struct Ended {
    /// What is wrong with how it ended.
    problems: Vec<String>,
    /// What to tell in addition if the test has failed.
    advice: Option<String>,
    /// What it did, if that is to be shown.
    account: Option<String>,
    /// To be dropped or kept.
    own: Option<OwnDatabase>,
}

impl Outcome {
    fn of(body: Result<Report<'_>, Interrupted>) -> Outcome {
        match body {
            Ok(report) => match catch_unwind(AssertUnwindSafe(report)) {
                Ok(exit) => Outcome::Returned(exit),
                Err(panic) => Outcome::Interrupted(Interrupted::Panicked(Panic(panic))),
            },
            Err(interrupted) => Outcome::Interrupted(interrupted),
        }
    }

    fn is_interrupted(&self) -> bool {
        matches!(self, Outcome::Interrupted(_))
    }

    /// Says whether the test fails, whatever its end. What a `#[should_panic]` expects, only libtest knows.
    fn has_failed(&self, case: &TestCase) -> bool {
        match self {
            Outcome::Returned(exit) => case.should_panic || *exit != ExitCode::SUCCESS,
            Outcome::Interrupted(Interrupted::Panicked(_)) => !case.should_panic,
            Outcome::Interrupted(_) => true,
        }
    }
}

/// Ends what the test has of its database on the test's runtime, and gives an account of it.
async fn end(case: &TestCase, held: Held, outcome: &Outcome, ended: &mut Ended) {
    let Held {
        session,
        place,
        database,
        ambient,
    } = held;
    // What still runs is told so, and finds nobody else's database.
    drop(ambient);
    let journal = database.journal().clone();
    let over_budget = journal.over_budget().filter(|_| !outcome.is_interrupted());
    let failed = outcome.has_failed(case) || over_budget.is_some() || !ended.problems.is_empty();
    let shown = session.config.sql;
    let changes = match database {
        Database::Lent(lent) => {
            let sandbox = lent.lease.sandbox_report();
            let advice = [
                journal.advice(lent.read_only),
                sandbox.as_ref().and_then(|report| report.advice()),
            ];
            let advice: Vec<_> = advice.into_iter().flatten().collect();
            ended.advice = (!advice.is_empty()).then(|| advice.join("\n"));
            let tell = failed && shown != ShowSql::Never;
            let (problems, changes) = roll_back(case, (session, &place), lent, outcome, tell).await;
            ended.problems.extend(problems);
            changes
        }
        Database::Own(mut own) => {
            own.close();
            ended.own = Some(*own);
            None
        }
    };
    ended.problems.extend(over_budget);
    let failed = failed || !ended.problems.is_empty();
    if shown == ShowSql::Always || (failed && shown == ShowSql::Failed) {
        let account = Account {
            history: journal.take_history(),
            changes,
            undoes: journal.undoes(),
            isolation: case.isolation.unwrap_or(session.config.isolation),
        };
        ended.account = account.text(case, failed);
    }
}

/// Ends the test's transaction. Returns what is wrong with how it ended, and what it has done to which tables.
async fn roll_back(
    case: &TestCase,
    (session, place): (&'static Session, &Arc<Place>),
    lent: Lent,
    outcome: &Outcome,
    tell: bool,
) -> (Vec<String>, Option<Changes>) {
    let Lent {
        lease,
        watching,
        ticket,
        ..
    } = lent;
    let sandbox = lease.sandbox_report();
    // Before anything else, so that no request to cancel hits the end.
    let waited = watching.end(case).await;
    // Not finished in time, it is dropped: the connection closes, and the server rolls back.
    let (ending, changes) = match within(END_LIMIT, end_lease(lease, tell)).await {
        Some(ended) => ended,
        None => {
            let why = format!("the server did not answer within {END_LIMIT:?}");
            (Ending::Lost(why), None)
        }
    };
    drop(ticket);
    let ended = match ending {
        Ending::RolledBack => None,
        // After a panic half of a test's rows are missing: that constraints are violated says nothing.
        Ending::Refused(_) if outcome.is_interrupted() => None,
        Ending::Refused(error) => Some(report::refused(&error)),
        Ending::Lost(why) => Some(report::lost(&why)),
        Ending::Escaped(statement) => {
            let aftermath = session.set_aside(place, case).await;
            Some(report::escaped(
                statement.as_deref(),
                &place.url,
                &aftermath,
            ))
        }
    };
    let stalled = sandbox.and_then(|report| report.stalled_clients());
    let problems = waited.into_iter().chain(stalled).chain(ended);
    (problems.collect(), changes)
}

async fn end_lease(lease: Leased, tell: bool) -> (Ending, Option<Changes>) {
    match lease {
        Leased::Direct(lease) => lease.end(tell).await,
        Leased::Sandbox(lease) => lease.end(tell).await,
    }
}

/// Tells what is to be told: what is wrong, what the test did, how to look at what is left of it.
fn verdict(case: &TestCase, outcome: Outcome, ended: Ended) -> Verdict {
    let Ended {
        problems,
        advice,
        account,
        own,
    } = ended;
    let failed = outcome.has_failed(case) || !problems.is_empty();
    let mut exit = match &outcome {
        Outcome::Returned(exit) => *exit,
        Outcome::Interrupted(interrupted) => {
            match interrupted {
                Interrupted::SetUp(error) => eprintln!("{}", report::set_up_failed(case, error)),
                Interrupted::TimedOut { limit, running } => {
                    eprintln!("{}", report::timed_out(case, *limit, running));
                }
                // The panic's own message has been printed where it happened.
                Interrupted::Panicked(_) => {}
            }
            ExitCode::FAILURE
        }
    };
    for problem in &problems {
        eprintln!("{}", report::after(case, problem));
        exit = ExitCode::FAILURE;
    }
    if let Some(advice) = advice.filter(|_| failed) {
        eprintln!("{}", report::after(case, &advice));
    }
    if let Some(account) = account {
        eprintln!("{account}");
    }
    if let Some(told) = own.and_then(|own| own.end(case, failed)) {
        eprintln!("{}", report::after(case, &told));
    }
    match outcome {
        // One that panicked as it should, but did not end as it should, fails by returning.
        Outcome::Interrupted(Interrupted::Panicked(panic))
            if problems.is_empty() || !case.should_panic =>
        {
            resume_unwind(panic.0)
        }
        _ => Verdict { exit },
    }
}
