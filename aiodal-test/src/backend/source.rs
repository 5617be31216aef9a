//! Makes connections for the session's pool.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aiodal_core::{
    BoxError, CancelToken, DatabaseUrl, SqlState, Statements, Tap, TlsHandshake, Watch, Way,
};
use tokio_postgres::Client;

use super::address::Address;
use super::driver::{Driver, Running};
use super::login::Login;
use super::socket::Socket;
use super::upgrade::Upgrade;

/// How long to wait for one address of a server to accept, when the URL gives no `connect_timeout`.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A connection of the session's pool: parked while it is there, and while a test has it, the slot it returns to.
pub(crate) struct Backend {
    pub(crate) client: Arc<Client>,
    /// What has been prepared on it, by whichever test.
    pub(crate) statements: Arc<Statements>,
    /// What the tap on its socket knows.
    pub(crate) watch: Arc<Watch>,
    address: Address,
    /// For a request to cancel, which goes the same way as the connection.
    handshake: Option<TlsHandshake>,
    /// Whether the server, from PostgreSQL 15 on, can be asked to count each transaction by itself.
    pub(crate) counts_apart: bool,
    /// What the server said of itself at the beginning.
    pub(crate) parameters: Arc<[(String, String)]>,
    /// Whether what a sandbox settles its guard with has been prepared.
    pub(crate) guarded: bool,
    /// Taken by the test that drives the connection. The pool closes a connection that returns without it.
    pub(crate) driver: Option<Driver>,
}

/// Makes the connections of the session's pool.
pub(crate) struct BackendSource {
    url: DatabaseUrl,
    /// The last failure to connect. bb8 retries in the background, and its waiters would hear of a
    /// time-out only. Guards nothing else.
    pub(crate) last_failure: Arc<Mutex<Option<String>>>,
}

impl BackendSource {
    pub(crate) fn new(url: DatabaseUrl) -> BackendSource {
        BackendSource {
            url,
            last_failure: Arc::default(),
        }
    }
}

/// Has the server notice within a second that a client is gone, even in the middle of a statement. Without it, the
/// statement of a killed test holds its locks and its database for as long as it takes (PostgreSQL manual, 20.3).
const WATCH: &str = "-c client_connection_check_interval=1s";

/// What a server reports (PostgreSQL manual, 55.2.7).
const REPORTED: [&str; 15] = [
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "scram_iterations",
    "search_path",
    "server_encoding",
    "server_version",
    "session_authorization",
    "standard_conforming_strings",
    "TimeZone",
];

/// Connects and parks the connection, so that any runtime can drive it.
///
/// # Errors
///
/// The last address's failure, or the server's refusal.
pub(crate) async fn connect(url: &DatabaseUrl) -> Result<Backend, BoxError> {
    let options = url
        .config()
        .get_options()
        .map_or_else(|| WATCH.to_owned(), |given| format!("{given} {WATCH}"));
    match connect_with(&url.with_options(&options)).await {
        // A platform that cannot watch (22023), or a pooler that takes no options (08P01).
        Err(error) if is_refused_option(&error) => connect_with(url).await,
        result => result,
    }
}

fn is_refused_option(error: &BoxError) -> bool {
    let refused = [
        SqlState::INVALID_PARAMETER_VALUE,
        SqlState::PROTOCOL_VIOLATION,
    ];
    let code = error
        .downcast_ref::<tokio_postgres::Error>()
        .and_then(tokio_postgres::Error::code);
    code.is_some_and(|code| refused.contains(code))
}

