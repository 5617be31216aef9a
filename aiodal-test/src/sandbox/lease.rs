//! A connection that a test has, and the sandbox on it.

use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aiodal_core::{
    CancelToken, DataAccessLayer, DataAccessLayerBuilder, Lane, LaneOptions, SchemaCache, Tap,
    Transaction,
};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio::sync::mpsc::unbounded_channel;
use tokio_postgres::NoTls;

use super::engine::{Engine, Parts, Stopped};
use super::placement::Placement;
use super::report::Report;
use super::serve::Trust;
use super::shared::Shared;
use super::{Inner, Sandbox};
use crate::changes::{self, Changes};
use crate::journal::{Echoing, Journal};
use crate::rollback::{Ending, end, reset};
use crate::session::{Place, Slot};
use crate::set_up::SetUpError;

/// How a sandbox is opened.
pub(crate) struct Opening<'a> {
    pub(crate) begin: &'a str,
    pub(crate) owner: String,
    pub(crate) place: &'a Place,
    pub(crate) journal: Arc<Journal>,
    pub(crate) dal: DataAccessLayerBuilder,
    pub(crate) session: &'a Handle,
    /// How long one client waits for another that does nothing.
    pub(crate) patience: Duration,
    /// Whether the test leaves its runtime to us whenever it waits, and that runtime's clock alone.
    pub(crate) on_test: bool,
}

/// A connection that a test has, behind a sandbox.
pub(crate) struct SandboxLease {
    slot: Slot,
    sandbox: Sandbox,
    own: Arc<OwnTransaction>,
    /// Has the test's output say what clients send, if that was asked for.
    echoing: Option<Echoing>,
}

/// The test's own transaction, if it asks for it: a client like others, except that it begins none.
pub(crate) struct OwnTransaction {
    sandbox: Sandbox,
    owner: String,
    journal: Arc<Journal>,
    dal: DataAccessLayerBuilder,
    schema: SchemaCache,
    open: OnceCell<(Lane, DataAccessLayer)>,
}

impl SandboxLease {
    /// Has the engine drive the connection, and queues BEGIN.
    ///
    /// # Errors
    ///
    /// The connection is lost, or the runtime's reactor refused the socket.
    pub(crate) fn begin(mut slot: Slot, opening: Opening<'_>) -> io::Result<SandboxLease> {
        let socket = slot
            .driver
            .as_ref()
            .ok_or(io::ErrorKind::NotConnected)?
            .socket();
        let (sender, events) = unbounded_channel();
        let shared = Arc::new(Shared::new(
            slot.parameters.clone(),
            &opening.place.url,
            sender,
        ));
        let report = Arc::new(Report::default());
        let mut engine = Engine::new(Parts {
            socket: socket.clone(),
            events,
            cancel: slot.cancel_token(),
            journal: opening.journal.clone(),
            report: report.clone(),
            session: opening.session.clone(),
            patience: opening.patience,
            constraints: opening.place.constraints.clone(),
        });
        engine.begin(opening.begin, slot.guarded);
        slot.guarded = true;
        if opening.on_test {
            socket.unpark()?;
        } else {
            let _on_session = opening.session.enter();
            socket.unpark()?;
        }
        let echoing = opening.journal.echo();
        let placement = Placement::start(engine, &shared, opening.session, opening.on_test);
        let sandbox = Sandbox(Arc::new(Inner {
            shared,
            report,
            placement,
            builder: opening.dal.clone(),
            runtime: Handle::current(),
            session: opening.session.clone(),
            dal: OnceCell::new(),
            socket: OnceCell::new(),
            tcp: OnceCell::new(),
            owner: opening.owner.clone(),
            ambient: OnceLock::new(),
        }));
        let own = OwnTransaction {
            sandbox: sandbox.clone(),
            owner: opening.owner,
            journal: opening.journal,
            dal: opening.dal,
            schema: opening.place.schema.clone(),
            open: OnceCell::new(),
        };
        Ok(SandboxLease {
            slot,
            sandbox,
            own: Arc::new(own),
            echoing,
        })
    }

    pub(crate) fn sandbox(&self) -> Sandbox {
        self.sandbox.clone()
    }

