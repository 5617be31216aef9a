//! What a test can ask for, and how it is given.

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aiodal_core::{DataAccessLayer, Transaction};
use futures_util::FutureExt;

use crate::case::TestCase;
use crate::journal::Journal;
use crate::rollback::Lease;
use crate::runtime::within;
use crate::session::{self, Place, Session};
use crate::set_up::SetUpError;

/// Something that a test asks for by the type of an argument.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing a test can ask for",
    label = "no test argument",
    note = "a test can ask for `Transaction`, `&Transaction`, `&mut Transaction` or `&DataAccessLayer`"
)]
pub trait Fixture: Sized {
    /// Sets it up for one test.
    #[doc(hidden)]
    fn set_up(context: &Context) -> impl Future<Output = Result<Self, SetUpError>>;
}

impl Fixture for Transaction {
    async fn set_up(context: &Context) -> Result<Transaction, SetUpError> {
        context.transaction().await
    }
}

/// Its transactions are nested in the test's one, so that code which begins and commits on its own is tested too.
impl Fixture for DataAccessLayer {
    async fn set_up(context: &Context) -> Result<DataAccessLayer, SetUpError> {
        context.data_access_layer().await
    }
}

/// One run of a test, as generated code sees it.
///
/// Not part of the stable interface.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

struct Inner {
    case: TestCase,
    /// Guards the hand-over of the lease from set-up to the end; both are on the test's thread.
    lease: Mutex<Option<Held>>,
}

/// A lease, and where it is from.
pub(crate) struct Held {
    pub(crate) lease: Lease,
    /// Whether the test has been given its transaction.
    given: bool,
    pub(crate) session: &'static Session,
    pub(crate) place: Arc<Place>,
    pub(crate) ticket: session::Ticket,
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
pub struct Panic(pub(crate) Box<dyn std::any::Any + Send>);

impl Context {
    pub(crate) fn new(case: TestCase) -> Context {
        Context(Arc::new(Inner {
            case,
            lease: Mutex::new(None),
        }))
    }

    /// Sets up an argument.
    ///
    /// # Errors
    ///
    /// Why the test cannot begin.
    pub async fn fixture<T: Fixture>(&self) -> Result<T, Interrupted> {
        T::set_up(self).await.map_err(Interrupted::SetUp)
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
        let mut output = None;
        self.erased_body(Box::pin(async { output = Some(body.await) }))
            .await?;
        Ok(output.expect("a body that was neither late nor panicked has returned"))
    }

    /// The same for a body of any type, compiled once.
    async fn erased_body(
        &self,
        body: Pin<Box<dyn Future<Output = ()> + '_>>,
    ) -> Result<(), Interrupted> {
        let body = AssertUnwindSafe(body).catch_unwind();
        let result = match self.time_limit() {
            None => body.await,
            Some(limit) => match within(limit, body).await {
                Some(result) => result,
                None => {
                    let running = self
                        .held()
                        .as_ref()
                        .map(|held| held.lease.journal().running())
                        .unwrap_or_default();
                    return Err(Interrupted::TimedOut { limit, running });
                }
            },
        };
        result.map_err(|payload| Interrupted::Panicked(Panic(payload)))
    }

    async fn transaction(&self) -> Result<Transaction, SetUpError> {
        self.begin().await?;
        let mut held = self.held();
        let held = held.as_mut().expect("it has just begun");
        if held.given {
            return Err(SetUpError::new(
                "a test has one transaction, and this one asks for a second",
                "take one `&Transaction` and pass it on, or nest with `savepoint()`",
            ));
        }
        held.given = true;
        Ok(held.lease.transaction())
    }

    async fn data_access_layer(&self) -> Result<DataAccessLayer, SetUpError> {
        self.begin().await?;
        let held = self.held();
        Ok(held
            .as_ref()
            .expect("it has just begun")
            .lease
            .dal()
            .clone())
    }

    /// Begins the test's transaction, unless an argument before has.
    async fn begin(&self) -> Result<(), SetUpError> {
        if self.held().is_some() {
            return Ok(());
        }
        let case = &self.0.case;
        let session = Session::get(case)?;
        let (place, slot, ticket) = session.checkout(case).await?;
        let journal = Arc::new(Journal::new(session.config.echo));
        let owner = format!("test {}", case.name);
        let lease = Lease::begin(slot, &owner, journal, &place.schema).map_err(|error| {
            SetUpError::caused("failed to drive a connection on the test's runtime", &error)
        })?;
        *self.held() = Some(Held {
            lease,
            given: false,
            session,
            place,
            ticket,
        });
        Ok(())
    }

    fn time_limit(&self) -> Option<Duration> {
        // Only a test with a database has read the configuration; without one, only the attribute counts.
        let configured = || {
            self.held()
                .as_ref()
                .and_then(|held| held.session.config.timeout)
        };
        self.0.case.timeout.or_else(configured)
    }

    pub(crate) fn take_lease(&self) -> Option<Held> {
        self.held().take()
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.0.lease.lock().unwrap_or_else(PoisonError::into_inner)
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
