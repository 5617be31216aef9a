//! The messages of the extended protocol, one by one: renamed, looked into as far as need be, and sent on.

use bytes::BufMut;

use super::super::client::{Control, Prepared, Unnamed};
use super::super::error::{Said, failed_transaction, needs_block};
use super::super::lex::pieces;
use super::super::turn::{ClientId, Status};
use super::super::wire::{Frame, Malformed, Reader, put, put_str};
use super::Engine;
use super::control::Place;
use super::expect::Expect;
use super::extended::Trouble;
use super::lookup::Found;

impl Engine {
    pub(super) async fn parse(
        &mut self,
        id: ClientId,
        frame: &Frame,
        (name, sql): (&str, &str),
        types: &[u8],
    ) -> Result<bool, Trouble> {
        let control = self.is_control(id, sql);
        let Some(client) = self.clients.get_mut(&id) else {
            return Ok(false);
        };
        if name.is_empty() {
            // It is gone even if what is to take its place is wrong.
            client.unnamed = None;
        }
        if !name.is_empty() && client.statements.contains_key(name) {
            let said = Said::error(
                "42P05",
                format!("prepared statement \"{name}\" already exists"),
            );
            return self.refuse_message(id, &said).await;
        }
        if control {
            if self.turn.status(id) == Status::Failed && !self.is_exit(id, sql) {
                return self.refuse_message(id, &failed_transaction()).await;
            }
            let Some(client) = self.clients.get_mut(&id) else {
                return Ok(false);
            };
            let control = Control(sql.to_owned());
            if name.is_empty() {
                client.unnamed = Some(Unnamed::Control(control));
            } else {
                client
                    .statements
                    .insert(name.to_owned(), Prepared::Control(control));
            }
            self.said(b'1', |_| {});
            return Ok(true);
        }
        let renamed = self.renamed(id, sql);
        // Nothing can be prepared in a failed transaction as well.
        let may_go_on = if pieces(sql, self.conforms(id)).is_empty() {
            self.enter(id).await?
        } else {
            self.reach(id).await?
        };
        if !may_go_on {
            return Ok(false);
        }
        let Some(client) = self.clients.get_mut(&id) else {
            return Ok(false);
        };
        if name.is_empty() && renamed.is_none() {
            client.unnamed = Some(Unnamed::Server {
                parse: frame.clone(),
                sql: sql.into(),
            });
            self.unnamed_of = Some(id);
            self.wire.outgoing.put_slice(frame.bytes());
        } else {
            let server_name = if name.is_empty() {
                String::new()
            } else {
                client.server_name(name)
            };
            let text = renamed.as_deref().unwrap_or(sql);
            let parse = Frame::new(b'P', |buffer| {
                put_str(buffer, &server_name);
                put_str(buffer, text);
                buffer.put_slice(types);
            });
            self.wire.outgoing.put_slice(parse.bytes());
            if name.is_empty() {
                client.unnamed = Some(Unnamed::Server {
                    parse,
                    sql: sql.into(),
                });
                self.unnamed_of = Some(id);
            } else {
                let prepared = Prepared::server(server_name, sql);
                client.statements.insert(name.to_owned(), prepared);
            }
        }
        self.expect.push_back(Expect::Parse(name.to_owned()));
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
        let found = self.find(id, statement);
        let (name, sql) = match found {
            Found::Control(control) => {
                return self
                    .bind_control(id, (portal, statement), control, rest)
                    .await;
            }
            Found::Server(name, sql) => (name, sql),
            Found::Nothing => return self.unknown_statement(id, statement).await,
        };
        let is_ours =
            |client: &super::Client| client.portals.contains_key(portal) || client.declares(portal);
        if !portal.is_empty() && self.clients.get(&id).is_some_and(is_ours) {
            return self.portal_exists(id, portal).await;
        }
        if !self.reach(id).await? {
            return Ok(false);
        }
        self.ensure_unnamed(id, statement);
        let Some(client) = self.clients.get_mut(&id) else {
            return Ok(false);
        };
        client.portals.remove(portal);
        if !portal.is_empty() {
            // No two clients have portals at a time, so that each keeps its name: SQL may fetch from it.
            client.block.portals.insert(portal.to_owned());
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
        client.bound.insert(portal.to_owned(), sql);
        self.expect.push_back(Expect::Bind(portal.to_owned()));
        self.unsynced = true;
        Ok(true)
    }

    /// Binds a statement that is for the sandbox to run.
    pub(super) async fn bind_control(
        &mut self,
        id: ClientId,
        (portal, statement): (&str, &str),
        control: Control,
        rest: &[u8],
    ) -> Result<bool, Trouble> {
        let given = values(rest)?;
        if given > 0 {
            let message = format!(
                "bind message supplies {given} parameters, but prepared statement \"{statement}\" requires 0"
            );
            return self
                .refuse_message(id, &Said::error("08P01", message))
                .await;
        }
        if self.turn.status(id) == Status::Failed && !self.is_exit(id, &control.0) {
            return self.refuse_message(id, &failed_transaction()).await;
        }
        let is_taken = self.clients.get(&id).is_some_and(|client| {
            !portal.is_empty() && (client.portals.contains_key(portal) || client.has_portal(portal))
        });
        if is_taken {
            return self.portal_exists(id, portal).await;
        }
        if let Some(client) = self.clients.get_mut(&id) {
            client.bound.remove(portal);
            client.portals.insert(portal.to_owned(), Some(control));
        }
        self.said(b'2', |_| {});
        Ok(true)
    }

    pub(super) async fn describe(
        &mut self,
        id: ClientId,
        is_statement: bool,
        name: &str,
    ) -> Result<bool, Trouble> {
        let is_ours = |client: &super::Client| client.portals.contains_key(name);
        let server_name = if is_statement {
            match self.find(id, name) {
                Found::Control(_) => {
                    self.said(b't', |buffer| buffer.put_u16(0));
                    self.said(b'n', |_| {});
                    return Ok(true);
                }
                Found::Nothing => return self.unknown_statement(id, name).await,
                Found::Server(server_name, _) => server_name,
            }
        } else if self.clients.get(&id).is_some_and(is_ours) {
            self.said(b'n', |_| {});
            return Ok(true);
        } else if !self
            .clients
            .get(&id)
            .is_some_and(|client| client.has_portal(name))
        {
            return self.unknown_portal(id, name).await;
        } else {
            name.to_owned()
        };
        // Nothing can be described in a failed transaction as well.
        let is_nothing = is_statement
            && match self.find(id, name) {
                Found::Server(_, sql) => pieces(&sql, self.conforms(id)).is_empty(),
                _ => false,
            };
        if !is_nothing && !self.reach(id).await? || is_nothing && !self.enter(id).await? {
            return Ok(false);
        }
        if is_statement {
            self.ensure_unnamed(id, name);
        }
        put(&mut self.wire.outgoing, b'D', |buffer| {
            buffer.put_u8(if is_statement { b'S' } else { b'P' });
            put_str(buffer, &server_name);
        });
        self.expect.push_back(Expect::Describe {
            statement: is_statement,
        });
        self.unsynced = true;
        Ok(true)
    }

    pub(super) async fn execute(
        &mut self,
        id: ClientId,
        portal: &str,
        rest: &[u8],
    ) -> Result<bool, Trouble> {
        let Some(client) = self.clients.get(&id) else {
            return Ok(false);
        };
        if let Some(ours) = client.portals.get(portal).cloned() {
            if !self.settle_batch(id).await? {
                return Ok(false);
            }
            let Some(Control(sql)) = ours else {
                if self.turn.status(id) == Status::Failed {
                    return Ok(self.say_error(id, &failed_transaction()));
                }
                let said = Said::error("55000", format!("portal \"{portal}\" cannot be run"));
                return Ok(self.say_error(id, &said));
            };
            if let Some(client) = self.clients.get_mut(&id) {
                client.portals.insert(portal.to_owned(), None);
            }
            self.begin_statement(id, &sql);
            return Ok(self.run_control(id, &sql, Place::Alone).await?);
        }
        if let Some(sql) = client.bound.get(portal).cloned() {
            self.begin_statement(id, &sql);
            if !self.turn.status(id).in_block() && self.is_cursor_of_block(id, &sql) {
                return self
                    .refuse_message(id, &needs_block("DECLARE CURSOR"))
                    .await;
            }
            self.heed_text(id, &sql);
        } else if !client.declares(portal) {
            return self.unknown_portal(id, portal).await;
        }
        if !self.reach(id).await? {
            return Ok(false);
        }
        put(&mut self.wire.outgoing, b'E', |buffer| {
            put_str(buffer, portal);
            buffer.put_slice(rest);
        });
        self.expect.push_back(Expect::Execute);
        self.unsynced = true;
        Ok(true)
    }

    pub(super) fn close_named(&mut self, id: ClientId, is_statement: bool, name: &str) -> bool {
        let Some(client) = self.clients.get_mut(&id) else {
            return false;
        };
        let server_name = if is_statement {
            let known = if name.is_empty() {
                client.unnamed = None;
                None
            } else {
                client.statements.remove(name)
            };
            let Some(Prepared::Server {
                name: server_name, ..
            }) = &known
            else {
                // What is not there is closed without an error.
                self.said(b'3', |_| {});
                return true;
            };
            let server_name = server_name.clone();
            self.expect.push_back(Expect::Close(name.to_owned(), known));
            server_name
        } else {
            client.bound.remove(name);
            if client.portals.remove(name).is_some() {
                self.said(b'3', |_| {});
                return true;
            }
            self.expect.push_back(Expect::Close(String::new(), None));
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

/// Returns how many values the rest of a `Bind` gives.
fn values(rest: &[u8]) -> Result<u16, Malformed> {
    let mut rest = Reader::new(rest);
    for _ in 0..rest.u16()? {
        rest.u16()?;
    }
    rest.u16()
}
