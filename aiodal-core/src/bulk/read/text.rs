//! COPY's text format: sent as it is, line by line, to be read by the server.

mod line;

use self::line::{Ends, Found};
use super::encoding::refuse_embedding;
use super::pack::Pack;
use super::parse::{Emit, Head, Input, Parse};
use super::refuse::Fault;
use super::{Transcode, select};
use crate::SqlState;
use crate::bulk::batch::{Form, Place};
use crate::bulk::format::{Header, Text};
use crate::error::{Error, Result};

/// Makes the parser.
pub(super) fn parser(text: &Text, input: Input) -> Result<Box<dyn Parse>> {
    refuse_embedding(text.encoding.as_deref(), &input.name)?;
    let place = Place {
        record: 0,
        line: 1,
        offset: input.offset,
    };
    Ok(Box::new(Lines {
        delimiter: text.delimiter,
        header: text.header,
        pack: Pack::new(input.limits.batch, false),
        input,
        place,
        ends: None,
        order: None,
        marked: false,
    }))
}

struct Lines {
    input: Input,
    delimiter: u8,
    header: Header,
    /// Where the next record begins.
    place: Place,
    /// How lines end; `None` before the first has ended.
    ends: Option<Ends>,
    /// Which fields are sent, unless all are, in order.
    order: Option<select::Order>,
    pack: Pack,
    /// Whether the end-of-data marker has been seen.
    marked: bool,
}

impl Parse for Lines {
    fn head(&mut self, data: &[u8], end: bool) -> Result<Option<Head>> {
        let mut head = Head::default();
        let mut ends = None;
        let mut lines = 0;
        if self.header != Header::None {
            let Some(found) = line::find(data, end, None) else {
                return Ok(if end { Some(head) } else { None });
            };
            if self.header == Header::ByName {
                let fields = line::fields(&data[..found.text], self.delimiter);
                let names: Result<Vec<String>> = fields
                    .map(|field| {
                        String::from_utf8(line::unescape(field)).map_err(|error| {
                            let operation = format!("read the header of {}", self.input.name);
                            let reason = "a name isn't UTF-8; skip the header and name the columns";
                            Error::bulk(&operation, reason, Some(error.into()))
                        })
                    })
                    .collect();
                head.names = Some(names?);
            }
            head.taken = found.whole;
            ends = found.ends;
            lines = u64::from(found.more) + 1;
        }
        let rest = &data[head.taken..];
        match line::find(rest, end, ends) {
            Some(found) => {
                let fields = line::fields(&rest[..found.text], self.delimiter);
                head.width = Some(fields.count());
            }
            None if end => {}
            None => return Ok(None),
        }
        self.ends = ends;
        self.place.line += lines;
        self.place.offset += head.taken as u64;
        Ok(Some(head))
    }

    fn start(&mut self, transcode: Transcode) {
        self.pack = Pack::new(self.input.limits.batch, transcode.keep);
        self.order = select::Order::of(&transcode.fields);
    }

    fn parse(&mut self, data: &[u8], end: bool, emit: Emit<'_>) -> Result<usize> {
        let mut taken = 0;
        while let Some(found) = line::find(&data[taken..], end, self.ends) {
            let whole = &data[taken..taken + found.whole];
            self.ends = self.ends.or(found.ends);
            self.line(&whole[..found.text], whole, found, emit)?;
            taken += found.whole;
            self.place.offset += found.whole as u64;
            self.place.line += u64::from(found.more) + 1;
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
    fn line(&mut self, text: &[u8], whole: &[u8], found: Found, emit: Emit<'_>) -> Result<()> {
        if self.marked {
            return Err(self.broken("there is data behind the end-of-data marker `\\.`", emit));
        }
        if text == b"\\." {
            self.marked = true;
            return Ok(());
        }
        if found.marker {
            // Servers before version 18 would end here, silently in some cases.
            let reason = "the end-of-data marker `\\.` is not alone on its line; a backslash is written `\\\\`";
            return Err(self.broken(reason, emit));
        }
        if let Some(order) = &self.order {
            let fields: Vec<&[u8]> = line::fields(text, self.delimiter).collect();
            if let Some(reason) = order.mismatch(fields.len()) {
                let fault = Fault::new(SqlState::BAD_COPY_FILE_FORMAT, reason);
                self.place.record += 1;
                let place = Place {
                    record: self.place.record - 1,
                    ..self.place
                };
                return fault.tell(&self.input.name, place, whole, &mut self.pack, emit);
            }
            self.pack.begin(Form::Plain, self.place, emit)?;
            for (i, &field) in order.fields().iter().enumerate() {
                if i > 0 {
                    self.pack.data.push(self.delimiter);
                }
                self.pack.data.extend_from_slice(fields[field]);
            }
        } else {
            self.pack.begin(Form::Plain, self.place, emit)?;
            self.pack.data.extend_from_slice(text);
        }
        // A backslash at the very end would make the line end a part of the value.
        if !found.dangling {
            let end = if self.ends == Some(Ends::Cr) {
                b'\r'
            } else {
                b'\n'
            };
            self.pack.data.push(end);
        }
        self.pack.end(found.more, whole);
        self.place.record += 1;
        Ok(())
    }

    /// The file isn't what it should be, from here on: an error even where rows may be rejected.
    fn broken(&mut self, reason: &str, emit: Emit<'_>) -> Error {
        if let Err(gone) = self.pack.flush(emit) {
            return gone;
        }
        let fault = Fault::new(SqlState::BAD_COPY_FILE_FORMAT, reason);
        Error::row(fault.row(&self.input.name, self.place), None)
    }
}
