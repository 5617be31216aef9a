//! Streams of a caller's own making, in place of sockets.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Makes streams on which the protocol is to be spoken.
#[derive(Clone)]
pub(super) struct Dial(Arc<dyn Fn() -> Dialed + Send + Sync>);

/// Such a stream.
pub(super) struct Dialed(Pin<Box<dyn Duplex + Send>>);

pub(super) trait Duplex: AsyncRead + AsyncWrite {}
impl<T: AsyncRead + AsyncWrite> Duplex for T {}

impl Dial {
    pub(super) fn new<S>(dial: impl Fn() -> S + Send + Sync + 'static) -> Dial
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        Dial(Arc::new(move || Dialed(Box::pin(dial()))))
    }

    pub(super) fn open(&self) -> Dialed {
        (self.0)()
    }
}

impl PartialEq for Dial {
    fn eq(&self, other: &Dial) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Dial {}

impl AsyncRead for Dialed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        self.0.as_mut().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Dialed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.0.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.0.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.0.as_mut().poll_shutdown(cx)
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dial")
    }
}

impl fmt::Debug for Dialed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dialed")
    }
}
