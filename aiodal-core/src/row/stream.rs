//! A stream of rows, read into a type as they come.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use tokio_postgres::Row;

use super::{Columns, FromRow, Plan};
use crate::error::Result;

pin_project_lite::pin_project! {
    /// A stream of `T`, read from the rows of another stream.
    ///
    /// Which columns `T` reads is settled and checked with the first row. The stream goes on behind a row that did not
    /// fit.
    pub struct TypedRows<S, T> {
        #[pin]
        rows: S,
        plan: Option<Plan>,
        count: usize,
        target: PhantomData<fn() -> T>,
    }
}

impl<S, T> TypedRows<S, T> {
    /// Reads the rows of one result.
    pub fn new(rows: S) -> TypedRows<S, T> {
        TypedRows {
            rows,
            plan: None,
            count: 0,
            target: PhantomData,
        }
    }
}

impl<S, T> Stream for TypedRows<S, T>
where
    S: Stream<Item = Result<Row>>,
    T: FromRow,
{
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let this = self.project();
        let Some(row) = ready!(this.rows.poll_next(cx)) else {
            return Poll::Ready(None);
        };
        *this.count += 1;
        let read = row.and_then(|row| {
            let plan = match this.plan {
                Some(plan) => plan,
                None => this.plan.insert(T::resolve(&Columns::new(row.columns()))?),
            };
            T::decode(&row, plan).map_err(|error| error.in_row(*this.count))
        });
        Poll::Ready(Some(read))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.size_hint()
    }
}

impl<S, T> fmt::Debug for TypedRows<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedRows")
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}
