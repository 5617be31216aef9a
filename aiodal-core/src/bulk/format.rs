//! How a source is written: each format with the options that it has, and no others.

mod csv;
mod json_lines;
mod text;

pub use self::csv::Csv;
pub use self::json_lines::JsonLines;
pub use self::text::Text;

/// The format of a source or of an export.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Format {
    /// Comma-separated values, as COPY's `csv`.
    Csv(Csv),
    /// COPY's `text`: tabs, and backslash escapes.
    Text(Text),
    /// An object of JSON per line.
    JsonLines(JsonLines),
    /// COPY's `binary`.
    Binary(Binary),
}

/// COPY's own binary format: as fast as it gets, for what PostgreSQL has written itself (PostgreSQL manual, COPY, "Binary
/// Format"). It has no options; the columns have to be those of the table, in order, of exactly their types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Binary;

impl Binary {
    /// The binary format.
    #[must_use]
    pub fn new() -> Binary {
        Binary
    }
}

/// What the first line of a source is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Header {
    /// The names of the columns: fields go by name, in whatever order they are.
    #[default]
    ByName,
    /// A header that is not looked at: fields go by position.
    Skip,
    /// There is none: fields go by position.
    None,
}

/// Some of the columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Columns {
    /// No column.
    #[default]
    None,
    /// Every column.
    All,
    /// These.
    Named(Vec<String>),
}

impl From<Csv> for Format {
    fn from(csv: Csv) -> Format {
        Format::Csv(csv)
    }
}

impl From<Text> for Format {
    fn from(text: Text) -> Format {
        Format::Text(text)
    }
}

impl From<JsonLines> for Format {
    fn from(lines: JsonLines) -> Format {
        Format::JsonLines(lines)
    }
}

impl From<Binary> for Format {
    fn from(binary: Binary) -> Format {
        Format::Binary(binary)
    }
}
