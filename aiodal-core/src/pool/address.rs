//! Where exactly a server is, once its name is looked up.

use std::fmt;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::dial::{Dial, Dialed, Duplex};
use crate::config::Target;

/// One place to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    Tcp(SocketAddr),
    /// The directory of the socket, and the port that is part of its name.
    #[cfg(unix)]
    Unix(PathBuf, u16),
    /// Wherever the streams lead that somebody makes.
    Dialed(Dial),
}

impl Address {
    /// Looks a target up.
    pub(super) async fn of(target: &Target) -> io::Result<Vec<Address>> {
        match (&target.host, target.address) {
            (_, Some(address)) => Ok(vec![Address::Tcp(SocketAddr::new(address, target.port))]),
            #[cfg(unix)]
            (Some(Host::Unix(directory)), None) => {
                Ok(vec![Address::Unix(directory.clone(), target.port)])
            }
            (Some(Host::Tcp(name)), None) => {
                let found = tokio::net::lookup_host((name.as_str(), target.port)).await?;
                Ok(found.map(Address::Tcp).collect())
            }
            (None, None) => Ok(Vec::new()),
        }
    }

    /// Opens a stream, as the settings have it.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub(super) async fn open(&self, settings: &Config) -> io::Result<Stream> {
        match self {
            Address::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                tune(&stream, settings)?;
                Ok(Stream::Tcp(stream))
            }
            #[cfg(unix)]
            Address::Unix(directory, port) => {
                let path = directory.join(format!(".s.PGSQL.{port}"));
                Ok(Stream::Unix(UnixStream::connect(path).await?))
            }
            Address::Dialed(dial) => Ok(Stream::Dialed(dial.open())),
        }
    }

    pub(super) fn is_socket(&self) -> bool {
        !matches!(self, Address::Tcp(_))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => write!(f, "{address}"),
            #[cfg(unix)]
            Address::Unix(directory, port) => {
                write!(
                    f,
                    "{}",
                    directory.join(format!(".s.PGSQL.{port}")).display()
                )
            }
            Address::Dialed(_) => f.write_str("the stream that it was given"),
        }
    }
}

/// Has small messages sent at once, and a connection that has died noticed: as the driver would.
fn tune(stream: &TcpStream, settings: &Config) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    #[cfg(target_os = "linux")]
    if let Some(limit) = settings.get_tcp_user_timeout() {
        socket.set_tcp_user_timeout(Some(*limit))?;
    }
    if !settings.get_keepalives() {
        return Ok(());
    }
    let mut keepalive = TcpKeepalive::new().with_time(settings.get_keepalives_idle());
    if let Some(interval) = settings.get_keepalives_interval() {
        keepalive = keepalive.with_interval(interval);
    }
    #[cfg(not(windows))]
    if let Some(retries) = settings.get_keepalives_retries() {
        keepalive = keepalive.with_retries(retries);
    }
    socket.set_tcp_keepalive(&keepalive)
}

/// A stream to a server, in the clear.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    Dialed(Dialed),
}

impl Stream {
    fn inner(&mut self) -> Pin<&mut (dyn Duplex + Unpin)> {
        match self {
            Stream::Tcp(stream) => Pin::new(stream),
            #[cfg(unix)]
            Stream::Unix(stream) => Pin::new(stream),
            Stream::Dialed(stream) => Pin::new(stream),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.inner().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.inner().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(cx)
    }
}

/// A stream whose shutdown is over when the server has hung up.
///
/// A server that is asked to cancel a statement hangs up once it has done so. Who goes on earlier may see the next
/// statement cancelled instead (libpq's `PQcancelBlocking` waits for the same reason).
pub(super) struct UntilHungUp<S>(pub(super) S);

impl<S: AsyncRead + Unpin> AsyncRead for UntilHungUp<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for UntilHungUp<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Not the stream's own shutdown: a server that reads an end of file before it is done may be done with it.
        ready!(Pin::new(&mut self.0).poll_flush(cx))?;
        loop {
            let mut bytes = [0; 64];
            let mut buffer = ReadBuf::new(&mut bytes);
            match ready!(Pin::new(&mut self.0).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                // It may hang up without a farewell.
                Ok(()) | Err(_) => return Poll::Ready(Ok(())),
            }
        }
    }
}
