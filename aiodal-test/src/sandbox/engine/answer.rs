//! Whose answer each of the server's messages is.

use bytes::BufMut;

use super::super::client::Portal;
use super::super::error::Heard;
use super::super::turn::ClientId;
use super::super::wire::{Frame, put};
use super::expect::Expect;
use super::position::Positions;
use super::{Engine, Lost};

/// What a `Bind` is told before anything comes of it: of its statement, of the number of its values, of the transaction.
const CHECKED_FIRST: [&str; 3] = ["26000", "08P01", "25P02"];

/// How what was sent has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    Done,
    /// Some message has failed, and its client knows.
    Failed,
    /// The server takes data.
    CopyIn,
}

impl Engine {
    /// Reads answers until none is due, or the server wants data.
    pub(super) async fn answers(&mut self, id: ClientId) -> Result<Answered, Lost> {
        let mut answered = Answered::Done;
        loop {
            match self.expect.front() {
                None => return Ok(answered),
                Some(Expect::Said(said)) => {
                    self.out.extend_from_slice(said);
                    self.expect.pop_front();
                    continue;
                }
                Some(Expect::Query | Expect::Execute { .. }) => self.pass_rows(),
                Some(_) => {}
            }
            let frame = self.frame().await?;
            match frame.tag() {
                b'E' => {
                    answered = Answered::Failed;
                    self.error(id, &frame)?;
                }
                b'G' => {
                    self.out.put_slice(frame.bytes());
                    return Ok(Answered::CopyIn);
                }
                b'Z' => self.is_ready(&frame)?,
                b'N' | b'S' | b'A' => self.aside(Some(id), &frame)?,
                tag => self.answer(tag, &frame)?,
            }
        }
    }

    /// An answer that is neither an error nor the end.
    fn answer(&mut self, tag: u8, frame: &Frame) -> Result<(), Lost> {
        let over = match (self.expect.front(), tag) {
            (Some(Expect::Ours(due)), _) if *due == tag => {
                self.expect.pop_front();
                return Ok(());
            }
            (Some(Expect::Again(..)), b'1') | (Some(Expect::Probe), b'1' | b'2' | b'n' | b'C') => {
                self.expect.pop_front();
                return Ok(());
            }
            (Some(Expect::OurQuery), _) => {
                if tag == b'D' {
                    self.keep_row(frame);
                }
                return Ok(());
            }
            (Some(Expect::Began), _) => {
                if tag == b'D' {
                    self.report.begin(frame.first_cell());
                }
                return Ok(());
            }
            (Some(Expect::Parse { is_planned, .. }), b'1')
            | (Some(Expect::Execute { is_planned, .. }), b's' | b'I') => {
                let is_planned = *is_planned;
                self.has_planned(is_planned);
                true
            }
            (Some(Expect::Query), b'C') => {
                self.is_complete(frame)?;
                false
            }
            (Some(Expect::Execute { is_planned, .. }), b'C') => {
                let is_planned = *is_planned;
                self.has_planned(is_planned);
                self.is_complete(frame)?;
                true
            }
            (Some(Expect::Query), _)
            | (Some(Expect::Execute { .. }), b'D' | b'd' | b'c' | b'H')
            | (
                Some(Expect::Describe {
                    statement: true, ..
                }),
                b't',
            ) => false,
            (Some(Expect::Bind { .. }), b'2')
            | (Some(Expect::Close(..) | Expect::ClosePortal(..)), b'3')
            | (Some(Expect::Describe { .. }), b'T' | b'n') => true,
            (due, tag) => {
                let tag = char::from(tag);
                return Err(Lost(format!(
                    "the server has sent `{tag}` where {due:?} was due"
                )));
            }
        };
        if tag != b'C' {
            // The server has gone on: what stands before it is for good.
            self.completed = None;
        }
        self.out.put_slice(frame.bytes());
        if over {
            self.expect.pop_front();
        }
        Ok(())
    }

