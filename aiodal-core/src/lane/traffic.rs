//! What has been sent on a lane and not yet answered.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use super::Lane;
use crate::statements::Prepared;

/// Tells one stretch of one transaction from all others, in which a statement once made sure of stays sure.
static STAMPS: AtomicU64 = AtomicU64::new(1);

fn new_stamp() -> u64 {
    STAMPS.fetch_add(1, Ordering::Relaxed)
}

/// What has been sent and not yet answered, in the order in which it was first sent.
#[derive(Debug)]
pub(super) struct Traffic {
    /// Counts what happens, to tell what came first.
    clock: u64,
    /// How often the transaction has been mended: what was sent before the last time may have to be sent again.
    epoch: u32,
    stamp: u64,
    /// Whether anything has been sent behind BEGIN.
    begun: bool,
    /// Whether the transaction, as far as it has failed, may succeed if it is run again.
    transient: bool,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    order: u64,
    epoch: u32,
    /// When it last sent something, at the earliest and at the latest.
    sent: (u64, u64),
    first: bool,
    abandoned: bool,
    guard: Guard,
    cached: bool,
}

/// What makes it possible to repeat a statement that turns out to be stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// Nothing. It has been made sure of, or is one that does not get stale.
    None,
    /// It is the first statement: the transaction can begin again.
    Begin,
    /// A savepoint around it.
    Savepoint,
}

/// Whether a statement may be repeated that met a failed transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Now,
    /// Once those before it have been.
    Later,
    Never,
}

impl Default for Traffic {
    fn default() -> Traffic {
        Traffic {
            clock: 0,
            epoch: 0,
            stamp: new_stamp(),
            begun: false,
            transient: false,
            entries: Vec::new(),
        }
    }
}

impl Traffic {
    /// How many statements are on their way, those included whose future was dropped.
    pub(super) fn unanswered(&self) -> usize {
        self.entries.len()
    }

    /// Something has been or will be sent that is not in here.
    pub(super) fn set_begun(&mut self) {
        self.begun = true;
    }

    /// The transaction is as it was, but for the locks: statements have to be made sure of again.
    pub(super) fn renew_stamp(&mut self) {
        self.stamp = new_stamp();
    }

    /// The transaction is as it was before a failure.
    pub(super) fn mended(&mut self) {
        self.epoch += 1;
        self.renew_stamp();
    }

    pub(super) fn set_transient(&mut self, transient: bool) {
        self.transient = transient;
    }

    pub(super) fn is_transient(&self) -> bool {
        self.transient
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn entry(&mut self, order: u64) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.order == order)
    }

    fn turn(&self, order: u64) -> Turn {
        let Some(mine) = self.entries.iter().find(|entry| entry.order == order) else {
            return Turn::Never;
        };
        let missed = mine.epoch < self.epoch;
        let waits_for = |entry: &&Entry| {
            let before = entry.order < order && !entry.abandoned;
            // Either it has to be repeated too, or its owner has yet to see that it failed and can be mended.
            before && (entry.epoch < self.epoch || (!missed && entry.guard != Guard::None))
        };
        match (self.entries.iter().find(waits_for), missed) {
            (Some(_), _) => Turn::Later,
            (None, true) => Turn::Now,
            (None, false) => Turn::Never,
        }
    }
}

/// The place of one statement in the traffic. Dropped before the answer, the statement counts as abandoned.
pub(crate) struct Ticket {
    lane: Lane,
    /// 0 until it has been sent.
    order: AtomicU64,
    /// Whether it may pass the gate of a revoked lane.
    owner: bool,
}

impl Ticket {
    pub(super) fn new(lane: &Lane) -> Ticket {
        Ticket {
            lane: lane.clone(),
            order: AtomicU64::new(0),
            owner: false,
        }
    }

    pub(super) fn of_owner(lane: &Lane) -> Ticket {
        let mut ticket = Ticket::new(lane);
        ticket.owner = true;
        ticket
    }

    fn order(&self) -> u64 {
        self.order.load(Ordering::Relaxed)
    }

