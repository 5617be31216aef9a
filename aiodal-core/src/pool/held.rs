//! A connection in somebody's hands, wherever it came from.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::error::{DbError, Severity, SqlState};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::cancel::CancelToken;
use super::source::ConnectionSource;
use super::tap::Watch;
use crate::statements::Statements;

/// A connection in somebody's hands. Dropped, it goes back to where it came from, unless it is [spoilt](Held::spoil).
///
/// All of it takes `&self`, so that an `Arc<Held>` can be shared by whatever uses the connection.
pub(crate) struct Held {
    /// `None` only while dropping.
    origin: Option<Origin>,
    /// bb8 spawns tasks when a connection comes back, which may happen on a thread without a runtime.
    runtime: Option<Handle>,
}

enum Origin {
    /// Of our own pool.
    Pooled(bb8::PooledConnection<'static, ConnectionSource>),
    /// Of a pool that somebody brought.
    Foreign(Foreign),
    /// Of somebody who keeps the connection and lends its client.
    Lent {
        client: Arc<Client>,
        statements: Option<Arc<Statements>>,
        watch: Option<Arc<Watch>>,
        cancel: Option<CancelToken>,
        version: AtomicU32,
    },
}

/// A checked-out connection of a pool that is not ours.
struct Foreign {
    connection: Box<dyn ForeignConnection>,
    /// The version of the pool's server; 0 until somebody asks.
    version: Arc<AtomicU32>,
    cancel: CancelToken,
    spoilt: AtomicBool,
    /// Whether its answers may have lost step with its statements.
    confused: AtomicBool,
}

/// bb8's `PooledConnection`, whatever its manager's TLS.
pub(super) trait ForeignConnection: Send + Sync {
    fn client(&self) -> &Client;
}

impl<M: bb8::ManageConnection<Connection = Client>> ForeignConnection
    for bb8::PooledConnection<'static, M>
{
    fn client(&self) -> &Client {
        self
    }
}

impl Held {
    pub(super) fn pooled(connection: bb8::PooledConnection<'static, ConnectionSource>) -> Held {
        Held {
            origin: Some(Origin::Pooled(connection)),
            runtime: Handle::try_current().ok(),
        }
    }

    pub(super) fn foreign(
        connection: Box<dyn ForeignConnection>,
        version: Arc<AtomicU32>,
        cancel: CancelToken,
    ) -> Held {
        let foreign = Foreign {
            connection,
            version,
            cancel,
            spoilt: AtomicBool::new(false),
            confused: AtomicBool::new(false),
        };
        Held {
            origin: Some(Origin::Foreign(foreign)),
            runtime: Handle::try_current().ok(),
        }
    }

    /// Takes a client that its owner keeps: dropping does nothing to it.
    pub(crate) fn lent(
        client: Arc<Client>,
        statements: Option<Arc<Statements>>,
        watch: Option<Arc<Watch>>,
        cancel: Option<CancelToken>,
    ) -> Held {
        Held {
            origin: Some(Origin::Lent {
                client,
                statements,
                watch,
                cancel,
                version: AtomicU32::new(0),
            }),
            runtime: None,
        }
    }

    pub(crate) fn client(&self) -> &Client {
        match self.origin() {
            Origin::Pooled(connection) => connection.client(),
            Origin::Foreign(foreign) => foreign.connection.client(),
            Origin::Lent { client, .. } => client,
        }
    }

    /// What has been prepared on it; `None` where nothing is to be kept.
    pub(crate) fn statements(&self) -> Option<&Arc<Statements>> {
        match self.origin() {
            Origin::Pooled(connection) => Some(connection.statements()),
            Origin::Foreign(_) => None,
            Origin::Lent { statements, .. } => statements.as_ref(),
        }
    }

    /// What its tap knows of it; `None` where there is none.
    pub(crate) fn watch(&self) -> Option<&Arc<Watch>> {
        match self.origin() {
            Origin::Pooled(connection) => Some(connection.watch()),
            Origin::Foreign(_) => None,
            Origin::Lent { watch, .. } => watch.as_ref(),
        }
    }

    /// The server's version as a number (`server_version_num`), if that is known without asking.
    pub(crate) fn version(&self) -> Option<u32> {
        let asked = |version: &AtomicU32| {
            Some(version.load(Ordering::Relaxed)).filter(|&version| version != 0)
        };
        match self.origin() {
            Origin::Pooled(connection) => connection.server_version(),
            Origin::Foreign(foreign) => asked(&foreign.version),
            Origin::Lent { version, .. } => asked(version),
        }
    }

    /// The server's version as a number, asked for where it is not known: once per pool.
    pub(crate) async fn ask_version(&self) -> Result<u32, tokio_postgres::Error> {
        if let Some(version) = self.version() {
            return Ok(version);
        }
        let version = server_version(self.client()).await?;
        match self.origin() {
            Origin::Pooled(_) => {}
            Origin::Foreign(foreign) => foreign.version.store(version, Ordering::Relaxed),
            Origin::Lent { version: known, .. } => known.store(version, Ordering::Relaxed),
        }
        Ok(version)
    }

