//! One client ends another, or itself: `pg_terminate_backend`, and `pg_cancel_backend`, for clients that share a backend.

use std::sync::Arc;

use bytes::BytesMut;

use super::super::error::Said;
use super::super::event::{Unit, Work};
use super::super::lex::{Piece, Verb};
use super::super::turn::ClientId;
use super::super::wire::Frame;
use super::Engine;

impl Engine {
    /// A function has been asked to end a process: a client's, or the one that all have, which is then that of who has asked.
    pub(super) fn terminate_process(&mut self, id: ClientId, process: &str) {
        match of_process(process) {
            Some(ended) => self.terminate(ended),
            None => self.terminate(id),
        }
    }

    /// The same for what it runs: who has asked is the one that runs something, so that all others wait for their turn.
    pub(super) fn cancel_process(&mut self, process: &str) {
        if let Some(cancelled) = of_process(process) {
            self.cancel_client(cancelled);
        }
    }

    /// Returns a query for the process of the client, with the one that it was told. The server's is that of all clients.
    pub(super) fn with_process(&self, id: ClientId, piece: &Piece<'_>, sql: &str) -> String {
        let client = self.clients.get(&id).filter(|client| !client.is_own);
        let (
            Some(client),
            Verb::Process {
                start,
                end,
                is_named,
            },
        ) = (client, &piece.verb)
        else {
            return sql[piece.start..piece.end].to_owned();
        };
        let name = if *is_named { "" } else { " as pg_backend_pid" };
        format!(
            "{}{}{name}{}",
            &sql[piece.start..*start],
            client.id.process(),
            &sql[*end..piece.end]
        )
    }

    /// A client has sent a unit: if it would have to wait for a client that it is to end, that is done at once.
    pub(super) fn make_way(&mut self, id: ClientId, unit: &Unit) {
        if let Some(ended) = self.ended_by(id, unit) {
            self.terminate(ended);
            if self.running == Some(ended) {
                self.stop(ended);
            }
        }
    }

    fn ended_by(&self, id: ClientId, unit: &Unit) -> Option<ClientId> {
        let holder = self.turn.holder().or(self.running)?;
        let is_meant = || {
            let process = holder.process();
            let says = |frame: &Frame, what: &[u8]| {
                frame
                    .bytes()
                    .windows(what.len())
                    .any(|part| part.eq_ignore_ascii_case(what))
            };
            let names = |frame: &Frame| {
                says(frame, process.to_string().as_bytes())
                    || frame.tag() == b'B' && says(frame, &process.to_be_bytes())
            };
            let ends = |frame: &Frame| {
                let prepared = match frame.tag() {
                    b'B' => self.text_of_bound(id, frame),
                    _ => None,
                };
                says(frame, TERMINATE.as_bytes())
                    || prepared.is_some_and(|sql| sql.contains(TERMINATE))
            };
            match &unit.work {
                Work::Simple(frame) => ends(frame) && names(frame),
                Work::Extended(frames, _) => frames.iter().any(names) && frames.iter().any(ends),
            }
        };
        (holder != id && is_meant()).then_some(holder)
    }

    fn text_of_bound(&self, id: ClientId, bind: &Frame) -> Option<Arc<str>> {
        let mut body = bind.body();
        let _portal = body.str().ok()?;
        let client = self.clients.get(&id)?;
        let prepared = client.prepared(body.str().ok()?)?;
        Some(prepared.sql.clone())
    }

    /// Ends a client as the server ends a backend.
    pub(super) fn terminate(&mut self, id: ClientId) {
        let is_running = self.running == Some(id);
        let Some(client) = self.clients.get_mut(&id).filter(|client| !client.is_gone) else {
            return;
        };
        if is_running {
            client.outbox.put(&mut self.out);
        }
        let mut answer = BytesMut::new();
        Said::fatal("57P01", TERMINATED).put(&mut answer);
        client.outbox.put(&mut answer);
        client.outbox.end();
        client.inbox.clear();
        client.is_gone = true;
        if self.running.is_some() {
            self.gone.push(id);
        } else {
            self.forget(id);
        }
    }
}

const TERMINATE: &str = "pg_terminate_backend";
const TERMINATED: &str = "terminating connection due to administrator command";

fn of_process(process: &str) -> Option<ClientId> {
    ClientId::of_process(process.parse().ok()?)
}
