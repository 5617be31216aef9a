//! A PostgreSQL of our own, for when nobody has named one.
//!
//! Told in the order in which it happens:
//!
//! 1. [`endpoint`]: there is a server already. The caller connects to it, which is all the lease there is, and
//!    [`verify`] says in one round trip whether it stays. No lock, no process, no connection but the caller's own.
//! 2. Otherwise [`ensure_server`] takes the [start lock](lock), looks again, and [sweeps](sweep) what killed servers left.
//! 3. It finds the [binaries] and whom to run them as ([owner]), has `initdb` make a [cluster] unless one is
//!    cached, and copies that to a new [run directory](run), in memory where there is room ([place]).
//! 4. It [launches](launch) the postmaster under a shell that cleans up after it, installs the [reaper] inside
//!    the server, and lets go.
//! 5. When the last session has been gone for the linger, the reaper ends the server and the shell removes the directory.
//!
//! A [keeper] is a session that the command `aiodal` leaves in the server, for those who want it to stay longer.
//!
//! `kill -9` of any process at any moment leaves no process behind. If it hits the shell, a directory stays
//! until the next start. A caller therefore attaches in a loop, which ends because step 2 returns a lease:
//!
//! ```text
//! loop {
//!     let server = match endpoint(&settings, &scope)? {
//!         Some(server) if first try => server,
//!         _ => ensure_server(&settings, &scope).await?,
//!     };
//!     let Ok(client) = connect(server.config(database)) else { continue };
//!     if verify(&client, &server).await? == Standing::Held { break }
//! }
//! ```

mod binaries;
mod cluster;
mod connection;
mod copy;
mod directory;
mod error;
#[cfg(test)]
mod fault_tests;
mod join;
mod keeper;
mod launch;
mod lock;
mod owner;
mod place;
mod places;
mod process;
mod reaper;
mod run;
mod standing;
mod start;
mod sweep;
mod target;
mod version;

use std::path::{Path, PathBuf};
use std::time::Duration;

use self::connection::Connection;
use self::lock::StartLock;
use self::place::Place;
use self::reaper::Linger;
use self::run::RunDirectory;
use self::standing::{Settled, State};

use crate::config::PostgresConfig as Settings;

pub(crate) use self::binaries::Installation;
pub(crate) use self::error::ProvisionError;
pub(crate) use self::keeper::{Guest, running};
pub(crate) use self::standing::Standing;
pub(crate) use self::target::{target_directory, tell_target_directory};

/// A first start with `initdb` on a slow disk takes some seconds; a dozen may queue.
const LOCK_PATIENCE: Duration = Duration::from_secs(120);

/// A managed server that was running a moment ago; from [`ensure_server`], one that is held.
#[derive(Debug)]
pub(crate) struct Server {
    /// Of PostgreSQL, such as `15.18`.
    pub(crate) version: String,
    pub(crate) how: Attached,
    run: RunDirectory,
    lock: PathBuf,
    linger: Linger,
    /// Keeps the server until this value is dropped, so that the caller finds it there.
    lease: Option<Connection>,
}

/// How a server came to be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attached {
    Joined,
    Started,
}

impl Server {
    fn new(place: &Place, run: RunDirectory, version: String, settings: &Settings) -> Server {
        Server {
            version,
            how: Attached::Joined,
            run,
            lock: place.lock(),
            linger: Linger::of(settings),
            lease: None,
        }
    }

    /// The parameters of the superuser's connection to one of its databases; `postgres` is always there.
    ///
    /// A server that was stopped accepts connections and says nothing: give the attempt a bound.
    pub(crate) fn config(&self, database: &str) -> tokio_postgres::Config {
        connection::config(&self.run, database)
    }

    /// The directory that goes with the server.
    pub(crate) fn directory(&self) -> &Path {
        self.run.path()
    }

    /// Gives the lease back: for when the caller's own connection is open and verified.
    pub(crate) fn release_lease(&mut self) {
        self.lease = None;
    }
}

/// The server that processes with the same settings share in `scope`, if there seems to be one. Costs a few system calls.
///
/// # Errors
///
/// A setting is wrong, or what lies in the server's place is not ours.
pub(crate) fn endpoint(
    settings: &Settings,
    scope: &Path,
) -> Result<Option<Server>, ProvisionError> {
    endpoint_at(&Place::find(settings, scope)?, settings)
}

fn endpoint_at(place: &Place, settings: &Settings) -> Result<Option<Server>, ProvisionError> {
    let Some(run) = place.run()? else {
        return Ok(None);
    };
    Ok(run
        .version()
        .map(|version| Server::new(place, run, version, settings)))
}

