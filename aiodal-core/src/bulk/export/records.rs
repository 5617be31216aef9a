//! What the server sends, record by record.

use std::mem;

use bytes::{BufMut, BytesMut};

use crate::error::{Error, Result};

/// What the records of a COPY look like, and what is to become of them.
///
/// The server sends each in a message of its own (PostgreSQL manual, "COPY Operations": "always one per row"), so they need
/// not be told apart by quotes and line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Lines, passed on as they are. A header is a message more.
    Lines { header: bool },
    /// Tuples of the binary format, passed on as they are.
    Tuples,
    /// Binary tuples of one value, each to become a line: JSON as `json` is sent.
    Json,
    /// The same as `jsonb` is sent: behind a version.
    Jsonb,
}

/// Counts the records, and turns them into what is exported.
#[derive(Debug)]
pub(super) struct Records {
    shape: Shape,
    first: bool,
    rows: u64,
}

impl Records {
    pub(super) fn new(shape: Shape) -> Records {
        Records {
            shape,
            first: true,
            rows: 0,
        }
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes a message, and appends what is exported of it.
    pub(super) fn take(&mut self, message: &[u8], out: &mut BytesMut) -> Result<()> {
        let first = mem::take(&mut self.first);
        match self.shape {
            Shape::Lines { header } => {
                out.extend_from_slice(message);
                self.rows += u64::from(!(first && header));
            }
            Shape::Tuples => {
                out.extend_from_slice(message);
                let tuple = tuple(message, first)?;
                self.rows += u64::from(tuple.is_some());
            }
            Shape::Json | Shape::Jsonb => {
                let Some(tuple) = tuple(message, first)? else {
                    return Ok(());
                };
                let version = self.shape == Shape::Jsonb;
                push_line(only_value(tuple, version).ok_or_else(garbled)?, out);
                self.rows += 1;
            }
        }
        Ok(())
    }
}

/// Returns the tuple of a message; there is none in the trailer, or in a header that comes alone. The header comes with the
/// first message.
fn tuple(message: &[u8], first: bool) -> Result<Option<&[u8]>> {
    let tuple = if first {
        behind_header(message).ok_or_else(garbled)?
    } else {
        message
    };
    Ok(match tuple {
        [] | [0xff, 0xff] => None,
        _ => Some(tuple),
    })
}

fn behind_header(message: &[u8]) -> Option<&[u8]> {
    const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
    let (_flags, rest) = message.strip_prefix(SIGNATURE)?.split_first_chunk::<4>()?;
    let (extension, rest) = rest.split_first_chunk()?;
    rest.get(usize::try_from(u32::from_be_bytes(*extension)).ok()?..)
}

/// Returns the only value of a tuple: JSON's null for SQL's.
fn only_value(tuple: &[u8], version: bool) -> Option<&[u8]> {
    let (length, value) = tuple.strip_prefix(&[0, 1])?.split_first_chunk()?;
    let length = i32::from_be_bytes(*length);
    if length == -1 {
        return value.is_empty().then_some(b"null");
    }
    if usize::try_from(length) != Ok(value.len()) {
        return None;
    }
    if version {
        value.strip_prefix(&[1])
    } else {
        Some(value)
    }
}

/// A value of type `json` may be laid out in lines. Within strings there are no raw line ends.
fn push_line(value: &[u8], out: &mut BytesMut) {
    let begin = out.len();
    out.extend_from_slice(value);
    let mut rest = &mut out[begin..];
    while let Some(at) = memchr::memchr2(b'\n', b'\r', rest) {
        rest[at] = b' ';
        rest = &mut rest[at + 1..];
    }
    out.put_u8(b'\n');
}

fn garbled() -> Error {
    Error::bulk(
        "export",
        "what came is no message of COPY: if there is a proxy before the server, connect past it",
        None,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

    fn taken(shape: Shape, messages: &[&[u8]]) -> Result<(u64, Vec<u8>)> {
        let mut records = Records::new(shape);
        let mut out = BytesMut::new();
        for message in messages {
            records.take(message, &mut out)?;
        }
        Ok((records.rows(), out.to_vec()))
    }

    #[test]
    fn header_is_no_row() {
        let messages: [&[u8]; 3] = [b"a\n", b"1\n", b"\"\n\n\"\n"];
        let (rows, out) = taken(Shape::Lines { header: true }, &messages).unwrap();
        assert_eq!((rows, out.as_slice()), (2, b"a\n1\n\"\n\n\"\n".as_slice()));
        let (rows, _) = taken(Shape::Lines { header: false }, &messages).unwrap();
        assert_eq!(rows, 3);
        assert_eq!(taken(Shape::Lines { header: true }, &[]).unwrap().0, 0);
    }

    #[test]
    fn binary_header_may_come_alone() {
        let row = [HEADER, b"\0\0"].concat();
        let trailer: &[u8] = b"\xff\xff";
        let empty = [HEADER, trailer].concat();
        assert_eq!(
            taken(Shape::Tuples, &[&row, b"\0\0", trailer]).unwrap().0,
            2
        );
        assert_eq!(
            taken(Shape::Tuples, &[HEADER, b"\0\0", trailer]).unwrap().0,
            1
        );
        assert_eq!(taken(Shape::Tuples, &[&empty]).unwrap(), (0, empty.clone()));
    }

    #[test]
    fn lines_within_a_value_become_one() {
        let first = [HEADER, b"\0\x01\0\0\0\x08{\n\"a\":1}"].concat();
        let null: &[u8] = b"\0\x01\xff\xff\xff\xff";
        let (rows, out) = taken(Shape::Json, &[&first, null, b"\xff\xff"]).unwrap();
        assert_eq!(
            (rows, out.as_slice()),
            (2, b"{ \"a\":1}\nnull\n".as_slice())
        );
        let first = [HEADER, b"\0\x01\0\0\0\x03\x01[]"].concat();
        let (_, out) = taken(Shape::Jsonb, &[&first]).unwrap();
        assert_eq!(out, b"[]\n");
    }

    #[test]
    fn what_is_no_tuple_is_refused() {
        for message in [
            b"\0\x01\0\0\0\x09{}".as_slice(),
            b"\0\x02\0\0\0\x02{}",
            b"\0",
        ] {
            let message = [HEADER, message].concat();
            assert!(taken(Shape::Json, &[&message]).is_err(), "{message:?}");
        }
        assert!(taken(Shape::Tuples, &[b"\0\0"]).is_err());
    }
}
