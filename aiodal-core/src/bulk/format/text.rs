//! COPY's own text format.

use super::Header;

/// COPY's text format: values between tabs, backslash escapes, `\N` for NULL (PostgreSQL manual, COPY, "Text Format").
#[derive(Clone, Debug)]
pub struct Text {
    pub(crate) delimiter: u8,
    pub(crate) null: String,
    pub(crate) header: Header,
    pub(crate) encoding: Option<String>,
}

impl Default for Text {
    fn default() -> Text {
        Text {
            delimiter: b'\t',
            null: "\\N".to_owned(),
            header: Header::None,
            encoding: None,
        }
    }
}

impl Text {
    /// The format with its defaults: no header, as `pg_dump` writes it.
    #[must_use]
    pub fn new() -> Text {
        Text::default()
    }

    /// Sets what is between two values: one byte, a tab by default.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Text {
        self.delimiter = delimiter;
        self
    }

    /// Sets the text that is NULL: `\N` by default.
    #[must_use]
    pub fn null(mut self, null: impl Into<String>) -> Text {
        self.null = null.into();
        self
    }

    /// Says what the first line is: data, by default.
    #[must_use]
    pub fn header(mut self, header: Header) -> Text {
        self.header = header;
        self
    }

    /// Sets the encoding, by the name that PostgreSQL has for it: `LATIN1`. UTF-8 by default.
    #[must_use]
    pub fn encoding(mut self, encoding: impl Into<String>) -> Text {
        self.encoding = Some(encoding.into());
        self
    }
}
