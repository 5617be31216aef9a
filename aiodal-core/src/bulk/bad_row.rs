//! A row that could not be loaded.

use std::fmt;

use crate::SqlState;

/// How much of a value is shown.
const SHOWN: usize = 80;

/// A row that could not be loaded, and why: what [`Error::bad_row`](crate::Error::bad_row) returns, and what is written of
/// each rejected row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadRow {
    /// Where it comes from: the path as given, `standard input`, or what the source was named.
    pub source: String,
    /// The number of the row, from 1; a header does not count.
    pub record: Option<u64>,
    /// The line that the row begins in, from 1; the header is the first.
    pub line: Option<u64>,
    /// Where the row begins in the source, in bytes, after decompression.
    pub offset: Option<u64>,
    /// The column of the table that is at fault.
    pub column: Option<String>,
    /// Its value, shortened.
    pub value: Option<String>,
    /// What is wrong with it, in the server's words where it was the server who refused.
    pub reason: String,
    /// The server's code.
    pub code: Option<SqlState>,
    /// The violated constraint.
    pub constraint: Option<String>,
}

impl BadRow {
    pub(crate) fn new(source: &str, reason: impl Into<String>) -> BadRow {
        BadRow {
            source: source.to_owned(),
            record: None,
            line: None,
            offset: None,
            column: None,
            value: None,
            reason: reason.into(),
            code: None,
            constraint: None,
        }
    }

    /// Keeps a value, shortened.
    pub(crate) fn with_value(mut self, value: &[u8]) -> BadRow {
        let text = String::from_utf8_lossy(&value[..value.len().min(SHOWN * 4)]);
        let mut shown: String = text.chars().take(SHOWN).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        self.value = Some(shown);
        self
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        match (self.line, self.record) {
            (Some(line), _) => write!(f, ":{line}")?,
            (None, Some(record)) => write!(f, ", row {record}")?,
            (None, None) => {}
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        if let Some(value) = &self.value {
            write!(f, ", value `{}`", value.escape_debug())?;
        }
        write!(f, ": {}", self.reason)
    }
}