    /// The server has taken a snapshot for what it has answered, if `is_planned`.
    fn has_planned(&mut self, is_planned: bool) {
        if let Some(id) = self.running.filter(|_| is_planned) {
            self.with_block(id, |block| block.has_snapshot = true);
        }
    }

    /// The server is done with what stands before a `Sync`, or with a `Query`.
    fn is_ready(&mut self, frame: &Frame) -> Result<(), Lost> {
        match self.expect.pop_front() {
            Some(Expect::Sync | Expect::Query | Expect::OurQuery | Expect::Began) => {}
            due => return Err(Lost(format!("the server is ready where {due:?} was due"))),
        }
        // More may have been sent behind what the server is ready after.
        let mut behind = self.expect.iter().rev().take_while(|due| !due.ends_ready());
        self.unsynced = behind.any(|due| !matches!(due, Expect::Said(_)));
        if let Some(id) = self.running.filter(|id| self.turn.is_open(*id)) {
            self.take_reported(id);
        }
        match frame.body().u8() {
            Ok(b'T') => self.failed = false,
            Ok(b'E') => self.failed = true,
            _ => {
                self.report
                    .escape(self.running.and_then(|id| self.clients.get(&id)));
                return Err(Lost(
                    "a statement has ended the test's transaction".to_owned(),
                ));
            }
        }
        Ok(())
    }

    /// The server has refused something: what stands behind it, up to the `Sync`, has no answer.
    fn error(&mut self, id: ClientId, frame: &Frame) -> Result<(), Lost> {
        let heard = Heard::read(frame);
        let ends = matches!(heard.code.get(..3), Some("57P")) && heard.code != "57P03";
        // A function may say the same, and nothing has ended.
        if ends && heard.severity != "ERROR" {
            return Err(Lost(format!("{} ({})", heard.message, heard.code)));
        }
        match self.expect.front() {
            Some(Expect::Ours(_) | Expect::Began) | None => {
                return Err(Lost(format!("{} ({})", heard.message, heard.code)));
            }
            Some(Expect::OurFailure) => {
                self.expect.pop_front();
                return Ok(());
            }
            Some(Expect::OurQuery) => {
                if !self.is_muted {
                    self.forward(Some(id), frame);
                }
                return Ok(());
            }
            Some(Expect::Query) => {
                if heard.is_of_grammar {
                    let had_snapshot = self.had_snapshot;
                    self.with_block(id, |block| block.has_snapshot = had_snapshot);
                }
                self.failed_statement(&heard);
                self.forward(Some(id), frame);
                return Ok(());
            }
            Some(Expect::Parse { is_planned, .. }) => {
                let is_planned = *is_planned && !heard.is_of_grammar;
                self.has_planned(is_planned);
            }
            Some(Expect::Execute { is_planned, .. }) => {
                let is_planned = *is_planned;
                self.has_planned(is_planned);
            }
            Some(_) => {}
        }
        self.failed_statement(&heard);
        if self.positions.is_none() {
            let due = self.expect.front().and_then(Expect::positions);
            self.positions = due.unwrap_or_default();
        }
        self.forward(Some(id), frame);
        self.positions = Positions::default();
        self.take_back(id, heard.code);
        Ok(())
    }

    /// Forgets what has been sent behind a message that the server has refused, and that message.
    fn take_back(&mut self, id: ClientId, code: &str) {
        let behind = self.expect.iter().position(Expect::ends_ready);
        let skipped = self.expect.drain(..behind.unwrap_or(self.expect.len()));
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        // What came last is taken back first: a name may have been closed, and then given again.
        for (at, due) in skipped.enumerate().rev() {
            match due {
                Expect::Parse {
                    name,
                    before,
                    owner,
                    ..
                } => {
                    // It is gone even if what was to take its place is wrong.
                    let is_gone = name.is_empty() && at == 0;
                    self.unnamed_of = owner.filter(|_| !is_gone);
                    client.set_prepared(&name, before.filter(|_| !is_gone));
                }
                Expect::Again(name, owner) => {
                    let is_gone = name.is_empty() && at == 0;
                    self.unnamed_of = owner.filter(|_| !is_gone);
                    if let Some(prepared) = client.statements.get_mut(&name) {
                        prepared.is_there = false;
                    }
                }
                // What is wrong with its values is found when the portal without a name is a new one already: it is left
                // with nothing in it.
                Expect::Bind { name, .. }
                    if at == 0 && name.is_empty() && !CHECKED_FIRST.contains(&code) =>
                {
                    client.set_portal(&name, Some(Portal::default()));
                }
                Expect::Bind {
                    name,
                    before,
                    is_new,
                    ..
                } => {
                    if is_new {
                        // By that name the client may have a cursor that stays.
                        client.block.portals.remove(&name);
                    }
                    client.set_portal(&name, before);
                }
                Expect::ClosePortal(name, before) => {
                    client.set_portal(&name, before);
                }
                Expect::Close(name, before, owner) => {
                    self.unnamed_of = owner;
                    client.set_prepared(&name, before);
                }
                _ => {}
            }
        }
    }

