//! A database that tests run in, and the pool of connections to it.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use aiodal_core::{DatabaseUrl, SchemaCache, SqlState};
use bb8::{Pool, PooledConnection};
use futures_util::FutureExt;
use tokio::runtime::Handle;

use super::holders::Holders;
use crate::backend::{self, Backend, BackendSource};
use crate::config::Config;
use crate::fixture::Layers;
use crate::sandbox::Deferrable;
use crate::set_up::SetUpError;
use crate::template::Values;

/// A database that tests run in.
pub(crate) struct Place {
    pub(crate) url: DatabaseUrl,
    pub(crate) pool: Pool<BackendSource>,
    pub(crate) size: u32,
    /// What tests have reflected of it so far: tables that none of them has changed.
    pub(crate) schema: SchemaCache,
    /// The constraints that its transactions may check at their end, once a sandbox has asked.
    pub(crate) constraints: Arc<OnceLock<Arc<Deferrable>>>,
    /// The layers of the template that it was cloned from.
    pub(crate) layers: Layers,
    /// What they have left behind besides rows.
    pub(crate) values: Arc<Values>,
    /// Who has a connection, for the error of whoever waits for one.
    pub(crate) holders: Holders,
    last_failure: Arc<Mutex<Option<String>>>,
}

/// A connection's slot in the pool.
///
/// Dropped, it hands the connection back within the session's runtime: the pool may have to replace a broken one, and
/// would otherwise do so on the runtime of the test, which is about to end.
pub(crate) struct Slot {
    connection: Option<PooledConnection<'static, BackendSource>>,
    runtime: Handle,
}

impl Place {
    /// Opens the pool around a first connection, the proof that the URL is right.
    pub(crate) fn open(
        url: DatabaseUrl,
        first: Backend,
        (layers, values): (&Layers, Values),
        config: &Config,
    ) -> Place {
        let source = BackendSource::new(url.clone());
        let last_failure = source.last_failure.clone();
        let size = config.pool.max_size.unwrap_or_else(tests_at_a_time);
        let pool = Pool::builder()
            .max_size(size)
            .connection_timeout(config.pool.connection_timeout)
            .max_lifetime(None)
            .idle_timeout(None)
            .build_unchecked(source);
        // Refused only if it broke in this moment; the pool then makes another on demand.
        let _refused = pool.add(first);
        Place {
            url,
            pool,
            size,
            schema: SchemaCache::default(),
            constraints: Arc::default(),
            layers: layers.clone(),
            values: Arc::new(values),
            holders: Holders::default(),
            last_failure,
        }
    }

    /// Closes an idle connection, if there is one. Called within the session's runtime.
    pub(crate) fn close_one(&self) {
        if let Some(Ok(mut connection)) = self.pool.get_owned().now_or_never() {
            // The pool closes what comes back without it.
            connection.driver = None;
        }
    }

    /// No connection became free within `waited`.
    pub(crate) fn exhausted(&self, waited: Duration) -> SetUpError {
        let mut detail = self.holders.told();
        let last_failure = self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = &*last_failure {
            detail.push(format!("the last attempt to connect failed:\n{failure}"));
        }
        let size = self.size;
        detail.push(format!(
            "the pool has {size} of at most {size}: raise AIODAL_POOL_MAX_SIZE, run fewer tests at a time, \
             or raise AIODAL_POOL_CONNECTION_TIMEOUT if the tests are slow on purpose"
        ));
        SetUpError::new(
            format!(
                "no connection to {} became free within {waited:?}",
                self.url
            ),
            detail.join("\n"),
        )
    }
}

/// Connects, waiting for a server that is starting or full as long as a test would wait for the pool.
///
/// # Errors
///
/// The server can't be reached, refuses, or stays full.
pub(crate) async fn connect_patiently(
    url: &DatabaseUrl,
    config: &Config,
) -> Result<Backend, aiodal_core::BoxError> {
    let deadline = Instant::now() + config.pool.connection_timeout;
    loop {
        let error = match backend::connect(url).await {
            Ok(backend) => return Ok(backend),
            Err(error) => error,
        };
        let passes = [SqlState::TOO_MANY_CONNECTIONS, SqlState::CANNOT_CONNECT_NOW];
        if !code(&error).is_some_and(|code| passes.contains(code)) || Instant::now() > deadline {
            return Err(error);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Returns the SQLSTATE that the server refused a connection with.
pub(crate) fn code(error: &aiodal_core::BoxError) -> Option<&SqlState> {
    error.downcast_ref::<tokio_postgres::Error>()?.code()
}

/// As many as libtest runs at once: then a test waits for a connection only if another has failed to give one back.
pub(crate) fn tests_at_a_time() -> u32 {
    let argument = || {
        let mut arguments =
            std::env::args().skip_while(|argument| !argument.starts_with("--test-threads"));
        let argument = arguments.next()?;
        argument
            .strip_prefix("--test-threads=")
            .map(str::to_owned)
            .or_else(|| arguments.next())
    };
    let variable = || std::env::var("RUST_TEST_THREADS").ok();
    let said = argument()
        .or_else(variable)
        .and_then(|threads| threads.parse().ok());
    let cores = || {
        std::thread::available_parallelism()
            .map_or(4, |cores| u32::try_from(cores.get()).unwrap_or(4))
    };
    said.unwrap_or_else(cores).clamp(1, 1000)
}

impl Slot {
    pub(crate) fn new(
        connection: PooledConnection<'static, BackendSource>,
        runtime: Handle,
    ) -> Slot {
        Slot {
            connection: Some(connection),
            runtime,
        }
    }
}

impl Deref for Slot {
    type Target = Backend;

    fn deref(&self) -> &Backend {
        self.connection
            .as_ref()
            .expect("only dropping takes the connection")
    }
}

impl DerefMut for Slot {
    fn deref_mut(&mut self) -> &mut Backend {
        self.connection
            .as_mut()
            .expect("only dropping takes the connection")
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let _on_session = self.runtime.enter();
        drop(self.connection.take());
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place")
            .field("url", &self.url)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}
