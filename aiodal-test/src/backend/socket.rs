//! One end of a movable connection, shared by those who read and write it in turn. Its TLS session moves with it.

use std::fmt;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use aiodal_core::{BoxError, TlsHandshake, TlsSession};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use super::transport::Transport;

/// One end of a movable connection: the driver has one to read and write, whoever moves it has the other.
#[derive(Clone)]
pub(crate) struct Socket(Arc<Mutex<Stream>>);

/// The mutex is for two holders on one thread at a time: the driver's task and whoever parks it once
/// that task has ended. It is never contended.
///
/// A TLS session is state that every byte changes. It is here, below those who share the connection, because the driver that
/// has agreed on it is not the only one to speak on it.
enum Stream {
    Plain(Transport),
    Tls(Box<TlsSession<Transport>>),
}

impl Socket {
    pub(crate) fn of(transport: Transport) -> Socket {
        Socket(Arc::new(Mutex::new(Stream::Plain(transport))))
    }

    /// Takes the stream out of its reactor.
    ///
    /// # Errors
    ///
    /// The reactor refused; the connection is lost.
    pub(crate) fn park(&self) -> io::Result<()> {
        self.stream().transport_mut().park()
    }

    /// Registers the stream with the current runtime.
    ///
    /// # Errors
    ///
    /// The reactor refused; the connection is lost.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    pub(crate) fn unpark(&self) -> io::Result<()> {
        self.stream().transport_mut().unpark()
    }

    /// Says whether the server has neither closed the parked stream nor sent anything unasked.
    pub(crate) fn is_quiet(&self) -> bool {
        self.stream().transport().is_quiet()
    }

    /// Speaks TLS from here on.
    ///
    /// # Errors
    ///
    /// The handshake failed; the connection is lost.
    pub(super) async fn secure(&self, handshake: TlsHandshake) -> Result<(), BoxError> {
        let lost = Stream::Plain(Transport::Lost);
        let Stream::Plain(plain) = mem::replace(&mut *self.stream(), lost) else {
            return Err("it speaks TLS already".into());
        };
        let session = handshake.connect(plain).await?;
        *self.stream() = Stream::Tls(Box::new(session));
        Ok(())
    }

    fn stream(&self) -> MutexGuard<'_, Stream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream {
    fn transport(&self) -> &Transport {
        match self {
            Stream::Plain(transport) => transport,
            Stream::Tls(session) => session.get_ref(),
        }
    }

    fn transport_mut(&mut self) -> &mut Transport {
        match self {
            Stream::Plain(transport) => transport,
            Stream::Tls(session) => session.get_mut(),
        }
    }
}

impl TlsStream for Socket {
    fn channel_binding(&self) -> ChannelBinding {
        match &*self.stream() {
            Stream::Plain(_) => ChannelBinding::none(),
            Stream::Tls(session) => session.channel_binding(),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self.stream() {
            Stream::Plain(transport) => Pin::new(transport).poll_read(cx, buf),
            Stream::Tls(session) => Pin::new(session).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self.stream() {
            Stream::Plain(transport) => Pin::new(transport).poll_write(cx, buf),
            Stream::Tls(session) => Pin::new(session).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.stream() {
            Stream::Plain(transport) => Pin::new(transport).poll_flush(cx),
            Stream::Tls(session) => Pin::new(session).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.stream() {
            Stream::Plain(transport) => Pin::new(transport).poll_shutdown(cx),
            Stream::Tls(session) => Pin::new(session).poll_shutdown(cx),
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Socket")
    }
}
