//! The engine: one task that has the connection, and runs what clients send, one unit at a time.

mod answer;
mod block;
mod commit;
mod control;
mod copy;
mod deferred;
mod events;
mod expect;
mod extended;
mod here;
mod io;
mod journal;
mod lookup;
mod message;
mod names;
mod position;
mod session;
mod set;
mod settle;
mod simple;
mod stall;
mod terminate;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::mem;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aiodal_core::CancelToken;
use bytes::BytesMut;
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedReceiver;

use self::expect::Expect;
use self::io::Wire;
use self::names::Left;
use self::position::Positions;
use super::client::{Client, Temporary};
use super::constraints::Deferrable;
use super::error::Said;
use super::event::{End, Event, Unit, Work};
use super::report::Report;
use super::reported::Reported;
use super::settings::Settings;
use super::turn::{ClientId, Settle, Status, Turn};
use super::wire::Frame;
use crate::backend::Socket;
use crate::journal::Journal;

/// The one connection, and all that clients have on it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the connection"
)]
pub(super) struct Engine {
    wire: Wire,
    events: UnboundedReceiver<Event>,
    clients: BTreeMap<ClientId, Client>,
    turn: Turn,
    /// Clients with something to run, in the order of their asking.
    queue: VecDeque<ClientId>,
    /// What is still to be answered, in its order.
    expect: VecDeque<Expect>,
    /// Messages have been sent that no `Sync` is behind.
    unsynced: bool,
    /// What goes to the client whose unit is run.
    out: BytesMut,
    /// The client has not asked for the answer: it is kept back until it does, or there is something that it has to know.
    holds: bool,
    /// What goes there behind the answer: notifications of its own.
    aside: BytesMut,
    /// The rows of a query of our own, if they are wanted.
    rows: Option<Vec<String>>,
    /// Statements that the journal knows of, and that are not answered.
    noted: VecDeque<(u64, Instant)>,
    /// The `Execute` of the portal that what is run next is in.
    by_portal: Option<Frame>,
    /// The portal that a statement of ours is run by.
    active: Option<String>,
    /// The client whose unnamed statement the server has.
    unnamed_of: Option<ClientId>,
    /// Where the last `CommandComplete` begins in `out`.
    completed: Option<usize>,
    /// The server's transaction has failed.
    failed: bool,
    /// What the server has told of settings.
    reported: Reported,
    /// What the connection is set to, and what it was when the guard was set.
    applied: Settings,
    applied_at_guard: Settings,
    client_at_guard: Settings,
    /// When the last unit has begun.
    entered: Instant,
    /// The client that a unit is run for.
    running: Option<ClientId>,
    /// Clients that have gone while a unit was run.
    gone: Vec<ClientId>,
    /// The client whose data the server takes.
    copying: Option<ClientId>,
    constraints: Constraints,
    /// What statements of the unit have set by calling `set_config`, whether for the transaction only, and what was reported before.
    set_by_call: Vec<(String, bool, Reported)>,
    /// Cursors that statements of the unit close, if they go well.
    closed: Vec<String>,
    /// Where names have been made longer in what is run.
    positions: Positions,
    /// Whether the client's transaction had a snapshot before the query that is run.
    had_snapshot: bool,
    /// A statement of the unit may have written something.
    may_write: bool,
    /// What has been sent may have the server take data.
    may_copy: bool,
    /// Nobody is told of what fails.
    is_muted: bool,
    /// A query of ours checks what the client has done: it may be cancelled like the client's own.
    is_checking: bool,
    /// Nobody is told of what a query of ours gives notice of.
    is_hushed: bool,
    /// Temporary tables of clients that are gone.
    orphans: Vec<Temporary>,
    /// Statements and portals of clients that are gone.
    left: Vec<Left>,
    /// How long one client waits for another that does nothing.
    patience: Duration,
    cancel: CancelToken,
    journal: Arc<Journal>,
    report: Arc<Report>,
    session: Handle,
    /// What the engine has been told to do when it is between two units.
    wanted: Option<Wanted>,
}

