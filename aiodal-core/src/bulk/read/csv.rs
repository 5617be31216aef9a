//! Comma-separated values, read as COPY reads them.
//!
//! What a record is, and what it says, is as in PostgreSQL's `CopyReadLineText` and `CopyReadAttributesCSV`: quotes may begin
//! and end anywhere in a field, NULL is compared with the field as it is written, an empty line is a record with one empty
//! field. Whatever the server would refuse goes to the server, which does. Only three things are different: LF and CR LF may
//! be mixed, a line of `\.` is a value, and fields go by the names in the header.

mod block;
mod dialect;
mod field;
mod head;
mod line;
mod scan;
#[cfg(test)]
mod tests;
mod transcode;
mod tuple;

use self::dialect::Dialect;
use self::head::Heading;
use self::scan::{Eol, Scanner};
use self::transcode::Transcoder;
use super::Transcode;
use super::parse::{Emit, Head, Input, Parse};
use crate::bulk::batch::Place;
use crate::bulk::format::Csv;
use crate::error::Result;

/// How much is scanned before the records in it are looked at, so that they are still close by.
const WINDOW: usize = 16 << 10;

/// Makes the parser of a dialect.
pub(super) fn parser(csv: &Csv, input: Input) -> Result<Box<dyn Parse>> {
    let dialect = Dialect::of(csv, &input)?;
    Ok(Box::new(Reading {
        scanner: Scanner::new(&dialect, true, None),
        place: Place {
            record: 0,
            line: 1,
            offset: input.offset,
        },
        csv: csv.clone(),
        dialect,
        input,
        transcoder: None,
    }))
}

struct Reading {
    csv: Csv,
    dialect: Dialect,
    input: Input,
    scanner: Scanner,
    /// Where the first record begins that has not been taken.
    place: Place,
    /// `None` before it is known what is wanted.
    transcoder: Option<Transcoder>,
}

impl Parse for Reading {
    fn head(&mut self, data: &[u8], end: bool) -> Result<Option<Head>> {
        let heading = Heading {
            csv: &self.csv,
            dialect: &self.dialect,
            name: &self.input.name,
        };
        let Some((head, eol, lines)) = heading.read(data, end)? else {
            return Ok(None);
        };
        self.scanner = Scanner::new(&self.dialect, true, eol);
        self.place.line += lines;
        self.place.offset += head.taken as u64;
        Ok(Some(head))
    }

    fn start(&mut self, transcode: Transcode) {
        let transcoder = Transcoder::new(&self.csv, &self.dialect, &self.input, transcode);
        let eol = self.scanner.eol();
        self.scanner = Scanner::new(&self.dialect, transcoder.needs_fields(), eol);
        self.transcoder = Some(transcoder);
    }

    fn parse(&mut self, data: &[u8], end: bool, emit: Emit<'_>) -> Result<usize> {
        let transcoder = self
            .transcoder
            .as_mut()
            .expect("it is told what is wanted before it is told to parse");
        let mut taken = 0;
        loop {
            let all = self.scanner.scan(data, WINDOW, end);
            let (records, marks) = self.scanner.found();
            let eol = self.scanner.eol().unwrap_or(Eol::Lf);
            let rest = &mut transcode::Rest {
                data,
                taken: &mut taken,
                place: &mut self.place,
                eol,
            };
            if transcoder.takes_lines() {
                transcoder.lines(records, marks, rest, emit)?;
            } else {
                transcoder.records(records, marks, rest, emit)?;
            }
            self.scanner.forget();
            if all {
                break;
            }
        }
        self.scanner.shift(taken);
        if end {
            transcoder.finish(emit)?;
        }
        Ok(taken)
    }

    fn place(&self) -> Place {
        self.place
    }
}
