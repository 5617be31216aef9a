//! A stream that can leave one runtime's reactor and join another's.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use nix::poll::{PollFd, PollFlags, PollTimeout};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// A stream of the operating system's, registered with a runtime or parked.
pub(crate) enum Transport {
    Tcp(TcpStream),
    Unix(UnixStream),
    ParkedTcp(std::net::TcpStream),
    ParkedUnix(std::os::unix::net::UnixStream),
    /// Moving failed half-way; the connection is lost.
    Lost,
}

impl Transport {
    /// Takes the stream out of its reactor.
    ///
    /// # Errors
    ///
    /// The reactor refused; the connection is lost.
    pub(super) fn park(&mut self) -> io::Result<()> {
        self.turn(|transport| match transport {
            Transport::Tcp(stream) => stream.into_std().map(Transport::ParkedTcp),
            Transport::Unix(stream) => stream.into_std().map(Transport::ParkedUnix),
            parked => Ok(parked),
        })
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
    pub(super) fn unpark(&mut self) -> io::Result<()> {
        self.turn(|transport| match transport {
            Transport::ParkedTcp(stream) => TcpStream::from_std(stream).map(Transport::Tcp),
            Transport::ParkedUnix(stream) => UnixStream::from_std(stream).map(Transport::Unix),
            registered => Ok(registered),
        })
    }

    /// Says whether the server has neither closed the parked stream nor sent anything unasked.
    pub(super) fn is_quiet(&self) -> bool {
        let fd = match self {
            Transport::ParkedTcp(stream) => stream.as_fd(),
            Transport::ParkedUnix(stream) => stream.as_fd(),
            Transport::Tcp(_) | Transport::Unix(_) | Transport::Lost => return false,
        };
        !is_readable(fd)
    }

    fn turn(&mut self, change: impl FnOnce(Transport) -> io::Result<Transport>) -> io::Result<()> {
        *self = change(std::mem::replace(self, Transport::Lost))?;
        Ok(())
    }

    fn with<T>(
        &mut self,
        poll: impl FnOnce(Pin<&mut dyn Stream>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match self {
            Transport::Tcp(stream) => poll(Pin::new(stream)),
            Transport::Unix(stream) => poll(Pin::new(stream)),
            // Only a driver that outlived its runtime could come here.
            Transport::ParkedTcp(_) | Transport::ParkedUnix(_) | Transport::Lost => {
                Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
            }
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// Hang-up and error count as readable: reading is how they are found out.
fn is_readable(fd: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
    !matches!(nix::poll::poll(&mut fds, PollTimeout::ZERO), Ok(0))
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_read(cx, buf))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write(cx, buf))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(cx))
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}