/// What an engine is made with.
pub(super) struct Parts {
    pub(super) socket: Socket,
    pub(super) events: UnboundedReceiver<Event>,
    pub(super) cancel: CancelToken,
    pub(super) journal: Arc<Journal>,
    pub(super) report: Arc<Report>,
    pub(super) session: Handle,
    pub(super) patience: Duration,
    /// Constraints that may be checked at the end of a transaction, once somebody has asked.
    pub(super) constraints: Arc<OnceLock<Arc<Deferrable>>>,
}

/// Constraints that are checked late.
#[derive(Debug)]
struct Constraints {
    /// `None` until somebody has to know.
    known: Option<Arc<Deferrable>>,
    /// What they are for other tests as well.
    shared: Arc<OnceLock<Arc<Deferrable>>>,
    /// Whether this test's statements may have made or dropped some.
    changed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Park,
    Finish,
}

/// Why an engine has stopped.
pub(super) enum Stopped {
    /// It can go on elsewhere.
    Parked(Box<Engine>),
    /// The connection is as it was when it began, but for the transaction.
    Finished,
    Lost(String),
}

/// The connection is of no use any more, for this reason.
#[derive(Debug)]
struct Lost(String);

impl Engine {
    pub(super) fn new(parts: Parts) -> Engine {
        let Parts {
            socket,
            events,
            cancel,
            journal,
            report,
            session,
            patience,
            constraints,
        } = parts;
        Engine {
            wire: Wire::new(socket),
            events,
            clients: BTreeMap::new(),
            turn: Turn::new(),
            queue: VecDeque::new(),
            expect: VecDeque::new(),
            unsynced: false,
            out: BytesMut::with_capacity(8 << 10),
            holds: false,
            aside: BytesMut::new(),
            rows: None,
            noted: VecDeque::new(),
            by_portal: None,
            active: None,
            unnamed_of: None,
            completed: None,
            failed: false,
            reported: Reported::default(),
            applied: Settings::default(),
            applied_at_guard: Settings::default(),
            client_at_guard: Settings::default(),
            entered: Instant::now(),
            running: None,
            gone: Vec::new(),
            copying: None,
            constraints: Constraints {
                known: constraints.get().cloned(),
                shared: constraints,
                changed: false,
            },
            set_by_call: Vec::new(),
            closed: Vec::new(),
            positions: Positions::default(),
            had_snapshot: false,
            may_write: false,
            may_copy: false,
            is_muted: false,
            is_checking: false,
            is_hushed: false,
            orphans: Vec::new(),
            left: Vec::new(),
            patience,
            cancel,
            journal,
            report,
            session,
            wanted: None,
        }
    }

    /// Runs until it is told to stop, or the connection is lost.
    pub(super) async fn run(mut self) -> Stopped {
        let stopped = loop {
            match self.turn_of_next().await {
                Ok(Some(Wanted::Park)) => {
                    self.wanted = None;
                    return match self.wire.park() {
                        Ok(()) => Stopped::Parked(Box::new(self)),
                        Err(error) => Stopped::Lost(error.to_string()),
                    };
                }
                Ok(Some(Wanted::Finish)) => break self.close().await,
                Ok(None) => {}
                Err(lost) => break Err(lost),
            }
        };
        match stopped {
            Ok(()) => match self.wire.park() {
                Ok(()) => Stopped::Finished,
                Err(error) => Stopped::Lost(error.to_string()),
            },
            Err(Lost(why)) => {
                let said = Said::fatal(
                    "57P01",
                    format!("the sandbox has lost its connection: {why}"),
                );
                self.dismiss(&said);
                Stopped::Lost(why)
            }
        }
    }

    /// Goes on where it was parked, on the current runtime.
    pub(super) async fn resume(self: Box<Self>) -> Stopped {
        match self.wire.unpark() {
            Ok(()) => self.run().await,
            Err(error) => Stopped::Lost(error.to_string()),
        }
    }

    /// Begins the test's transaction, without waiting. `guarded` is whether the connection knows how to settle a guard.
    pub(super) fn begin(&mut self, sql: &str, guarded: bool) {
        super::wire::query(&mut self.wire.outgoing, sql);
        self.expect.push_back(Expect::Began);
        if !guarded {
            self.prepare_guard();
        }
    }

