//! Whose turn it is, and what the one savepoint of the connection holds: a pure state machine.
//!
//! A *unit* is what a client sends up to its next `Query` or `Sync`. Everything a client does stands behind one savepoint, the
//! guard. It is settled late: what to do with the work of the last unit is said in front of the next one that needs the
//! connection, so that it never costs a round trip. A client's transaction is a guard that is not settled at the end of the
//! unit; while it is open, its client *holds* the connection, and the others wait.

use std::collections::BTreeMap;

/// Tells clients apart, in the order of their connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ClientId(pub(super) u32);

/// The number of the first. No server has a process of such a number, so that whoever takes one for the other hits nobody.
pub(crate) const FIRST_PROCESS: u32 = 1 << 30;

impl ClientId {
    /// Returns the process that the client is told it has.
    pub(super) fn process(self) -> u32 {
        FIRST_PROCESS + self.0
    }

    /// Returns whose process it is, if it is a client's.
    pub(super) fn of_process(process: u32) -> Option<ClientId> {
        process.checked_sub(FIRST_PROCESS).map(ClientId)
    }
}

/// What the savepoint holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    /// There is none.
    Absent,
    /// It is there, and nothing is behind it.
    Fresh,
    /// Work of a client that is still at it.
    Open(ClientId),
    /// Work that stays.
    Keep,
    /// Work that is to be undone.
    Undo,
}

/// What is to be sent ahead of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settle {
    Nothing,
    /// `SAVEPOINT`.
    Begin,
    /// `RELEASE`, `SAVEPOINT`.
    Keep,
    /// `ROLLBACK TO`.
    Undo,
}

/// How far a client is with a transaction, as it sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Idle,
    /// It has begun one, and done nothing in it that the server would know of.
    Begun,
    Open,
    Failed,
}

/// The guard and the clients.
#[derive(Debug)]
pub(super) struct Turn {
    guard: Guard,
    clients: BTreeMap<ClientId, Status>,
    /// The client whose unit has begun and is not yet over: it has sent a `Flush`, or data for a COPY is to come.
    within: Option<ClientId>,
}

impl Status {
    /// As `ReadyForQuery` says it.
    pub(super) fn byte(self) -> u8 {
        match self {
            Status::Idle => b'I',
            Status::Begun | Status::Open => b'T',
            Status::Failed => b'E',
        }
    }

    pub(super) fn in_block(self) -> bool {
        self != Status::Idle
    }
}

impl Turn {
    pub(super) fn new() -> Turn {
        Turn {
            guard: Guard::Absent,
            clients: BTreeMap::new(),
            within: None,
        }
    }

    pub(super) fn join(&mut self, client: ClientId) {
        self.clients.insert(client, Status::Idle);
    }

    /// A client is gone; its transaction is undone.
    pub(super) fn leave(&mut self, client: ClientId) {
        if self.guard == Guard::Open(client) {
            self.guard = Guard::Undo;
        }
        if self.within == Some(client) {
            self.within = None;
        }
        self.clients.remove(&client);
    }

    pub(super) fn status(&self, client: ClientId) -> Status {
        self.clients.get(&client).copied().unwrap_or(Status::Idle)
    }

    /// Returns who keeps the others waiting.
    pub(super) fn holder(&self) -> Option<ClientId> {
        match self.guard {
            Guard::Open(client) => Some(client),
            _ => self.within,
        }
    }

    /// Says whether a unit that needs the connection may run.
    pub(super) fn may_run(&self, client: ClientId) -> bool {
        self.holder().is_none_or(|holder| holder == client)
    }

    /// The client needs the connection now; returns what to send ahead.
    pub(super) fn enter(&mut self, client: ClientId) -> Settle {
        debug_assert!(self.may_run(client), "{client:?} does not hold {self:?}");
        let settle = match self.guard {
            Guard::Absent => Settle::Begin,
            Guard::Fresh | Guard::Open(_) => Settle::Nothing,
            Guard::Keep => Settle::Keep,
            Guard::Undo => Settle::Undo,
        };
        self.guard = Guard::Open(client);
        if self.status(client) == Status::Begun {
            self.clients.insert(client, Status::Open);
        }
        settle
    }

    /// The server is done with what was sent; `failed` is whether its transaction has failed.
    ///
    /// That it has not, says nothing of a failure that it never knew of.
    pub(super) fn answered(&mut self, client: ClientId, failed: bool) {
        if self.status(client) == Status::Open && failed {
            self.set(client, Status::Failed);
        }
    }

    /// The client has gone back to a savepoint of its own.
    pub(super) fn recover(&mut self, client: ClientId) {
        if self.status(client) == Status::Failed {
            self.set(client, Status::Open);
        }
    }

    /// The unit goes on: until its end nobody else may run.
    pub(super) fn stay(&mut self, client: ClientId) {
        self.within = Some(client);
    }

    /// The unit is over; outside of a transaction its work stays, or is undone if it has `failed`.
    pub(super) fn end_unit(&mut self, client: ClientId, failed: bool) {
        if self.within == Some(client) {
            self.within = None;
        }
        if self.status(client) == Status::Idle && self.guard == Guard::Open(client) {
            self.guard = if failed { Guard::Undo } else { Guard::Keep };
        }
    }

    /// BEGIN. What the unit has done before belongs to the transaction.
    pub(super) fn begin(&mut self, client: ClientId) {
        let status = if self.guard == Guard::Open(client) {
            Status::Open
        } else {
            Status::Begun
        };
        self.set(client, status);
    }

    /// An error that the server knows nothing of.
    pub(super) fn fail(&mut self, client: ClientId) {
        if self.status(client).in_block() {
            self.set(client, Status::Failed);
        }
    }

    /// Ends the client's transaction, or what its unit has done so far.
    pub(super) fn end(&mut self, client: ClientId, commit: bool) {
        self.set(client, Status::Idle);
        if self.guard == Guard::Open(client) {
            self.guard = if commit { Guard::Keep } else { Guard::Undo };
        }
    }

    /// Says whether the client's work is behind the guard.
    pub(super) fn is_open(&self, client: ClientId) -> bool {
        self.guard == Guard::Open(client)
    }

    /// Says whether the client's unit goes on.
    pub(super) fn is_within(&self, client: ClientId) -> bool {
        self.within == Some(client)
    }

    /// The guard has been settled, and taken away.
    pub(super) fn left(&mut self) {
        self.guard = Guard::Absent;
    }

    /// The guard has been settled by other means: nothing is behind the savepoint.
    pub(super) fn settled(&mut self) {
        debug_assert!(!matches!(self.guard, Guard::Open(_)), "{self:?}");
        self.guard = Guard::Fresh;
    }

    /// Returns what has to be done to the guard before anything is done outside of it.
    pub(super) fn unsettled(&self) -> Settle {
        match self.guard {
            Guard::Absent | Guard::Open(_) => Settle::Nothing,
            Guard::Fresh => Settle::Begin,
            Guard::Keep => Settle::Keep,
            Guard::Undo => Settle::Undo,
        }
    }

    /// Says whether the last work is to be undone: its locks need not wait for that.
    pub(super) fn is_undone(&self) -> bool {
        self.guard == Guard::Undo
    }

    fn set(&mut self, client: ClientId, status: Status) {
        self.clients.insert(client, status);
    }
}

#[cfg(test)]
mod tests;
