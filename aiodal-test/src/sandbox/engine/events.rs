//! What the engine hears of clients: they come, ask for something or for its end, and go.

use std::time::Instant;

use bytes::BytesMut;

use super::super::client::Client;
use super::super::error::Said;
use super::super::event::{End, Event, Unit, Work};
use super::super::turn::ClientId;
use super::super::wire;
use super::expect::Expect;
use super::{Engine, Wanted, copy};

impl Engine {
    /// Does what an event asks for.
    pub(super) fn heed(&mut self, event: Event) {
        match event {
            Event::Opened(id, arrival) => {
                self.turn.join(id);
                self.clients.insert(id, Client::new(id, arrival));
            }
            Event::Unit(id, unit) => {
                if self.copying == Some(id) && !unit.is_idle() {
                    // A server would close the connection.
                    self.fail_copy(copy::UNEXPECTED);
                }
                self.make_way(id, &unit);
                if let Some(client) = self.clients.get_mut(&id) {
                    client.inbox.push_back(unit);
                    if client.waiting.is_none() {
                        client.waiting = Some(Instant::now());
                        self.queue.push_back(id);
                    }
                }
            }
            Event::Copy(id, frame, credit) => self.data(id, frame, credit),
            // What tidies up behind it would be in the midst of what is answered.
            Event::Closed(id) if self.running.is_some() => {
                self.gone.push(id);
                if self.running == Some(id) && !self.is_gone(id) {
                    self.abandon(id);
                }
            }
            Event::Closed(id) => self.forget(id),
            Event::Cancel { process, secret } => self.cancel(process, secret),
            Event::Park => self.wanted = self.wanted.or(Some(Wanted::Park)),
            Event::Finish => {
                self.wanted = Some(Wanted::Finish);
                if let Some(id) = self.running {
                    self.abandon(id);
                }
            }
        }
    }

    /// A client is gone.
    pub(super) fn forget(&mut self, id: ClientId) {
        if self.turn.is_within(id) {
            self.may_copy = false;
            self.set_by_call.clear();
        }
        if self.turn.is_within(id) && self.unsynced {
            // Behind an error, the server waits for it.
            wire::bare(&mut self.wire.outgoing, b'S');
            self.expect.push_back(Expect::Sync);
        }
        self.turn.leave(id);
        self.queue.retain(|waiting| *waiting != id);
        if let Some(mut client) = self.clients.remove(&id) {
            self.orphans.append(&mut client.temporary);
            self.leave_behind(client);
        }
    }

    /// Nobody wants what runs for this client any more.
    fn abandon(&mut self, id: ClientId) {
        self.stop(id);
        if let Some(client) = self.clients.get_mut(&id) {
            client.is_gone = true;
            client.inbox.clear();
            client.outbox.close();
        }
    }

    pub(super) fn is_gone(&self, id: ClientId) -> bool {
        self.clients.get(&id).is_none_or(|client| client.is_gone)
    }

    /// Has end what runs for a client.
    pub(super) fn stop(&mut self, id: ClientId) {
        if self.copying == Some(id) {
            self.fail_copy(copy::GONE);
        } else {
            self.begin_cancel();
        }
    }

    /// A client has asked for another's statement to be cancelled.
    fn cancel(&mut self, process: u32, secret: i32) {
        let known = ClientId::of_process(process).filter(|id| {
            let client = self.clients.get(id);
            client.is_some_and(|client| client.secret == secret)
        });
        if let Some(id) = known {
            self.cancel_client(id);
        }
    }

    pub(super) fn cancel_client(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        if self.running == Some(id) {
            self.begin_cancel();
        } else if let Some(unit) = client.inbox.pop_front() {
            self.refuse(
                id,
                &unit,
                &Said::error("57014", "canceling statement due to user request"),
            );
        }
    }

    /// Answers a unit that is not run.
    pub(super) fn refuse(&mut self, id: ClientId, unit: &Unit, said: &Said) {
        self.turn.fail(id);
        let status = self.status_byte(id);
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        let mut answer = BytesMut::new();
        said.put(&mut answer);
        match &unit.work {
            Work::Simple(_) | Work::Extended(_, End::Sync) => {
                wire::ready(&mut answer, status);
            }
            Work::Extended(..) => client.skips = true,
        }
        client.send(&mut answer);
        client.waiting = (!client.inbox.is_empty()).then(Instant::now);
        if client.inbox.is_empty() {
            self.queue.retain(|waiting| *waiting != id);
        }
    }

    /// Tells everybody that it is over.
    pub(super) fn dismiss(&mut self, said: &Said) {
        // Who has come meanwhile is told as well, and nobody comes any more.
        self.events.close();
        while let Ok(event) = self.events.try_recv() {
            if let Event::Opened(id, arrival) = event {
                self.clients.insert(id, Client::new(id, arrival));
            }
        }
        for client in self.clients.values() {
            let mut answer = BytesMut::new();
            said.put(&mut answer);
            client.outbox.put(&mut answer);
            client.outbox.end();
        }
    }
}