    /// Sends on what the server says of an error, with the names that the client has given to its statements and portals.
    fn forward(&mut self, id: Option<ClientId>, frame: &Frame) {
        let prefix = id.and_then(|id| Some(self.clients.get(&id)?.server_name("")));
        let parts = prefix.and_then(|prefix| without(frame.body().rest(), prefix.as_bytes()));
        let body = parts.as_deref().unwrap_or(frame.body().rest());
        let positions = self.positions;
        match (positions.is_none(), &parts) {
            (false, _) => put(&mut self.out, frame.tag(), |out| positions.put(out, body)),
            (true, Some(body)) => put(&mut self.out, frame.tag(), |out| out.put_slice(body)),
            (true, None) => self.out.put_slice(frame.bytes()),
        }
    }

    /// What the server says beside its answers: notices and settings go to the client it works for.
    fn aside(&mut self, id: Option<ClientId>, frame: &Frame) -> Result<(), Lost> {
        match frame.tag() {
            // What the test's transaction begins with is not the client's that is answered first.
            b'S' if matches!(self.expect.front(), Some(Expect::Began)) => {}
            b'S' => {
                let mut body = frame.body();
                if let (Ok(name), Ok(value)) = (body.str(), body.str()) {
                    self.reported.set(name, value);
                }
            }
            b'N' => {
                let heard = Heard::read(frame);
                match id {
                    Some(id) if self.hear(id, &heard) => {}
                    // It is of what somebody has done before.
                    Some(_) if matches!(self.expect.front(), Some(Expect::Ours(_))) => {}
                    Some(_) if self.is_hushed => {}
                    Some(_) => {
                        if matches!(self.expect.front(), Some(Expect::Query)) {
                            self.completed = None;
                        }
                        self.forward(id, frame);
                        self.holds = false;
                    }
                    None => {}
                }
            }
            // Nobody listens on the connection itself.
            b'A' => {}
            tag => {
                return Err(Lost(format!(
                    "the server has sent `{}` unasked",
                    char::from(tag)
                )));
            }
        }
        Ok(())
    }

    /// What comes while no unit is run.
    pub(super) fn unasked(&mut self, frame: &Frame) -> Result<(), Lost> {
        match frame.tag() {
            b'E' => {
                let heard = Heard::read(frame);
                Err(Lost(format!("{} ({})", heard.message, heard.code)))
            }
            b'N' | b'S' | b'A' => self.aside(None, frame),
            b'Z' => self.is_ready(frame),
            tag => self.answer(tag, frame),
        }
    }
}

/// Returns the bytes without those that occur in them, if they do.
fn without(bytes: &[u8], part: &[u8]) -> Option<Vec<u8>> {
    let find = |bytes: &[u8]| bytes.windows(part.len()).position(|window| window == part);
    let mut found = find(bytes)?;
    let mut rest = bytes;
    let mut left = Vec::with_capacity(bytes.len());
    loop {
        left.extend_from_slice(&rest[..found]);
        rest = &rest[found + part.len()..];
        match find(rest) {
            Some(next) => found = next,
            None => break,
        }
    }
    left.extend_from_slice(rest);
    Some(left)
}
