//! One run of a test: what it has been given, and what is to be ended.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aiodal_core::{DataAccessLayer, DatabaseUrl, Pool, Transaction};
use futures_util::FutureExt;

use crate::ambient::OfTest;
use crate::case::{Flavor, TestCase};
use crate::database::OwnDatabase;
use crate::fixture::{Clients, Finalizers, Plan, Requirements, SessionContext, said};
use crate::isolation::Isolation;
use crate::journal::Journal;
use crate::locks::{Watched, Watching, application_name};
use crate::notices;
use crate::rollback::{Lease, Modes, begin};
use crate::runtime::within;
use crate::sandbox::{Opening, Sandbox, SandboxLease, SandboxReport};
use crate::session::{self, Place, Session};
use crate::set_up::SetUpError;
use crate::sql_fixture::run_sql_fixtures;
use crate::template::Values;

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

/// The database that a test has been given.
pub(crate) struct Held {
    pub(crate) session: &'static Session,
    pub(crate) place: Arc<Place>,
    pub(crate) database: Database,
    /// Whoever finds it without having been passed anything, if that was asked for.
    pub(crate) ambient: Option<OfTest>,
}

/// What keeps it apart from those of others.
pub(crate) enum Database {
    /// A transaction in the database of the place.
    Lent(Lent),
    /// A database like that of the place.
    Own(Box<OwnDatabase>),
}

/// A lease, and the entry of who has it.
pub(crate) struct Lent {
    pub(crate) lease: Leased,
    pub(crate) watching: Watching,
    pub(crate) read_only: bool,
    pub(crate) ticket: session::Ticket,
}

/// The connection, with or without a sandbox on it.
pub(crate) enum Leased {
    Direct(Box<Lease>),
    Sandbox(Box<SandboxLease>),
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
            Box::pin(self.begin()).await?;
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
        self.erased_body(Box::pin(async { output = Some(body.await) }))
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

    /// Returns the test's transaction: on loan, except in a database of the test's own if it is the test itself that asks.
    pub(crate) async fn transaction(&self, by_test: bool) -> Result<Transaction, SetUpError> {
        self.begin().await?;
        let sandbox = match &self.given().database {
            Database::Lent(Lent {
                lease: Leased::Direct(lease),
                ..
            }) => return Ok(lease.transaction()),
            Database::Lent(Lent {
                lease: Leased::Sandbox(lease),
                ..
            }) => Some(lease.own()),
            Database::Own(_) => None,
        };
        if let Some(own) = sandbox {
            return own.transaction().await;
        }
        let dal = self.data_access_layer().await?;
        let begun = match &mut self.given().database {
            Database::Own(own) => own.transaction(by_test),
            Database::Lent(_) => None,
        };
        if let Some(begun) = begun {
            return Ok(begun);
        }
        let begun = dal.transaction().await.map_err(|error| {
            SetUpError::caused(
                "failed to begin a transaction in the test's database",
                &error,
            )
        })?;
        Ok(match &mut self.given().database {
            Database::Own(own) => own.begun(begun, by_test),
            Database::Lent(_) => begun,
        })
    }

    /// Returns the test's data access layer: one whose transactions are nested in the test's, or one with a pool.
    pub(crate) async fn data_access_layer(&self) -> Result<DataAccessLayer, SetUpError> {
        self.begin().await?;
        let opening = match &self.given().database {
            Database::Lent(Lent {
                lease: Leased::Direct(lease),
                ..
            }) => return Ok(lease.dal().clone()),
            Database::Lent(Lent {
                lease: Leased::Sandbox(lease),
                ..
            }) => Err(lease.sandbox()),
            Database::Own(own) => match own.dal() {
                Some(open) => return Ok(open),
                None => Ok(own.opening()),
            },
        };
        let opening = match opening {
            Ok(opening) => opening,
            Err(sandbox) => return sandbox.dal().await,
        };
        let dal = opening.open(&self.0.case).await?;
        if let Database::Own(own) = &mut self.given().database {
            own.opened(&dal);
        }
        Ok(dal)
    }

    /// Returns the test's sandbox.
    pub(crate) async fn sandbox(&self) -> Result<Sandbox, SetUpError> {
        self.begin().await?;
        match &self.given().database {
            Database::Lent(Lent {
                lease: Leased::Sandbox(lease),
                ..
            }) => Ok(lease.sandbox()),
            Database::Lent(_) => unreachable!("the plan has asked for one"),
            Database::Own(_) => Err(SetUpError::new(
                "a test with a database of its own has no sandbox",
                "whoever connects to that database commits, and nobody else sees it\n\
                 take `&aiodal::DatabaseUrl`, an `aiodal::Pool` or a `DataAccessLayer`",
            )),
        }
    }

    /// Returns a pool of connections: to the sandbox, or to the test's own database.
    pub(crate) async fn pool(&self) -> Result<Pool, SetUpError> {
        self.begin().await?;
        let opening = match &self.given().database {
            Database::Own(own) => Some(own.opening()),
            Database::Lent(_) => None,
        };
        match opening {
            Some(opening) => opening.pool(&self.0.case).await,
            None => self.sandbox().await?.pool().await,
        }
    }

    /// Returns where the test's own database is.
    pub(crate) async fn database_url(&self) -> Result<DatabaseUrl, SetUpError> {
        self.begin().await?;
        match &self.given().database {
            Database::Own(own) => Ok(own.url.clone()),
            Database::Lent(_) => Err(SetUpError::new(
                "a test in a transaction has no database that others could connect to",
                "whoever connects sees nothing of what the test writes\n\
                 it takes a database of its own: #[aiodal::test(isolation = \"database\")]",
            )),
        }
    }

