//! The tokio-postgres connection, driven by whichever runtime has it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::Poll;

use aiodal_core::Tap;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::socket::Socket;

/// The driver's connection. What it would have for TLS is the same as without: the session is the socket's own.
type Connection = tokio_postgres::Connection<Tap<Socket>, Tap<Socket>>;

/// A connection that nobody drives: its socket is parked.
pub(crate) struct Driver {
    connection: Connection,
    socket: Socket,
}

/// A connection driven by a task of the runtime that started it.
pub(crate) struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Option<Driver>>,
}

impl Driver {
    pub(crate) fn new(connection: Connection, socket: Socket) -> Driver {
        Driver { connection, socket }
    }

    /// Says whether the server has left the parked connection alone; otherwise it is not worth starting.
    pub(crate) fn is_quiet(&self) -> bool {
        self.socket.is_quiet()
    }

    /// Takes the socket out of the runtime it was connected on.
    ///
    /// # Errors
    ///
    /// The reactor refused; the connection is lost.
    pub(crate) fn park(&self) -> io::Result<()> {
        self.socket.park()
    }

    /// Returns the socket, for whoever speaks the protocol on it while this is parked, and leaves it as it was.
    pub(crate) fn socket(&self) -> Socket {
        self.socket.clone()
    }

    /// Drives the connection on the current runtime.
    ///
    /// # Errors
    ///
    /// The runtime's reactor refused the socket; the connection is lost.
    pub(crate) fn start(mut self) -> io::Result<Running> {
        self.socket.unpark()?;
        let (stop, mut stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let ended = poll_fn(|cx| {
                if Pin::new(&mut self.connection).poll(cx).is_ready() {
                    return Poll::Ready(true);
                }
                // A dropped `Running` counts as a stop: the driver then dies with this task.
                Pin::new(&mut stopped).poll(cx).map(|_| false)
            });
            if ended.await { None } else { Some(self) }
        });
        Ok(Running { stop, task })
    }
}

impl Running {
    /// Stops driving and parks the socket; `None` if the connection is lost.
    ///
    /// Whoever calls it has awaited the answers to all that was sent: what the server would still send
    /// makes the parked connection unfit for use ([`Driver::is_quiet`]).
    pub(crate) async fn stop(self) -> Option<Driver> {
        // Refused only if the task has ended, which the next line finds out.
        let _ended = self.stop.send(());
        let driver = self.task.await.ok().flatten()?;
        driver.park().ok()?;
        Some(driver)
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Driver")
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Running")
    }
}
