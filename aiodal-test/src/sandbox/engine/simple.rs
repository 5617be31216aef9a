//! `Query` messages: run as they are, or piece by piece where some of them are for the sandbox.

use bytes::{BufMut, BytesMut};

use super::super::error::{Heard, Said};
use super::super::lex::{Piece, pieces};
use super::super::turn::ClientId;
use super::super::wire::{self, Frame};
use super::answer::Answered;
use super::control::{Place, is_plain};
use super::expect::Expect;
use super::settle::OURS;
use super::{Engine, Lost};

impl Engine {
    pub(super) async fn simple(&mut self, id: ClientId, frame: Frame) -> Result<(), Lost> {
        if self.clients.get(&id).is_some_and(|client| client.skips) {
            // Behind an error everything is left out up to a Sync, a Query too, and it is not even answered.
            return Ok(());
        }
        let went_well = if frame.tag() == b'F' {
            self.begin_statement(id, "a function call");
            self.run_written(id, |out| out.extend_from_slice(frame.bytes()))
                .await?
        } else {
            match frame.body().str() {
                Ok(sql) => self.query(id, &frame, sql).await?,
                Err(malformed) => self.say_error(id, &Said::error("22021", malformed.0)),
            }
        };
        self.end_unit(id, went_well, true).await?;
        self.ready(id);
        Ok(())
    }

    /// Tells the client that its unit is over.
    pub(super) fn ready(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.reported.tell(&mut client.told, &mut self.out);
        }
        if !self.aside.is_empty() {
            self.out.unsplit(self.aside.split());
        }
        let status = self.status_byte(id);
        wire::ready(&mut self.out, status);
    }

    async fn query(&mut self, id: ClientId, frame: &Frame, sql: &str) -> Result<bool, Lost> {
        let pieces = pieces(sql, self.conforms(id));
        if let Some(client) = self.clients.get_mut(&id) {
            // The server forgets them as well.
            client.unnamed = None;
            if !pieces.is_empty() {
                client.portals.remove("");
            }
        }
        if pieces.is_empty() {
            self.completed = Some(self.out.len());
            wire::bare(&mut self.out, b'I');
            return Ok(true);
        }
        self.begin_statement(id, sql);
        if pieces.iter().all(|piece| is_plain(&piece.verb)) {
            self.heed_plain(id, &pieces, sql);
            let went_well = self
                .run_written(id, |out| out.extend_from_slice(frame.bytes()))
                .await?;
            return Ok(self.note_calls(id, went_well));
        }
        let place = if pieces.len() > 1 {
            Place::Beside
        } else {
            Place::Alone
        };
        let mut rest = &pieces[..];
        while let Some(first) = rest.first() {
            let plain = rest
                .iter()
                .take_while(|piece| is_plain(&piece.verb))
                .count();
            let went_well = if plain > 0 {
                let (group, behind) = rest.split_at(plain);
                rest = behind;
                self.heed_plain(id, group, sql);
                let end = group.last().unwrap_or(first).end;
                let text = in_place(sql, first.start, &sql[first.start..end]);
                let went_well = self.run_sql(id, &text).await?;
                self.note_calls(id, went_well)
            } else {
                rest = &rest[1..];
                self.control(id, first, sql, place).await?
            };
            if !went_well {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Runs SQL as a query of the client's, or the portal that it is in.
    pub(super) async fn run_sql(&mut self, id: ClientId, sql: &str) -> Result<bool, Lost> {
        if self.active.is_some() && self.by_portal.is_none() {
            return self.run_for_portal(id, sql).await;
        }
        self.run_written(id, |out| wire::query(out, sql)).await
    }

    /// Runs what a portal of the client's stands for, by one of our own.
    async fn run_for_portal(&mut self, id: ClientId, sql: &str) -> Result<bool, Lost> {
        if !self.enter(id).await? {
            return Ok(false);
        }
        wire::run_named(&mut self.wire.outgoing, OURS, sql);
        let closed = [Expect::Ours(b'3'), Expect::Ours(b'3')];
        self.expect.extend(closed);
        let execute = Expect::executed_here();
        self.expect.extend([Expect::Probe, Expect::Probe, execute]);
        self.settle_batch(id).await
    }

    /// Runs what is answered like a query; says whether it went well.
    async fn run_written(
        &mut self,
        id: ClientId,
        write: impl FnOnce(&mut BytesMut),
    ) -> Result<bool, Lost> {
        if !self.enter(id).await? {
            return Ok(false);
        }
        if let Some(execute) = self.by_portal.take() {
            self.wire.outgoing.put_slice(execute.bytes());
            wire::bare(&mut self.wire.outgoing, b'S');
            self.expect.extend([Expect::executed_here(), Expect::Sync]);
        } else {
            write(&mut self.wire.outgoing);
            self.unnamed_of = None;
            self.expect.push_back(Expect::Query);
        }
        let mut answered = self.answers(id).await?;
        while answered == Answered::CopyIn {
            self.take_data(id);
            answered = self.answers(id).await?;
            self.copying = None;
        }
        self.turn.answered(id, self.failed);
        Ok(answered == Answered::Done)
    }

    /// Notes what plain statements mean for what comes later.
    fn heed_plain(&mut self, id: ClientId, pieces: &[Piece<'_>], sql: &str) {
        self.keep_snapshot(id);
        for piece in pieces {
            self.note_snapshot(id, &piece.verb, &sql[piece.start..piece.end]);
            self.heed_verb(id, piece, sql);
            self.heed_calls(id, &sql[piece.start..piece.end]);
        }
    }

    /// Tells the client of an error; `false`, for whoever wants to know whether it went well.
    pub(super) fn say_error(&mut self, id: ClientId, said: &Said) -> bool {
        said.put(&mut self.out);
        self.turn.fail(id);
        if let Some(client) = self.clients.get_mut(&id) {
            client.unreport_failed();
        }
        self.failed_statement(&Heard {
            severity: "ERROR",
            code: said.code,
            message: &said.message,
            detail: said.detail.as_deref(),
            hint: said.hint.as_deref(),
            ..Heard::default()
        });
        false
    }
}

/// Puts part of a text where it was in the whole, so that positions in it are those of the whole: they count characters.
pub(super) fn in_place(whole: &str, start: usize, part: &str) -> String {
    let before = whole[..start].chars().count();
    let mut text = String::with_capacity(before + part.len());
    text.extend(std::iter::repeat_n(' ', before));
    text.push_str(part);
    text
}
