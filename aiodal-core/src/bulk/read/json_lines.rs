//! JSON lines.

mod array;
mod mapped;
mod scan;

use memchr::memchr;

use self::mapped::Mapped;
use super::pack::Pack;
use super::parse::{Emit, Head, Input, Parse};
use super::refuse::Fault;
use super::stretch::Stretch;
use super::{Transcode, write};
use crate::bulk::batch::{Form, Place};
use crate::bulk::convert::Converter;
use crate::bulk::format::JsonLines;
use crate::error::Result;

/// How much is looked at to find out which keys there are.
const SAMPLE: usize = 64 << 10;

/// Makes the parser.
pub(super) fn parser(format: &JsonLines, input: Input) -> Box<dyn Parse> {
    let place = Place {
        record: 0,
        line: 1,
        offset: input.offset,
    };
    Box::new(Lines {
        mapped: format.record.is_none(),
        pack: Pack::new(input.limits.batch, false),
        input,
        place,
        stretch: Stretch::default(),
        into: Into::One(None),
    })
}

struct Lines {
    input: Input,
    mapped: bool,
    /// Where the next line begins.
    place: Place,
    pack: Pack,
    stretch: Stretch,
    into: Into,
}

/// What lines become.
enum Into {
    /// The value of one column.
    One(Option<Converter>),
    Columns(Box<Mapped>),
}

impl Parse for Lines {
    fn head(&mut self, data: &[u8], end: bool) -> Result<Option<Head>> {
        if !self.mapped {
            return Ok(Some(Head::default()));
        }
        let mut names = Vec::new();
        let mut records = 0;
        let mut taken = 0;
        while let Some(line) = first(&data[taken..], end) {
            // A line that is wrong is refused when its turn has come.
            if !is_blank(line) && (taken < SAMPLE || records == 0) {
                records += 1;
                mapped::keys(line, &mut names);
            }
            taken += line.len();
        }
        if records == 0 && !end {
            return Ok(None);
        }
        Ok(Some(Head {
            names: Some(names),
            width: None,
            taken: 0,
        }))
    }

    fn start(&mut self, transcode: Transcode) {
        self.pack = Pack::new(self.input.limits.batch, transcode.keep);
        self.into = if self.mapped {
            Into::Columns(Box::new(Mapped::new(transcode)))
        } else {
            let column = transcode.columns.into_iter().next();
            Into::One(column.and_then(|(_, converter)| converter))
        };
    }

    fn parse(&mut self, data: &[u8], end: bool, emit: Emit<'_>) -> Result<usize> {
        let mut taken = 0;
        while let Some(line) = first(&data[taken..], end) {
            if !is_blank(line) {
                self.record(line, emit)?;
                self.place.record += 1;
            }
            taken += line.len();
            self.place.line += 1;
            self.place.offset += line.len() as u64;
        }
        if end {
            self.pack.flush(emit)?;
        }
        Ok(taken)
    }

    fn place(&self) -> Place {
        self.place
    }
}

impl Lines {
    fn record(&mut self, line: &[u8], emit: Emit<'_>) -> Result<()> {
        let text = without_end(line);
        let pack = &mut self.pack;
        if let Into::Columns(mapped) = &mut self.into
            && let Err(fault) = mapped.read(text)
        {
            return self.refuse(fault, line, emit);
        }
        let converts = match &self.into {
            Into::One(converter) => converter.is_some(),
            Into::Columns(mapped) => mapped.converts(),
        };
        if converts && !self.stretch.is_plain() {
            pack.begin(Form::Binary, self.place, emit)?;
            let converted = match &mut self.into {
                Into::One(Some(converter)) => {
                    pack.data.extend_from_slice(&1_i16.to_be_bytes());
                    write::converted(&mut pack.data, converter, text)
                }
                Into::One(None) => unreachable!("there is a converter"),
                Into::Columns(mapped) => mapped.binary(text, &mut pack.data),
            };
            if converted.is_ok() {
                self.stretch.binary(pack.end(0, line));
                return Ok(());
            }
            pack.undo();
            self.stretch.begin();
        }
        pack.begin(Form::Plain, self.place, emit)?;
        match &mut self.into {
            Into::One(_) => write::quoted(&mut pack.data, text),
            Into::Columns(mapped) => mapped.plain(text, &mut pack.data),
        }
        pack.data.push(b'\n');
        self.stretch.plain(pack.end(0, line));
        Ok(())
    }

    fn refuse(&mut self, fault: Fault, line: &[u8], emit: Emit<'_>) -> Result<()> {
        fault.tell(&self.input.name, self.place, line, &mut self.pack, emit)
    }
}

/// Returns the first line, with its end; `None` if it isn't whole, or at the end if there is none.
fn first(data: &[u8], end: bool) -> Option<&[u8]> {
    match memchr(b'\n', data) {
        Some(at) => Some(&data[..=at]),
        None => (end && !data.is_empty()).then_some(data),
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether there is nothing but what JSON calls white space.
fn is_blank(line: &[u8]) -> bool {
    line.iter()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}
