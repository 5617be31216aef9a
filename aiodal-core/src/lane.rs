//! The one way a statement takes to a connection: observed, gated, and with BEGIN riding ahead of it.

mod copy;
mod leaving;
mod level;
mod observe;
mod repeat;
mod run;
mod traffic;

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures_util::{FutureExt, StreamExt};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio_postgres::error::DbError;
use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow, SimpleQueryStream};

pub(crate) use self::leaving::Leave;
use self::leaving::Leaving;
pub(crate) use self::level::Level;
pub(crate) use self::observe::Observed;
pub use self::observe::{Observer, Outcome, Params, Started};
pub(crate) use self::traffic::Ticket;
use self::traffic::{Gated, Traffic};
use crate::error::{Error, Result};
use crate::pool::{CancelToken, Held, Watch};
use crate::statements::{Effect, Statements};

/// The way of statements to one connection, in one transaction.
///
/// This is the seam for a framework that owns the connection and lends its transaction out: it
/// [opens](Lane::open) the lane, hands out a [`Transaction`](crate::Transaction) made
/// [of it](crate::Transaction::on_loan), and [revokes](Lane::revoke) it when the borrower's time is over.
/// From then on nothing is sent, whoever still holds the transaction, on whichever thread.
#[derive(Clone)]
pub struct Lane(Arc<Inner>);

struct Inner {
    held: Held,
    /// What began the transaction, and begins it again if its very first statement turns out to be stale.
    begin: String,
    owner: String,
    observer: Option<Arc<dyn Observer>>,
    exclusive: bool,
    /// Guards sending: every poll of a statement runs inside, so that nothing is sent after `revoke`
    /// returns. It does not order statements; the driver's queue does.
    gate: Mutex<Gate>,
    /// Tells whoever waits that the answer to BEGIN has been read, or is left to the next.
    begin_read: Notify,
    /// Whether a task reads it, which is sure to go on.
    read_aside: AtomicBool,
    /// Guards the books only. Taken inside the gate, never around it.
    traffic: Mutex<Traffic>,
    /// Whether a statement has passed that may make prepared ones stale.
    outdated: AtomicBool,
    /// Knows the columns of a violated constraint, which the server names alone.
    explain: OnceLock<Explain>,
    /// The COPY that is being left, if any. Taken inside the gate, never around it.
    leaving: Mutex<Option<Leaving>>,
    /// Whether answers can no longer be told from each other: nothing more is sent.
    broken: AtomicBool,
    /// How many statements have been run, those that begin or end something left out.
    queries: AtomicU64,
    /// How many savepoints are open, as far as they are known.
    depth: AtomicU32,
}

/// Returns the columns of the constraint that an error is about, where they are known.
pub(crate) type Explain = Arc<dyn Fn(&DbError) -> Option<Vec<String>> + Send + Sync>;

struct Gate {
    revoked: bool,
    begin: Begin,
}

enum Begin {
    /// Sent, its answer not yet read.
    Queued(BeginAnswer),
    /// Answered; the first cell that it returned, if any.
    Answered(Option<String>),
    /// Somebody is reading the answer.
    Read,
    /// It failed, and whoever read the answer was told.
    Failed,
}

/// The answer to BEGIN, as far as it has been read.
struct BeginAnswer {
    stream: Pin<Box<SimpleQueryStream>>,
    cell: Option<String>,
}

/// Somebody reads BEGIN's answer. Dropped half-way, it is left to the next.
struct Reading<'a> {
    lane: &'a Lane,
    answer: Option<BeginAnswer>,
}

/// What a lane can be given beyond a connection.
#[derive(Default)]
pub struct LaneOptions {
    /// Who hears of the statements.
    pub observer: Option<Arc<dyn Observer>>,
    /// What the connection has prepared already; without it nothing is kept.
    pub statements: Option<Arc<Statements>>,
    /// What the [`Tap`](crate::Tap) on the connection knows; without one, a COPY that the server refuses costs the
    /// connection, and what it refuses later is seen at its end only.
    pub watch: Option<Arc<Watch>>,
    /// Cancels what runs on the connection, for certain: [`CancelToken::cancel`] of this returns when the server has heard.
    /// Without it, a COPY to the client that is dropped half-way goes on, and the next statement waits for it.
    pub cancel: Option<CancelToken>,
    /// Whether nobody but the lane changes the schema while it is open. A prepared statement then needs no savepoint
    /// around its first use.
    pub exclusive: bool,
}

/// What a lane was like when it was [revoked](Lane::revoke).
#[derive(Debug)]
pub struct Revoked {
    /// Statements that were sent and never waited for: the server may still be busy with one.
    pub unanswered: usize,
    /// Whether a statement may have changed what prepared statements and the driver's types go by.
    pub outdated: bool,
    /// Whether the connection is of no use any more, not even for a rollback: close it.
    pub broken: bool,
}

