//! Typed rows into batches, as they are asked for.

use std::any::type_name;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};
use tokio_postgres::types::Type;

use super::columns::Target;
use super::{RowColumns, RowWriter, ToRow};
use crate::bulk::BadRow;
use crate::bulk::batch::{Batch, Form, Kept, Place, Refused};
use crate::error::{BoxError, Error, Result};
use crate::row::describe;

/// A batch is sent when it has so many bytes.
const BATCH: usize = 128 * 1024;

/// What makes batches of rows, once it is known what the columns are, in the order of the rows' values, and whether single
/// records are to be kept.
pub(crate) type MakeRows<'a> =
    Box<dyn FnOnce(Vec<(String, Type)>, bool) -> Result<BoxStream<'a, Result<Batch>>> + Send + 'a>;

/// Typed rows that are going to be loaded: of an iterator, or of a stream.
///
/// Its batches are all of [`Form::Binary`]. Rows have no lines and no text: a place has the line 0, and the kept `raw` of a
/// record is empty. A row that cannot be written is refused by its batch if records are kept, and otherwise an error in its
/// turn; the stream goes on behind it.
pub(crate) struct RowBatches<'a> {
    /// What the rows are called in errors.
    pub(crate) name: String,
    /// The names of their columns; `None` if they go by position.
    pub(crate) header: Option<Vec<String>>,
    /// How many values a row has.
    pub(crate) width: usize,
    make: MakeRows<'a>,
}

impl<'a> RowBatches<'a> {
    /// Takes the rows of an iterator.
    pub(crate) fn from_iter<I>(rows: I) -> RowBatches<'a>
    where
        I: IntoIterator<Item: ToRow + 'a, IntoIter: Send + 'a>,
    {
        RowBatches::new(stream::iter(rows).map(Ok))
    }

    /// Takes the rows of a stream.
    pub(crate) fn from_stream<S>(rows: S) -> RowBatches<'a>
    where
        S: Stream<Item: ToRow> + Send + 'a,
    {
        RowBatches::new(rows.map(Ok))
    }

    /// Takes the rows of a stream that may fail. That ends it.
    pub(crate) fn from_try_stream<S, T, E>(rows: S) -> RowBatches<'a>
    where
        S: Stream<Item = Result<T, E>> + Send + 'a,
        T: ToRow,
        E: Into<BoxError> + 'a,
    {
        RowBatches::new(rows.map_err(Into::into))
    }

    fn new<S, T>(rows: S) -> RowBatches<'a>
    where
        S: Stream<Item = Result<T, BoxError>> + Send + 'a,
        T: ToRow,
    {
        let columns = RowColumns::of::<T>();
        let name = format!("rows of {}", describe::rust(type_name::<T>()));
        let (header, width, source) = (columns.names(), columns.len(), name.clone());
        let make = move |targets, keep: bool| {
            let columns = columns.bind(targets)?;
            let batches = BatchStream {
                rows: Some(Box::pin(rows)),
                columns,
                source,
                out: BytesMut::new(),
                ends: keep.then(Vec::new),
                next: 0,
                first: 0,
                records: 0,
                consumed: 0,
                refused: None,
                failed: None,
                rested: true,
            };
            Ok(batches.boxed())
        };
        RowBatches {
            name,
            header,
            width,
            make: Box::new(make),
        }
    }

    /// Says what the columns are, in the order of the rows' values, and begins.
    ///
    /// # Errors
    ///
    /// There are more or fewer columns than values, or columns of types that the values cannot be written as: all of them.
    pub(crate) fn start(
        self,
        columns: Vec<(String, Type)>,
        keep: bool,
    ) -> Result<BoxStream<'a, Result<Batch>>> {
        (self.make)(columns, keep)
    }
}

impl fmt::Debug for RowBatches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowBatches")
            .field("name", &self.name)
            .field("header", &self.header)
            .field("width", &self.width)
            .finish_non_exhaustive()
    }
}

