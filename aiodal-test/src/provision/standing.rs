//! Whether a server stays for those who attach to it.
//!
//! A session is the lease: while there is one, the reaper leaves the server alone. What remains is the moment in
//! which a session begins while the reaper decides. Both sides announce themselves first and look second: the
//! session is in `pg_stat_activity` before it asks for the reaper's locks, and the reaper takes the lock that says
//! `leaving` before it counts the sessions for the last time. So at least one of them sees the other.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use tokio_postgres::Client;

use super::connection::PATIENCE;
use super::error::ProvisionError;
use super::reaper::{self, Linger, Locks};
use super::run::RunDirectory;

/// How long the wrapper may take to mark the server open, or to end it, once its starter is done or dead.
const OPENING: Duration = Duration::from_secs(5);

/// What a connection to a server is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The server stays for as long as the connection is open, and ends some time after.
    Held,
    /// The server is ending, or has ended: attach anew.
    Gone,
}

/// What is known of a server at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Serving,
    /// It serves, and nothing would ever end it.
    Unreaped,
    /// It serves, and would not survive its starter.
    Unopened,
    Leaving,
    Lost,
}

/// What [`settle`] comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    Held,
    Gone,
    /// Its wrapper died before it opened the server.
    NeverOpened,
}

/// Looks at the server through `client`, in one round trip.
pub(super) async fn look(client: &Client, run: &RunDirectory) -> Result<State, ProvisionError> {
    Ok(match reaper::locks(client, run).await? {
        None => State::Lost,
        Some(Locks { leaving: true, .. }) => State::Leaving,
        Some(_) if !run.is_open() => State::Unopened,
        Some(Locks { reaping: false, .. }) => State::Unreaped,
        Some(Locks { reaping: true, .. }) => State::Serving,
    })
}

/// Waits until it is clear what becomes of the server, and gives it a reaper if it has none.
///
/// Only for the holder of the start lock: nobody else starts or mends it meanwhile.
pub(super) async fn settle(
    client: &Client,
    run: &RunDirectory,
    linger: Linger,
) -> Result<Settled, ProvisionError> {
    let begun = Instant::now();
    loop {
        match look(client, run).await? {
            State::Serving => return Ok(Settled::Held),
            State::Leaving | State::Lost => return Ok(Settled::Gone),
            State::Unreaped if begun.elapsed() >= PATIENCE => {
                return Err(ProvisionError::stuck(
                    run.path(),
                    "does not keep a reaper",
                    begun.elapsed(),
                ));
            }
            State::Unreaped => reaper::install(client, run, linger).await?,
            State::Unopened if begun.elapsed() >= OPENING => return Ok(Settled::NeverOpened),
            State::Unopened => {}
        }
        sleep(Duration::from_millis(1)).await;
    }
}
