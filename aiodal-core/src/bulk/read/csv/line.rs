//! Records as lines for the server's own reading, which is a little less patient.

use super::dialect::Dialect;
use super::field::Row;
use super::scan::Eol;

/// Writes lines.
#[derive(Debug)]
pub(super) struct Lines {
    /// The fields in the order of the columns; `None` takes the record as it is.
    pub(super) fields: Option<Vec<usize>>,
}

impl Eol {
    /// What ends a line that is written. One is enough, though sources may mix LF with CR LF.
    pub(super) fn byte(self) -> u8 {
        match self {
            Eol::Lf => b'\n',
            Eol::Cr => b'\r',
        }
    }
}

impl Lines {
    /// Appends a record. If fields are chosen, it must have them.
    pub(super) fn append(&self, row: &Row<'_>, dialect: &Dialect, eol: Eol, out: &mut Vec<u8>) {
        let at = out.len();
        match &self.fields {
            None => out.extend_from_slice(row.text()),
            Some(fields) => {
                for (place, &field) in fields.iter().enumerate() {
                    if place > 0 {
                        out.push(dialect.delimiter);
                    }
                    out.extend_from_slice(row.field(field));
                }
            }
        }
        shield(out, at, dialect);
        out.push(eol.byte());
    }

    /// Appends a record that the source ends in, within quotes: none of its fields is known to be whole.
    pub(super) fn append_open(row: &Row<'_>, dialect: &Dialect, out: &mut Vec<u8>) {
        let at = out.len();
        out.extend_from_slice(row.text());
        shield(out, at, dialect);
    }
}

/// Keeps a line of `\.` from ending the data, as it does before PostgreSQL 18.
#[inline]
fn shield(out: &mut Vec<u8>, at: usize, dialect: &Dialect) {
    if !out[at..].starts_with(b"\\.") {
        return;
    }
    let quote = dialect.quote;
    if out.len() == at + 2 {
        // One value, or two with one of the characters between them: a value in quotes is the same.
        let (from, to, escaped) = match dialect.delimiter {
            b'\\' => (at + 1, at + 2, false),
            b'.' => (at, at + 1, dialect.escape == b'\\'),
            _ => (at, at + 2, false),
        };
        out.insert(to, quote);
        if escaped {
            out.insert(to, b'\\');
        }
        out.insert(from, quote);
    } else if quote == b'\\' && matches!(out[at + 2], b'\r' | b'\n') {
        // It is a quote: what follows it may as well precede it.
        out.swap(at, at + 1);
    }
}
