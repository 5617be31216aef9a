//! In place of TLS, where it is not compiled in: the same types, of which there are no values.

use std::convert::Infallible;
use std::fmt;
use std::future::Ready;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};

use crate::config::Ssl;

/// Whether there is TLS.
pub(crate) const COMPILED_IN: bool = false;

/// Would make connections speak TLS.
#[derive(Clone)]
pub(crate) struct Tls(Infallible);

/// Why there is no TLS.
#[derive(Debug)]
pub struct TlsError;

/// One handshake to come. There is none without the feature `rustls`.
#[derive(Clone)]
pub struct Handshake(Infallible);

/// A stream inside a TLS session. There is none without the feature `rustls`.
pub struct Stream<S> {
    never: Infallible,
    below: PhantomData<S>,
}

impl Tls {
    /// Reads no certificates.
    ///
    /// # Errors
    ///
    /// Always: it names the feature.
    pub(crate) fn new(_: &Ssl) -> Result<Tls, TlsError> {
        Err(TlsError)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> MakeTlsConnect<S> for Tls {
    type Stream = Stream<S>;
    type TlsConnect = Handshake;
    type Error = TlsError;

    fn make_tls_connect(&mut self, _: &str) -> Result<Handshake, TlsError> {
        match self.0 {}
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsConnect<S> for Handshake {
    type Stream = Stream<S>;
    type Error = TlsError;
    type Future = Ready<Result<Stream<S>, TlsError>>;

    fn connect(self, _: S) -> Self::Future {
        match self.0 {}
    }
}

impl<S> Stream<S> {
    /// Returns the stream that it goes through.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        match self.never {}
    }

    /// Returns the stream that it goes through.
    pub fn get_mut(&mut self) -> &mut S {
        match self.never {}
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Stream<S> {
    fn channel_binding(&self) -> ChannelBinding {
        match self.never {}
    }
}

impl<S: Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.never {}
    }
}

impl<S: Unpin> AsyncWrite for Stream<S> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        match self.never {}
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.never {}
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.never {}
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`sslmode` needs TLS, which is compiled in with the feature `rustls` of aiodal")
    }
}

impl std::error::Error for TlsError {}

impl fmt::Debug for Handshake {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl<S> fmt::Debug for Stream<S> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.never {}
    }
}
