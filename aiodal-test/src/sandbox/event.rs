//! What clients tell the engine.

use std::collections::VecDeque;

use tokio::sync::OwnedSemaphorePermit;

use super::outbox::Outbox;
use super::reported::Reported;
use super::turn::ClientId;
use super::wire::Frame;

/// Something that has happened outside of the engine.
#[derive(Debug)]
pub(super) enum Event {
    /// A client has connected.
    Opened(ClientId, Arrival),
    /// It has sent something that is to be run in its turn.
    Unit(ClientId, Unit),
    /// Data of a COPY, or the end of it: of the unit that was sent last.
    Copy(ClientId, Frame, Credit),
    /// It is gone.
    Closed(ClientId),
    /// Somebody wants the statement cancelled of the client with this key.
    Cancel { process: u32, secret: i32 },
    /// The engine is to stop where it is, to go on on another runtime.
    Park,
    /// The test is over.
    Finish,
}

/// What a client has said of itself.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) outbox: Outbox,
    pub(super) secret: i32,
    pub(super) label: String,
    /// Settings, by their names in lower case.
    pub(super) settings: Vec<(String, String)>,
    /// What it has been told on arrival.
    pub(super) told: Reported,
    /// The test's own client: it sees itself in the test's transaction always, and its statements are noted elsewhere.
    pub(super) is_own: bool,
}

/// What is run as one.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) work: Work,
    /// Data that has come behind it: a client need not wait until its COPY has begun (asyncpg doesn't).
    pub(super) data: Data,
    /// Held until the unit has been run.
    #[expect(dead_code, reason = "dropping it is what it is for")]
    pub(super) credit: Credit,
}

impl Unit {
    /// Whether it is a Sync or a Flush, and nothing else.
    pub(super) fn is_idle(&self) -> bool {
        matches!(&self.work, Work::Extended(frames, _) if frames.is_empty())
    }
}

/// Messages of a COPY that nobody takes yet.
pub(super) type Data = VecDeque<(Frame, Credit)>;

#[derive(Debug)]
pub(super) enum Work {
    /// A `Query` or a `FunctionCall`.
    Simple(Frame),
    /// Messages of the extended protocol.
    Extended(Vec<Frame>, End),
}

/// What stands behind the messages of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Sync,
    Flush,
    /// Nothing yet.
    More,
}

/// The room that a message takes among those a client has sent ahead. Dropped, it is free again.
#[derive(Debug)]
pub(super) struct Credit(
    #[expect(dead_code, reason = "dropping it is what it is for")]
    pub(super)  Option<OwnedSemaphorePermit>,
);
