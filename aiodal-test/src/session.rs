//! The session: what the tests of a process share, set up once by whichever needs it first.
//!
//! "Session" means the test session, as in pytest. Under `cargo test` it is one per test binary; under nextest,
//! which starts a process per test, one per test. What is dear is shared across processes: the server, the templates
//! and the session databases. What is left for a process is one connection.
//!
//! A test that names a session (`session = Other`) belongs to that one; in a process they have the runtime in common only.

mod holders;
mod hooks;
mod inspection;
mod managed;
mod overrides;
mod place;
mod places;
mod production;
mod registry;
mod server;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::runtime::Handle;

pub(crate) use self::holders::Ticket;
pub(crate) use self::hooks::Hooks;
pub use self::overrides::Session as Overrides;
pub(crate) use self::place::{Place, Slot, connect_patiently, tests_at_a_time};
use self::places::Places;
pub(crate) use self::production::refuse as refuse_production;
pub(crate) use self::registry::Registration;
use self::registry::SessionId;
pub use self::registry::{NamedSession, SessionSource, SessionType, register_session};
use self::server::Server;
pub(crate) use self::server::given_url;
use crate::case::TestCase;
use crate::config::Config;
use crate::fixture::Layers;
use crate::locks::Locks;
use crate::notices;
use crate::runtime::{block_on_session, session_runtime};
use crate::set_up::SetUpError;
use crate::stock::{Stock, Stocks};

/// The sessions of this process. Guards the map only: a session is set up within its own cell, by whichever test needs
/// it first. Other processes are not its concern.
static SESSIONS: Mutex<BTreeMap<Option<SessionId>, &'static Opened>> = Mutex::new(BTreeMap::new());

/// A session that is set up once, or why it can't be; and its configuration, which is read before.
#[derive(Default)]
struct Opened {
    config: OnceLock<Result<Config, SetUpError>>,
    session: OnceLock<Result<Session, SetUpError>>,
}

/// What the tests of a process share.
pub(crate) struct Session {
    pub(crate) config: Config,
    /// Who waits for whom, of the tests that are running.
    pub(crate) locks: Arc<Locks>,
    hooks: Hooks,
    pub(crate) runtime: Handle,
    server: Server,
    places: Places,
    /// The clones for tests that have a database of their own, by template. Guards the list only.
    stocks: Mutex<Stocks>,
}

