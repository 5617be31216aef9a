//! One run of a test: what it has been given, and what is to be ended.

mod arguments;
mod begin;
mod held;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;

use self::held::Given;
pub(crate) use self::held::{Database, Held, Leased, Lent};
use crate::case::TestCase;
use crate::fixture::{Finalizers, Plan, Requirements, said};
use crate::runtime::within;
use crate::session::Session;
use crate::set_up::SetUpError;

/// One run of a test, as generated code sees it.
///
/// Not part of the stable interface.
#[derive(Clone)]
pub struct Context(Rc<Inner>);

struct Inner {
    case: TestCase,
    /// The session, once something of it is required.
    session: Cell<Option<&'static Session>>,
    requirements: RefCell<Requirements>,
    /// Whether data access layers that its code has not been passed find its database.
    ambient: Cell<bool>,
    finalizers: Finalizers,
    /// The values of fixtures, in the order of their setting up.
    kept: RefCell<Vec<Arc<dyn Any>>>,
    /// Guards the hand-over of the database from set-up to the end; both are on the test's thread.
    held: Mutex<Option<Held>>,
}

/// Why a body did not return.
///
/// Not part of the stable interface.
#[derive(Debug)]
pub enum Interrupted {
    /// It did not begin.
    SetUp(SetUpError),
    /// It took longer than it may; what its database was still running, and for how long.
    TimedOut {
        /// The limit.
        limit: Duration,
        /// Statements without an answer.
        running: Vec<(String, Duration)>,
    },
    /// It panicked.
    Panicked(Panic),
}

/// A caught panic.
pub struct Panic(pub(crate) Box<dyn Any + Send>);

impl Context {
    pub(crate) fn new(case: TestCase) -> Context {
        Context(Rc::new(Inner {
            case,
            session: Cell::new(None),
            requirements: RefCell::default(),
            ambient: Cell::new(false),
            finalizers: Finalizers::new(),
            kept: RefCell::default(),
            held: Mutex::new(None),
        }))
    }

    /// Begins the plan of what the test asks for.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Plan::new(self.0.case.name)
    }

    /// Ends the plan; what is planned can be set up now.
    ///
    /// # Errors
    ///
    /// What is asked for does not fit together, or there is no session.
    pub async fn prepare(&self, mut plan: Plan) -> Result<(), Interrupted> {
        let ambient = self.asks_for_ambient();
        if ambient {
            plan.needs_sandbox();
        }
        let requirements = plan.finish()?;
        if requirements.session {
            self.0.session.set(Some(Session::get(&self.0.case)?));
        }
        self.0.requirements.replace(requirements);
        self.0.ambient.set(ambient);
        if ambient {
            // A fixture may call what finds it.
            self.begin().await?;
        }
        Ok(())
    }

    /// Says whether data access layers that the test's code has not been passed are to find its database.
    fn asks_for_ambient(&self) -> bool {
        let case = &self.0.case;
        // A test that asks for nothing else needs no session, and is not to fail for want of one.
        let configured = || Session::config(case).is_ok_and(|config| config.ambient);
        case.ambient.unwrap_or_else(configured)
    }

    /// Runs the body under its time limit and catches its panic, so that everything behind it still happens.
    ///
    /// # Errors
    ///
    /// The body panicked or took too long.
    #[expect(
        clippy::missing_panics_doc,
        reason = "the body has returned when its output is taken"
    )]
    pub async fn body<F: Future>(&self, body: F) -> Result<F::Output, Interrupted> {
        if self.0.session.get().is_none() {
            // Nothing was asked for, or nothing of a session.
            self.prepare(self.plan()).await?;
        }
        self.publish().await?;
        let mut output = None;
        self.erased_body(Box::pin(body.map(|value| output = Some(value))))
            .await?;
        Ok(output.expect("a body that was neither late nor panicked has returned"))
    }

    /// The same for a body of any type, compiled once.
    async fn erased_body(
        &self,
        body: Pin<Box<dyn Future<Output = ()> + '_>>,
    ) -> Result<(), Interrupted> {
        if let Some(held) = &*self.held() {
            held.database.journal().body_begins();
        }
        let body = AssertUnwindSafe(body).catch_unwind();
        let result = match self.time_limit() {
            None => body.await,
            Some(limit) => match within(limit, body).await {
                Some(result) => result,
                None => {
                    let running = self
                        .held()
                        .as_ref()
                        .map(|held| held.database.journal().running())
                        .unwrap_or_default();
                    return Err(Interrupted::TimedOut { limit, running });
                }
            },
        };
        result.map_err(|payload| Interrupted::Panicked(Panic(payload)))
    }

    pub(crate) fn finalizers(&self) -> &Finalizers {
        &self.0.finalizers
    }

    /// Keeps the value of a fixture until the end of the test.
    pub(crate) fn keep(&self, value: Arc<dyn Any>) {
        self.0.kept.borrow_mut().push(value);
    }

    /// Does what fixtures have left to be done, and drops their values. Returns what is wrong with that.
    pub(crate) async fn tear_down(&self) -> Vec<String> {
        let mut problems = self.0.finalizers.run(self.time_limit()).await;
        loop {
            let last = self.0.kept.borrow_mut().pop();
            let Some(value) = last else {
                return problems;
            };
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
                let said = said(panic.as_ref());
                problems.push(format!(
                    "has a fixture whose value panicked when it was dropped\n{said}"
                ));
            }
        }
    }

    /// Commits what fixtures have written in a database of the test's own, if the test itself does not ask for the transaction
    /// that they wrote it in: nobody else could.
    async fn publish(&self) -> Result<(), SetUpError> {
        let left = match &mut *self.held() {
            Some(Held {
                database: Database::Own(own),
                ..
            }) => own.left_by_fixtures(),
            _ => None,
        };
        match left {
            Some(tx) => Box::pin(tx.commit()).await.map_err(|error| {
                SetUpError::caused("failed to commit what the fixtures have written", &error)
            }),
            None => Ok(()),
        }
    }

    pub(crate) fn time_limit(&self) -> Option<Duration> {
        // Only a test with a database has read the configuration; without one, only the attribute counts.
        let configured = || {
            self.0
                .session
                .get()
                .and_then(|session| session.config.timeout)
        };
        self.0.case.timeout.or_else(configured)
    }

    pub(crate) fn take_database(&self) -> Option<Held> {
        self.held().take()
    }

    /// The database that [`begin`](Context::begin) has got.
    fn given(&self) -> Given<'_> {
        Given(self.held())
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<SetUpError> for Interrupted {
    fn from(error: SetUpError) -> Interrupted {
        Interrupted::SetUp(error)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("case", &self.0.case)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Panic")
    }
}