    /// Returns the values of the layers that the test's database is on.
    pub(crate) async fn layer_values(&self) -> Result<Arc<Values>, SetUpError> {
        self.begin().await?;
        Ok(self.given().place.values.clone())
    }

    /// Returns the session.
    pub(crate) fn session(&self) -> Result<&'static Session, SetUpError> {
        match self.0.session.get() {
            Some(session) => Ok(session),
            None => Session::get(&self.0.case),
        }
    }

    /// Returns the session as a fixture of it sees it, with as much of it as that needs.
    pub(crate) async fn of_session(
        &self,
        session: bool,
        layers: bool,
    ) -> Result<SessionContext, SetUpError> {
        let session = if session { Some(self.session()?) } else { None };
        let layers = if layers {
            self.layer_values().await?
        } else {
            Arc::default()
        };
        // The limit of one test says nothing about what many share.
        let limit = session.and_then(|session| session.config.timeout);
        Ok(SessionContext::new(session, layers, limit))
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

    /// Gets the test its database, unless an argument before has.
    async fn begin(&self) -> Result<(), SetUpError> {
        if self.held().is_some() {
            return Ok(());
        }
        let case = &self.0.case;
        let session = self.session();
        // Whether there is one or not: what it has to say may be the reason.
        notices::print();
        let session = session?;
        let layers = self.0.requirements.borrow().layers.clone();
        let journal = Arc::new(Journal::new(case, &session.config));
        let isolation = case.isolation.unwrap_or(session.config.isolation);
        if let Some(log) = session.config.log_test(case) {
            eprintln!("aiodal: {log}");
        }
        let (place, database) = if isolation == Isolation::Database {
            let place = session.place(&layers);
            notices::print();
            let place = place?;
            let own = OwnDatabase::take(session, &place, case, journal).await?;
            (place, Database::Own(Box::new(own)))
        } else {
            let modes = Modes {
                level: case.isolation_level,
                read_only: isolation == Isolation::None,
            };
            let checked_out = session.checkout(case, &layers).await;
            notices::print();
            let (place, slot, ticket) = checked_out?;
            let dal = session
                .hooks()
                .data_access_layer(DataAccessLayer::builder());
            let first = dal.pool_options().on_connect_sql();
            let sandbox = self.0.requirements.borrow().sandbox;
            let begin = begin(modes, &application_name(case), first, sandbox.is_some());
            let owner = format!("test {}", case.name);
            let lease = if let Some(clients) = sandbox {
                let opening = Opening {
                    begin: &begin,
                    owner,
                    place: &place,
                    journal: journal.clone(),
                    dal,
                    session: &session.runtime,
                    patience: case.sandbox_wait.unwrap_or(session.config.sandbox_wait),
                    on_test: case.flavor == Flavor::CurrentThread
                        && !case.start_paused
                        && (clients == Clients::Runtime || !self.0.ambient.get()),
                };
                SandboxLease::begin(slot, opening).map(|lease| Leased::Sandbox(Box::new(lease)))
            } else {
                Lease::begin(slot, &begin, &owner, journal.clone(), dal, &place.schema)
                    .map(|lease| Leased::Direct(Box::new(lease)))
            };
            let lease = lease.map_err(|error| {
                SetUpError::caused("failed to drive a connection on the test's runtime", &error)
            })?;
            let watched = match &lease {
                Leased::Direct(lease) => {
                    let lane = lease.lane().clone();
                    Watched::new(*case, &place.url, &journal, move || lane.has_begun())
                }
                Leased::Sandbox(lease) => Watched::new(*case, &place.url, &journal, lease.began()),
            };
            let lent = Lent {
                watching: session.locks.watch(watched),
                lease,
                read_only: modes.read_only,
                ticket,
            };
            (place, Database::Lent(lent))
        };
        let ambient = self.0.ambient.get().then(|| match &database {
            Database::Own(own) => OfTest::here(&own.ambient(case)),
            Database::Lent(Lent {
                lease: Leased::Sandbox(lease),
                ..
            }) => OfTest::here(lease.sandbox().ambient()),
            Database::Lent(_) => unreachable!("a sandbox is required with it"),
        });
        *self.held() = Some(Held {
            session,
            place,
            database,
            ambient,
        });
        let is_lent = matches!(self.given().database, Database::Lent(_));
        if is_lent && session.hooks().begins() {
            let mut begun = Box::pin(self.transaction(false)).await?;
            session.hooks().begin(&mut begun).await?;
        }
        if case.sql_fixtures.is_empty() {
            return Ok(());
        }
        // Boxed: it begins with a look whether this has been done.
        let tx = Box::pin(self.transaction(false)).await?;
        run_sql_fixtures(case, &tx).await
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
            Some(tx) => tx.commit().await.map_err(|error| {
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

/// The lock on a database that is there.
struct Given<'a>(MutexGuard<'a, Option<Held>>);

impl Deref for Given<'_> {
    type Target = Held;

    fn deref(&self) -> &Held {
        self.0.as_ref().expect("it has begun")
    }
}

impl DerefMut for Given<'_> {
    fn deref_mut(&mut self) -> &mut Held {
        self.0.as_mut().expect("it has begun")
    }
}

impl Leased {
    /// Returns what the sandbox has to say, if there is one.
    pub(crate) fn sandbox_report(&self) -> Option<Arc<SandboxReport>> {
        match self {
            Leased::Direct(_) => None,
            Leased::Sandbox(lease) => Some(lease.report()),
        }
    }
}

impl Database {
    pub(crate) fn journal(&self) -> &Arc<Journal> {
        match self {
            Database::Lent(lent) => match &lent.lease {
                Leased::Direct(lease) => lease.journal(),
                Leased::Sandbox(lease) => lease.journal(),
            },
            Database::Own(own) => &own.journal,
        }
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
