//! Rows as they come.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::Transaction;
use crate::error::{Error, Result};
use crate::lane::{Lane, Observed, Outcome, Ticket};

pin_project_lite::pin_project! {
    /// The rows of a statement, as they come: see [`Transaction::query_stream`].
    ///
    /// It borrows its transaction, so that nothing else waits behind it on the connection.
    pub struct RowStream<'a> {
        #[pin]
        rows: Pin<Box<tokio_postgres::RowStream>>,
        ticket: Option<Ticket>,
        sql: String,
        count: u64,
        observed: Option<Observed>,
        transaction: PhantomData<&'a mut Transaction>,
    }
}

impl RowStream<'_> {
    pub(super) async fn start<'a>(
        lane: &Lane,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<RowStream<'a>> {
        let observed = lane.observe(sql, params.into());
        match lane.start(sql, params).await {
            Ok((rows, ticket)) => Ok(RowStream {
                rows: Box::pin(rows),
                ticket: Some(ticket),
                sql: sql.to_owned(),
                count: 0,
                observed,
                transaction: PhantomData,
            }),
            Err(error) => {
                if let Some(observed) = observed {
                    observed.finished(Outcome::Failed(&error));
                }
                Err(error)
            }
        }
    }
}

impl Stream for RowStream<'_> {
    type Item = Result<Row>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Row>>> {
        let this = self.project();
        let Some(ticket) = &*this.ticket else {
            return Poll::Ready(None);
        };
        let result: Result<(), Error> = match ready!(this.rows.poll_next(cx)) {
            Some(Ok(row)) => {
                *this.count += 1;
                return Poll::Ready(Some(Ok(row)));
            }
            Some(Err(error)) => Err(ticket.lane().failed(this.sql, error)),
            None => Ok(()),
        };
        ticket.answered();
        *this.ticket = None;
        if let Some(observed) = this.observed.take() {
            observed.finished(match &result {
                Ok(()) => Outcome::Rows(Some(*this.count)),
                Err(error) => Outcome::Failed(error),
            });
        }
        Poll::Ready(result.err().map(Err))
    }
}

impl fmt::Debug for RowStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowStream")
            .field("count", &self.count)
            .field("ended", &self.ticket.is_none())
            .finish_non_exhaustive()
    }
}
