//! Statements by name: which unit needs the connection for its own, and what becomes of them.

use super::super::client::{Client, Prepared};
use super::super::event::{Unit, Work};
use super::super::lex::pieces;
use super::super::turn::{ClientId, Status};
use super::super::wire;
use super::Engine;
use super::control::is_ours;
use super::expect::Expect;

/// What a client that is gone has left on the server, by the name that the server knows.
#[derive(Debug)]
pub(super) enum Left {
    Portal(String),
    Statement(String),
}

impl Engine {
    /// Says whether a unit needs the connection. BEGIN, for one, does not: whoever says that waits for nobody.
    pub(super) fn needs_connection(&self, client: &Client, unit: &Unit) -> bool {
        if self.turn.status(client.id) == Status::Open {
            return true;
        }
        let ours = |sql: &str| {
            pieces(sql, client.reported.conforms())
                .iter()
                .all(|piece| is_ours(&piece.verb))
        };
        match &unit.work {
            _ if client.skips => false,
            Work::Simple(frame) if frame.tag() == b'Q' => {
                frame.body().str().is_ok_and(|sql| !ours(sql))
            }
            Work::Simple(_) => true,
            Work::Extended(frames, _) => {
                // What the unit itself has prepared, and bound.
                let mut prepared: Vec<&str> = Vec::new();
                let mut bound: Vec<&str> = Vec::new();
                !frames.iter().all(|frame| {
                    let is_here = |name: &str| {
                        let known = client.prepared(name);
                        prepared.contains(&name) || known.is_some_and(|known| ours(&known.sql))
                    };
                    let is_bound_here = |name: &str| match client.portals.get(name) {
                        _ if bound.contains(&name) => true,
                        Some(portal) => portal.is_here && ours(&portal.sql),
                        // It is not there at all.
                        None => !client.declares(name),
                    };
                    let mut body = frame.body();
                    match (frame.tag(), body.clone().u8()) {
                        (b'P', _) => match (body.str(), body.str()) {
                            (Ok(name), Ok(sql)) if ours(sql) => {
                                prepared.push(name);
                                true
                            }
                            _ => false,
                        },
                        (b'B', _) => match (body.str(), body.str()) {
                            (Ok(portal), Ok(name)) if is_here(name) => {
                                bound.push(portal);
                                true
                            }
                            _ => false,
                        },
                        (b'D' | b'C', Ok(b'S')) => {
                            let is_on_server = |name: &str| {
                                let known = client.prepared(name);
                                frame.tag() == b'C' && known.is_some_and(|known| known.is_there)
                            };
                            let name = body.u8().and_then(|_| body.str());
                            name.is_ok_and(|name| is_here(name) && !is_on_server(name))
                        }
                        (tag, _) => {
                            let kind = if tag == b'E' { Ok(b'P') } else { body.u8() };
                            let name = kind.and_then(|_| body.str());
                            name.is_ok_and(is_bound_here)
                        }
                    }
                })
            }
        }
    }

    /// Forgets one statement of a client's.
    pub(super) fn forget_statement(&mut self, id: ClientId, name: &str) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.statements.remove(name);
        }
    }

    /// Forgets all statements of a client's that have a name, and has the server forget them, without waiting.
    pub(super) fn forget_statements(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        let statements = std::mem::take(&mut client.statements);
        self.close_statements(statements.into_values());
    }

    /// Notes what a client that is gone has had by name.
    pub(super) fn leave_behind(&mut self, client: Client) {
        let cursors = client.block.cursors.into_iter().chain(client.held);
        let portals = client.block.portals.into_iter().chain(cursors);
        self.left.extend(portals.map(Left::Portal));
        let statements = client.statements.into_values();
        let there = statements.filter(|prepared| prepared.is_there);
        self.left
            .extend(there.map(|prepared| Left::Statement(prepared.name)));
    }

    /// Closes it, without waiting. Nobody may be in the midst of a unit: behind an error the server takes no notice.
    pub(super) fn close_left(&mut self) {
        for left in std::mem::take(&mut self.left) {
            match left {
                Left::Portal(name) => wire::close_portal(&mut self.wire.outgoing, &name),
                Left::Statement(name) => wire::close_statement(&mut self.wire.outgoing, &name),
            }
            self.expect.push_back(Expect::Ours(b'3'));
            self.unsynced = true;
        }
    }

    fn close_statements(&mut self, statements: impl Iterator<Item = Prepared>) {
        for prepared in statements {
            if prepared.is_there {
                wire::close_statement(&mut self.wire.outgoing, &prepared.name);
                self.expect.push_back(Expect::Ours(b'3'));
                self.unsynced = true;
            }
        }
    }
}
