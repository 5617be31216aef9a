//! What is loaded: the records of a source, or rows.

use std::fmt;

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;

use crate::bulk::bad_row::BadRow;
use crate::bulk::batch::Batch;
use crate::bulk::format::Format;
use crate::bulk::read::Batches;
use crate::bulk::rows::RowBatches;
use crate::bulk::source::Source;
use crate::error::{Error, Result};

pub(super) enum Input<'a> {
    Source(Source<'a>, Format),
    Rows(RowBatches<'a>),
}

impl Input<'_> {
    pub(super) fn name(&self) -> String {
        match self {
            Input::Source(source, _) => source.name(),
            Input::Rows(rows) => rows.name.clone(),
        }
    }
}

/// The batches of an input that has been opened.
pub(super) enum Feed<'a> {
    Source(Batches<'a>),
    Rows(BoxStream<'a, Result<Batch>>),
}

impl Feed<'_> {
    /// Returns the next batch that has something; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            let batch = match self {
                Feed::Source(batches) => batches.next().await?,
                Feed::Rows(rows) => rows.try_next().await?,
            };
            match batch {
                Some(batch) if batch.records == 0 && batch.refused.is_empty() => {}
                other => return Ok(other),
            }
        }
    }

    /// Returns the row that an error of [`next`](Feed::next) is about, if those behind it may come yet.
    pub(super) fn rejected(&self, error: &Error) -> Option<BadRow> {
        match self {
            // Its reader puts bad records into batches; what it reports ends it.
            Feed::Source(_) => None,
            Feed::Rows(_) => error.bad_row().cloned(),
        }
    }
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Input::Source(source, format) => {
                f.debug_tuple("Source").field(source).field(format).finish()
            }
            Input::Rows(_) => f.write_str("Rows"),
        }
    }
}