async fn connect_with(url: &DatabaseUrl) -> Result<Backend, BoxError> {
    let limit = url.config().get_connect_timeout();
    let limit = limit.copied().unwrap_or(CONNECT_LIMIT);
    let mut failure: BoxError = "the URL's host resolves to no address".into();
    for address in Address::of(url.config()).await? {
        let mut refusal = None;
        for way in url.ways(address.host())? {
            let socket = match address.connect(limit).await {
                Ok(socket) => socket,
                Err(error) => {
                    failure = io::Error::new(error.kind(), format!("{address}: {error}")).into();
                    break;
                }
            };
            match log_in(socket, &address, &way, limit).await {
                Ok(backend) => return Ok(backend),
                // With TLS it may go better than without, or the other way round.
                Err(error) if is_at_fault(&error) => refusal = refusal.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
    }
    Err(failure)
}

fn is_at_fault(error: &BoxError) -> bool {
    error
        .downcast_ref::<tokio_postgres::Error>()
        .is_some_and(Way::is_at_fault)
}

/// Logs in on a connection to a server, which is parked then.
///
/// # Errors
///
/// What the server says, and `TimedOut` after `limit`.
async fn log_in(
    socket: Socket,
    address: &Address,
    way: &Way,
    limit: Duration,
) -> Result<Backend, BoxError> {
    let tap = Tap::new(socket.clone());
    let watch = tap.watch();
    let login = Login::default();
    login.begins();
    let upgrade = Upgrade {
        socket: socket.clone(),
        handshake: way.handshake(),
        login: login.clone(),
    };
    let connecting = way.config().connect_raw(tap, upgrade);
    let (client, connection) = tokio::time::timeout(limit, connecting)
        .await
        .map_err(|_| {
            io::Error::new(
                io::ErrorKind::TimedOut,
                "the server accepted but did not answer",
            )
        })??;
    let counts_apart = connection
        .parameter("server_version")
        .and_then(major)
        .is_some_and(|major| major >= 15);
    let parameters = REPORTED.into_iter().filter_map(|name| {
        let value = connection.parameter(name)?;
        Some((name.to_owned(), value.to_owned()))
    });
    let parameters = parameters.collect();
    login.end(way.config());
    let driver = Driver::new(connection, socket);
    driver.park()?;
    Ok(Backend {
        client: Arc::new(client),
        statements: Arc::default(),
        watch,
        address: address.clone(),
        handshake: way.handshake(),
        counts_apart,
        parameters,
        guarded: false,
        driver: Some(driver),
    })
}

/// Reads `15.4 (Debian ..)` and `17beta1`.
fn major(version: &str) -> Option<u32> {
    let end = version.find(|c: char| !c.is_ascii_digit());
    version[..end.unwrap_or(version.len())].parse().ok()
}

impl bb8::ManageConnection for BackendSource {
    type Connection = Backend;
    type Error = BoxError;

    async fn connect(&self) -> Result<Backend, BoxError> {
        let result = connect(&self.url).await;
        let failure = result
            .as_ref()
            .err()
            .map(|error| aiodal_core::chain(error.as_ref()));
        *self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = failure;
        result
    }

    async fn is_valid(&self, backend: &mut Backend) -> Result<(), BoxError> {
        if backend.is_fit() {
            Ok(())
        } else {
            Err("the server has closed the connection".into())
        }
    }

    fn has_broken(&self, backend: &mut Backend) -> bool {
        !backend.is_fit()
    }
}

impl Backend {
    /// Drives the connection on the current runtime.
    ///
    /// # Errors
    ///
    /// The connection is lost, or driven already.
    pub(crate) fn start(&mut self) -> io::Result<Running> {
        self.driver
            .take()
            .ok_or(io::ErrorKind::NotConnected)?
            .start()
    }

    /// What cancels the connection's statement, and is done when the server has heard.
    pub(crate) fn cancel_token(&self) -> CancelToken {
        let address = self.address.clone();
        CancelToken::through(
            self.client.cancel_token(),
            self.handshake.clone(),
            move || {
                let address = address.clone();
                async move { address.connect(CONNECT_LIMIT).await }
            },
        )
    }

    /// Talks to the server on the current runtime, and parks the connection again.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(crate) async fn talk<T>(&mut self, talk: impl AsyncFnOnce(&Client) -> T) -> io::Result<T> {
        let running = self.start()?;
        let said = talk(&self.client).await;
        self.driver = running.stop().await;
        Ok(said)
    }

    fn is_fit(&self) -> bool {
        self.driver.as_ref().is_some_and(Driver::is_quiet) && !self.client.is_closed()
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for BackendSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendSource")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
