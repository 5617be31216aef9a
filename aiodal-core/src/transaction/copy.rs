//! COPY in a transaction: bytes in, bytes out.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{SinkExt, Stream};
use tokio_postgres::{CopyInSink, CopyOutStream};

use super::Transaction;
use crate::error::{Error, Result};
use crate::lane::{Lane, Observed, Outcome, Ticket};

/// What is told and kept of a COPY while it runs.
struct Running {
    ticket: Ticket,
    observed: Option<Observed>,
    sql: String,
}

/// A `COPY … FROM STDIN` that waits for data: see [`Transaction::copy_in`].
///
/// It borrows its transaction: the connection takes nothing else meanwhile. Dropped without
/// [`finish`](CopyIn::finish) it aborts, and the transaction has failed.
pub struct CopyIn<'a> {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    running: Running,
    transaction: PhantomData<&'a mut Transaction>,
}

/// The data of a `COPY … TO STDOUT`: see [`Transaction::copy_out`].
///
/// It borrows its transaction, so that nothing else waits behind it on the connection.
pub struct CopyOut<'a> {
    stream: Pin<Box<CopyOutStream>>,
    /// `None` once it has ended.
    running: Option<Running>,
    transaction: PhantomData<&'a mut Transaction>,
}

impl Transaction {
    /// Starts a `COPY … FROM STDIN`, to which data can then be sent.
    ///
    /// Like [`tokio_postgres::Client::copy_in`].
    ///
    /// # Errors
    ///
    /// What the server refused. Unless it is no SQL at all, that costs the connection: tokio-postgres loses count of its
    /// answers. Nothing more can be run in the transaction, not even behind a savepoint, and the connection is closed.
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
            transaction: PhantomData,
        })
    }

    /// Starts a `COPY … TO STDOUT`, and returns its data as it comes.
    ///
    /// Like [`tokio_postgres::Client::copy_out`].
    ///
    /// # Errors
    ///
    /// What the server refused; what it refuses later, the stream returns.
    ///
    /// # Cancel safety
    ///
    /// The stream may be dropped half-way. The server goes on, and what it sends is dropped; the next statement waits for
    /// it. If the transaction is dropped or rolled back meanwhile, it is cancelled.
    pub async fn copy_out(&mut self, sql: &str) -> Result<CopyOut<'_>> {
        let client = self.lane().held().client();
        let start = self.lane().start_with(sql, || client.copy_out(sql));
        let (stream, running) = Running::start(self.lane(), sql, start).await?;
        Ok(CopyOut {
            stream: Box::pin(stream),
            running: Some(running),
            transaction: PhantomData,
        })
    }
}

impl Running {
    async fn start<T>(
        lane: &Lane,
        sql: &str,
        start: impl Future<Output = Result<(T, Ticket)>>,
    ) -> Result<(T, Running)> {
        let observed = lane.observe(sql);
        match start.await {
            Ok((started, ticket)) => {
                let sql = sql.to_owned();
                let running = Running {
                    ticket,
                    observed,
                    sql,
                };
                Ok((started, running))
            }
            Err(error) => {
                if let Some(observed) = observed {
                    observed.finished(Outcome::Failed(&error));
                }
                Err(error)
            }
        }
    }

    fn end<T>(
        mut self,
        result: Result<T, tokio_postgres::Error>,
        rows: impl Fn(&T) -> Option<u64>,
    ) -> Result<T> {
        self.ticket.answered();
        let result = result.map_err(|error| self.fail(error));
        if let (Some(observed), Ok(value)) = (self.observed.take(), &result) {
            observed.finished(Outcome::Rows(rows(value)));
        }
        result
    }

    fn fail(&mut self, error: tokio_postgres::Error) -> Error {
        let error = self.ticket.lane().failed(&self.sql, error);
        if let Some(observed) = self.observed.take() {
            observed.finished(Outcome::Failed(&error));
        }
        error
    }
}

impl CopyIn<'_> {
    /// Sends data, in pieces of any size. It waits while the server is behind.
    ///
    /// # Errors
    ///
    /// The server has refused what was sent before, or the connection is lost. [`finish`](CopyIn::finish) says why.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the piece may or may not have been taken.
    pub async fn send(&mut self, data: impl Into<Bytes>) -> Result<()> {
        let sent = self.sink.feed(data.into()).await;
        sent.map_err(|error| self.running.fail(error))
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
        let result = self.sink.as_mut().finish().await;
        self.running.end(result, |rows| Some(*rows))
    }
}

impl Stream for CopyOut<'_> {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if self.running.is_none() {
            return Poll::Ready(None);
        }
        let item = match ready!(self.stream.as_mut().poll_next(cx)) {
            Some(Ok(data)) => return Poll::Ready(Some(Ok(data))),
            Some(Err(error)) => Err(error),
            None => Ok(()),
        };
        let running = self.running.take();
        let ended = running.map(|running| running.end(item, |()| None));
        Poll::Ready(ended.and_then(Result::err).map(Err))
    }
}

impl fmt::Debug for CopyIn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyIn")
            .field("sql", &self.running.sql)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CopyOut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyOut")
            .field("ended", &self.running.is_none())
            .finish_non_exhaustive()
    }
}
