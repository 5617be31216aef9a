//! The messages of the extended protocol, one by one: renamed, looked into as far as need be, and sent on.
//!
//! The server judges them: their names, values and order, and whether they may stand in a failed transaction. Of a statement that
//! the sandbox runs it has another in its place, so that it can. Such a statement waits for nobody as long as nothing of its
//! client's is behind the guard: it is judged by `here.rs`.

use bytes::BufMut;

use super::super::client::{Portal, Prepared, Run};
use super::super::error::failed_transaction;
use super::super::lex::{Piece, Verb, pieces};
use super::super::turn::{ClientId, Status};
use super::super::wire::{self, Frame, put, put_str};
use super::Engine;
use super::block::is_planned;
use super::expect::Expect;
use super::extended::Trouble;
use super::here::values;
use super::position::Positions;

impl Engine {
    pub(super) async fn parse(
        &mut self,
        id: ClientId,
        frame: &Frame,
        (name, sql): (&str, &str),
        types: &[u8],
    ) -> Result<bool, Trouble> {
        let has_failed = self.turn.status(id) == Status::Failed;
        let pieces = pieces(sql, self.conforms(id));
        let run = match &pieces[..] {
            [piece] => self.run_of(id, piece, sql),
            _ => Run::Plain,
        };
        let text = self.text_for_server(id, (&pieces, sql), run);
        let Some(client) = self.clients.get(&id) else {
            return Ok(false);
        };
        let server_name = match name {
            "" => String::new(),
            name => client.server_name(name),
        };
        let (text, renamed) = match &text {
            Some((text, renamed)) => (text.as_str(), renamed.clone()),
            None => (sql, None),
        };
        let positions = self.positions_in(id, renamed.as_ref());
        let parse = if name.is_empty() && text == sql {
            frame.clone()
        } else {
            Frame::new(b'P', |buffer| {
                put_str(buffer, &server_name);
                put_str(buffer, text);
                buffer.put_slice(types);
            })
        };
        let mut prepared = Prepared {
            name: server_name,
            sql: sql.into(),
            run,
            renamed,
            parse: (name.is_empty() || run.is_ours()).then(|| parse.clone()),
            is_there: false,
        };
        if run.is_ours() && self.is_quiet() {
            return self.parse_here(id, name, prepared).await;
        }
        if !self.enter(id).await? {
            return Ok(false);
        }
        self.ensure_executed(id, sql);
        let owner = self.unnamed_of;
        if name.is_empty() {
            self.unnamed_of = Some(id);
        } else {
            if self.is_taken_here(id, name) {
                if !has_failed {
                    self.ensure(id, name);
                } else if may_stand_in_failed(&pieces) {
                    return self.statement_exists(id, name).await;
                }
            }
            prepared.is_there = true;
        }
        let Some(client) = self.clients.get_mut(&id) else {
            return Ok(false);
        };
        self.wire.outgoing.put_slice(parse.bytes());
        let before = client.set_prepared(name, Some(prepared));
        self.expect.push_back(Expect::Parse {
            name: name.to_owned(),
            before,
            owner,
            positions,
            is_planned: is_planned(sql),
        });
        self.unsynced = true;
        Ok(true)
    }

