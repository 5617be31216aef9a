//! A value of JSON per line.

/// A value of JSON per line ("JSON lines", "NDJSON"), UTF-8.
///
/// Lines of white space are skipped. By default each line is an object whose keys are columns.
#[derive(Clone, Debug, Default)]
pub struct JsonLines {
    /// The column that takes whole lines; `None` maps keys to columns.
    pub(crate) record: Option<String>,
}

impl JsonLines {
    /// Objects whose keys are columns. A key that is missing, or null, is NULL.
    #[must_use]
    pub fn new() -> JsonLines {
        JsonLines::default()
    }

    /// Values of any kind, each whole into one column of type `jsonb`, `json` or `text`.
    #[must_use]
    pub fn into_column(column: impl Into<String>) -> JsonLines {
        JsonLines {
            record: Some(column.into()),
        }
    }
}
