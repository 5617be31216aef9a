//! What is sent to the server at a time.

use bytes::Bytes;

use super::bad_row::BadRow;

/// How the rows of a batch are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As tuples of COPY's binary format, without its header and trailer.
    Binary,
    /// As the source has them: records of its own format, to be read by the server.
    Plain,
}

/// Where a record begins in its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its number, from 0; a header does not count.
    pub(crate) record: u64,
    /// Its line, from 1, as an editor counts; 0 in a format without lines.
    pub(crate) line: u64,
    /// In bytes, after decompression.
    pub(crate) offset: u64,
}

/// A record that takes more lines than its own, or that follows lines which are no records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Which of the batch, from 0.
    pub(crate) record: u32,
    /// How many lines without a record lie between the previous record and this one.
    pub(crate) skipped: u32,
    /// How many lines it takes beyond its first.
    pub(crate) more: u32,
}

/// Whole records in a row, ready to be sent.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) form: Form,
    pub(crate) data: Bytes,
    pub(crate) records: u32,
    /// Where the first one begins; skipped lines before it are behind us.
    pub(crate) first: Place,
    /// Only of the records that are not simply one line each.
    pub(crate) spans: Vec<Span>,
    /// How much of the source has been read so far, in bytes as it is stored: compressed, that is.
    pub(crate) consumed: u64,
    /// What it takes to send and to reject single records, if somebody asked for it.
    pub(crate) kept: Option<Kept>,
    /// The records behind it that are not in it, because the reader has refused them. Only if records are kept: otherwise
    /// the first one is an error.
    pub(crate) refused: Vec<Refused>,
}

/// A record that the reader has refused.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Why.
    pub(crate) row: BadRow,
    /// It, as the source has it, with its line end.
    pub(crate) raw: Bytes,
}

/// The records of a batch, one by one.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The records as the source has them, each with its line end.
    pub(crate) raw: Bytes,
    /// Where each ends in `raw`.
    pub(crate) raw_ends: Vec<u32>,
    /// Where each ends in the batch's `data`.
    pub(crate) data_ends: Vec<u32>,
}

impl Batch {
    /// Returns where one of its records begins; `offset` is that of the batch.
    pub(crate) fn place_of(&self, record: u32) -> Place {
        place_of(self.first, &self.spans, record)
    }
}

/// The same, of a batch that begins at `first`.
pub(crate) fn place_of(first: Place, spans: &[Span], record: u32) -> Place {
    let mut line = first.line + u64::from(record);
    for span in spans {
        if span.record < record {
            line += u64::from(span.skipped) + u64::from(span.more);
        } else if span.record == record && record > 0 {
            line += u64::from(span.skipped);
        }
    }
    Place {
        record: first.record + u64::from(record),
        line: if first.line == 0 { 0 } else { line },
        offset: first.offset,
    }
}
