//! COPY's binary format: the tuples are walked, so that they can be counted and a file that isn't whole is seen
//! (PostgreSQL manual, COPY, "Binary Format").

use super::pack::Pack;
use super::parse::{Emit, Head, Input, Parse};
use super::refuse::Fault;
use super::select::Order;
use super::{Limits, Transcode};
use crate::SqlState;
use crate::bulk::batch::{Form, Place};
use crate::error::{Error, Result};

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";

/// Signature, flags, and the length of what extends the header.
const HEADER: usize = SIGNATURE.len() + 8;

/// The flag of tuples with object identifiers, which no supported version writes.
const WITH_OIDS: u32 = 1 << 16;

/// Flags that a reader has to know.
const CRITICAL: u32 = 0xffff_0000;

/// Makes the parser.
pub(super) fn parser(input: Input) -> Box<dyn Parse> {
    let Limits { batch, .. } = input.limits;
    Box::new(Tuples {
        input,
        place: Place::default(),
        pack: Pack::new(batch, false),
        order: None,
        ended: false,
    })
}

struct Tuples {
    input: Input,
    /// Where the next tuple begins.
    place: Place,
    pack: Pack,
    order: Option<Order>,
    /// Whether the trailer has been read.
    ended: bool,
}

/// A tuple at the beginning of some data.
enum Walked {
    /// How long it is; its fields have been noted.
    Tuple(usize),
    Trailer,
    Incomplete,
}

impl Parse for Tuples {
    fn head(&mut self, data: &[u8], end: bool) -> Result<Option<Head>> {
        let operation = format!("read {}", self.input.name);
        let known = data.len().min(SIGNATURE.len());
        if data[..known] != SIGNATURE[..known] || (end && known < SIGNATURE.len()) {
            let reason = "it isn't COPY's binary format: its signature is missing; name the format that it has";
            return Err(Error::bulk(&operation, reason, None));
        }
        let cut = |_: &Tuples| {
            Error::bulk(
                &operation,
                "it ends in the middle of its header; get it again",
                None,
            )
        };
        let Some((flags, extension)) = number(data, SIGNATURE.len()).zip(number(data, HEADER - 4))
        else {
            return if end { Err(cut(self)) } else { Ok(None) };
        };
        if flags & CRITICAL != 0 {
            let reason = if flags & CRITICAL == WITH_OIDS {
                "its rows have object identifiers, as PostgreSQL wrote them before version 12; export it without"
            } else {
                "its header has flags that are unknown; export it from a supported version of PostgreSQL"
            };
            return Err(Error::bulk(&operation, reason, None));
        }
        let Some(taken) = usize::try_from(extension)
            .ok()
            .and_then(|length| HEADER.checked_add(length))
        else {
            return Err(Error::bulk(
                &operation,
                "its header is damaged; get it again",
                None,
            ));
        };
        let Some(first) = data.get(taken..).filter(|rest| end || rest.len() >= 2) else {
            return if end { Err(cut(self)) } else { Ok(None) };
        };
        let width = first.first_chunk().map(|&count| i16::from_be_bytes(count));
        self.place.offset = taken as u64;
        Ok(Some(Head {
            names: None,
            width: width.and_then(|count| usize::try_from(count).ok()),
            taken,
        }))
    }

    fn start(&mut self, transcode: Transcode) {
        self.pack = Pack::new(self.input.limits.batch, transcode.keep);
        self.order = Order::of(&transcode.fields);
    }

    fn parse(&mut self, data: &[u8], end: bool, emit: Emit<'_>) -> Result<usize> {
        let mut taken = 0;
        let mut fields = Vec::new();
        while taken < data.len() {
            let rest = &data[taken..];
            if self.ended {
                return Err(self.broken("there is data behind its trailer", emit));
            }
            match walk(rest, &mut fields) {
                Ok(Walked::Tuple(length)) => {
                    self.tuple(&rest[..length], &fields, emit)?;
                    taken += length;
                    self.place.record += 1;
                    self.place.offset += length as u64;
                }
                Ok(Walked::Trailer) => {
                    self.ended = true;
                    taken += 2;
                    self.place.offset += 2;
                }
                Ok(Walked::Incomplete) if end => {
                    let row = self.place.record + 1;
                    let reason = format!(
                        "it ends in the middle of row {row}; it is not whole, get it again"
                    );
                    return Err(self.broken(&reason, emit));
                }
                Ok(Walked::Incomplete) => break,
                Err(reason) => return Err(self.broken(reason, emit)),
            }
        }
        if end {
            if !self.ended {
                let rows = self.place.record;
                let reason = format!(
                    "it ends after {rows} rows, without its trailer; it is not whole, get it again"
                );
                return Err(self.broken(&reason, emit));
            }
            self.pack.flush(emit)?;
        }
        Ok(taken)
    }

    fn place(&self) -> Place {
        self.place
    }
}

impl Tuples {
    fn tuple(&mut self, raw: &[u8], fields: &[(usize, usize)], emit: Emit<'_>) -> Result<()> {
        if let Some(order) = &self.order {
            if let Some(reason) = order.mismatch(fields.len()) {
                let fault = Fault::new(SqlState::BAD_COPY_FILE_FORMAT, reason);
                return fault.tell(&self.input.name, self.place, raw, &mut self.pack, emit);
            }
            self.pack.begin(Form::Binary, self.place, emit)?;
            let count =
                i16::try_from(order.fields().len()).expect("a part of what an i16 has counted");
            self.pack.data.extend_from_slice(&count.to_be_bytes());
            for &field in order.fields() {
                let (from, to) = fields[field];
                self.pack.data.extend_from_slice(&raw[from..to]);
            }
        } else {
            self.pack.begin(Form::Binary, self.place, emit)?;
            self.pack.data.extend_from_slice(raw);
        }
        self.pack.end(0, raw);
        Ok(())
    }

    fn broken(&mut self, reason: &str, emit: Emit<'_>) -> Error {
        if let Err(gone) = self.pack.flush(emit) {
            return gone;
        }
        let fault = Fault::new(SqlState::BAD_COPY_FILE_FORMAT, reason);
        Error::row(fault.row(&self.input.name, self.place), None)
    }
}

/// Notes where each field of the first tuple begins, with its length before it, and ends.
fn walk(data: &[u8], fields: &mut Vec<(usize, usize)>) -> Result<Walked, &'static str> {
    fields.clear();
    let Some(&count) = data.first_chunk() else {
        return Ok(Walked::Incomplete);
    };
    let count = match i16::from_be_bytes(count) {
        -1 => return Ok(Walked::Trailer),
        count => u16::try_from(count)
            .map_err(|_negative| "a row has a negative number of fields: the file is damaged")?,
    };
    let mut at = 2;
    for _ in 0..count {
        let Some(length) = number(data, at) else {
            return Ok(Walked::Incomplete);
        };
        let from = at;
        at += 4;
        // -1 is NULL.
        if length != u32::MAX {
            let length = i32::from_be_bytes(length.to_be_bytes());
            at += usize::try_from(length)
                .map_err(|_negative| "a field has a negative length: the file is damaged")?;
        }
        if at > data.len() {
            return Ok(Walked::Incomplete);
        }
        fields.push((from, at));
    }
    Ok(Walked::Tuple(at))
}

fn number(data: &[u8], at: usize) -> Option<u32> {
    let bytes = data.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes))
}