impl Session {
    /// Returns the session of a test, setting it up if this test is the first to ask.
    ///
    /// Blocks the thread of the test meanwhile; nothing of the test has begun.
    ///
    /// # Errors
    ///
    /// Why there is none: the same for every test of the session.
    pub(crate) fn get(case: &TestCase) -> Result<&'static Session, SetUpError> {
        let registration = registration(case)?;
        let session = opened(registration).session.get_or_init(|| {
            let base = base(registration, case);
            let config = Session::config(case)?.clone();
            let runtime = session_runtime()?;
            let opened = Session::open(runtime.clone(), registration, config, base);
            block_on_session(&runtime, opened).map_err(SetUpError::shared)
        });
        // Whether there is one or not: what it has to say may be the reason.
        notices::print();
        session.as_ref().map_err(Clone::clone)
    }

    /// Returns the configuration of a test's session, reading it if this test is the first to ask. No server is needed.
    ///
    /// # Errors
    ///
    /// What is wrong with it: the same for every test of the session.
    pub(crate) fn config(case: &TestCase) -> Result<&'static Config, SetUpError> {
        let registration = registration(case)?;
        let config = opened(registration).config.get_or_init(|| {
            let mut config = Config::read(&base(registration, case)).map_err(SetUpError::shared)?;
            if let Some(registration) = registration {
                config.configure_by(&registration.source.to_string(), registration.configure);
            }
            if let Some(log) = config.log() {
                notices::keep(log);
            }
            Ok(config)
        });
        config.as_ref().map_err(Clone::clone)
    }

    async fn open(
        runtime: Handle,
        registration: Option<Registration>,
        config: Config,
        base: PathBuf,
    ) -> Result<Session, SetUpError> {
        let server = Server::find(&config, registration, &base).await?;
        Ok(Session {
            locks: Locks::new(&runtime, config.lock_wait),
            hooks: Hooks::of(registration),
            config,
            runtime,
            server,
            places: Places::default(),
            stocks: Mutex::default(),
        })
    }

    /// Returns the database for tests that ask for these layers, opening it if this test is the first to ask.
    ///
    /// Blocks the thread of the test meanwhile; nothing of the test has begun.
    ///
    /// # Errors
    ///
    /// Why there is none: the same for every test that asks for these layers.
    pub(crate) fn place(&'static self, layers: &Layers) -> Result<Arc<Place>, SetUpError> {
        self.places.get_or_open(layers, || {
            let layers = layers.clone();
            block_on_session(&self.runtime, async move {
                self.server.open(self, &layers).await
            })
        })
    }

    /// Returns what the session's code does to each test.
    pub(crate) fn hooks(&self) -> &Hooks {
        &self.hooks
    }

    /// Checks a connection out of the pool, within the session's runtime.
    ///
    /// An idle connection costs no switch to the session's thread; a new one is made there.
    ///
    /// # Errors
    ///
    /// None became free, or could be made, within the pool's `connection_timeout`: who has them, and for how long.
    pub(crate) async fn checkout(
        &'static self,
        case: &TestCase,
        layers: &Layers,
    ) -> Result<(Arc<Place>, Slot, Ticket), SetUpError> {
        let place = self.place(layers)?;
        let at_once = {
            let _on_session = self.runtime.enter();
            place.pool.get_owned().now_or_never()
        };
        let result = match at_once {
            Some(result) => result,
            None => {
                self.close_surplus(&place);
                let pool = place.pool.clone();
                // A `get` polled elsewhere would make its connection on the test's runtime, and take it along.
                let got = self.runtime.spawn(async move { pool.get_owned().await });
                got.await.expect(
                    "checking out does not panic, and the session's runtime outlives the test",
                )
            }
        };
        match result {
            Ok(connection) => {
                let slot = Slot::new(connection, self.runtime.clone());
                let ticket = place.holders.enter(case.name);
                Ok((place, slot, ticket))
            }
            Err(_) => Err(place.exhausted(self.config.pool.connection_timeout)),
        }
    }

    /// Returns the clones of what a place was cloned from, for tests that have a database of their own.
    ///
    /// # Errors
    ///
    /// The database was given and is used as it is: there is no template.
    pub(crate) fn stock(&self, place: &Place) -> Result<Arc<Stock>, SetUpError> {
        let template = self.server.template(&place.layers).ok_or_else(|| {
            SetUpError::new(
                format!(
                    "there is no template to clone a database of the test's own from: {} is used as it is",
                    place.url
                ),
                "have a session make one, by `migrations` or a `seed`; or leave the URL out to have a server started here",
            )
        })?;
        let url = place.url.with_database(self.server.maintenance_database());
        let mut stocks = self.stocks.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(stocks.of(template, url, &self.config, &self.runtime))
    }

    /// Returns how long a kept database stays when the last session is gone; `None` for until somebody drops it.
    pub(crate) fn how_long_kept(&self) -> Option<Duration> {
        self.server
            .is_managed()
            .then(|| self.config.postgres.linger_with_kept())
    }

    /// Closes an idle connection of another place if all of them have many, before `place` makes one more.
    fn close_surplus(&self, place: &Arc<Place>) {
        let _on_session = self.runtime.enter();
        if let Some(other) = self.places.surplus(place) {
            other.close_one();
        }
    }

    /// Puts a database that a test has committed to aside, and the session into a new one.
    ///
    /// Returns what was done, for the report of that test.
    pub(crate) async fn set_aside(&'static self, tainted: &Arc<Place>, case: &TestCase) -> String {
        let (tainted, name) = (tainted.clone(), case.name);
        let replaced = self.runtime.spawn(async move {
            let fresh = self.server.replace(self, &tainted, name).await?;
            let replaced = fresh.is_some();
            if let Some(fresh) = fresh {
                self.places.replace(&tainted.layers, &tainted, fresh);
            }
            Ok::<_, SetUpError>(replaced)
        });
        match replaced.await {
            Ok(Ok(true)) => {
                "the database was set aside; the tests after this one run in a fresh one".to_owned()
            }
            Ok(Ok(false)) => {
                "the database is yours and was left as it is: remove those rows by hand".to_owned()
            }
            Ok(Err(error)) => {
                format!("the database could not be replaced, so other tests may see it: {error}")
            }
            Err(error) => {
                format!("the database could not be replaced, so other tests may see it: {error}")
            }
        }
    }
}

/// Returns the session that a test belongs to; `None` where its binary has none.
fn registration(case: &TestCase) -> Result<Option<Registration>, SetUpError> {
    match case.session {
        Some(named) => Ok(Some(named.registration())),
        None => registry::registered().map_err(SetUpError::shared),
    }
}

/// Returns the directory of the package that the session is of.
fn base(registration: Option<Registration>, case: &TestCase) -> PathBuf {
    let registered = registration.map_or(case.manifest_dir, |registration| {
        registration.source.manifest_dir
    });
    find_package(registered, case.manifest_dir)
}

/// Returns where a session is, or will be. It stays as long as the process does.
fn opened(registration: Option<Registration>) -> &'static Opened {
    let id = registration.map(|registration| registration.source.id());
    let mut sessions = SESSIONS.lock().unwrap_or_else(PoisonError::into_inner);
    sessions
        .entry(id)
        .or_insert_with(|| Box::leak(Box::default()))
}

/// The directory baked in at compile time, unless the package has moved since.
fn find_package(registered: &str, of_test: &str) -> PathBuf {
    let moved = || std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let baked = [registered, of_test]
        .into_iter()
        .map(Path::new)
        .find(|dir| dir.is_dir())
        .map(Path::to_owned);
    baked
        .or_else(moved)
        .unwrap_or_else(|| PathBuf::from(registered))
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("config", &self.config)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}
