//! Objects whose keys are columns, as `json_populate_record` takes them (PostgreSQL manual, "JSON Creation Functions"): a
//! string is the text of a value, so is a number or a boolean, and what is nested is its JSON; for a column of JSON
//! everything is JSON, and for an array an array is one.

use std::collections::HashMap;

use tokio_postgres::types::{Kind, Type};

use super::array::{self, Elements};
use super::scan::{self, Scanner, Value, Wrong, unescape};
use crate::SqlState;
use crate::bulk::convert::{Converter, Defer};
use crate::bulk::read::refuse::Fault;
use crate::bulk::read::{Transcode, write};

/// What a column takes.
#[derive(Clone, Copy, Debug)]
enum Takes {
    Text,
    Json,
    Array(Elements),
}

impl Takes {
    fn of(of: &Type) -> Takes {
        match of.kind() {
            Kind::Domain(base) => Takes::of(base),
            Kind::Array(element) => Takes::Array(Elements {
                delimiter: if *element == Type::BOX { b';' } else { b',' },
                json: matches!(Takes::of(element), Takes::Json),
            }),
            _ if matches!(*of, Type::JSON | Type::JSONB) => Takes::Json,
            _ => Takes::Text,
        }
    }
}

/// Where the value of a key goes.
#[derive(Clone, Copy, Debug)]
enum Goes {
    Column(usize),
    /// It is left out.
    Nowhere,
}

impl Goes {
    fn to(column: Option<usize>) -> Goes {
        column.map_or(Goes::Nowhere, Goes::Column)
    }
}

#[derive(Debug)]
struct Column {
    name: String,
    converter: Option<Converter>,
    takes: Takes,
}

/// Objects on their way into columns.
pub(super) struct Mapped {
    columns: Vec<Column>,
    /// Where each key goes.
    keys: HashMap<Vec<u8>, Goes>,
    /// The keys of the last record, in its order: most records are alike.
    last: Vec<(Vec<u8>, Goes)>,
    ignore_unknown: bool,
    /// Of the record that has been read: for each column its value.
    values: Vec<Value>,
    scratch: Vec<u8>,
}

impl Mapped {
    pub(super) fn new(transcode: Transcode) -> Mapped {
        let takes = transcode.types.iter().map(Takes::of);
        let columns: Vec<Column> = transcode
            .columns
            .into_iter()
            .zip(takes)
            .map(|((name, converter), takes)| Column {
                name,
                converter,
                takes,
            })
            .collect();
        let names = transcode.names.into_iter().map(String::into_bytes);
        Mapped {
            values: vec![Value::NULL; columns.len()],
            columns,
            keys: names
                .zip(transcode.fields.into_iter().map(Goes::to))
                .collect(),
            last: Vec::new(),
            ignore_unknown: transcode.ignore_unknown,
            scratch: Vec::new(),
        }
    }

    /// Whether there is a converter for every column.
    pub(super) fn converts(&self) -> bool {
        self.columns.iter().all(|column| column.converter.is_some())
    }

    /// Reads a record; of a key that is there twice the last value counts, as for `jsonb`.
    pub(super) fn read(&mut self, line: &[u8]) -> Result<(), Fault> {
        check_encoding(line)?;
        self.values.fill(Value::NULL);
        let Mapped {
            keys,
            last,
            values,
            scratch,
            ..
        } = self;
        let mut number = 0;
        let mut unknown = None;
        Scanner::new(line)
            .object(|raw, value| {
                let column = lookup(raw, number, last, keys, scratch);
                number += 1;
                match column {
                    Some(Goes::Column(column)) => values[column] = value,
                    Some(Goes::Nowhere) => {}
                    None => unknown = unknown.or(Some(raw)),
                }
            })
            .map_err(fault)?;
        if let Some(key) = unknown
            && !self.ignore_unknown
        {
            let key = String::from_utf8_lossy(key);
            return Err(Fault::new(
                SqlState::UNDEFINED_COLUMN,
                format!(
                    "the key `{key}` is for no column, and not in the records at the beginning; name the columns, \
                     ignore it, or ignore all that is unknown"
                ),
            ));
        }
        self.check_arrays(line)
    }