impl Lane {
    /// Queues `begin` on the connection without waiting, and opens the lane behind it.
    ///
    /// The answer is read together with the first statement's, so that beginning costs no round trip.
    /// `owner` is named in the errors of a borrower who oversteps. `begin` may be sent a second time, behind a
    /// ROLLBACK: when the first statement was prepared before its tables changed.
    #[must_use]
    pub fn open(client: Arc<Client>, begin: &str, owner: &str, options: LaneOptions) -> Lane {
        let LaneOptions {
            observer,
            statements,
            watch,
            cancel,
            exclusive,
        } = options;
        let held = Held::lent(client, statements, watch, cancel);
        Lane::open_on(held, begin.to_owned(), owner, observer, exclusive)
    }

    pub(crate) fn open_on(
        held: Held,
        begin: String,
        owner: &str,
        observer: Option<Arc<dyn Observer>>,
        exclusive: bool,
    ) -> Lane {
        let gate = Mutex::new(Gate {
            revoked: false,
            begin: Begin::queue(held.client(), &begin),
        });
        Lane(Arc::new(Inner {
            held,
            begin,
            owner: owner.to_owned(),
            observer,
            exclusive,
            gate,
            begin_read: Notify::new(),
            read_aside: AtomicBool::new(false),
            traffic: Mutex::default(),
            outdated: AtomicBool::new(false),
            explain: OnceLock::new(),
            leaving: Mutex::default(),
            broken: AtomicBool::new(false),
            queries: AtomicU64::new(0),
            depth: AtomicU32::new(0),
        }))
    }

    /// Returns the first cell that the `begin` batch returned.
    ///
    /// # Errors
    ///
    /// What the server answered to `begin`, unless a statement has reported it already.
    pub async fn begun(&self) -> Result<Option<String>> {
        loop {
            // Before the look: what is told in between is not missed.
            let read = self.0.begin_read.notified();
            self.read_begin().await?;
            match &self.gate().begin {
                Begin::Answered(cell) => return Ok(cell.clone()),
                Begin::Read if self.0.read_aside.load(Ordering::Relaxed) => {}
                Begin::Queued(_) | Begin::Read | Begin::Failed => return Ok(None),
            }
            read.await;
        }
    }

    /// Returns the same if the answer to `begin` has been read already, without waiting for it.
    #[must_use]
    pub fn has_begun(&self) -> Option<String> {
        match &self.gate().begin {
            Begin::Answered(cell) => cell.clone(),
            Begin::Queued(_) | Begin::Read | Begin::Failed => None,
        }
    }

    /// Stops the lane: no statement is sent after this returns.
    #[must_use]
    pub fn revoke(&self) -> Revoked {
        self.gate().revoked = true;
        Revoked {
            unanswered: self.traffic().unanswered(),
            outdated: self.is_outdated(),
            broken: self.is_broken(),
        }
    }

    /// Polls a future that uses the connection's client, without telling the observer: what it sends is not the user's.
    ///
    /// It counts as one statement until it is ready.
    ///
    /// # Errors
    ///
    /// The lane was revoked, or BEGIN failed. What the future itself meets is in its own result.
    pub async fn unobserved<F: Future>(&self, future: F) -> Result<F::Output> {
        let ticket = self.ticket();
        let output = pin!(Gated {
            ticket: &ticket,
            statement: future,
        });
        if self.is_leaving() {
            self.settled().boxed().await;
        }
        let output = self.behind_begin(&ticket, output).await?;
        ticket.answered();
        output.ok_or_else(|| Error::revoked(&self.0.owner, "a query of the catalogs"))
    }

    /// Has errors say which columns a violated constraint is about.
    pub(crate) fn explain_by(&self, explain: Explain) {
        // A lane has one data access layer, whoever is lent it.
        let _same = self.0.explain.set(explain);
    }

    /// Returns the columns of the violated constraint, if they are known.
    fn violated(&self, error: &Error) -> Option<Vec<String>> {
        self.0.explain.get()?(error.as_db_error()?)
    }

    /// Returns the connection's client, to be used past the observer and the gate.
    pub(crate) fn client(&self) -> &Client {
        self.traffic().set_begun();
        self.0.held.client()
    }

    pub(crate) fn held(&self) -> &Held {
        &self.0.held
    }

    pub(crate) fn owner(&self) -> &str {
        &self.0.owner
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.traffic().unanswered() == 0
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.0.broken.load(Ordering::Acquire)
    }

    /// Says whether the transaction failed in a way that may not repeat itself if it is run again: a serialization
    /// failure or a deadlock.
    pub(crate) fn failed_transiently(&self) -> bool {
        self.traffic().is_transient()
    }

    /// Sends a batch without waiting for its answer; the connection's queue keeps it in order.
    pub(crate) fn queue(&self, sql: &str) {
        let gate = self.gate();
        if !gate.revoked && !self.is_broken() && !self.postpone(sql) {
            send(self.0.held.client(), sql);
        }
    }

    /// The same, and the observer hears of it under a name.
    pub(crate) fn queue_as(&self, name: &str, sql: &str) {
        self.observe_queued(name);
        self.queue(sql);
    }

