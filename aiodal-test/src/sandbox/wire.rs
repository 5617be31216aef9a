//! Messages of the protocol (PostgreSQL manual, 55.7), as far as the sandbox reads and writes them.
//!
//! A message is forwarded as it came: most are never looked into beyond their first byte.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Longer messages than these the server refuses as well.
const LONGEST: usize = 0x3fff_ffff;

/// A message, with its tag and length in front.
#[derive(Clone, Debug)]
pub(super) struct Frame(Bytes);

/// What is no message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

impl Frame {
    /// Takes the first message out of a buffer, once it is there as a whole.
    ///
    /// # Errors
    ///
    /// A length that no message has.
    pub(super) fn take(buffer: &mut BytesMut) -> Result<Option<Frame>, Malformed> {
        let Some(length) = length(buffer)? else {
            return Ok(None);
        };
        if buffer.len() < length {
            return Ok(None);
        }
        Ok(Some(Frame(buffer.split_to(length).freeze())))
    }

    /// Makes a message; `write` writes what comes behind its length.
    pub(super) fn new(tag: u8, write: impl FnOnce(&mut BytesMut)) -> Frame {
        let mut buffer = BytesMut::with_capacity(64);
        put(&mut buffer, tag, write);
        Frame(buffer.freeze())
    }

    pub(super) fn tag(&self) -> u8 {
        self.0[0]
    }

    /// What is behind the length.
    pub(super) fn body(&self) -> Reader<'_> {
        Reader(&self.0[5..])
    }

    /// Returns the first column of a `DataRow`, as text.
    pub(super) fn first_cell(&self) -> Option<String> {
        let row = self.body().rest();
        let length = i32::from_be_bytes(row.get(2..6)?.try_into().ok()?);
        let cell = row.get(6..)?.get(..usize::try_from(length).ok()?)?;
        Some(String::from_utf8_lossy(cell).into_owned())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Returns the length of the first message, tag included, once its head is there.
fn length(buffer: &[u8]) -> Result<Option<usize>, Malformed> {
    let Some(mut head) = buffer.get(1..5) else {
        return Ok(None);
    };
    let length = head.get_u32() as usize;
    if !(4..=LONGEST).contains(&length) {
        return Err(Malformed("a message has an impossible length"));
    }
    Ok(Some(length + 1))
}

/// Returns how much of a buffer is whole rows (`DataRow`), or data of a COPY, from its beginning on.
pub(super) fn rows(buffer: &[u8]) -> usize {
    let mut end = 0;
    while let Some(b'D' | b'd') = buffer.get(end) {
        match length(&buffer[end..]) {
            Ok(Some(length)) if length <= buffer.len() - end => end += length,
            // What is no message is found when it is taken.
            _ => break,
        }
    }
    end
}

/// Appends a message; `write` writes what comes behind its length.
pub(super) fn put(buffer: &mut BytesMut, tag: u8, write: impl FnOnce(&mut BytesMut)) {
    buffer.put_u8(tag);
    let at = buffer.len();
    buffer.put_u32(0);
    write(buffer);
    let length = u32::try_from(buffer.len() - at).expect("no message is as long as 4 GiB");
    buffer[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

/// Appends a string and its end.
pub(super) fn put_str(buffer: &mut BytesMut, text: &str) {
    buffer.put_slice(text.as_bytes());
    buffer.put_u8(0);
}

/// Reads what a message is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }

    /// # Errors
    ///
    /// The message is shorter.
    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.0.split_first().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*first)
    }

    /// # Errors
    ///
    /// The message is shorter.
    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        let (first, rest) = self.0.split_first_chunk().ok_or(SHORT)?;
        self.0 = rest;
        Ok(u16::from_be_bytes(*first))
    }

    /// Reads a string up to its end.
    ///
    /// # Errors
    ///
    /// It has no end, or is not UTF-8.
    pub(super) fn str(&mut self) -> Result<&'a str, Malformed> {
        let end = self.0.iter().position(|byte| *byte == 0).ok_or(SHORT)?;
        let (text, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        std::str::from_utf8(text).map_err(|_| Malformed("a message has text that is not UTF-8"))
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }
}

const SHORT: Malformed = Malformed("a message ends too early");

/// Appends `ReadyForQuery`.
pub(super) fn ready(buffer: &mut BytesMut, status: u8) {
    put(buffer, b'Z', |buffer| buffer.put_u8(status));
}

/// Appends `CommandComplete`.
pub(super) fn complete(buffer: &mut BytesMut, tag: &str) {
    put(buffer, b'C', |buffer| put_str(buffer, tag));
}

/// Appends a message that is nothing but its tag.
pub(super) fn bare(buffer: &mut BytesMut, tag: u8) {
    put(buffer, tag, |_| {});
}

