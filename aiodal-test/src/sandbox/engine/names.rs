//! Statements by name: which unit needs the connection for its own, and what becomes of them.

use super::super::client::{Client, Prepared, Unnamed};
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
                let mut unnamed = matches!(client.unnamed, Some(Unnamed::Control(_)));
                let mut named = Vec::new();
                frames.iter().any(|frame| {
                    let mut body = frame.body();
                    let is_known = match frame.tag() {
                        b'P' => match (body.str(), body.str()) {
                            (Ok(name), Ok(sql)) => {
                                let ours = ours(sql);
                                if ours {
                                    named.push(name.to_owned());
                                }
                                unnamed = if name.is_empty() { ours } else { unnamed };
                                ours
                            }
                            _ => true,
                        },
                        b'B' => match (body.str(), body.str()) {
                            (Ok(_), Ok("")) => unnamed,
                            (Ok(_), Ok(name)) => {
                                named.iter().any(|known| known == name)
                                    || matches!(
                                        client.statements.get(name),
                                        Some(Prepared::Control(_))
                                    )
                            }
                            _ => true,
                        },
                        b'D' | b'C' => {
                            body.u8() != Ok(b'S')
                                || body.str().is_ok_and(|name| {
                                    if name.is_empty() {
                                        return unnamed;
                                    }
                                    named.iter().any(|known| known == name)
                                        || matches!(
                                            client.statements.get(name),
                                            Some(Prepared::Control(_))
                                        )
                                })
                        }
                        // Of a portal that was bound before: what it runs has been seen to.
                        _ => {
                            unnamed
                                || !named.is_empty()
                                || body
                                    .str()
                                    .is_ok_and(|portal| client.portals.contains_key(portal))
                        }
                    };
                    !is_known
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

    /// Forgets all statements of a client's, and has the server forget them, without waiting.
    pub(super) fn forget_statements(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        client.unnamed = None;
        let statements = std::mem::take(&mut client.statements);
        self.close_statements(statements.into_values());
    }

    /// Notes what a client that is gone has had by name.
    pub(super) fn leave_behind(&mut self, client: Client) {
        let cursors = client.block.cursors.into_iter().chain(client.held);
        let portals = client.block.portals.into_iter().chain(cursors);
        self.left.extend(portals.map(Left::Portal));
        let statements = client.statements.into_values();
        self.left
            .extend(statements.filter_map(|prepared| match prepared {
                Prepared::Server { name, .. } => Some(Left::Statement(name)),
                Prepared::Control(_) => None,
            }));
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
            if let Prepared::Server { name, .. } = prepared {
                wire::close_statement(&mut self.wire.outgoing, &name);
                self.expect.push_back(Expect::Ours(b'3'));
                self.unsynced = true;
            }
        }
    }
}
