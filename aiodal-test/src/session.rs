//! The session: what the tests of a process share, set up once by whichever needs it first.
//!
//! "Session" means the test session, as in pytest. Under `cargo test` it is one per test binary; under nextest,
//! which starts a process per test, one per test. What is dear is shared across processes: the server, the template
//! and the session database. What is left for a process is one connection.

mod managed;
mod overrides;
mod place;
mod registry;
mod server;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use futures_util::FutureExt;
use tokio::runtime::Handle;

pub use self::overrides::Session as Overrides;
pub(crate) use self::place::{Place, Slot};
pub(crate) use self::registry::Registration;
pub use self::registry::{SessionSource, register_session};
use self::server::Server;
use crate::case::TestCase;
use crate::config::Config;
use crate::runtime::{block_on_session, session_runtime};
use crate::set_up::SetUpError;

/// The session of this process. Guards against two tests setting it up; other processes are not its concern.
static SESSION: OnceLock<Result<Session, SetUpError>> = OnceLock::new();

/// What the tests of a process share.
pub(crate) struct Session {
    pub(crate) config: Config,
    runtime: Handle,
    server: Server,
    /// Where tests run now. Guards the replacement of a database that a test has committed to.
    place: Mutex<Arc<Place>>,
    /// Who has a connection, for the error of whoever waits for one. Guards the list only.
    holders: Mutex<BTreeMap<u64, Holder>>,
    next_ticket: AtomicU64,
}

struct Holder {
    test: &'static str,
    since: Instant,
}

/// A test's entry among the holders of connections; it ends when dropped.
pub(crate) struct Ticket {
    session: &'static Session,
    number: u64,
}

impl Session {
    /// Returns the session, setting it up if this is the first test to ask.
    ///
    /// Blocks the thread of the test meanwhile; nothing of the test has begun.
    ///
    /// # Errors
    ///
    /// Why there is none: the same for every test of the process.
    pub(crate) fn get(case: &TestCase) -> Result<&'static Session, SetUpError> {
        let manifest_dir = case.manifest_dir;
        let session = SESSION.get_or_init(|| {
            let runtime = session_runtime()?;
            block_on_session(&runtime.clone(), Session::open(runtime, manifest_dir))
                .map_err(SetUpError::shared)
        });
        session.as_ref().map_err(Clone::clone)
    }

    async fn open(runtime: Handle, manifest_dir: &'static str) -> Result<Session, SetUpError> {
        let registration = registry::registered()?;
        let base = registration.map_or(manifest_dir, |registration| {
            registration.source.manifest_dir
        });
        let base = find_package(base, manifest_dir);
        let mut config = Config::read(&base)?;
        if let Some(registration) = registration {
            (registration.configure)(&mut config);
        }
        let mut server = Server::find(&config, registration, &base).await?;
        let place = Arc::new(server.open(&config).await?);
        Ok(Session {
            config,
            runtime,
            server,
            place: Mutex::new(place),
            holders: Mutex::default(),
            next_ticket: AtomicU64::new(0),
        })
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
    ) -> Result<(Arc<Place>, Slot, Ticket), SetUpError> {
        let place = self.place();
        let at_once = {
            let _on_session = self.runtime.enter();
            place.pool.get_owned().now_or_never()
        };
        let result = match at_once {
            Some(result) => result,
            None => {
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
                Ok((place, slot, self.ticket(case.name)))
            }
            Err(_) => Err(self.exhausted(&place)),
        }
    }

    /// Puts a database that a test has committed to aside, and the session into a new one.
    ///
    /// Returns what was done, for the report of that test.
    pub(crate) async fn set_aside(&'static self, tainted: &Arc<Place>, case: &TestCase) -> String {
        let (tainted, name) = (tainted.clone(), case.name);
        let replaced = self.runtime.spawn(async move {
            let fresh = self.server.replace(&tainted, name, &self.config).await?;
            if let Some(fresh) = fresh {
                let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
                // Another test may have escaped from the same database and replaced it already.
                if Arc::ptr_eq(&place, &tainted) {
                    *place = Arc::new(fresh);
                }
                return Ok(true);
            }
            Ok::<_, SetUpError>(false)
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

    fn place(&self) -> Arc<Place> {
        self.place
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn ticket(&'static self, test: &'static str) -> Ticket {
        let number = self.next_ticket.fetch_add(1, Ordering::Relaxed);
        let holder = Holder {
            test,
            since: Instant::now(),
        };
        self.holders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(number, holder);
        Ticket {
            session: self,
            number,
        }
    }

    fn exhausted(&self, place: &Place) -> SetUpError {
        let waited = self.config.pool.connection_timeout;
        let holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let mut detail: Vec<String> = holders
            .values()
            .map(|Holder { test, since }| format!("held for {:.1?} by {test}", since.elapsed()))
            .collect();
        if let Some(failure) = place.last_failure() {
            detail.push(format!("the last attempt to connect failed:\n{failure}"));
        }
        let size = place.size;
        detail.push(format!(
            "the pool has {size} of at most {size}: raise AIODAL_POOL_MAX_SIZE, run fewer tests at a time, \
             or raise AIODAL_POOL_CONNECTION_TIMEOUT if the tests are slow on purpose"
        ));
        SetUpError::new(
            format!(
                "no connection to {} became free within {waited:?}",
                place.url
            ),
            detail.join("\n"),
        )
    }
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

impl Drop for Ticket {
    fn drop(&mut self) {
        self.session
            .holders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.number);
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("config", &self.config)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}
