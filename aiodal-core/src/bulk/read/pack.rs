//! Putting records together into batches.

use bytes::Bytes;

use super::parse::Emit;
use crate::bulk::batch::{Batch, Form, Kept, Place, Refused, Span};
use crate::error::Result;

/// A batch that is being filled.
///
/// For each record: [`begin`](Pack::begin), append to `data`, and [`end`](Pack::end); or [`undo`](Pack::undo), and begin
/// again.
pub(super) struct Pack {
    pub(super) data: Vec<u8>,
    limit: usize,
    form: Form,
    records: u32,
    first: Place,
    spans: Vec<Span>,
    /// The line that the next record begins in, if none is skipped.
    line: u64,
    skipped: u32,
    /// Where the record begins in `data`.
    mark: usize,
    kept: Option<(Vec<u8>, Ends)>,
    refused: Vec<Refused>,
}

#[derive(Default)]
struct Ends {
    raw: Vec<u32>,
    data: Vec<u32>,
}

impl Pack {
    /// Batches are emitted when they have `limit` bytes.
    pub(super) fn new(limit: usize, keep: bool) -> Pack {
        Pack {
            data: Vec::new(),
            limit,
            form: Form::Plain,
            records: 0,
            first: Place::default(),
            spans: Vec::new(),
            line: 0,
            skipped: 0,
            mark: 0,
            kept: keep.then(<(Vec<u8>, Ends)>::default),
            refused: Vec::new(),
        }
    }

    /// Begins a record, in a new batch if this one is of another form, or full.
    pub(super) fn begin(&mut self, form: Form, place: Place, emit: Emit<'_>) -> Result<()> {
        let full = self.data.len() >= self.limit || !self.refused.is_empty();
        if full || (form != self.form && self.records > 0) {
            self.flush(emit)?;
        }
        if self.records == 0 {
            self.form = form;
            self.first = place;
            self.line = place.line;
        }
        // Where there are no lines, none is skipped.
        self.skipped = u32::try_from(place.line.saturating_sub(self.line)).unwrap_or(u32::MAX);
        self.mark = self.data.len();
        Ok(())
    }

    /// Ends the record; returns how many bytes it has become.
    pub(super) fn end(&mut self, more_lines: u32, raw: &[u8]) -> usize {
        if self.skipped > 0 || more_lines > 0 {
            self.spans.push(Span {
                record: self.records,
                skipped: self.skipped,
                more: more_lines,
            });
        }
        self.line += u64::from(self.skipped) + u64::from(more_lines) + 1;
        self.records += 1;
        if let Some((kept, ends)) = &mut self.kept {
            kept.extend_from_slice(raw);
            ends.raw.push(position(kept.len()));
            ends.data.push(position(self.data.len()));
        }
        self.data.len() - self.mark
    }

    /// Ends not one record, but so many: each is a line of its own, and none is kept.
    pub(super) fn end_lines(&mut self, records: u32) {
        debug_assert!(!self.keeps() && self.skipped == 0);
        self.line += u64::from(records);
        self.records += records;
    }

    /// How many bytes fit until the batch is full.
    pub(super) fn room(&self) -> usize {
        self.limit.saturating_sub(self.data.len())
    }

    /// Forgets the record that has begun.
    pub(super) fn undo(&mut self) {
        self.data.truncate(self.mark);
    }

    /// Whether refused records are wanted.
    pub(super) fn keeps(&self) -> bool {
        self.kept.is_some()
    }

    /// Puts a record aside, behind those that are in the batch.
    pub(super) fn refuse(&mut self, refused: Refused, place: Place) {
        if self.records == 0 && self.refused.is_empty() {
            self.first = place;
        }
        self.refused.push(refused);
    }

    /// Emits what there is.
    pub(super) fn flush(&mut self, emit: Emit<'_>) -> Result<()> {
        if self.records == 0 && self.refused.is_empty() {
            return Ok(());
        }
        // The record that fills a batch goes beyond the limit, in each batch a little differently.
        let room = self.data.len() + self.data.len() / 16;
        let data = std::mem::replace(&mut self.data, Vec::with_capacity(room));
        let kept = self.kept.as_mut().map(|(raw, ends)| {
            let ends = std::mem::take(ends);
            Kept {
                raw: Bytes::from(std::mem::take(raw)),
                raw_ends: ends.raw,
                data_ends: ends.data,
            }
        });
        let batch = Batch {
            form: self.form,
            data: Bytes::from(data),
            records: std::mem::take(&mut self.records),
            first: self.first,
            spans: std::mem::take(&mut self.spans),
            consumed: 0,
            kept,
            refused: std::mem::take(&mut self.refused),
        };
        emit(batch)
    }
}

fn position(at: usize) -> u32 {
    u32::try_from(at)
        .expect("a batch is a few records beyond its limit, and a record is below 1 GiB")
}
