//! What a server says, as data that two servers' answers can be compared by.
//!
//! Gone from it is what two servers can't agree on: numbers of processes and of objects, keys, lines of the server's source.

use std::fmt;

use crate::fields::{Fields, shown};
use crate::ground::SCHEMA;
use crate::raw::Frame;

/// The first OID that is given to an object of a user's.
const FIRST_NORMAL_OID: u32 = 16384;

/// One message of the server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) tag: u8,
    pub(crate) parts: Vec<String>,
}

impl Reply {
    /// The connection has ended.
    pub(crate) const CLOSED: u8 = b'!';
    /// Nothing has come in all the time there was.
    pub(crate) const SILENCE: u8 = b'?';
    pub(crate) const ERROR: u8 = b'E';
    pub(crate) const NOTIFICATION: u8 = b'A';
    pub(crate) const PARAMETER: u8 = b'S';
    pub(crate) const READY: u8 = b'Z';

    pub(crate) fn bare(tag: u8) -> Reply {
        let parts = Vec::new();
        Reply { tag, parts }
    }

    pub(crate) fn of(frame: Frame) -> Reply {
        let mut body = Fields(frame.body);
        let parts = match frame.tag {
            b'T' => columns(&mut body),
            b'D' => row(&mut body),
            b'E' | b'N' => fields(&mut body),
            b'A' => vec![body.int().to_string(), body.text(), body.text()],
            b'S' => vec![body.text(), generic(&body.text())],
            b't' => parameters(&mut body),
            b'K' => vec![body.int().to_string()],
            b'C' => vec![body.text()],
            _ => vec![shown(&body.0)],
        };
        let tag = frame.tag;
        Reply { tag, parts }
    }

    /// A field of an error's, by the letter that the protocol gives it.
    pub(crate) fn field(&self, letter: char) -> Option<&str> {
        let mut values = self.parts.iter();
        values.find_map(|part| part.strip_prefix(letter)?.strip_prefix('='))
    }
}

fn columns(body: &mut Fields) -> Vec<String> {
    let number = body.short();
    let columns = (0..number).map(|_| {
        let name = body.text();
        let table = if body.oid() == 0 { "" } else { " of a table" };
        let (attribute, of_type, length) = (body.short(), body.oid(), body.short());
        let of_type = match of_type {
            FIRST_NORMAL_OID.. => "own".to_owned(),
            oid => oid.to_string(),
        };
        let (modifier, format) = (body.int(), body.short());
        format!("{name}{table} {attribute}, type {of_type} {length} {modifier}, format {format}")
    });
    columns.collect()
}

fn row(body: &mut Fields) -> Vec<String> {
    let number = body.short();
    let values = (0..number).map(|_| match body.value() {
        Some(value) => generic(&shown(&value)),
        None => "NULL".to_owned(),
    });
    values.collect()
}

fn parameters(body: &mut Fields) -> Vec<String> {
    let number = body.short();
    (0..number).map(|_| body.oid().to_string()).collect()
}

fn fields(body: &mut Fields) -> Vec<String> {
    let mut fields = Vec::new();
    while !body.is_empty() {
        let letter = char::from(body.byte());
        let text = body.text();
        // File, line and routine are for those who read the server's source.
        if !matches!(letter, '\0' | 'F' | 'L' | 'R') {
            fields.push(format!("{letter}={}", generic(&text)));
        }
    }
    fields
}

/// Without numbers that are a server's or a run's own, after the words that they follow.
fn generic(text: &str) -> String {
    ["OID ", "PID ", "pg_temp_", "pg_toast_", SCHEMA]
        .iter()
        .fold(text.to_owned(), |text, word| without_number(&text, word))
}

fn without_number(text: &str, word: &str) -> String {
    let mut pieces = text.split(word);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(word);
        let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() < piece.len() {
            out.push('#');
        }
        out.push_str(rest);
    }
    out
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.tag {
            Reply::CLOSED => "closed",
            Reply::SILENCE => "silence",
            b'1' => "ParseComplete",
            b'2' => "BindComplete",
            b'3' => "CloseComplete",
            b'A' => "NotificationResponse",
            b'C' => "CommandComplete",
            b'D' => "DataRow",
            b'E' => "ErrorResponse",
            b'G' => "CopyInResponse",
            b'H' => "CopyOutResponse",
            b'I' => "EmptyQueryResponse",
            b'K' => "BackendKeyData",
            b'N' => "NoticeResponse",
            b'R' => "Authentication",
            b'S' => "ParameterStatus",
            b'T' => "RowDescription",
            b'Z' => "ReadyForQuery",
            b'c' => "CopyDone",
            b'd' => "CopyData",
            b'n' => "NoData",
            b's' => "PortalSuspended",
            b't' => "ParameterDescription",
            b'v' => "NegotiateProtocolVersion",
            tag => return write!(f, "{:?} {}", char::from(tag), self.parts.join(" | ")),
        };
        write!(f, "{name} {}", self.parts.join(" | "))
    }
}