    /// Refuses what the server would take for an empty array.
    fn check_arrays(&self, line: &[u8]) -> Result<(), Fault> {
        for (column, value) in self.columns.iter().zip(&self.values) {
            let checked = match (column.takes, value.kind) {
                (Takes::Array(_), scan::Kind::Array) => array::check(value.inner(line)),
                (Takes::Array(_), scan::Kind::Object) => {
                    let reason = "an object, and the column takes an array";
                    Err(Fault::new(SqlState::INVALID_TEXT_REPRESENTATION, reason))
                }
                _ => Ok(()),
            };
            if let Err(mut fault) = checked {
                fault.column = Some(column.name.clone());
                fault.value = Some(value.whole(line).to_owned());
                return Err(fault);
            }
        }
        Ok(())
    }

    /// Appends the record as a binary tuple.
    pub(super) fn binary(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), Defer> {
        let count = i16::try_from(self.columns.len()).map_err(|_too_many| Defer)?;
        out.extend_from_slice(&count.to_be_bytes());
        for (column, &value) in self.columns.iter().zip(&self.values) {
            let Some(text) = text_of(column.takes, value, line, &mut self.scratch) else {
                out.extend_from_slice(&(-1_i32).to_be_bytes());
                continue;
            };
            let converter = column.converter.as_ref().ok_or(Defer)?;
            write::converted(out, converter, text)?;
        }
        Ok(())
    }

    /// Appends the record as CSV: an empty field is NULL, and everything else in quotes.
    pub(super) fn plain(&mut self, line: &[u8], out: &mut Vec<u8>) {
        for (i, (column, &value)) in self.columns.iter().zip(&self.values).enumerate() {
            if i > 0 {
                out.push(b',');
            }
            if let Some(text) = text_of(column.takes, value, line, &mut self.scratch) {
                write::quoted(out, text);
            }
        }
    }
}

/// Finds the column of a key; `None` if it isn't known at all.
fn lookup(
    raw: &[u8],
    number: usize,
    last: &mut Vec<(Vec<u8>, Goes)>,
    keys: &HashMap<Vec<u8>, Goes>,
    scratch: &mut Vec<u8>,
) -> Option<Goes> {
    if let Some((key, column)) = last.get(number)
        && key == raw
    {
        return Some(*column);
    }
    let column = if raw.contains(&b'\\') {
        scratch.clear();
        unescape(raw, scratch);
        *keys.get(scratch.as_slice())?
    } else {
        *keys.get(raw)?
    };
    last.truncate(number);
    // Behind an unknown key nothing is remembered: it has no place in the order.
    if last.len() == number {
        last.push((raw.to_owned(), column));
    }
    Some(column)
}

/// Returns the text of a value for its column; `None` is NULL.
fn text_of<'t>(
    takes: Takes,
    value: Value,
    line: &'t [u8],
    scratch: &'t mut Vec<u8>,
) -> Option<&'t [u8]> {
    let inner = value.inner(line);
    scratch.clear();
    match (value.kind, takes) {
        (scan::Kind::Null, _) => return None,
        (scan::Kind::String, Takes::Json) => return Some(value.whole(line)),
        (scan::Kind::String, _) if inner.contains(&b'\\') => unescape(inner, scratch),
        (scan::Kind::Array, Takes::Array(elements)) => array::literal(inner, elements, scratch),
        _ => return Some(inner),
    }
    Some(scratch)
}

/// Appends the keys of a record that are new; one that is wrong has none.
pub(super) fn keys(line: &[u8], names: &mut Vec<String>) {
    if check_encoding(line).is_err() {
        return;
    }
    let mut found = Vec::new();
    let read = Scanner::new(line).object(|key, _| found.push(key));
    if read.is_err() {
        return;
    }
    for raw in found {
        let mut key = Vec::with_capacity(raw.len());
        unescape(raw, &mut key);
        let key = String::from_utf8_lossy(&key).into_owned();
        if !names.contains(&key) {
            names.push(key);
        }
    }
}

fn check_encoding(line: &[u8]) -> Result<(), Fault> {
    let Err(error) = std::str::from_utf8(line) else {
        return Ok(());
    };
    let at = error.valid_up_to();
    let byte = line[at];
    let reason = format!("byte {} of the line, 0x{byte:02x}, isn't UTF-8", at + 1);
    let mut fault = Fault::new(SqlState::CHARACTER_NOT_IN_REPERTOIRE, reason);
    fault.value = Some(line.to_owned());
    Err(fault)
}

fn fault(wrong: Wrong) -> Fault {
    let Wrong { at, what, code } = wrong;
    let reason = format!("no JSON, at byte {} of the line: {what}", at + 1);
    Fault::new(code, reason)
}
