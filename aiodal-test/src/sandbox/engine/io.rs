//! Reading from the server, writing to it, and hearing of clients: all that the engine ever waits for.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::time::Sleep;

use super::super::event::{Credit, Event};
use super::super::wire::{self, Frame};
use super::expect::Expect;
use super::{Engine, Lost};
use crate::backend::Socket;

/// How much is read at once at least, in bytes.
const CHUNK: usize = 16 << 10;

/// How much of an answer is collected before its client gets it, in bytes.
const ENOUGH: usize = 32 << 10;

/// How long to wait for the effect of a request to cancel.
const CANCEL_AGAIN: Duration = Duration::from_millis(100);

/// How long the server has for what stands ahead of a statement, which takes it a fraction of a millisecond.
const GRACE: Duration = Duration::from_millis(20);

/// The connection as bytes.
pub(super) struct Wire {
    socket: Socket,
    incoming: BytesMut,
    pub(super) outgoing: BytesMut,
    /// Whether some of what was written may not be on its way.
    unflushed: bool,
    /// The room that data on its way takes.
    credits: Vec<Credit>,
    cancelling: Option<Cancelling>,
}

/// A request to cancel. It comes by a connection of its own, and may overtake the statement that it is meant for.
enum Cancelling {
    /// On its way: the next unit shall not be what it hits.
    Asking(Pin<Box<dyn Future<Output = ()> + Send>>),
    /// To be sent after a while: the statement may not run yet, or the last request was in vain, and nobody waits for what runs.
    Waiting(Pin<Box<Sleep>>),
}

enum Step {
    Frame(Frame),
    Event(Event),
}

impl Wire {
    pub(super) fn new(socket: Socket) -> Wire {
        Wire {
            socket,
            incoming: BytesMut::with_capacity(CHUNK),
            outgoing: BytesMut::with_capacity(8 << 10),
            unflushed: false,
            credits: Vec::new(),
            cancelling: None,
        }
    }

    /// Takes the connection out of its runtime. Nothing is on its way.
    pub(super) fn park(&self) -> io::Result<()> {
        self.socket.park()
    }

    /// Registers it with the current runtime.
    pub(super) fn unpark(&self) -> io::Result<()> {
        self.socket.unpark()
    }

    pub(super) fn hold(&mut self, credit: Credit) {
        self.credits.push(credit);
    }

