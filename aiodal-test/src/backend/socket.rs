//! A stream that can leave one runtime's reactor and join another's.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// Where a connection's server was found; a request to cancel goes to the same place.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// One end of a movable stream: the connection has one to read and write, whoever moves it has the other.
#[derive(Clone)]
pub(crate) struct Socket(Arc<Mutex<State>>);

/// The mutex is for two holders on one thread at a time: the driver's task and whoever parks it once
/// that task has ended. It is never contended.
enum State {
    Tcp(TcpStream),
    Unix(UnixStream),
    ParkedTcp(std::net::TcpStream),
    ParkedUnix(std::os::unix::net::UnixStream),
    /// Moving failed half-way; the connection is lost.
    Lost,
}

impl Address {
    /// Lists the places a configuration names, in the order to try them.
    ///
    /// # Errors
    ///
    /// A host name that does not resolve.
    pub(crate) async fn of(config: &Config) -> io::Result<Vec<Address>> {
        let ports = config.get_ports();
        let port = |index: usize| {
            ports
                .get(index)
                .or_else(|| ports.first())
                .copied()
                .unwrap_or(5432)
        };
        if !config.get_hostaddrs().is_empty() {
            let addresses = config.get_hostaddrs().iter().enumerate();
            return Ok(addresses
                .map(|(index, ip)| Address::Tcp(SocketAddr::new(*ip, port(index))))
                .collect());
        }
        let mut addresses = Vec::new();
        for (index, host) in config.get_hosts().iter().enumerate() {
            match host {
                Host::Tcp(name) => {
                    let found = tokio::net::lookup_host((name.as_str(), port(index))).await?;
                    addresses.extend(found.map(Address::Tcp));
                }
                Host::Unix(directory) => {
                    addresses.push(Address::Unix(
                        directory.join(format!(".s.PGSQL.{}", port(index))),
                    ));
                }
            }
        }
        Ok(addresses)
    }

    /// Connects, on the runtime that polls this.
    ///
    /// # Errors
    ///
    /// What the operating system says, and `TimedOut` after `limit`.
    pub(crate) async fn connect(&self, limit: Duration) -> io::Result<Socket> {
        let connecting = async {
            let state = match self {
                Address::Tcp(address) => {
                    let stream = TcpStream::connect(address).await?;
                    stream.set_nodelay(true)?;
                    State::Tcp(stream)
                }
                Address::Unix(path) => State::Unix(UnixStream::connect(path).await?),
            };
            io::Result::Ok(state)
        };
        let state = tokio::time::timeout(limit, connecting)
            .await
            .map_err(|_| io::ErrorKind::TimedOut)??;
        Ok(Socket(Arc::new(Mutex::new(state))))
    }
}

impl Socket {
    /// Makes one of a stream that is there.
    #[cfg(test)]
    pub(crate) fn of(stream: UnixStream) -> Socket {
        Socket(Arc::new(Mutex::new(State::Unix(stream))))
    }

    /// Takes the stream out of its reactor.
    ///
    /// # Errors
    ///
    /// The reactor refused; the connection is lost.
    pub(crate) fn park(&self) -> io::Result<()> {
        self.turn(|state| match state {
            State::Tcp(stream) => stream.into_std().map(State::ParkedTcp),
            State::Unix(stream) => stream.into_std().map(State::ParkedUnix),
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
    pub(crate) fn unpark(&self) -> io::Result<()> {
        self.turn(|state| match state {
            State::ParkedTcp(stream) => TcpStream::from_std(stream).map(State::Tcp),
            State::ParkedUnix(stream) => UnixStream::from_std(stream).map(State::Unix),
            registered => Ok(registered),
        })
    }

    /// Says whether the server has neither closed the parked stream nor sent anything unasked.
    pub(crate) fn is_quiet(&self) -> bool {
        let state = self.state();
        let fd = match &*state {
            State::ParkedTcp(stream) => stream.as_fd(),
            State::ParkedUnix(stream) => stream.as_fd(),
            State::Tcp(_) | State::Unix(_) | State::Lost => return false,
        };
        !is_readable(fd)
    }

    fn turn(&self, change: impl FnOnce(State) -> io::Result<State>) -> io::Result<()> {
        let mut state = self.state();
        *state = change(std::mem::replace(&mut *state, State::Lost))?;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(
        &self,
        poll: impl FnOnce(Pin<&mut dyn Stream>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match &mut *self.state() {
            State::Tcp(stream) => poll(Pin::new(stream)),
            State::Unix(stream) => poll(Pin::new(stream)),
            // Only a driver that outlived its runtime could come here.
            State::ParkedTcp(_) | State::ParkedUnix(_) | State::Lost => {
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

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_read(cx, buf))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(cx))
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Socket")
    }
}
