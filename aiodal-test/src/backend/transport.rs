//! A stream that can leave one runtime's reactor and join another's.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use nix::poll::{PollFd, PollFlags, PollTimeout};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// A stream of the operating system's, registered with a runtime or parked.
pub(crate) enum Transport {
    Registered(Registered),
    Parked(Stream),
    /// Moving failed half-way; the connection is lost.
    Lost,
}

/// A stream that wakes its reader for what there is to read, and for nothing else.
///
/// A stream of tokio's is registered for both directions, and so wakes it once more per round trip: when the server has taken
/// what it was sent, and there is room again where there was room before.
pub(crate) struct Registered {
    readable: AsyncFd<Stream>,
    /// A registration of its own, from the first write on that had to wait.
    writable: Option<AsyncFd<OwnedFd>>,
}

pub(crate) enum Stream {
    Tcp(std::net::TcpStream),
    Unix(std::os::unix::net::UnixStream),
}

impl Transport {
    /// # Errors
    ///
    /// The reactor of one of them refused.
    pub(crate) fn tcp(stream: TcpStream) -> io::Result<Transport> {
        Registered::new(Stream::Tcp(stream.into_std()?)).map(Transport::Registered)
    }

    /// # Errors
    ///
    /// The reactor of one of them refused.
    pub(crate) fn unix(stream: UnixStream) -> io::Result<Transport> {
        Registered::new(Stream::Unix(stream.into_std()?)).map(Transport::Registered)
    }

    /// Takes the stream out of its reactor.
    pub(super) fn park(&mut self) {
        *self = match std::mem::replace(self, Transport::Lost) {
            Transport::Registered(stream) => Transport::Parked(stream.readable.into_inner()),
            other => other,
        };
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
        *self = match std::mem::replace(self, Transport::Lost) {
            Transport::Parked(stream) => Transport::Registered(Registered::new(stream)?),
            other => other,
        };
        Ok(())
    }

    /// Says whether the server has neither closed the parked stream nor sent anything unasked.
    pub(super) fn is_quiet(&self) -> bool {
        match self {
            Transport::Parked(stream) => !is_readable(stream.as_fd()),
            Transport::Registered(_) | Transport::Lost => false,
        }
    }

    fn registered(&mut self) -> io::Result<&mut Registered> {
        match self {
            Transport::Registered(stream) => Ok(stream),
            // Only a driver that outlived its runtime could come here.
            Transport::Parked(_) | Transport::Lost => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl Registered {
    fn new(stream: Stream) -> io::Result<Registered> {
        Ok(Registered {
            readable: register(stream, Interest::READABLE)?,
            writable: None,
        })
    }

    fn stream(&self) -> &Stream {
        self.readable.get_ref()
    }

    fn poll_read(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut ready = ready!(self.readable.poll_read_ready(cx))?;
            let room = buf.initialize_unfilled();
            match ready.try_io(|stream| stream.get_ref().read(room)) {
                Ok(Ok(read)) => {
                    // What was less than there is room for was all: the next bytes wake anew, and need not be asked for.
                    if 0 < read && read < buf.remaining() {
                        ready.clear_ready();
                    }
                    buf.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_nothing_yet) => {}
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.stream().write(buf) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let writable = match &mut self.writable {
                        Some(writable) => writable,
                        none => {
                            let fd = self.readable.as_fd().try_clone_to_owned()?;
                            none.insert(register(fd, Interest::WRITABLE)?)
                        }
                    };
                    ready!(writable.poll_write_ready(cx))?.clear_ready();
                }
                written => return Poll::Ready(written),
            }
        }
    }
}

impl Stream {
    fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => (&*stream).read(buf),
            Stream::Unix(stream) => (&*stream).read(buf),
        }
    }

    fn write(&self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => (&*stream).write(buf),
            Stream::Unix(stream) => (&*stream).write(buf),
        }
    }

    fn end_writing(&self) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Stream::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Stream::Tcp(stream) => stream.as_fd(),
            Stream::Unix(stream) => stream.as_fd(),
        }
    }
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

#[expect(
    deprecated,
    reason = "what replaces it is unsafe, since a type may lie about its descriptor: those of the standard library don't"
)]
fn register<T: AsRawFd>(stream: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(stream, interest)
}

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
        self.registered()?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.registered()?.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.registered()?.stream().end_writing())
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}