    /// Waits until no request to cancel is on its way.
    pub(super) async fn settled(&mut self) {
        if let Some(Cancelling::Asking(asking)) = self.cancelling.take() {
            asking.await;
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<(), Lost> {
        while self.outgoing.has_remaining() {
            match Pin::new(&mut self.socket).poll_write(cx, &self.outgoing) {
                Poll::Ready(Ok(0)) => return Err(closed()),
                Poll::Ready(Ok(written)) => {
                    self.outgoing.advance(written);
                    self.unflushed = true;
                }
                Poll::Ready(Err(error)) => return Err(Lost(error.to_string())),
                Poll::Pending => return Ok(()),
            }
        }
        self.credits.clear();
        // A TLS session takes more than it has sent.
        if self.unflushed
            && let Poll::Ready(flushed) = Pin::new(&mut self.socket).poll_flush(cx)
        {
            flushed.map_err(|error| Lost(error.to_string()))?;
            self.unflushed = false;
        }
        Ok(())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        self.incoming.reserve(CHUNK);
        let mut read = pin!(self.socket.read_buf(&mut self.incoming));
        match read.as_mut().poll(cx) {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(closed())),
            Poll::Ready(Ok(_)) => Poll::Ready(Ok(())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(Lost(error.to_string()))),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Takes the next message of those that have been read.
    fn next(&mut self) -> Result<Option<Frame>, Lost> {
        Frame::take(&mut self.incoming).map_err(|malformed| Lost(malformed.0.to_owned()))
    }
}

fn closed() -> Lost {
    Lost("the server has closed it".to_owned())
}

impl Engine {
    /// Returns the server's next message. Meanwhile clients are heard.
    pub(super) async fn frame(&mut self) -> Result<Frame, Lost> {
        loop {
            // An answer is several messages, which come together: there is nothing to poll between them.
            if self.wire.outgoing.is_empty()
                && let Some(frame) = self.wire.next()?
            {
                return Ok(frame);
            }
            match poll_fn(|cx| self.poll_step(cx, true)).await? {
                Step::Frame(frame) => return Ok(frame),
                Step::Event(event) => self.heed(event),
            }
        }
    }

    /// Hands on the rows that have been read, and the data of a COPY: nobody looks into them, and they are many.
    pub(super) fn pass_rows(&mut self) {
        let length = wire::rows(&self.wire.incoming);
        if length > 0 {
            // The server has gone on: what stands before it is for good.
            self.completed = None;
            self.out.extend_from_slice(&self.wire.incoming[..length]);
            self.wire.incoming.advance(length);
        }
    }

    /// Waits for something to happen; `None` if somebody has waited for too long.
    pub(super) async fn happening(&mut self) -> Result<Option<Event>, Lost> {
        let late = self.stalled_at().map(|at| {
            // The test may have stopped its own clock.
            let _session = self.session.enter();
            tokio::time::sleep_until(at.into())
        });
        let mut late = pin!(async {
            match late {
                Some(late) => late.await,
                None => std::future::pending().await,
            }
        });
        loop {
            let step = poll_fn(|cx| {
                if late.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Ok(None));
                }
                self.poll_step(cx, false).map(|step| step.map(Some))
            });
            match step.await? {
                None => return Ok(None),
                Some(Step::Event(event)) => return Ok(Some(event)),
                // Answers to what was sent without waiting, and what the server says unasked.
                Some(Step::Frame(frame)) => self.unasked(&frame)?,
            }
        }
    }

    fn poll_step(&mut self, cx: &mut Context<'_>, running: bool) -> Poll<Result<Step, Lost>> {
        self.poll_cancel(cx);
        self.wire.poll_write(cx)?;
        loop {
            if let Some(frame) = self.wire.next()? {
                return Poll::Ready(Ok(Step::Frame(frame)));
            }
            if running && !self.has_room(cx) {
                break;
            }
            match self.wire.poll_read(cx)? {
                Poll::Ready(()) => {}
                Poll::Pending => break,
            }
        }
        if let Poll::Ready(Some(event)) = self.events.poll_recv(cx) {
            return Poll::Ready(Ok(Step::Event(event)));
        }
        if running {
            // Nothing more may come until the client has seen it: a notice says that it may cancel, say.
            self.hand_on();
        }
        Poll::Pending
    }

    /// Drives a request to cancel; one for a client that is gone is repeated until it has an effect.
    fn poll_cancel(&mut self, cx: &mut Context<'_>) {
        loop {
            let pending = match &mut self.wire.cancelling {
                Some(Cancelling::Asking(asking)) => asking.as_mut().poll(cx).is_pending(),
                Some(Cancelling::Waiting(waiting)) => waiting.as_mut().poll(cx).is_pending(),
                None => true,
            };
            if pending {
                return;
            }
            self.wire.cancelling = match self.wire.cancelling {
                Some(Cancelling::Waiting(_)) if self.is_at_own_query() => {
                    Some(self.cancel_after(GRACE))
                }
                Some(Cancelling::Waiting(_)) => Some(self.ask_to_cancel()),
                _ => self.cancel_again(),
            };
        }
    }

    /// Waits until no request to cancel is on its way to the client's statement, which has been answered: a query of ours shall not
    /// be what it hits.
    pub(super) async fn asked(&mut self) {
        if let Some(Cancelling::Asking(asking)) = &mut self.wire.cancelling {
            asking.as_mut().await;
            self.wire.cancelling = self.cancel_again();
        }
    }

    fn cancel_again(&self) -> Option<Cancelling> {
        let nobody_waits = self.running.is_some_and(|id| self.is_gone(id));
        nobody_waits.then(|| self.cancel_after(CANCEL_AGAIN))
    }

    /// Says whether the server is at a query of ours that is not to be cancelled: who comes next would have to do without.
    fn is_at_own_query(&self) -> bool {
        matches!(self.expect.front(), Some(Expect::OurQuery)) && !self.is_checking
    }

    /// Has what runs be cancelled.
    pub(super) fn begin_cancel(&mut self) {
        if self.wire.cancelling.is_some() {
            return;
        }
        // The server may be at what stands ahead of the client's statement, which cannot do without. It answers that with the
        // statement, so that nobody can know.
        let ahead = matches!(
            self.expect.front(),
            Some(Expect::Ours(_) | Expect::Again(..) | Expect::Began)
        );
        let early = GRACE.saturating_sub(self.entered.elapsed());
        self.wire.cancelling = Some(if self.is_at_own_query() {
            self.cancel_after(GRACE)
        } else if ahead && !early.is_zero() {
            self.cancel_after(early)
        } else {
            self.ask_to_cancel()
        });
    }

    fn ask_to_cancel(&self) -> Cancelling {
        let token = self.cancel.clone();
        Cancelling::Asking(Box::pin(async move {
            // What could not be cancelled ends by itself.
            let _late = token.cancel().await;
        }))
    }

    fn cancel_after(&self, delay: Duration) -> Cancelling {
        // The test may have stopped its own clock.
        let _session = self.session.enter();
        Cancelling::Waiting(Box::pin(tokio::time::sleep(delay)))
    }

    /// Hands on what is there of a long answer, and says whether its client takes more.
    fn has_room(&mut self, cx: &mut Context<'_>) -> bool {
        if self.out.len() >= ENOUGH {
            self.holds = false;
            self.hand_on();
        }
        let client = self.running.and_then(|id| self.clients.get(&id));
        client.is_none_or(|client| client.outbox.poll_room(cx).is_ready())
    }

    /// Gives the client what is there of its answer, but for what a commit that fails would take back.
    fn hand_on(&mut self) {
        let ours = matches!(
            self.expect.front(),
            Some(Expect::OurQuery | Expect::Ours(_) | Expect::Began) | None
        );
        let Some(client) = self.running.and_then(|id| self.clients.get(&id)) else {
            return;
        };
        if ours || self.holds {
            return;
        }
        let last = self.completed.map(|at| self.out.split_off(at));
        client.outbox.put(&mut self.out);
        if let Some(last) = last {
            self.out = last;
            self.completed = Some(0);
        }
    }
}
