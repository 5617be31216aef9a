//! Clients of any driver on one connection, in one transaction that is rolled back.
//!
//! The test's connection is behind an engine in this process, which speaks the protocol on both sides. Its clients have
//! connections of their own as far as they can tell: their BEGIN, COMMIT and ROLLBACK are the sandbox's business, and what they
//! commit is there for all of them, and gone with the test.
//!
//! - [`lex`]: what a statement means to a sandbox. Pure.
//! - [`turn`]: whose turn it is, and what the one savepoint holds. Pure.
//! - [`wire`] and [`error`]: messages of the protocol.
//! - [`serve`], with [`startup`] and [`outbox`]: one client's side.
//! - [`engine`]: the task that has the connection.
//! - [`placement`]: on which runtime the engine runs.
//! - [`listener`]: the way in from outside of the process.

mod client;
mod constraints;
mod encoding;
mod engine;
mod error;
mod event;
mod lease;
mod lex;
mod listener;
mod outbox;
mod placement;
mod report;
mod reported;
mod serve;
mod settings;
mod shared;
mod startup;
#[cfg(test)]
mod tests;
mod turn;
mod wire;

use std::fmt;
use std::sync::{Arc, OnceLock};

use aiodal_core::{Ambient, DataAccessLayer, DataAccessLayerBuilder, Pool, PoolOptions};
use tokio::io::DuplexStream;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

pub(crate) use self::constraints::Deferrable;
pub(crate) use self::lease::{Opening, SandboxLease};
use self::listener::{Listener, Way};
use self::placement::Placement;
pub(crate) use self::report::Report as SandboxReport;
use self::report::Report;
use self::serve::{Trust, serve};
use self::shared::Shared;
pub(crate) use self::turn::FIRST_PROCESS;
use crate::ambient::EnterGuard;
use crate::set_up::SetUpError;

/// How many bytes are on their way between a client of this process and the engine at most.
const ROOM: usize = 256 << 10;

/// A test's database for code that connects by itself, whatever its driver: any number of connections, and all of them in the one
/// transaction that is rolled back at the end of the test.
///
/// A test asks for it by its type. Code under test begins, commits and rolls back as it does in production; each connection sees
/// what the others have committed, and not what they have not. Nothing of it is ever committed in the database.
///
/// - [`url`](Sandbox::url) is for any driver, pool or program.
/// - [`pool`](Sandbox::pool), [`dal`](Sandbox::dal) and [`client`](Sandbox::client) are of the types of production, within
///   this process and faster.
///
/// There is one connection to the server, so clients take turns: one that has begun a transaction and run a statement in it
/// keeps the others waiting until it ends it. A client that waits for one that does nothing for longer than `sandbox_wait` (5 seconds)
/// gets an error with SQLSTATE `AD001`, which names both, and the test fails. What a sandbox can't show is in
/// the page of limits; a test that needs it takes a database of its own.
///
/// A cheap clone.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    report: Arc<Report>,
    placement: Placement,
    /// How the session has data access layers made.
    builder: DataAccessLayerBuilder,
    /// The runtime of the test, where clients of this process are served that come from no runtime.
    runtime: Handle,
    session: Handle,
    dal: OnceCell<DataAccessLayer>,
    socket: OnceCell<Listener>,
    tcp: OnceCell<Listener>,
    /// Whose it is, for messages.
    owner: String,
    ambient: OnceLock<Arc<Ambient>>,
}

impl Sandbox {
    /// Returns a URL for any driver on this machine: by a Unix socket in a directory that nobody else can enter.
    ///
    /// From then on the sandbox runs on a thread of its own, so that a client may block the test's.
    ///
    /// # Errors
    ///
    /// No directory or socket could be made.
    pub async fn url(&self) -> Result<String, SetUpError> {
        let listener = self.0.socket.get_or_try_init(|| self.listen(Way::Socket));
        Ok(listener.await?.url().to_owned())
    }

    /// Returns a URL by TCP on this machine, for drivers that know no Unix sockets, with a password that was made for it.
    ///
    /// # Errors
    ///
    /// No port could be had.
    pub async fn tcp_url(&self) -> Result<String, SetUpError> {
        let listener = self.0.tcp.get_or_try_init(|| self.listen(Way::Tcp));
        Ok(listener.await?.url().to_owned())
    }

    /// Returns a pool of connections, with the options that the session has for them.
    ///
    /// # Errors
    ///
    /// The sandbox has ended.
    pub async fn pool(&self) -> Result<Pool, SetUpError> {
        self.pool_with(self.0.builder.pool_options().clone()).await
    }

