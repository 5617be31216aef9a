//! From records to batches: as tuples where every value is certain, as lines for the server's own reading elsewhere.

use bytes::Bytes;

use super::dialect::Dialect;
use super::field::Row;
use super::line::Lines;
use super::scan::{Eol, Record};
use super::tuple::{Column, Tuples};
use crate::SqlState;
use crate::bulk::bad_row::BadRow;
use crate::bulk::batch::{Form, Place, Refused};
use crate::bulk::format::{Columns, Csv};
use crate::bulk::read::Transcode;
use crate::bulk::read::pack::Pack;
use crate::bulk::read::parse::{Emit, Input};
use crate::bulk::read::stretch::Stretch;
use crate::error::{Error, Result};

pub(super) struct Transcoder {
    dialect: Dialect,
    input: Input,
    /// How many fields a record has; 0 where they are not told apart.
    width: usize,
    /// `None` where nothing can go in binary.
    tuples: Option<Tuples>,
    lines: Lines,
    stretch: Stretch,
    pack: Pack,
}

/// What has not been taken of the data.
pub(super) struct Rest<'a> {
    pub(super) data: &'a [u8],
    /// Where it begins.
    pub(super) taken: &'a mut usize,
    pub(super) place: &'a mut Place,
    pub(super) eol: Eol,
}

impl Transcoder {
    pub(super) fn new(
        csv: &Csv,
        dialect: &Dialect,
        input: &Input,
        transcode: Transcode,
    ) -> Transcoder {
        let width = transcode.fields.len();
        let mut fields = vec![None; transcode.columns.len()];
        for (field, column) in transcode.fields.iter().enumerate() {
            if let Some(column) = *column {
                fields[column] = Some(field);
            }
        }
        let fields: Option<Vec<usize>> = fields.into_iter().collect();
        let tuples = fields
            .as_ref()
            .filter(|_| width > 0 && dialect.utf8)
            .and_then(|fields| {
                let columns = transcode.columns.into_iter().zip(fields);
                let columns = columns.map(|((name, converter), &field)| {
                    Some(Column {
                        field,
                        converter: converter?,
                        force_null: has(&csv.force_null, &name),
                        force_not_null: has(&csv.force_not_null, &name),
                    })
                });
                Tuples::new(columns.collect::<Option<_>>()?, width)
            });
        let as_they_are = |fields: &Vec<usize>| fields.iter().copied().eq(0..width);
        Transcoder {
            dialect: dialect.clone(),
            input: input.clone(),
            width,
            tuples,
            lines: Lines {
                fields: fields.filter(|fields| width > 0 && !as_they_are(fields)),
            },
            stretch: Stretch::default(),
            pack: Pack::new(input.limits.batch, transcode.keep),
        }
    }

    /// Whether the ends of fields matter.
    pub(super) fn needs_fields(&self) -> bool {
        self.tuples.is_some() || self.lines.fields.is_some()
    }

    /// Whether most records are taken as they are, without a look at them.
    pub(super) fn takes_lines(&self) -> bool {
        !self.needs_fields() && !self.pack.keeps()
    }

    /// Takes records.
    pub(super) fn records(
        &mut self,
        records: &[Record],
        marks: &[u32],
        rest: &mut Rest<'_>,
        emit: Emit<'_>,
    ) -> Result<()> {
        let mut before = 0;
        for record in records {
            let row = rest.row(record, &marks[before..record.marks as usize]);
            before = record.marks as usize;
            self.record(&row, record, rest.eol, *rest.place, emit)?;
            rest.take(record);
        }
        Ok(())
    }

    /// Takes records that are lines of the server's: those that need nothing, together.
    pub(super) fn lines(
        &mut self,
        records: &[Record],
        marks: &[u32],
        rest: &mut Rest<'_>,
        emit: Emit<'_>,
    ) -> Result<()> {
        let mut at = 0;
        while let Some(record) = records.get(at) {
            let start = *rest.taken;
            self.pack.begin(Form::Plain, *rest.place, emit)?;
            let room = self.pack.room();
            let (mut end, mut next) = (start, at);
            while let Some(record) = records.get(next)
                && record.is_line()
                && rest.data[end] != b'\\'
                && end - start < room
            {
                end = record.end as usize;
                next += 1;
            }
            if next > at {
                self.pack.data.extend_from_slice(&rest.data[start..end]);
                self.pack.end_lines(count(next - at));
                rest.take_lines(count(next - at), end);
                at = next;
                continue;
            }
            let row = rest.row(record, &marks[at..=at]);
            self.plain(&row, record, rest.eol, *rest.place, emit)?;
            rest.take(record);
            at += 1;
        }
        Ok(())
    }

