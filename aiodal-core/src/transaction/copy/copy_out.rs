//! COPY out of the database.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use tokio_postgres::CopyOutStream;

use super::Running;
use crate::error::Result;
use crate::lane::Leave;
use crate::transaction::Transaction;

/// The data of a `COPY … TO STDOUT`: see [`Transaction::copy_out`].
///
/// It borrows its transaction, so that nothing else waits behind it on the connection.
pub struct CopyOut<'a> {
    stream: Pin<Box<CopyOutStream>>,
    running: Running,
    /// How to leave it half-way; `None` where it has to be heard out.
    leave: Option<Leave>,
    transaction: PhantomData<&'a mut Transaction>,
}

impl Transaction {
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
    /// The stream may be dropped half-way: the COPY is cancelled, and the transaction goes on as if it had not been, unless
    /// the server was done with it. The next statement waits for that, a few milliseconds. For this the COPY is run behind
    /// a savepoint, which costs no round trip.
    ///
    /// On a connection of somebody's own pool ([`Connections`](crate::Connections)) the server goes on, what it sends is
    /// dropped, and the next statement waits for its end. If the transaction is dropped or rolled back meanwhile, it is
    /// cancelled.
    pub async fn copy_out(&mut self, sql: &str) -> Result<CopyOut<'_>> {
        self.copy_out_as(sql, sql).await
    }

    /// The same under another name: for the observer, and in an error.
    pub(crate) async fn copy_out_as(&mut self, name: &str, sql: &str) -> Result<CopyOut<'_>> {
        let start = self.lane().start_copy_out(name, sql);
        let ((stream, leave), running) = Running::start(self.lane(), name, start).await?;
        Ok(CopyOut {
            stream: Box::pin(stream),
            running,
            leave,
            transaction: PhantomData,
        })
    }
}

impl CopyOut<'_> {
    fn end(&mut self, result: Result<(), tokio_postgres::Error>) -> Result<()> {
        let ended = self.running.end(result, |()| None);
        // A savepoint in a failed transaction goes with it.
        if self.leave.take().is_some() && ended.is_ok() {
            self.running.ticket.lane().keep_copy();
        }
        ended
    }
}

impl Stream for CopyOut<'_> {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if self.running.ended {
            return Poll::Ready(None);
        }
        let item = match ready!(self.stream.as_mut().poll_next(cx)) {
            Some(Ok(data)) => return Poll::Ready(Some(Ok(data))),
            Some(Err(error)) => Err(error),
            None => Ok(()),
        };
        Poll::Ready(self.end(item).err().map(Err))
    }
}

impl Drop for CopyOut<'_> {
    fn drop(&mut self) {
        if let Some(leave) = self.leave.take() {
            leave.start(self.running.ticket.lane());
        }
    }
}

impl fmt::Debug for CopyOut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyOut")
            .field("sql", &self.running.sql)
            .field("ended", &self.running.ended)
            .finish_non_exhaustive()
    }
}
