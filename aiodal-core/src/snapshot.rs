//! The rows of a query as a text table that stays the same from run to run.

mod query;
mod table;

use std::fmt;

/// The rows of a query, as text: made by [`Transaction::snapshot`](crate::Transaction::snapshot).
///
/// `Display` and `Debug` print the same table, and it compares with text, so that any way of asserting works: `assert_eq!`
/// with the table as a literal, or `insta::assert_snapshot!`.
///
/// ```text
/// id | name     | born
/// ---+----------+-----
///  1 | Hep      | 1970
///  2 | "  Bea " | null
/// (2 rows)
/// ```
///
/// Numbers are on the right. A null is `null`; text that could be taken for something else (that word, nothing at all,
/// blanks at an end, control characters) is in quotes.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot {
    columns: Vec<Column>,
    rows: Vec<Vec<Option<String>>>,
}

#[derive(Clone, PartialEq, Eq)]
struct Column {
    name: String,
    is_number: bool,
    /// Whether its values are hidden.
    redacted: bool,
}

impl Snapshot {
    /// Hides the values of a column that differ from run to run: each becomes `[name]`. Nulls stay.
    ///
    /// # Panics
    ///
    /// If there is no such column.
    #[must_use]
    #[track_caller]
    pub fn redact(mut self, column: &str) -> Snapshot {
        let mut found = false;
        for known in &mut self.columns {
            if known.name == column {
                known.redacted = true;
                found = true;
            }
        }
        let names = || {
            let names = self.columns.iter().map(|column| column.name.as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        assert!(
            found,
            "the snapshot has no column `{column}`, only: {}",
            names()
        );
        self
    }

    /// Sorts the rows by their text, for a query that does not say in which order it returns them.
    #[must_use]
    pub fn sorted(mut self) -> Snapshot {
        self.rows.sort();
        self
    }

    /// Returns how many rows there are.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&table::layout(&self.columns, &self.rows))
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Blank lines around the text, and an indentation that all of its lines have, don't count.
impl PartialEq<str> for Snapshot {
    fn eq(&self, text: &str) -> bool {
        table::dedent(text) == self.to_string()
    }
}

impl PartialEq<&str> for Snapshot {
    fn eq(&self, text: &&str) -> bool {
        *self == **text
    }
}