    pub(super) async fn bind(
        &mut self,
        id: ClientId,
        frame: &Frame,
        (portal, statement): (&str, &str),
        rest: &[u8],
    ) -> Result<bool, Trouble> {
        let has_failed = self.turn.status(id) == Status::Failed;
        let client = self.clients.get(&id);
        let Some((client, prepared)) =
            client.and_then(|client| Some((client, client.prepared(statement)?)))
        else {
            return self.unknown_statement(id, statement).await;
        };
        let mut bound = Portal {
            sql: prepared.sql.clone(),
            run: prepared.run,
            renamed: prepared.renamed.clone(),
            is_here: false,
            has_run: false,
            depth: client.block.savepoints.len(),
            bound_failed: has_failed,
        };
        let name = prepared.name.clone();
        if bound.run.is_ours() {
            let given = values(rest)?;
            if given > 0 {
                return self.takes_no_values(id, statement, given).await;
            }
        }
        let may_be_here = portal.is_empty() || !self.turn.is_open(id);
        if may_be_here && bound.run.is_ours() && self.is_quiet() {
            bound.is_here = true;
            return self.bind_here(id, portal, bound).await;
        }
        if !self.enter(id).await? {
            return Ok(false);
        }
        self.ensure(id, statement);
        let positions = self.positions_in(id, bound.renamed.as_ref());
        let is_left = self.may_have_left_portal(id);
        let Some(client) = self.clients.get_mut(&id) else {
            return Ok(false);
        };
        let mut is_new = false;
        if !portal.is_empty() {
            if is_left {
                wire::close_portal(&mut self.wire.outgoing, "");
                self.expect.push_back(Expect::Ours(b'3'));
            }
            // No two clients have portals at a time, so that each keeps its name: SQL may fetch from it.
            is_new = client.block.portals.insert(portal.to_owned());
        }
        if name.is_empty() {
            self.wire.outgoing.put_slice(frame.bytes());
        } else {
            put(&mut self.wire.outgoing, b'B', |buffer| {
                put_str(buffer, portal);
                put_str(buffer, &name);
                buffer.put_slice(rest);
            });
        }
        let before = client.set_portal(portal, Some(bound));
        self.expect.push_back(Expect::Bind {
            name: portal.to_owned(),
            before,
            is_new,
            positions,
        });
        self.unsynced = true;
        Ok(true)
    }

    pub(super) async fn describe(
        &mut self,
        id: ClientId,
        is_statement: bool,
        name: &str,
    ) -> Result<bool, Trouble> {
        let client = self.clients.get(&id);
        let (server_name, renamed) = if is_statement {
            let Some(prepared) = client.and_then(|client| client.prepared(name)) else {
                return self.unknown_statement(id, name).await;
            };
            if prepared.run.is_ours() {
                // None takes values or returns rows.
                self.said(b't', |buffer| buffer.put_u16(0));
                self.said(b'n', |_| {});
                return Ok(true);
            }
            (prepared.name.clone(), prepared.renamed.as_ref())
        } else {
            if self.lacks_portal(id, name) {
                return self.unknown_portal(id, name).await;
            }
            let portal = client.and_then(|client| client.portals.get(name));
            if portal.is_some_and(|portal| portal.is_here) {
                self.said(b'n', |_| {});
                return Ok(true);
            }
            let renamed = portal.and_then(|portal| portal.renamed.as_ref());
            (name.to_owned(), renamed)
        };
        let positions = self.positions_in(id, renamed);
        if !self.enter(id).await? {
            return Ok(false);
        }
        if is_statement {
            self.ensure(id, name);
        }
        put(&mut self.wire.outgoing, b'D', |buffer| {
            buffer.put_u8(if is_statement { b'S' } else { b'P' });
            put_str(buffer, &server_name);
        });
        self.expect.push_back(Expect::Describe {
            statement: is_statement,
            positions,
        });
        self.unsynced = true;
        Ok(true)
    }

