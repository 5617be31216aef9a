//! What is on its way to a client.

use std::future::poll_fn;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::BytesMut;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// How much may wait for a client that does not read, in bytes. Below that, one client's unread rows keep nobody waiting.
const ROOM: usize = 32 << 20;

/// How much a server keeps back that its client has not asked for, in bytes (`PQ_SEND_BUFFER_SIZE`).
const HELD: usize = 8 << 10;

/// How large a buffer is kept for what comes next, in bytes: an answer to a statement fits, a long one's buffer goes with it.
const KEPT: usize = 64 << 10;

/// The bytes that a client has not read yet. The engine puts them in, the client's task takes them out.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox(Arc<Mutex<State>>);

/// Guards the bytes and who waits for them.
#[derive(Debug, Default)]
struct State {
    bytes: BytesMut,
    /// What goes ahead of the next that is put in.
    held: BytesMut,
    /// Nothing more will come.
    ended: bool,
    /// The client is gone: what is put in is dropped.
    gone: bool,
    writer: Option<Waker>,
    engine: Option<Waker>,
}

impl Outbox {
    /// Hands bytes over, and leaves the buffer empty.
    pub(super) fn put(&self, bytes: &mut BytesMut) {
        let mut state = self.state();
        if state.gone || state.ended {
            bytes.clear();
            return;
        }
        if !state.held.is_empty() {
            let mut held = mem::take(&mut state.held);
            held.unsplit(bytes.split());
            mem::swap(&mut held, bytes);
        }
        if bytes.is_empty() {
            return;
        }
        if state.bytes.is_empty() {
            mem::swap(&mut state.bytes, bytes);
        } else {
            state.bytes.extend_from_slice(bytes);
            bytes.clear();
        }
        if let Some(writer) = state.writer.take() {
            writer.wake();
        }
    }

    /// Takes bytes that nobody has asked for yet: as a server does, until there are many, or something else is put in.
    pub(super) fn hold(&self, bytes: &mut BytesMut) {
        let mut state = self.state();
        if state.held.len() + bytes.len() <= HELD {
            state.held.unsplit(bytes.split());
        } else {
            drop(state);
            self.put(bytes);
        }
    }

    /// Says that nothing more will come: the stream is closed behind what is there.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        if let Some(writer) = state.writer.take() {
            writer.wake();
        }
    }

    /// Waits until there is room for more.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.bytes.len() <= ROOM || state.gone {
            return Poll::Ready(());
        }
        state.engine = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Drops what is there and what will come.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.gone = true;
        state.bytes = BytesMut::new();
        state.held = BytesMut::new();
        if let Some(engine) = state.engine.take() {
            engine.wake();
        }
    }

    /// Writes what comes until the end.
    ///
    /// # Errors
    ///
    /// The client is gone.
    pub(super) async fn write_to(&self, mut stream: impl AsyncWrite + Unpin) -> io::Result<()> {
        let mut bytes = BytesMut::new();
        while poll_fn(|cx| self.poll_take(cx, &mut bytes)).await {
            let mut rest = &bytes[..];
            poll_fn(|cx| {
                while !rest.is_empty() {
                    let written = ready!(Pin::new(&mut stream).poll_write(cx, rest))?;
                    if written == 0 {
                        return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                    }
                    rest = &rest[written..];
                }
                Pin::new(&mut stream).poll_flush(cx)
            })
            .await?;
            if bytes.capacity() > KEPT {
                bytes = BytesMut::new();
            }
            bytes.clear();
        }
        stream.shutdown().await
    }

    /// Takes what is there, and leaves an empty buffer for what comes next: three go around, and none has to be made for
    /// each answer. `false` at the end.
    fn poll_take(&self, cx: &mut Context<'_>, empty: &mut BytesMut) -> Poll<bool> {
        let mut state = self.state();
        if !state.bytes.is_empty() {
            if let Some(engine) = state.engine.take() {
                engine.wake();
            }
            mem::swap(&mut state.bytes, empty);
            return Poll::Ready(true);
        }
        if state.ended {
            return Poll::Ready(false);
        }
        state.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