/// Appends `ParameterStatus`.
pub(super) fn parameter(buffer: &mut BytesMut, name: &str, value: &str) {
    put(buffer, b'S', |buffer| {
        put_str(buffer, name);
        put_str(buffer, value);
    });
}

/// Appends a `Query`.
pub(super) fn query(buffer: &mut BytesMut, sql: &str) {
    put(buffer, b'Q', |buffer| put_str(buffer, sql));
}

/// Appends what runs a statement that takes nothing and returns nothing, by its name.
pub(super) fn run_prepared(buffer: &mut BytesMut, name: &str) {
    bind(buffer, "", name);
    execute(buffer, "");
}

/// Appends what runs SQL by a statement and a portal of this name, whatever has been left of it.
pub(super) fn run_named(buffer: &mut BytesMut, name: &str, sql: &str) {
    close_portal(buffer, name);
    close_statement(buffer, name);
    parse(buffer, name, sql);
    bind(buffer, name, name);
    execute(buffer, name);
}

/// Appends a `Bind` of a statement that takes nothing.
pub(super) fn bind(buffer: &mut BytesMut, portal: &str, statement: &str) {
    put(buffer, b'B', |buffer| {
        put_str(buffer, portal);
        put_str(buffer, statement);
        buffer.put_slice(&[0; 6]);
    });
}

/// Appends an `Execute` to the end.
pub(super) fn execute(buffer: &mut BytesMut, portal: &str) {
    put(buffer, b'E', |buffer| {
        put_str(buffer, portal);
        buffer.put_u32(0);
    });
}

/// Appends a `Parse` of a statement that takes nothing.
pub(super) fn parse(buffer: &mut BytesMut, name: &str, sql: &str) {
    put(buffer, b'P', |buffer| {
        put_str(buffer, name);
        put_str(buffer, sql);
        buffer.put_u16(0);
    });
}

/// Appends a `Describe` of a statement.
pub(super) fn describe_statement(buffer: &mut BytesMut, name: &str) {
    put(buffer, b'D', |buffer| {
        buffer.put_u8(b'S');
        put_str(buffer, name);
    });
}

/// Appends a `Close` of a statement.
pub(super) fn close_statement(buffer: &mut BytesMut, name: &str) {
    close(buffer, b'S', name);
}

/// Appends a `Close` of a portal, or of a cursor: they are the same.
pub(super) fn close_portal(buffer: &mut BytesMut, name: &str) {
    close(buffer, b'P', name);
}

fn close(buffer: &mut BytesMut, kind: u8, name: &str) {
    put(buffer, b'C', |buffer| {
        buffer.put_u8(kind);
        put_str(buffer, name);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_is_taken_once_it_is_there_as_a_whole() {
        let mut whole = BytesMut::new();
        query(&mut whole, "select 1");
        ready(&mut whole, b'I');
        let mut buffer = BytesMut::new();
        let mut taken = Vec::new();
        for byte in &whole {
            buffer.put_u8(*byte);
            taken.extend(Frame::take(&mut buffer).unwrap());
        }
        let tags: Vec<u8> = taken.iter().map(Frame::tag).collect();
        assert_eq!(tags, *b"QZ");
        assert_eq!(taken[0].body().str(), Ok("select 1"));
        assert!(buffer.is_empty());
    }

    #[test]
    fn rows_end_with_another_message_or_within_one() {
        let mut buffer = BytesMut::new();
        assert_eq!(rows(&buffer), 0);
        put(&mut buffer, b'D', |buffer| buffer.put_slice(b"row"));
        put(&mut buffer, b'd', |buffer| buffer.put_slice(b"data"));
        let two = buffer.len();
        assert_eq!(rows(&buffer), two);
        put(&mut buffer, b'D', |buffer| buffer.put_slice(b"row"));
        assert_eq!(rows(&buffer[..buffer.len() - 1]), two);
        buffer.truncate(two);
        complete(&mut buffer, "SELECT 2");
        assert_eq!(rows(&buffer), two);
        assert_eq!(rows(b"D\0\0\0\x03"), 0);
    }

    #[test]
    fn impossible_lengths_are_refused() {
        for head in [&b"Q\0\0\0\x03"[..], b"Q\xff\xff\xff\xff", b"d\x40\0\0\0"] {
            assert!(Frame::take(&mut BytesMut::from(head)).is_err(), "{head:?}");
        }
    }

    #[test]
    fn text_without_an_end_is_refused() {
        let frame = Frame::new(b'Q', |buffer| buffer.put_slice(b"select"));
        assert_eq!(frame.body().str(), Err(SHORT));
    }
}