/// The stream of batches.
struct BatchStream<S> {
    /// `None` once it has ended.
    rows: Option<Pin<Box<S>>>,
    columns: Vec<Target>,
    source: String,
    out: BytesMut,
    /// Where each record ends in `out`, if somebody asked for it.
    ends: Option<Vec<u32>>,
    /// The number of the next record.
    next: u64,
    /// That of the batch's first.
    first: u64,
    /// How many it has.
    records: u32,
    consumed: u64,
    /// The row behind the batch that could not be written.
    refused: Option<BadRow>,
    /// What comes behind the batch.
    failed: Option<Error>,
    /// Whether others have had their turn since the last batch.
    rested: bool,
}

impl<S> BatchStream<S> {
    /// Writes a row behind the others.
    fn write(&mut self, row: &impl ToRow) -> Result<()> {
        let start = self.out.len();
        let number = self.next;
        self.next += 1;
        if self.records == 0 {
            self.first = number;
        }
        let mut writer = RowWriter::begin(&mut self.out, &self.columns, &self.source, number);
        let written = row.write(&mut writer).and_then(|()| writer.end());
        match written {
            Ok(()) => {
                self.records += 1;
                if let Some(ends) = &mut self.ends {
                    ends.push(u32::try_from(self.out.len()).expect("a row has less than 4 GiB"));
                }
            }
            Err(_) => self.out.truncate(start),
        }
        written
    }

    /// Takes note of a row that could not be written.
    fn refuse(&mut self, error: Error) {
        match error.bad_row() {
            Some(row) if self.ends.is_some() => self.refused = Some(row.clone()),
            _ => self.failed = Some(error),
        }
    }

    /// Returns what has been written since the last batch.
    fn batch(&mut self) -> Option<Batch> {
        let refused = self.refused.take();
        if self.records == 0 && refused.is_none() {
            return None;
        }
        let data = self.out.split().freeze();
        let records = std::mem::take(&mut self.records);
        let first = Place {
            record: self.first,
            line: 0,
            offset: 0,
        };
        let refused = refused.map(|row| Refused {
            row,
            raw: Bytes::new(),
        });
        self.consumed += data.len() as u64;
        let kept = self.ends.as_mut().map(|ends| Kept {
            raw: Bytes::new(),
            raw_ends: vec![0; ends.len()],
            data_ends: std::mem::take(ends),
        });
        self.rested = false;
        Some(Batch {
            form: Form::Binary,
            data,
            records,
            first,
            spans: Vec::new(),
            consumed: self.consumed,
            kept,
            refused: refused.into_iter().collect(),
        })
    }
}

impl<S, T> Stream for BatchStream<S>
where
    S: Stream<Item = Result<T, BoxError>>,
    T: ToRow,
{
    type Item = Result<Batch>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Batch>>> {
        let this = self.get_mut();
        // An iterator never waits: others on this thread are to have their turn.
        if !std::mem::replace(&mut this.rested, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            if let Some(error) = this.failed.take() {
                return Poll::Ready(Some(Err(error)));
            }
            let Some(rows) = &mut this.rows else {
                return Poll::Ready(None);
            };
            match ready!(rows.as_mut().poll_next(cx)) {
                Some(Ok(row)) => {
                    this.out.reserve(BATCH.saturating_sub(this.out.len()));
                    match this.write(&row) {
                        Ok(()) if this.out.len() < BATCH => continue,
                        Ok(()) => {}
                        Err(error) => this.refuse(error),
                    }
                }
                Some(Err(cause)) => {
                    this.rows = None;
                    let operation = format!("read {}", this.source);
                    this.failed = Some(Error::bulk(&operation, cause.to_string(), Some(cause)));
                }
                None => this.rows = None,
            }
            if let Some(batch) = this.batch() {
                return Poll::Ready(Some(Ok(batch)));
            }
        }
    }
}