    pub(crate) fn cancel_token(&self) -> CancelToken {
        match self.origin() {
            Origin::Pooled(connection) => connection.cancel_token(),
            Origin::Foreign(foreign) => foreign.cancel.clone(),
            Origin::Lent { client, .. } => CancelToken::plain(client.cancel_token()),
        }
    }

    /// What cancels its statement, and returns when the server has heard; `None` where nobody knows when that is.
    pub(crate) fn sure_cancel_token(&self) -> Option<CancelToken> {
        match self.origin() {
            Origin::Pooled(connection) => Some(connection.cancel_token()),
            Origin::Foreign(_) => None,
            Origin::Lent { cancel, .. } => cancel.clone(),
        }
    }

    /// Marks it as not fit for the next user: its pool closes it when it is dropped.
    ///
    /// A pool that somebody brought can't be told to. There the connection is kept back until whatever runs on it has
    /// been cancelled and rolled back. Of a client on loan, its owner knows.
    pub(crate) fn spoil(&self) {
        match self.origin() {
            Origin::Pooled(connection) => connection.spoil(),
            Origin::Foreign(foreign) => foreign.spoilt.store(true, Ordering::Release),
            Origin::Lent { .. } => {}
        }
    }

    /// Spoils it because an answer may come that nobody has asked for.
    pub(crate) fn confuse(&self) {
        if let Origin::Foreign(foreign) = self.origin() {
            foreign.confused.store(true, Ordering::Release);
        }
        self.spoil();
    }

    /// Spoils it if the error is the server's farewell, after which it takes a moment to close the connection.
    pub(crate) fn heed(&self, error: &tokio_postgres::Error) {
        let severity = error.as_db_error().and_then(DbError::parsed_severity);
        if matches!(severity, Some(Severity::Fatal | Severity::Panic)) {
            self.spoil();
        }
    }

    /// Says whether it is of our own pool: a request to cancel has taken effect when its answer is there.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self.origin(), Origin::Pooled(_))
    }

    fn origin(&self) -> &Origin {
        self.origin
            .as_ref()
            .expect("only dropping takes the connection")
    }
}

/// Asks a server for its version as a number.
pub(crate) async fn server_version(client: &Client) -> Result<u32, tokio_postgres::Error> {
    let answer = client.simple_query("show server_version_num").await?;
    let version = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
        _ => None,
    });
    // A server that calls itself nothing speaks the protocol of the oldest that aiodal knows.
    Ok(version.unwrap_or(140_000))
}

/// Says whether a question is given its own answer.
async fn in_step(client: &Client) -> bool {
    match client.simple_query("select 'aiodal'").await {
        Ok(messages) => messages
            .iter()
            .any(|message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some("aiodal"))),
        // In a failed transaction it is refused, which is an answer of its own too.
        Err(error) => error.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION),
    }
}

/// How long a statement may take to hear of a request to cancel it before it is sent another.
const AGAIN: Duration = Duration::from_secs(1);

impl Foreign {
    /// Ends what runs on the connection, whose drop then returns it clean. A connection that is lost is seen so by its pool.
    async fn clean(self) {
        let client = self.connection.client();
        if self.confused.load(Ordering::Acquire) && !in_step(client).await {
            // The answer that nobody has asked for is on its way, and the driver closes the connection over it.
            let mut look = tokio::time::interval(Duration::from_millis(1));
            while !client.is_closed() {
                look.tick().await;
            }
            return;
        }
        let mut rollback = pin!(client.batch_execute("rollback"));
        while timeout(AGAIN, rollback.as_mut()).await.is_err() {
            // Unreachable, it is asked again; until the connection turns out to be lost.
            let _unreachable = self.cancel.cancel().await;
        }
        // A request that comes late hits this and not the connection's next user; or has hit the ROLLBACK.
        let _hit = client.batch_execute("select pg_sleep(0.1)").await;
        let _lost = client.batch_execute("rollback").await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let origin = self.origin.take();
        let Some(runtime) = &self.runtime else { return };
        let _entered = runtime.enter();
        match origin {
            Some(Origin::Foreign(foreign)) if foreign.spoilt.load(Ordering::Acquire) => {
                runtime.spawn(foreign.clean());
            }
            origin => drop(origin),
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match &self.origin {
            Some(Origin::Pooled(_)) => "pooled",
            Some(Origin::Foreign(_)) => "foreign",
            Some(Origin::Lent { .. }) => "lent",
            None => "dropped",
        };
        f.debug_struct("Held")
            .field("origin", &origin)
            .finish_non_exhaustive()
    }
}