    /// Returns a pool of connections, with options as in production.
    ///
    /// # Errors
    ///
    /// An option that the server refuses, or the sandbox has ended.
    pub async fn pool_with(&self, options: PoolOptions) -> Result<Pool, SetUpError> {
        let opened = self.dialing(options).open(&self.0.shared.url()).await;
        opened.map_err(|error| not_connected("a pool", &error))
    }

    /// Returns a data access layer with a pool, the same each time.
    ///
    /// # Errors
    ///
    /// The sandbox has ended.
    pub async fn dal(&self) -> Result<DataAccessLayer, SetUpError> {
        let open = || async {
            let options = self.dialing(self.0.builder.pool_options().clone());
            let builder = self.0.builder.clone().pool(options).ambient(false);
            let opened = builder.open(&self.0.shared.url()).await;
            opened.map_err(|error| not_connected("a data access layer", &error))
        };
        self.0.dal.get_or_try_init(open).await.cloned()
    }

    /// Returns a client of tokio-postgres on a connection of its own; a task of the current runtime drives it.
    ///
    /// # Errors
    ///
    /// The sandbox has ended.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub async fn client(&self) -> Result<Client, SetUpError> {
        let stream = self.connect();
        let config = self.0.shared.url().config().clone();
        let connected = config.connect_raw(stream, NoTls).await;
        let (client, connection) = connected.map_err(|error| not_connected("a client", &error))?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Returns a connection as a stream on which the protocol is to be spoken, from its startup message on.
    #[must_use]
    pub fn connect(&self) -> DuplexStream {
        self.connect_as(Trust::Client)
    }

    /// Has the current thread run code of the test, as long as the guard lives: a
    /// [`DataAccessLayer`] that it has in a static, or makes by itself, finds the sandbox.
    ///
    /// For threads of the test's own, whatever runtime they bring. Where the test's runtime is, `#[aiodal::test(ambient)]` has
    /// all code find the sandbox without it. There, a thread may do so while the test's blocks to wait for it; in a test without
    /// `ambient`, only after [`url`](Sandbox::url) was asked for.
    ///
    /// ```text
    /// #[aiodal::test(ambient)]
    /// async fn a_report_is_made_at_night(sandbox: Sandbox) {
    ///     let night = std::thread::spawn(move || {
    ///         let _entered = sandbox.enter();
    ///         app::nightly()
    ///     });
    ///     night.join().expect("it has not panicked");
    /// }
    /// ```
    pub fn enter(&self) -> EnterGuard {
        EnterGuard::new(self.ambient())
    }

    /// Returns what has data access layers find it.
    pub(crate) fn ambient(&self) -> &Arc<Ambient> {
        self.0.ambient.get_or_init(|| {
            // Those who hold it are not to keep a sandbox that has ended.
            let sandbox = Arc::downgrade(&self.0);
            let adapt = move |options: PoolOptions| {
                let sandbox = sandbox.clone();
                options.dial(move || match sandbox.upgrade() {
                    Some(inner) => Sandbox(inner).connect(),
                    // A stream that ends at once.
                    None => tokio::io::duplex(1).0,
                })
            };
            let url = self.0.shared.url();
            Arc::new(Ambient::new(&self.0.owner, &url, adapt, None))
        })
    }

    fn dialing(&self, options: PoolOptions) -> PoolOptions {
        let sandbox = self.clone();
        options.dial(move || sandbox.connect())
    }

    fn connect_as(&self, trust: Trust) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(ROOM);
        // With the client: a runtime that drives it is not to wait for one that may be blocked.
        let runtime = Handle::try_current().unwrap_or_else(|_| self.0.runtime.clone());
        runtime.spawn(serve(ours, self.0.shared.clone(), trust));
        theirs
    }

    async fn listen(&self, way: Way) -> Result<Listener, SetUpError> {
        self.0.placement.leave_test(&self.0.session).await;
        let _on_session = self.0.session.enter();
        Listener::open(way, &self.0.shared).map_err(|error| {
            SetUpError::caused(
                format!("failed to listen for clients of the sandbox on {way}"),
                &error,
            )
        })
    }
}

fn not_connected(what: &str, error: &(dyn std::error::Error + 'static)) -> SetUpError {
    SetUpError::caused(
        format!("failed to connect {what} to the test's sandbox"),
        error,
    )
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("shared", &self.0.shared)
            .finish_non_exhaustive()
    }
}