    /// Its future is about to be polled, and may send something.
    fn polling(&self) {
        let mut traffic = self.lane.traffic();
        let now = traffic.tick();
        if let Some(entry) = traffic.entry(self.order()) {
            entry.sent.1 = now;
            return;
        }
        self.order.store(now, Ordering::Relaxed);
        let entry = Entry {
            order: now,
            epoch: traffic.epoch,
            sent: (now, now),
            first: !traffic.begun,
            abandoned: false,
            guard: Guard::None,
            cached: false,
        };
        traffic.begun = true;
        traffic.entries.push(entry);
    }

    /// What is sent next is the statement itself, not what prepares it.
    pub(super) fn sending(&self) {
        let mut traffic = self.lane.traffic();
        let (now, epoch) = (traffic.tick(), traffic.epoch);
        if let Some(entry) = traffic.entry(self.order()) {
            *entry = Entry {
                epoch,
                sent: (now, now),
                guard: Guard::None,
                cached: false,
                ..*entry
            };
        }
    }

    /// The same of a prepared statement; returns what it has to be guarded with.
    pub(super) fn binding(&self, prepared: &Prepared, cached: bool, trusting: bool) -> Guard {
        self.sending();
        let mut traffic = self.lane.traffic();
        let stamp = traffic.stamp;
        let sure = prepared.is_stamped(stamp);
        // Whoever sends it next relies on this one: if this one fails, that one meets a failed transaction.
        prepared.stamp.store(stamp, Ordering::Relaxed);
        let Some(entry) = traffic.entry(self.order()) else {
            return Guard::None;
        };
        entry.cached = cached;
        entry.guard = match () {
            () if !cached || sure => Guard::None,
            () if entry.first => Guard::Begin,
            () if trusting || !prepared.frail => Guard::None,
            () => Guard::Savepoint,
        };
        entry.guard
    }

    /// The server has accepted the statement, and begun to run it.
    pub(super) fn bound(&self) {
        if let Some(entry) = self.lane.traffic().entry(self.order()) {
            entry.guard = Guard::None;
        }
    }

    /// What comes next of the statement does not come from the cache.
    pub(super) fn forget_guard(&self) {
        if let Some(entry) = self.lane.traffic().entry(self.order()) {
            entry.guard = Guard::None;
            entry.cached = false;
        }
    }

    /// Says how the statement was guarded, if it came from the cache.
    pub(super) fn guard(&self) -> Option<Guard> {
        let mut traffic = self.lane.traffic();
        let entry = traffic.entry(self.order())?;
        entry.cached.then_some(entry.guard)
    }

    pub(super) fn turn(&self) -> Turn {
        self.lane.traffic().turn(self.order())
    }

    /// The statement has been answered, and with it all that was sent before.
    pub(crate) fn answered(&self) {
        let order = self.order.swap(0, Ordering::Relaxed);
        let mut traffic = self.lane.traffic();
        let Some(index) = traffic
            .entries
            .iter()
            .position(|entry| entry.order == order)
        else {
            return;
        };
        let (sent, _) = traffic.entries.remove(index).sent;
        traffic
            .entries
            .retain(|entry| !entry.abandoned || entry.sent.1 > sent);
    }

    pub(crate) fn lane(&self) -> &Lane {
        &self.lane
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let order = self.order();
        if order != 0
            && let Some(entry) = self.lane.traffic().entry(order)
        {
            entry.abandoned = true;
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}

pin_project_lite::pin_project! {
    /// A statement that is polled under the gate only, and yields `None` once the lane is revoked.
    pub(super) struct Gated<'a, F> {
        pub(super) ticket: &'a Ticket,
        #[pin]
        pub(super) statement: F,
    }
}

impl<F: Future> Future for Gated<'_, F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let this = self.project();
        let gate = this.ticket.lane.0.gate.lock();
        let gate = gate.unwrap_or_else(PoisonError::into_inner);
        if (gate.revoked && !this.ticket.owner) || this.ticket.lane.is_broken() {
            return Poll::Ready(None);
        }
        this.ticket.polling();
        this.statement.poll(cx).map(Some)
    }
}