    /// Emits what there is, at the end.
    pub(super) fn finish(&mut self, emit: Emit<'_>) -> Result<()> {
        self.pack.flush(emit)
    }

    /// Takes a record.
    #[inline]
    fn record(
        &mut self,
        row: &Row<'_>,
        record: &Record,
        eol: Eol,
        place: Place,
        emit: Emit<'_>,
    ) -> Result<()> {
        if let Some(tuples) = &mut self.tuples
            && !self.stretch.is_plain()
            && !record.stray
            && !record.is_open()
        {
            self.pack.begin(Form::Binary, place, emit)?;
            let taken = tuples.append(row, record.quoted, &self.dialect, &mut self.pack.data);
            if taken.is_ok() {
                self.pack.end(record.more, row.raw());
                self.stretch.binary(row.end - row.start);
                return Ok(());
            }
            self.pack.undo();
            self.stretch.begin();
        }
        self.plain(row, record, eol, place, emit)
    }

    /// Leaves a record to the server, if that can read it.
    fn plain(
        &mut self,
        row: &Row<'_>,
        record: &Record,
        eol: Eol,
        place: Place,
        emit: Emit<'_>,
    ) -> Result<()> {
        let chosen = self.lines.fields.is_some() && !record.is_open();
        if record.stray {
            // Where it begins a COPY, the server would take it for the end of a line.
            let reason = match eol {
                Eol::Lf => "unquoted carriage return",
                Eol::Cr => "unquoted line feed, where lines end in carriage returns",
            };
            return self.refuse(reason.to_owned(), row, place);
        }
        if chosen && row.marks.len() != self.width {
            let (found, width) = (row.marks.len(), self.width);
            let reason = format!("it has {found} values where there are {width} columns");
            return self.refuse(reason, row, place);
        }
        self.pack.begin(Form::Plain, place, emit)?;
        let out = &mut self.pack.data;
        if record.is_open() {
            Lines::append_open(row, &self.dialect, out);
        } else {
            self.lines.append(row, &self.dialect, eol, out);
        }
        self.pack.end(record.more, row.raw());
        self.stretch.plain(row.end - row.start);
        Ok(())
    }

    fn refuse(&mut self, reason: String, row: &Row<'_>, place: Place) -> Result<()> {
        let mut bad = BadRow::new(&self.input.name, reason);
        bad.record = Some(place.record + 1);
        bad.line = Some(place.line);
        bad.offset = Some(place.offset);
        bad.code = Some(SqlState::BAD_COPY_FILE_FORMAT);
        if !self.pack.keeps() {
            return Err(Error::row(bad, None));
        }
        let raw = Bytes::copy_from_slice(row.raw());
        self.pack.refuse(Refused { row: bad, raw }, place);
        Ok(())
    }
}

impl<'a> Rest<'a> {
    /// The next record.
    #[inline]
    fn row<'m>(&self, record: &Record, marks: &'m [u32]) -> Row<'m>
    where
        'a: 'm,
    {
        Row {
            data: self.data,
            start: *self.taken,
            end: record.end as usize,
            marks,
        }
    }

    /// It has been taken.
    #[inline]
    fn take(&mut self, record: &Record) {
        self.place.line += u64::from(record.more);
        self.take_lines(1, record.end as usize);
    }

    #[inline]
    fn take_lines(&mut self, records: u32, end: usize) {
        self.place.record += u64::from(records);
        self.place.line += u64::from(records);
        self.place.offset += (end - *self.taken) as u64;
        *self.taken = end;
    }
}

fn count(records: usize) -> u32 {
    u32::try_from(records).expect("a window has fewer")
}

fn has(columns: &Columns, name: &str) -> bool {
    match columns {
        Columns::None => false,
        Columns::All => true,
        Columns::Named(names) => names.iter().any(|one| one == name),
    }
}