    pub(super) async fn execute(
        &mut self,
        id: ClientId,
        frame: &Frame,
        name: &str,
    ) -> Result<bool, Trouble> {
        if self.lacks_portal(id, name) {
            return self.unknown_portal(id, name).await;
        }
        let client = self.clients.get(&id);
        let mut known = client.and_then(|client| client.portals.get(name)).cloned();
        if let Some(portal) = &mut known {
            self.heed_executed(id, portal);
        }
        let mut is_planned = false;
        let mut positions = Positions::default();
        match &known {
            Some(portal) if portal.is_here => {
                return self.execute_here(id, name, portal).await;
            }
            // What has been run, the server refuses.
            Some(portal) if portal.run != Run::Plain && !portal.has_run => {
                return self.execute_for_server(id, frame, name, portal).await;
            }
            Some(portal) => {
                self.begin_statement(id, &portal.sql);
                self.heed_text(id, &portal.sql);
                is_planned = self.plans_portal(id, &portal.sql);
                positions = self.positions_in(id, portal.renamed.as_ref());
            }
            // A cursor of SQL's.
            None => {}
        }
        if !self.enter(id).await? {
            return Ok(false);
        }
        if let Some(portal) = known {
            self.ensure_executed(id, &portal.sql);
        }
        self.with_block(id, |block| block.has_run = true);
        self.wire.outgoing.put_slice(frame.bytes());
        self.expect.push_back(Expect::Execute {
            is_planned,
            positions,
        });
        self.unsynced = true;
        Ok(true)
    }

    /// Runs what a portal of the server stands for, once the server has said that it may be run.
    async fn execute_for_server(
        &mut self,
        id: ClientId,
        frame: &Frame,
        name: &str,
        portal: &Portal,
    ) -> Result<bool, Trouble> {
        if !self.enter(id).await? {
            return Ok(false);
        }
        self.ensure_executed(id, &portal.sql);
        if portal.run == Run::Here {
            // What is in its place does nothing, but can be run as often.
            self.wire.outgoing.put_slice(frame.bytes());
        } else {
            put(&mut self.wire.outgoing, b'D', |buffer| {
                buffer.put_u8(b'P');
                put_str(buffer, name);
            });
        }
        self.expect.push_back(Expect::Probe);
        self.unsynced = true;
        if !self.settle_batch(id).await? {
            return Ok(false);
        }
        if portal.run == Run::Exit && self.is_dead(id, portal) {
            return Ok(self.say_error(id, &failed_transaction()));
        }
        self.begin_statement(id, &portal.sql);
        if portal.run == Run::Noted {
            self.by_portal = Some(frame.clone());
            self.with_block(id, |block| block.has_run = true);
        }
        let went_well = self.run_portal(id, name, &portal.sql).await;
        self.by_portal = None;
        Ok(went_well?)
    }

    pub(super) fn close_named(&mut self, id: ClientId, is_statement: bool, name: &str) -> bool {
        let is_quiet = self.is_quiet();
        let may_be = !self.lacks_portal(id, name);
        let Some(client) = self.clients.get_mut(&id) else {
            return false;
        };
        let server_name = if is_statement {
            let known = client.set_prepared(name, None);
            let owner = self.unnamed_of;
            let is_there = known.as_ref().is_some_and(|known| known.is_there);
            if is_quiet && !is_there {
                // What is not there is closed without an error.
                self.said(b'3', |_| {});
                return true;
            }
            let server_name = match name {
                "" => {
                    self.unnamed_of = None;
                    String::new()
                }
                name => client.server_name(name),
            };
            self.expect
                .push_back(Expect::Close(name.to_owned(), known, owner));
            server_name
        } else {
            let known = client.portals.remove(name);
            let is_there = known.as_ref().map_or(may_be, |known| !known.is_here);
            if is_quiet && !is_there {
                self.said(b'3', |_| {});
                return true;
            }
            self.expect
                .push_back(Expect::ClosePortal(name.to_owned(), known));
            name.to_owned()
        };
        put(&mut self.wire.outgoing, b'C', |buffer| {
            buffer.put_u8(if is_statement { b'S' } else { b'P' });
            put_str(buffer, &server_name);
        });
        self.unsynced = true;
        true
    }
}

/// Says whether a failed transaction takes a statement.
fn may_stand_in_failed(pieces: &[Piece<'_>]) -> bool {
    let [piece] = pieces else {
        return pieces.is_empty();
    };
    matches!(
        piece.verb,
        Verb::Commit { .. } | Verb::Rollback { .. } | Verb::RollbackTo(_)
    )
}
