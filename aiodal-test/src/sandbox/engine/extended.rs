//! The extended protocol: messages go to the server with names of the sandbox's, and their answers come back in their order.

use bytes::BytesMut;

use super::super::error::Said;
use super::super::event::End;
use super::super::turn::ClientId;
use super::super::wire::{self, Frame, Malformed, put};
use super::answer::Answered;
use super::copy::UNEXPECTED;
use super::expect::Expect;
use super::{Engine, Lost};

impl Engine {
    pub(super) async fn extended(
        &mut self,
        id: ClientId,
        frames: Vec<Frame>,
        end: End,
    ) -> Result<(), Lost> {
        let mut executes = false;
        for frame in frames {
            if self.skips(id) {
                break;
            }
            if self.may_copy && !self.end_copy(id).await? {
                self.skip(id);
                break;
            }
            executes |= frame.tag() == b'E' || frame.tag() == b'B';
            let went_well = match self.message(id, &frame).await {
                Ok(went_well) => went_well,
                Err(Trouble::Lost(lost)) => return Err(lost),
                Err(Trouble::Malformed(malformed)) => {
                    let said = Said::error("08P01", malformed.0);
                    self.settle_batch(id).await? && self.say_error(id, &said)
                }
            };
            if !went_well {
                self.skip(id);
            }
        }
        match end {
            End::Sync => self.end_extended(id).await,
            // A driver that only prepares may leave it at that for long (asyncpg does): nobody has to wait for it.
            End::Flush | End::More if !executes && !self.turn.is_within(id) => {
                let went_well = self.settle_batch(id).await? && !self.skips(id);
                if !went_well {
                    self.skip(id);
                }
                self.turn.end_unit(id, !went_well);
                Ok(())
            }
            End::Flush | End::More => {
                let answered = self.flush(id).await?;
                // Ahead of a Query, which may stand there without a Sync between them.
                if !self.note_calls(id, answered == Answered::Done) {
                    self.skip(id);
                }
                if self.unsynced || self.turn.is_open(id) {
                    self.turn.stay(id);
                }
                Ok(())
            }
        }
    }

    /// A `Sync` of the client's.
    async fn end_extended(&mut self, id: ClientId) -> Result<(), Lost> {
        let mut went_well = !self.skips(id);
        if self.may_copy {
            // Of a Sync ahead of the data the server takes no notice, unless the COPY is cancelled before: nobody could know
            // whether it has.
            wire::bare(&mut self.wire.outgoing, b'H');
            let answered = self.answers(id).await?;
            self.may_copy = false;
            if answered == Answered::CopyIn {
                // The client sends another with the data's end.
                if self.copied(id, answered).await? != Answered::Done {
                    self.skip(id);
                }
                self.turn.stay(id);
                return Ok(());
            }
            went_well &= answered == Answered::Done;
        }
        went_well &= self.settle_batch(id).await?;
        if let Some(client) = self.clients.get_mut(&id) {
            client.skips = false;
        }
        self.note_calls(id, went_well);
        self.end_unit(id, went_well, false).await?;
        self.ready(id);
        Ok(())
    }

    /// Something stands behind a COPY: where that takes data, the server would close the connection, which is everybody's.
    async fn end_copy(&mut self, id: ClientId) -> Result<bool, Lost> {
        wire::bare(&mut self.wire.outgoing, b'H');
        let mut answered = self.answers(id).await?;
        self.may_copy = false;
        if answered == Answered::CopyIn {
            self.fail_copy(UNEXPECTED);
            answered = self.answers(id).await?;
        }
        Ok(answered == Answered::Done)
    }

    /// Has the server answer what it has been sent so far.
    async fn flush(&mut self, id: ClientId) -> Result<Answered, Lost> {
        if self.unsynced {
            wire::bare(&mut self.wire.outgoing, b'H');
        }
        let answered = self.answers(id).await?;
        self.may_copy = false;
        self.copied(id, answered).await
    }

    /// Lets the server have the data that it waits for, if it does, until it has answered what is due.
    async fn copied(&mut self, id: ClientId, mut answered: Answered) -> Result<Answered, Lost> {
        while answered == Answered::CopyIn {
            self.take_data(id);
            answered = self.answers(id).await?;
            self.copying = None;
        }
        Ok(answered)
    }

    /// Waits for the answers to what has been sent so far; says whether nothing has failed.
    pub(super) async fn settle_batch(&mut self, id: ClientId) -> Result<bool, Lost> {
        if !self.unsynced && self.expect.is_empty() {
            return Ok(true);
        }
        let mut answered = self.sync(id).await?;
        if answered == Answered::CopyIn {
            // The server has taken no notice of the Sync, and takes none of what the client goes on with but data.
            self.fail_copy(UNEXPECTED);
            wire::bare(&mut self.wire.outgoing, b'S');
            answered = self.answers(id).await?;
        }
        self.may_copy = false;
        self.turn.answered(id, self.failed);
        // Ahead of what comes next: that may end the transaction. What has failed may have been
        // answered behind a Flush.
        let went_well = answered == Answered::Done;
        self.note_calls(id, went_well && !self.failed);
        Ok(went_well)
    }

    /// Sends a message on; says whether it went well, as far as that is known.
    async fn message(&mut self, id: ClientId, frame: &Frame) -> Result<bool, Trouble> {
        let mut body = frame.body();
        match frame.tag() {
            b'P' => {
                let (name, sql) = (body.str()?, body.str()?);
                self.parse(id, frame, (name, sql), body.rest()).await
            }
            b'B' => {
                let (portal, statement) = (body.str()?, body.str()?);
                self.bind(id, frame, (portal, statement), body.rest()).await
            }
            b'D' => {
                let is_statement = body.u8()? == b'S';
                self.describe(id, is_statement, body.str()?).await
            }
            b'E' => {
                let portal = body.str()?;
                self.execute(id, frame, portal).await
            }
            _ => {
                let is_statement = body.u8()? == b'S';
                Ok(self.close_named(id, is_statement, body.str()?))
            }
        }
    }

    /// An answer of our own, behind those that are due.
    pub(super) fn said(&mut self, tag: u8, write: impl FnOnce(&mut BytesMut)) {
        if self.expect.is_empty() {
            put(&mut self.out, tag, write);
        } else {
            let frame = Frame::new(tag, write);
            self.expect
                .push_back(Expect::Said(frame.bytes().to_vec().into()));
        }
    }

    fn skips(&self, id: ClientId) -> bool {
        self.clients.get(&id).is_none_or(|client| client.skips)
    }

    fn skip(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.skips = true;
        }
    }
}

/// Why a message was not sent.
pub(super) enum Trouble {
    Lost(Lost),
    Malformed(Malformed),
}

impl From<Lost> for Trouble {
    fn from(lost: Lost) -> Trouble {
        Trouble::Lost(lost)
    }
}

impl From<Malformed> for Trouble {
    fn from(malformed: Malformed) -> Trouble {
        Trouble::Malformed(malformed)
    }
}