    /// The owner's last word, revoked or not.
    pub(crate) fn queue_rollback(&self) {
        let _gate = self.gate();
        send(self.0.held.client(), "rollback");
    }

    /// What was sent behind a savepoint is undone, and with it the locks that keep statements from becoming stale.
    pub(crate) fn undone(&self) {
        let mut traffic = self.traffic();
        traffic.renew_stamp();
        traffic.set_transient(false);
    }

    /// The same of a nested transaction, of which somebody may still ask why it failed.
    pub(crate) fn rolled_back(&self) {
        self.traffic().renew_stamp();
    }

    /// The transaction is over, or about to be: what it made is gone or has become everybody's.
    pub(crate) fn ended(&self) {
        if self.is_outdated() {
            if let Some(statements) = self.0.held.statements() {
                statements.clear();
            }
            self.0.held.client().clear_type_cache();
        }
    }

    pub(crate) fn is_outdated(&self) -> bool {
        self.0.outdated.load(Ordering::Acquire)
    }

    /// Draws the consequences of a statement that is about to be sent.
    pub(crate) fn heed(&self, effect: Effect) {
        match effect {
            Effect::None => {}
            Effect::Unlocks => self.traffic().renew_stamp(),
            Effect::Outdates => {
                self.0.outdated.store(true, Ordering::Release);
                if let Some(statements) = self.0.held.statements() {
                    statements.clear();
                }
                self.0.held.client().clear_type_cache();
            }
        }
    }

    async fn read_begin(&self) -> Result<()> {
        let mut reading = {
            let mut gate = self.gate();
            match std::mem::replace(&mut gate.begin, Begin::Read) {
                Begin::Queued(answer) => Reading {
                    lane: self,
                    answer: Some(answer),
                },
                // Whoever reads may be polled by nobody: it is not waited for.
                other => {
                    gate.begin = other;
                    return Ok(());
                }
            }
        };
        while let Some(answer) = &mut reading.answer {
            match answer.stream.next().await {
                Some(Ok(SimpleQueryMessage::Row(row))) => answer.take_first_cell(&row),
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    self.0.held.heed(&error);
                    reading.answer = None;
                    reading.put(Begin::Failed);
                    return Err(Error::begin(error));
                }
                None => reading.ended(),
            }
        }
        Ok(())
    }

    /// Has the answer to BEGIN read by a task, if nobody has read it: the driver keeps all answers back that stand behind one
    /// which nobody takes, and somebody is about to go past the lane.
    pub(crate) fn read_begin_aside(&self) {
        if !matches!(self.gate().begin, Begin::Queued(_)) {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let lane = self.clone();
            self.0.read_aside.store(true, Ordering::Relaxed);
            runtime.spawn(async move {
                // Without a transaction, whatever comes next fails as well.
                let _failed = lane.read_begin().await;
            });
        }
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        // A panic inside a poll leaves no half-made state here: both fields are set in one go.
        self.0.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leaving(&self) -> MutexGuard<'_, Option<Leaving>> {
        let leaving = self.0.leaving.lock();
        leaving.unwrap_or_else(PoisonError::into_inner)
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        let traffic = self.0.traffic.lock();
        traffic.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Begin {
    fn queue(client: &Client, begin: &str) -> Begin {
        match pin!(client.simple_query_raw(begin)).now_or_never() {
            Some(Ok(answer)) => Begin::Queued(BeginAnswer {
                stream: Box::pin(answer),
                cell: None,
            }),
            // The connection is closed: the first statement will say so better.
            _ => Begin::Failed,
        }
    }
}

impl BeginAnswer {
    fn take_first_cell(&mut self, row: &SimpleQueryRow) {
        let cell = || row.try_get(0).ok().flatten().map(str::to_owned);
        self.cell = self.cell.take().or_else(cell);
    }
}

impl Reading<'_> {
    fn ended(&mut self) {
        let cell = self.answer.take().and_then(|answer| answer.cell);
        self.put(Begin::Answered(cell));
    }

    fn put(&self, begin: Begin) {
        {
            let mut gate = self.lane.gate();
            // Unless it was begun again meanwhile.
            if matches!(gate.begin, Begin::Read) {
                gate.begin = begin;
            }
        }
        self.lane.0.begin_read.notify_waiters();
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if let Some(answer) = self.answer.take() {
            self.put(Begin::Queued(answer));
        }
    }
}

/// Sends a batch: the driver does on the first poll. The answer is read and dropped by the connection.
fn send(client: &Client, sql: &str) {
    let _answer = pin!(client.simple_query_raw(sql)).now_or_never();
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane")
            .field("owner", &self.0.owner)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LaneOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaneOptions")
            .field("observed", &self.observer.is_some())
            .field("statements", &self.statements)
            .field("watch", &self.watch)
            .field("cancel", &self.cancel)
            .field("exclusive", &self.exclusive)
            .finish()
    }
}
