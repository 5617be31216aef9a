//! Comma-separated values.

use super::{Columns, Header};

/// Comma-separated values, as COPY's `csv` reads and writes them (PostgreSQL manual, COPY, "CSV Format").
///
/// By default: a comma, double quotes that are doubled within a value, an empty value without quotes is NULL, UTF-8, and a
/// header whose names say which column is which.
#[derive(Clone, Debug)]
pub struct Csv {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
    pub(crate) escape: Option<u8>,
    pub(crate) null: String,
    pub(crate) header: Header,
    pub(crate) force_null: Columns,
    pub(crate) force_not_null: Columns,
    pub(crate) encoding: Option<String>,
}

impl Default for Csv {
    fn default() -> Csv {
        Csv {
            delimiter: b',',
            quote: b'"',
            escape: None,
            null: String::new(),
            header: Header::ByName,
            force_null: Columns::None,
            force_not_null: Columns::None,
            encoding: None,
        }
    }
}

impl Csv {
    /// The format with its defaults.
    #[must_use]
    pub fn new() -> Csv {
        Csv::default()
    }

    /// Sets what is between two values: one byte, a comma by default.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Csv {
        self.delimiter = delimiter;
        self
    }

    /// Sets the quote: one byte, `"` by default.
    #[must_use]
    pub fn quote(mut self, quote: u8) -> Csv {
        self.quote = quote;
        self
    }

    /// Sets what precedes a quote within quotes: one byte, the quote itself by default.
    #[must_use]
    pub fn escape(mut self, escape: u8) -> Csv {
        self.escape = Some(escape);
        self
    }

    /// Sets the text that is NULL where it has no quotes: empty by default.
    #[must_use]
    pub fn null(mut self, null: impl Into<String>) -> Csv {
        self.null = null.into();
        self
    }

    /// Says what the first line is: names to go by, by default.
    #[must_use]
    pub fn header(mut self, header: Header) -> Csv {
        self.header = header;
        self
    }

    /// Has the NULL text be NULL in quotes, too, in these columns.
    #[must_use]
    pub fn force_null(mut self, columns: Columns) -> Csv {
        self.force_null = columns;
        self
    }

    /// Has the NULL text be a value in these columns.
    #[must_use]
    pub fn force_not_null(mut self, columns: Columns) -> Csv {
        self.force_not_null = columns;
        self
    }

    /// Sets the encoding, by the name that PostgreSQL has for it: `LATIN1`. UTF-8 by default.
    #[must_use]
    pub fn encoding(mut self, encoding: impl Into<String>) -> Csv {
        self.encoding = Some(encoding.into());
        self
    }
}