    /// Runs one unit, or waits for something to happen.
    async fn turn_of_next(&mut self) -> Result<Option<Wanted>, Lost> {
        if let Some(wanted) = self.wanted {
            return Ok(Some(wanted));
        }
        if let Some((id, unit)) = self.next_unit() {
            self.run_unit(id, unit).await?;
            return Ok(None);
        }
        match self.happening().await? {
            Some(event) => self.heed(event),
            None => self.refuse_waiting(),
        }
        self.settle_undone();
        Ok(None)
    }

    /// Takes the next unit that may run: of the holder, or of whoever has waited for the longest.
    fn next_unit(&mut self) -> Option<(ClientId, Unit)> {
        let at = self.queue.iter().position(|id| self.may_run(*id))?;
        let id = self.queue.remove(at)?;
        let client = self.clients.get_mut(&id)?;
        let unit = client.inbox.pop_front()?;
        client.waiting = None;
        if !client.inbox.is_empty() {
            client.waiting = Some(Instant::now());
            self.queue.push_back(id);
        }
        Some((id, unit))
    }

    fn may_run(&self, id: ClientId) -> bool {
        let Some(client) = self.clients.get(&id) else {
            return true;
        };
        let needs = || {
            client
                .inbox
                .front()
                .is_none_or(|unit| self.needs_connection(client, unit))
        };
        self.turn.may_run(id) || !needs()
    }

    async fn run_unit(&mut self, id: ClientId, unit: Unit) -> Result<(), Lost> {
        self.running = Some(id);
        self.entered = Instant::now();
        if let Some(client) = self.clients.get_mut(&id) {
            client.ahead = unit.data;
        }
        self.holds = matches!(unit.work, Work::Extended(_, End::More));
        let result = match unit.work {
            Work::Simple(frame) => self.simple(id, frame).await,
            Work::Extended(frames, end) => self.extended(id, frames, end).await,
        };
        self.flush_out(id);
        self.noted.clear();
        self.running = None;
        if let Some(client) = self.clients.get_mut(&id) {
            // Behind a COPY that has failed, its data is of no use (PostgreSQL manual, 55.2.6).
            client.ahead.clear();
            if let Some((_, at)) = &mut client.last {
                *at = Instant::now();
            }
        }
        for id in mem::take(&mut self.gone) {
            self.forget(id);
        }
        // A request to cancel is for the client's statement, not for what settles it.
        self.wire.settled().await;
        self.settle_undone();
        result
    }

    /// How `ReadyForQuery` describes a client's transaction.
    fn status_byte(&self, id: ClientId) -> u8 {
        let status = self.turn.status(id);
        match self.clients.get(&id) {
            Some(client) if client.is_own && status == Status::Idle => b'T',
            _ => status.byte(),
        }
    }

    fn flush_out(&mut self, id: ClientId) {
        self.completed = None;
        match self.clients.get(&id) {
            Some(client) if self.holds && !client.skips => client.outbox.hold(&mut self.out),
            Some(client) => client.outbox.put(&mut self.out),
            None => self.out.clear(),
        }
    }

    /// Ends everybody's business, and leaves the connection in the test's transaction.
    async fn close(&mut self) -> Result<(), Lost> {
        let holders: Vec<_> = self.clients.keys().copied().collect();
        self.dismiss(&Said::fatal(
            "57P01",
            "the test has ended, and the sandbox with it",
        ));
        for id in holders {
            self.forget(id);
        }
        self.close_left();
        // A request to cancel shall not hit the end.
        self.wire.settled().await;
        let is_kept = matches!(self.turn.unsettled(), Settle::Begin | Settle::Keep);
        if is_kept && !self.unsynced && self.expect.is_empty() {
            // The end of the transaction takes the savepoint along, and nobody waits for an answer: a round trip less.
            self.turn.left();
            return Ok(());
        }
        self.leave_guard().await
    }
}

impl Drop for Engine {
    /// However it ends, a panic included: nobody waits for its answer.
    fn drop(&mut self) {
        self.events.close();
        while let Ok(event) = self.events.try_recv() {
            if let Event::Opened(_, arrival) = event {
                arrival.outbox.end();
            }
        }
        for client in self.clients.values() {
            client.outbox.end();
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("turn", &self.turn)
            .field("clients", &self.clients.len())
            .finish_non_exhaustive()
    }
}
