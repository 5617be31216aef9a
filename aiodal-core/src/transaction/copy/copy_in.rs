//! COPY into the database.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Sink;
use tokio_postgres::CopyInSink;

use super::Running;
use crate::error::Result;
use crate::transaction::Transaction;

/// A `COPY … FROM STDIN` that waits for data: see [`Transaction::copy_in`].
///
/// It borrows its transaction: the connection takes nothing else meanwhile. Dropped without
/// [`finish`](CopyIn::finish) it aborts, and the transaction has failed.
pub struct CopyIn<'a> {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    running: Running,
    /// How much may be sent before the runtime is let look at its sockets.
    left: usize,
    transaction: PhantomData<&'a mut Transaction>,
}

/// How much is sent at once. The server refuses messages of a gigabyte, and nobody notices an error in the middle of one.
const LARGEST: usize = 256 * 1024;

/// What has become of a piece of data.
enum Sent {
    Taken,
    /// The server has refused what was sent before, or the connection is lost.
    Refused,
}

impl Transaction {
    /// Starts a `COPY … FROM STDIN`, to which data can then be sent.
    ///
    /// Like [`tokio_postgres::Client::copy_in`], but [`send`](CopyIn::send) tells at once what the server has against the
    /// data. Begun behind a [savepoint](Transaction::savepoint), a COPY that fails costs no more than what is behind it.
    ///
    /// # Errors
    ///
    /// What the server refused. The transaction has then failed, as with any statement.
    ///
    /// On a connection that is of somebody's own pool ([`Connections`](crate::Connections)), a refused COPY costs the
    /// connection unless it is no SQL at all: tokio-postgres loses count of its answers. Nothing more can be run in the
    /// transaction, not even behind a savepoint, and the connection is closed. What the server refuses later is there
    /// told by [`finish`](CopyIn::finish) only.
    ///
    /// # Cancel safety
    ///
    /// If the future or what it returns is dropped, the COPY aborts, and the transaction has failed.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(tx: &mut aiodal_core::Transaction) -> aiodal_core::Result<()> {
    /// let mut copy = tx.copy_in("copy author (id, name) from stdin (format csv)").await?;
    /// copy.send("1,Hep\n").await?;
    /// copy.send("2,Ursula\n").await?;
    /// assert_eq!(copy.finish().await?, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn copy_in(&mut self, sql: &str) -> Result<CopyIn<'_>> {
        let start = self.lane().start_copy_in(sql);
        let (sink, running) = Running::start(self.lane(), sql, start).await?;
        Ok(CopyIn {
            sink: Box::pin(sink),
            running,
            left: LARGEST,
            transaction: PhantomData,
        })
    }
}

impl CopyIn<'_> {
    /// Sends data, in pieces of any size. It waits while the server is behind.
    ///
    /// Pieces of 64 to 256 kB are best. They are handed on without being copied; small ones are put together, and large
    /// ones are sent in several.
    ///
    /// # Errors
    ///
    /// What the server refused of the data sent before, a row that cannot be read for instance; or the connection is lost.
    /// The COPY is then over.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the piece may have been taken, or a part of it: go on with nothing but
    /// [dropping](CopyIn) the COPY.
    pub async fn send(&mut self, data: impl Into<Bytes>) -> Result<()> {
        self.running.check()?;
        let mut data = data.into();
        while !data.is_empty() {
            let piece = data.split_to(data.len().min(LARGEST));
            let length = piece.len();
            let mut piece = Some(piece);
            if let Sent::Refused = poll_fn(|cx| self.poll_send(cx, &mut piece)).await {
                // What the server has refused cannot end well.
                let ended = self.end().await;
                return ended.and_then(|_| self.running.check());
            }
            // As long as nobody waits, tokio looks for what has come after every 61st task only.
            self.left = match self.left.checked_sub(length) {
                Some(left) => left,
                None => {
                    tokio::task::yield_now().await;
                    LARGEST
                }
            };
        }
        Ok(())
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, piece: &mut Option<Bytes>) -> Poll<Sent> {
        let watch = self.running.ticket.lane().held().watch();
        if watch.is_some_and(|watch| watch.poll_refused(cx)) {
            return Poll::Ready(Sent::Refused);
        }
        let sink = &mut self.sink;
        let sent = sink
            .as_mut()
            .poll_ready(cx)
            .map_ok(|()| match piece.take() {
                Some(piece) => sink.as_mut().start_send(piece),
                None => Ok(()),
            });
        sent.map(|sent| match sent {
            Ok(Ok(())) => Sent::Taken,
            // The driver knows better why when the COPY is finished.
            Ok(Err(_)) | Err(_) => Sent::Refused,
        })
    }

    /// Waits until the server refuses what it has been sent, if it ever does; [`finish`](CopyIn::finish) then says why. On a
    /// connection without a tap nobody hears of it.
    pub(crate) async fn refused(&self) {
        poll_fn(|cx| {
            let watch = self.running.ticket.lane().held().watch();
            if watch.is_some_and(|watch| watch.poll_refused(cx)) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Ends the data and returns the number of rows copied.
    ///
    /// # Errors
    ///
    /// What the server refused, a row that cannot be read for instance.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the COPY may or may not be complete.
    pub async fn finish(mut self) -> Result<u64> {
        self.running.check()?;
        self.end().await
    }

    async fn end(&mut self) -> Result<u64> {
        let result = self.sink.as_mut().finish().await;
        self.running.end(result, |rows| Some(*rows))
    }
}

impl fmt::Debug for CopyIn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyIn")
            .field("sql", &self.running.sql)
            .field("failed", &self.running.ended)
            .finish_non_exhaustive()
    }
}
