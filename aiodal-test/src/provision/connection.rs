//! Provisioning's own connections to a server.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

use super::run::{PORT, RunDirectory};

/// The bootstrap superuser. `initdb` makes it, the socket's directory guards it.
pub(super) const USER: &str = "postgres";

/// How long a server may take to answer that has accepted a connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that its own task drives.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: Client,
    driver: AbortHandle,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Nobody listens, or the server is just starting or ending: another try may find it otherwise.
    NotServing(tokio_postgres::Error),
    /// It listens, and does not answer.
    Silent,
    /// It will not have us.
    Refused(tokio_postgres::Error),
}

/// The parameters of a connection to `database` on the server in `run`.
pub(super) fn config(run: &RunDirectory, database: &str) -> Config {
    let mut config = Config::new();
    config
        .host_path(run.path())
        .port(PORT)
        .user(USER)
        .dbname(database);
    config
}

/// Connects to the maintenance database.
pub(super) async fn connect(run: &RunDirectory) -> Result<Connection, Refusal> {
    connect_as(config(run, "postgres").application_name("aiodal")).await
}

pub(super) async fn connect_as(config: &Config) -> Result<Connection, Refusal> {
    let (client, connection) = timeout(PATIENCE, config.connect(NoTls))
        .await
        .map_err(|_| Refusal::Silent)?
        .map_err(|error| {
            if is_ending(&error) {
                Refusal::NotServing(error)
            } else {
                Refusal::Refused(error)
            }
        })?;
    // A lost connection shows in the next statement on it.
    let driver = tokio::spawn(async move { drop(connection.await) }).abort_handle();
    Ok(Connection { client, driver })
}

impl Connection {
    /// Hangs up without waiting for the answers that are due.
    pub(super) fn abandon(self) {
        self.driver.abort();
    }
}

/// Says whether an error only shows that the server starts, ends, has ended or has crashed.
pub(super) fn is_ending(error: &tokio_postgres::Error) -> bool {
    if let Some(code) = error.code() {
        let ending = [
            &SqlState::CANNOT_CONNECT_NOW,
            &SqlState::ADMIN_SHUTDOWN,
            &SqlState::CRASH_SHUTDOWN,
        ];
        return ending.contains(&code);
    }
    let io = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>());
    // Without one, the connection closed in the middle of something.
    io.is_none_or(|io| {
        matches!(
            io.kind(),
            ErrorKind::NotFound
                | ErrorKind::ConnectionRefused
                | ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::NotConnected
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof
                // More clients wait than the socket queues.
                | ErrorKind::WouldBlock
        )
    })
}