/// Says whether the connection `client` to `server` keeps it: one round trip, unless the reaper has to be restored.
///
/// # Errors
///
/// The server does not answer, or will not take a reaper.
///
/// # Cancel safety
///
/// Dropping the future leaves the server as it was, or mended.
pub(crate) async fn verify(
    client: &tokio_postgres::Client,
    server: &Server,
) -> Result<Standing, ProvisionError> {
    match standing::look(client, &server.run).await? {
        State::Serving => return Ok(Standing::Held),
        State::Leaving | State::Lost => return Ok(Standing::Gone),
        State::Unreaped | State::Unopened => {}
    }
    let _lock = StartLock::take(&server.lock, LOCK_PATIENCE).await?;
    match standing::settle(client, &server.run, server.linger).await? {
        Settled::Held => Ok(Standing::Held),
        // `ensure_server` ends one that never opened.
        Settled::Gone | Settled::NeverOpened => Ok(Standing::Gone),
    }
}

/// Attaches to the server that processes with the same settings share in `scope`, and starts it if need be.
///
/// Safe to call from any number of threads and processes at once: one starts it, the others join.
/// Until the result is dropped, or its lease released, the server stays.
///
/// # Errors
///
/// There is no PostgreSQL to run, a setting is wrong, or the server does not start: the error says what to do.
///
/// # Cancel safety
///
/// Dropping the future ends a server that is being started, unless it serves already.
pub(crate) async fn ensure_server(
    settings: &Settings,
    scope: &Path,
) -> Result<Server, ProvisionError> {
    ensure_at(&Place::find(settings, scope)?, settings).await
}

/// Lists the installations that a server could be started from, and says which it would be.
///
/// # Errors
///
/// A setting that can't be followed.
pub(crate) async fn installations(
    settings: &Settings,
    scope: &Path,
) -> Result<Vec<Installation>, ProvisionError> {
    binaries::list(settings, &Place::find(settings, scope)?).await
}

/// Says which version is in a directory, or why none there could be run.
///
/// # Errors
///
/// A setting that can't be followed.
pub(crate) async fn version_in(
    directory: &Path,
    settings: &Settings,
    scope: &Path,
) -> Result<Result<String, String>, ProvisionError> {
    binaries::version_in(directory, settings, &Place::find(settings, scope)?).await
}

/// The directory that keeps what outlives servers, made if need be, and the one in it for fetched servers.
///
/// # Errors
///
/// There is no directory that may be trusted.
pub(crate) fn caches(
    settings: &Settings,
    scope: &Path,
) -> Result<(PathBuf, PathBuf), ProvisionError> {
    let cache = Place::find(settings, scope)?.cache;
    let fetched = places::fetched(&cache);
    Ok((cache, fetched))
}

/// Lists the data directories that are kept to make starts fast.
///
/// # Errors
///
/// The cache can't be read.
pub(crate) fn clusters(settings: &Settings, scope: &Path) -> Result<Vec<PathBuf>, ProvisionError> {
    cluster::entries(&Place::find(settings, scope)?.cache)
}

/// Removes them, and returns what was there. The next start makes the one it needs again.
///
/// # Errors
///
/// Somebody holds the start lock for long, or a directory can't be removed.
pub(crate) async fn forget_clusters(
    settings: &Settings,
    scope: &Path,
) -> Result<Vec<PathBuf>, ProvisionError> {
    let place = Place::find(settings, scope)?;
    let _lock = StartLock::take(&place.lock(), LOCK_PATIENCE).await?;
    let found = cluster::entries(&place.cache)?;
    for directory in &found {
        cluster::remove(directory)?;
    }
    Ok(found)
}

/// Removes what killed servers of this user left behind.
///
/// # Errors
///
/// Somebody holds the start lock for long.
pub(crate) async fn tidy(settings: &Settings, scope: &Path) -> Result<(), ProvisionError> {
    let place = Place::find(settings, scope)?;
    let _lock = StartLock::take(&place.lock(), LOCK_PATIENCE).await?;
    sweep::sweep(&place);
    Ok(())
}

async fn ensure_at(place: &Place, settings: &Settings) -> Result<Server, ProvisionError> {
    let _lock = StartLock::take(&place.lock(), LOCK_PATIENCE).await?;
    if let Some(server) = join::join(place, settings).await? {
        return Ok(server);
    }
    sweep::sweep(place);
    let binaries = binaries::find(settings, place).await?;
    let mut server = start::start(place, settings, &binaries).await?;
    server.how = Attached::Started;
    Ok(server)
}
