//! How errors are made.

use std::time::Duration;

use super::kind::{Kind, Missing};
use super::position::Position;
use super::{BoxError, Error, Result};
use crate::bulk::BadRow;
use crate::row::Mismatch;

impl Error {
    pub(crate) fn statement(sql: &str, source: tokio_postgres::Error) -> Error {
        let position = source
            .as_db_error()
            .and_then(|error| Position::of(sql, error));
        let sql = shorten(sql);
        Error::new(Kind::Statement { sql, position }, Some(source.into()))
    }

    pub(crate) fn begin(source: tokio_postgres::Error) -> Error {
        Error::new(Kind::Begin, Some(source.into()))
    }

    pub(crate) fn broken(sql: &str) -> Error {
        Error::new(Kind::Broken { sql: shorten(sql) }, None)
    }

    pub(crate) fn rows(sql: &str, expected: &'static str, found: u64) -> Error {
        let sql = shorten(sql);
        Error::new(
            Kind::Rows {
                sql,
                expected,
                found,
            },
            None,
        )
    }

    pub(crate) fn too_old(option: &'static str, oldest: u32, version: u32) -> Error {
        Error::new(
            Kind::TooOld {
                option,
                oldest,
                version,
            },
            None,
        )
    }

    /// The same cause, told as a failed BEGIN.
    pub(crate) fn into_begin(self) -> Error {
        self.retold(Kind::Begin)
    }

    /// The same cause, told as a failed COMMIT.
    pub(crate) fn into_commit(self) -> Error {
        self.retold(Kind::Commit)
    }

    /// The same cause, told as a failed ROLLBACK.
    pub(crate) fn into_rollback(self) -> Error {
        self.retold(Kind::Rollback)
    }

    /// The same cause, told as a failed SAVEPOINT, RELEASE or ROLLBACK TO.
    pub(crate) fn into_savepoint(self) -> Error {
        self.retold(Kind::Savepoint)
    }

    fn retold(mut self, kind: Kind) -> Error {
        if let Kind::Statement { .. } = self.0.kind {
            self.0.kind = kind;
        }
        self
    }

    /// Adds the columns of the violated constraint.
    pub(crate) fn with_columns(mut self, columns: Vec<String>) -> Error {
        self.0.columns = columns;
        self
    }

    /// `reason` is one line, and says what to do.
    pub(crate) fn connect(url: String, reason: &str, source: Option<BoxError>) -> Error {
        let reason = reason.to_owned();
        Error::new(Kind::Connect { url, reason }, source)
    }

    pub(crate) fn url(reason: String) -> Error {
        Error::new(Kind::Url { reason }, None)
    }

    pub(crate) fn checkout(size: u32, waited: Duration, source: Option<BoxError>) -> Error {
        Error::new(Kind::Checkout { size, waited }, source)
    }

    pub(crate) fn revoked(owner: &str, sql: &str) -> Error {
        let (owner, sql) = (owner.to_owned(), shorten(sql));
        Error::new(Kind::Revoked { owner, sql }, None)
    }

    pub(crate) fn not_owner(owner: &str) -> Error {
        Error::new(
            Kind::NotOwner {
                owner: owner.to_owned(),
            },
            None,
        )
    }

    pub(crate) fn ended(owner: &str) -> Error {
        let owner = owner.to_owned();
        Error::new(Kind::Ended { owner }, None)
    }

    pub(crate) fn identifier(name: &str, reason: &'static str) -> Error {
        Error::new(
            Kind::Identifier {
                name: shorten(name),
                reason,
            },
            None,
        )
    }

    /// A statement that was never sent, because it could only go wrong.
    pub(crate) fn refused(operation: &str, reason: String) -> Error {
        let operation = operation.to_owned();
        Error::new(Kind::Refused { operation, reason }, None)
    }

    /// Data for a COPY of which an error has been returned already.
    pub(crate) fn copy_failed(sql: &str) -> Error {
        let operation = format!("go on with `{}`", shorten(sql));
        let reason = "it has failed, and the error was returned then: start it anew";
        Error::refused(&operation, reason.to_owned())
    }

    /// The same failure, with what is known of it besides.
    pub(crate) fn explained(self, operation: &str, reason: String) -> Error {
        let operation = operation.to_owned();
        Error::new(Kind::Explained { operation, reason }, Some(self.into()))
    }

    /// A row that could not be loaded; `source` is what the server said of it.
    pub(crate) fn row(row: BadRow, source: Option<BoxError>) -> Error {
        Error::new(Kind::BadRow(Box::new(row)), source)
    }

    /// Reading or writing in bulk: "failed to {operation}: {reason}", with the next step in the reason.
    pub(crate) fn bulk(
        operation: &str,
        reason: impl Into<String>,
        source: Option<BoxError>,
    ) -> Error {
        let (operation, reason) = (operation.to_owned(), reason.into());
        Error::new(Kind::Bulk { operation, reason }, source)
    }

    pub(crate) fn lost(url: String) -> Error {
        Error::new(Kind::Lost { url }, None)
    }

    /// The pool is not full, and makes no connection either.
    pub(crate) fn unreachable(waited: Duration, source: BoxError) -> Error {
        Error::new(Kind::Unreachable { waited }, Some(source))
    }

    pub(crate) fn pool_option(problem: &str) -> Error {
        let problem = problem.to_owned();
        Error::new(Kind::PoolOption { problem }, None)
    }

    pub(crate) fn cancel(source: BoxError) -> Error {
        Error::new(Kind::Cancel, Some(source))
    }

    pub(crate) fn nested(owner: &str) -> Error {
        let owner = owner.to_owned();
        Error::new(Kind::Nested { owner }, None)
    }

    pub(crate) fn mismatches(mismatches: Vec<Mismatch>, source: Option<BoxError>) -> Error {
        let number = None;
        Error::new(Kind::Mismatch { mismatches, number }, source)
    }

    /// Adds which row of the result it was, from 1.
    pub(crate) fn in_row(mut self, row: usize) -> Error {
        if let Kind::Mismatch { number, .. } = &mut self.0.kind {
            *number = Some(row);
        }
        self
    }

    /// Returns how a row did not fit, or the error itself if it is another.
    pub(crate) fn into_mismatches(self) -> Result<Vec<Mismatch>> {
        match self.0.kind {
            Kind::Mismatch { mismatches, .. } => Ok(mismatches),
            _ => Err(self),
        }
    }

    pub(crate) fn reflection(what: &'static str, source: tokio_postgres::Error) -> Error {
        Error::new(Kind::Reflection { what }, Some(source.into()))
    }

    pub(crate) fn catalog(reason: String) -> Error {
        Error::new(Kind::Catalog { reason }, None)
    }

    pub(crate) fn missing(missing: Missing) -> Error {
        Error::new(Kind::Missing(Box::new(missing)), None)
    }

    pub(crate) fn ambiguous(name: String, what: &'static str, candidates: Vec<String>) -> Error {
        Error::new(
            Kind::Ambiguous {
                name,
                what,
                candidates,
            },
            None,
        )
    }
}

/// Long statements are cut: an error names the statement, it doesn't replay it.
fn shorten(sql: &str) -> String {
    const LONGEST: usize = 200;
    let one_line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &one_line[..end]),
        None => one_line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_statement_is_cut_on_a_character_boundary() {
        let sql = "é".repeat(300);
        let short = shorten(&sql);
        assert_eq!(short.chars().count(), 201);
        assert!(short.ends_with('…'));
    }
}
