//! What is still to come from a server, by what it has been sent: the only way to know when it has answered.

use std::collections::VecDeque;

use crate::message::Message;
use crate::reply::Reply;

/// A message that is not answered yet, by what its answer ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Query,
    Parse,
    Bind,
    Close,
    Describe,
    Execute,
    Sync,
}

/// What is to be done about an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Then {
    ReadOn,
    /// The server wants the data of a COPY; with `sync`, it has to be followed by a Sync.
    Copy {
        sync: bool,
    },
}

/// The messages of a connection that are not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    open: VecDeque<Open>,
    /// After an error, until a Sync, nothing is answered.
    skipping: bool,
    /// Something was sent that no Sync is behind.
    unsynced: bool,
}

impl Expected {
    /// Whether all is answered that will be.
    pub(crate) fn nothing(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether the server has yet to be told by a Sync that the unit is over.
    pub(crate) fn is_within_unit(&self) -> bool {
        self.unsynced || !self.open.is_empty()
    }

    pub(crate) fn sent(&mut self, message: &Message) {
        let open = match message {
            Message::Query(_) => Open::Query,
            Message::Parse { .. } => Open::Parse,
            Message::Bind { .. } => Open::Bind,
            Message::Describe(..) => Open::Describe,
            Message::Execute { .. } => Open::Execute,
            Message::Close(..) => Open::Close,
            Message::Sync { .. } => {
                self.skipping = false;
                Open::Sync
            }
            _ => return,
        };
        self.unsynced = match open {
            Open::Sync => false,
            // It ends the unit, unless it is left out.
            Open::Query => self.skipping,
            _ => true,
        };
        if !self.skipping {
            self.open.push_back(open);
        }
    }

    pub(crate) fn came(&mut self, reply: &Reply) -> Then {
        let front = self.open.front().copied();
        let answered = match (reply.tag, front) {
            (Reply::ERROR, Some(Open::Query | Open::Sync) | None) => false,
            (Reply::ERROR, Some(_)) => {
                self.skip();
                false
            }
            (b'G', Some(Open::Query)) => return Then::Copy { sync: false },
            (b'G', Some(Open::Execute)) => return self.copy(),
            (Reply::READY, Some(Open::Query | Open::Sync))
            | (b'1', Some(Open::Parse))
            | (b'2', Some(Open::Bind))
            | (b'3', Some(Open::Close))
            | (b'T' | b'n', Some(Open::Describe))
            | (b'C' | b'I' | b's', Some(Open::Execute)) => true,
            _ => false,
        };
        if answered {
            self.open.pop_front();
        }
        Then::ReadOn
    }

    fn skip(&mut self) {
        while let Some(open) = self.open.front() {
            if *open == Open::Sync {
                return;
            }
            self.open.pop_front();
        }
        self.skipping = true;
        self.unsynced = true;
    }

    /// While it takes data, a server doesn't mind a Sync that has been sent already; other messages end the COPY.
    fn copy(&mut self) -> Then {
        let mut behind = self.open.iter().skip(1);
        if !behind.all(|open| *open == Open::Sync) {
            return Then::ReadOn;
        }
        self.open.truncate(1);
        self.open.push_back(Open::Sync);
        Then::Copy { sync: true }
    }
}

/// Whether a message has to wait for what was sent before it.
pub(crate) fn is_read_after(message: &Message) -> bool {
    matches!(
        message,
        Message::Query(_) | Message::Flush | Message::Sync { more: false }
    )
}
