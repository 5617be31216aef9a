//! COPY FROM STDIN: the client's data goes to the server as it comes.

use bytes::BufMut;

use super::super::client::Client;
use super::super::event::Credit;
use super::super::turn::ClientId;
use super::super::wire::{self, Frame, put, put_str};
use super::Engine;
use super::expect::Expect;

/// Why one fails whose client goes on with something else.
pub(super) const UNEXPECTED: &str = "the client has sent something else than data";

/// Why a COPY fails whose client has gone.
pub(super) const GONE: &str = "the client is gone";

impl Engine {
    /// From now on the client's data is wanted.
    pub(super) fn take_data(&mut self, id: ClientId) {
        self.copying = Some(id);
        // Without it the client would wait for us.
        self.holds = false;
        self.flush_out(id);
        if self.is_gone(id) {
            // The server takes no notice of a request to cancel while it waits for data.
            self.fail_copy(GONE);
        }
        while self.copying.is_some()
            && let Some(client) = self.clients.get_mut(&id)
            && let Some((frame, credit)) = client.ahead.pop_front()
        {
            self.copy_data(&frame, credit);
        }
        let goes_on = |client: &Client| client.inbox.iter().any(|unit| !unit.is_idle());
        if self.copying.is_some() && self.clients.get(&id).is_some_and(goes_on) {
            self.fail_copy(UNEXPECTED);
        }
    }

    /// Sends data on if it is wanted, and keeps it if it may be.
    pub(super) fn data(&mut self, id: ClientId, frame: Frame, credit: Credit) {
        if self.copying == Some(id) {
            return self.copy_data(&frame, credit);
        }
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        if let Some(unit) = client.inbox.back_mut() {
            unit.data.push_back((frame, credit));
        } else if self.running == Some(id) {
            client.ahead.push_back((frame, credit));
        }
    }

    /// Sends data, or its end, on. The client may send as much more once it is written.
    fn copy_data(&mut self, frame: &Frame, credit: Credit) {
        self.wire.outgoing.put_slice(frame.bytes());
        self.wire.hold(credit);
        if frame.tag() != b'd' {
            self.end_data();
        }
    }

    /// Has the COPY fail that waits for data.
    pub(super) fn fail_copy(&mut self, why: &str) {
        put(&mut self.wire.outgoing, b'f', |buffer| put_str(buffer, why));
        self.end_data();
    }

    /// The server has all the data. By the extended protocol it keeps its answer until it is asked for it.
    fn end_data(&mut self) {
        self.copying = None;
        if matches!(self.expect.front(), Some(Expect::Execute { .. })) {
            wire::bare(&mut self.wire.outgoing, b'H');
        }
    }
}
