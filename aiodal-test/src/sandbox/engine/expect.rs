//! What the server has still to answer.

use bytes::Bytes;

use super::super::client::{Portal, Prepared};
use super::super::turn::ClientId;
use super::position::Positions;

/// An answer that is due, in the order of what was sent.
#[derive(Debug)]
pub(super) enum Expect {
    /// To a message of our own, which does not fail: `1`, `2`, `3` or `C`.
    Ours(u8),
    /// To a message of our own, which does fail.
    OurFailure,
    /// An answer of our own, between those of the server.
    Said(Bytes),
    /// To a `Parse` of the client's.
    Parse {
        name: String,
        /// What the client has had by that name.
        before: Option<Prepared>,
        /// Whose unnamed statement the server has had.
        owner: Option<ClientId>,
        positions: Positions,
        /// The server takes a snapshot for it, if it can read it.
        is_planned: bool,
    },
    /// To a `Parse` that the client has had answered before: its name, and whose unnamed statement the server has had.
    Again(String, Option<ClientId>),
    /// To a `Bind`: its portal, and what the client has had by that name.
    Bind {
        name: String,
        before: Option<Portal>,
        /// Nothing else of its transaction's had the name.
        is_new: bool,
        positions: Positions,
    },
    /// To a `Close` of a statement: its name, what the client has had by it, and whose unnamed statement the server has had.
    Close(String, Option<Prepared>, Option<ClientId>),
    /// The same of a portal.
    ClosePortal(String, Option<Portal>),
    /// To what asks whether something can be done that the server does not do: its error is the client's.
    Probe,
    /// Of a statement: `t`, then `T` or `n`. Of a portal: the latter only.
    Describe {
        statement: bool,
        positions: Positions,
    },
    Execute {
        /// The server takes a snapshot for it, if it comes to that.
        is_planned: bool,
        positions: Positions,
    },
    /// `ReadyForQuery`, behind a `Sync`.
    Sync,
    /// All answers to a `Query`, up to `ReadyForQuery`.
    Query,
    /// The same to a query of our own.
    OurQuery,
    /// The same to what begins the test's transaction.
    Began,
}

impl Expect {
    /// To an `Execute` of what the engine has looked into before.
    pub(super) fn executed_here() -> Expect {
        let positions = Positions::default();
        let is_planned = false;
        Expect::Execute {
            is_planned,
            positions,
        }
    }

    /// The texts that its error may be in.
    pub(super) fn positions(&self) -> Option<Positions> {
        match self {
            Expect::Parse { positions, .. }
            | Expect::Bind { positions, .. }
            | Expect::Describe { positions, .. }
            | Expect::Execute { positions, .. } => Some(*positions),
            _ => None,
        }
    }

    /// Whether the answer ends with `ReadyForQuery`.
    pub(super) fn ends_ready(&self) -> bool {
        matches!(
            self,
            Expect::Sync | Expect::Query | Expect::OurQuery | Expect::Began
        )
    }
}