    pub(crate) fn own(&self) -> Arc<OwnTransaction> {
        self.own.clone()
    }

    pub(crate) fn journal(&self) -> &Arc<Journal> {
        &self.own.journal
    }

    /// Returns what knows the server's process for the transaction, once it has begun.
    pub(crate) fn began(&self) -> impl Fn() -> Option<String> + Send + Sync + use<> {
        let report = self.sandbox.0.report.clone();
        move || report.began()
    }

    /// Ends the sandbox and its transaction, and gives the connection back to the pool; or closes it, if it isn't clean.
    /// Bounded by the caller.
    ///
    /// Returns what the transaction has done to which tables, if that is to be told.
    pub(crate) async fn end(self, tell: bool) -> (Ending, Option<Changes>) {
        let SandboxLease {
            mut slot,
            sandbox,
            own,
            // Prints the rest when this is over.
            echoing: _echoing,
        } = self;
        if let Some((lane, _)) = own.open.get() {
            lane.settled().await;
            let _revoked = lane.revoke();
        }
        let Inner {
            placement,
            report,
            socket,
            tcp,
            ambient,
            ..
        } = &*sandbox.0;
        if let Some(ambient) = ambient.get() {
            ambient.end();
        }
        for listener in [socket.get(), tcp.get()].into_iter().flatten() {
            listener.close();
        }
        if let Stopped::Lost(why) = placement.finish().await {
            // The pool closes it, and the server rolls back.
            slot.driver = None;
            let ending = match report.escaped() {
                Some(statement) => Ending::Escaped(Some(statement)),
                None => Ending::Lost(why),
            };
            return (ending, None);
        }
        let running = match slot.start() {
            Ok(running) => running,
            Err(error) => return (Ending::Lost(error.to_string()), None),
        };
        let client = slot.client.clone();
        let changes = if tell && slot.counts_apart {
            Some(changes::read(&client).await)
        } else {
            None
        };
        let began = report.began();
        let ending = end(&client, began, &own.journal, reset(slot.counts_apart)).await;
        if matches!(ending, Ending::RolledBack | Ending::Refused(_)) {
            slot.driver = running.stop().await;
        }
        (ending, changes)
    }

    /// Returns what there is to tell of its clients, now or when it has ended.
    pub(crate) fn report(&self) -> Arc<Report> {
        self.sandbox.0.report.clone()
    }
}

impl OwnTransaction {
    /// Returns the test's own transaction, on loan.
    ///
    /// # Errors
    ///
    /// The sandbox has ended.
    pub(crate) async fn transaction(&self) -> Result<Transaction, SetUpError> {
        let (_, dal) = self.open.get_or_try_init(|| self.connect()).await?;
        let outer = dal.outer_transaction();
        Ok(outer.expect("a data access layer on loan has one"))
    }

    async fn connect(&self) -> Result<(Lane, DataAccessLayer), SetUpError> {
        let tap = Tap::new(self.sandbox.connect_as(Trust::Own));
        let watch = tap.watch();
        let config = self.sandbox.0.shared.url().config().clone();
        let (client, connection) = config.connect_raw(tap, NoTls).await.map_err(|error| {
            SetUpError::caused("failed to connect to the test's sandbox", &error)
        })?;
        tokio::spawn(connection);
        let sandbox = self.sandbox.clone();
        let cancel = CancelToken::through(client.cancel_token(), None, move || {
            let sandbox = sandbox.clone();
            async move { Ok(sandbox.connect()) }
        });
        let options = LaneOptions {
            observer: Some(self.journal.clone()),
            statements: Some(Arc::default()),
            watch: Some(watch),
            cancel: Some(cancel),
            exclusive: false,
        };
        // The transaction has begun; there is nothing to say.
        let lane = Lane::open(Arc::new(client), "", &self.owner, options);
        let dal = self.dal.clone().on_loan(&lane, &self.schema);
        Ok((lane, dal))
    }
}

impl fmt::Debug for SandboxLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxLease")
            .field("sandbox", &self.sandbox)
            .finish_non_exhaustive()
    }
}
