//! Where exactly a server is, once its name is looked up.

use std::fmt;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_postgres::config::Host;

use crate::config::Target;

/// One place to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    Tcp(SocketAddr),
    /// The directory of the socket, and the port that is part of its name.
    #[cfg(unix)]
    Unix(PathBuf, u16),
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

    /// Opens a stream that waits for the server to hang up when it is shut down.
    pub(super) async fn open(&self) -> io::Result<UntilHungUp> {
        Ok(UntilHungUp(match self {
            Address::Tcp(address) => Box::new(TcpStream::connect(address).await?),
            #[cfg(unix)]
            Address::Unix(directory, port) => {
                let path = directory.join(format!(".s.PGSQL.{port}"));
                Box::new(UnixStream::connect(path).await?)
            }
        }))
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
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// A stream whose shutdown is over when the server has hung up.
///
/// A server that is asked to cancel a statement hangs up once it has done so. Who goes on earlier may see the next
/// statement cancelled instead (libpq's `PQcancelBlocking` waits for the same reason).
pub(super) struct UntilHungUp(Box<dyn Duplex>);

impl AsyncRead for UntilHungUp {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for UntilHungUp {
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
