//! The error of the data access layer, and the one function that prints a chain of causes.

mod position;
mod questions;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use tokio_postgres::error::{DbError, SqlState};

use self::position::Position;
use crate::row::Mismatch;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any error at all: what a `seed` may return, so that `?` works on files and parsers too.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// An error from the data access layer.
///
/// It is opaque: ask it questions ([`code`](Error::code), [`is_unique_violation`](Error::is_unique_violation) …).
/// `Display` prints this layer only; `{:#}` and `Debug` print the whole chain with the server's
/// message, detail, hint, constraint and SQLSTATE, so that a test returning it shows what happened.
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    source: Option<BoxError>,
    /// Of the violated constraint, where the reflected schema knows it.
    columns: Vec<String>,
}

#[derive(Debug)]
enum Kind {
    Statement {
        sql: String,
        position: Option<Position>,
    },
    Begin,
    Commit,
    Rollback,
    Savepoint,
    Connect {
        url: String,
        reason: String,
    },
    Url {
        reason: String,
    },
    Checkout {
        size: u32,
        waited: Duration,
    },
    Revoked {
        owner: String,
        sql: String,
    },
    NotOwner {
        owner: String,
    },
    Identifier {
        name: String,
        reason: &'static str,
    },
    // Connecting.
    Lost {
        url: String,
    },
    Cancel,
    Unreachable {
        waited: Duration,
    },
    PoolOption {
        problem: String,
    },
    // Transactions.
    Broken {
        sql: String,
    },
    Rows {
        sql: String,
        expected: &'static str,
        found: u64,
    },
    TooOld {
        option: &'static str,
        oldest: u32,
        version: u32,
    },
    Nested {
        owner: String,
    },
    Reflection {
        what: &'static str,
    },
    Catalog {
        reason: String,
    },
    Missing(Box<Missing>),
    Ambiguous {
        name: String,
        what: &'static str,
        candidates: Vec<String>,
    },
    // Rows into types.
    Mismatch {
        mismatches: Vec<Mismatch>,
        number: Option<usize>,
    },
    // Statements on reflected tables.
    /// Never sent, because it could only go wrong.
    Refused {
        operation: String,
        reason: String,
    },
    /// Sent and failed, and more is known of it than the server says.
    Explained {
        operation: String,
        reason: String,
    },
}

/// What a lookup has not found.
#[derive(Debug)]
pub(crate) struct Missing {
    /// What was looked for: `table`, `column` …
    pub(crate) what: &'static str,
    /// As the user wrote it; empty if any would have done.
    pub(crate) name: String,
    /// Where: schemas, or a table.
    pub(crate) place: String,
    /// What it may be a slip of the pen for.
    pub(crate) near: Vec<String>,
}

impl Error {
    fn new(kind: Kind, source: Option<BoxError>) -> Error {
        let columns = Vec::new();
        Error(Box::new(Inner {
            kind,
            source,
            columns,
        }))
    }

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

    /// The same failure, with what is known of it besides.
    pub(crate) fn explained(self, operation: &str, reason: String) -> Error {
        let operation = operation.to_owned();
        Error::new(Kind::Explained { operation, reason }, Some(self.into()))
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

    /// Says whether a lookup in a reflected schema found nothing by that name.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self.0.kind, Kind::Missing(_))
    }

    /// Says whether a lookup in a reflected schema found several where one was asked for.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        matches!(self.0.kind, Kind::Ambiguous { .. })
    }

    /// Returns what happened and the gist of why in one line, for a log or for the last words of a program.
    #[must_use]
    pub fn one_line(&self) -> String {
        let mut line = self.to_string();
        // These have said why.
        if !matches!(self.0.kind, Kind::Connect { .. }) {
            let mut source = self.source();
            while let Some(error) = source {
                let said = error
                    .downcast_ref::<DbError>()
                    .map_or_else(|| error.to_string(), |db| db.message().to_owned());
                if said != "db error" {
                    line.push_str(": ");
                    line.push_str(&said);
                    break;
                }
                source = error.source();
            }
        }
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Returns what the server said, if the server said it.
    #[must_use]
    pub fn as_db_error(&self) -> Option<&DbError> {
        self.driver()?.as_db_error()
    }

    /// Returns the SQLSTATE, if the server sent one.
    #[must_use]
    pub fn code(&self) -> Option<&SqlState> {
        self.driver()?.code()
    }

    /// Returns the name of the constraint that was violated.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.as_db_error()?.constraint()
    }

    /// Returns the table that the error is about.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.as_db_error()?.table()
    }

    /// Returns the column that the error is about.
    ///
    /// PostgreSQL names one for not-null violations only; a row that [does not fit](Error::is_mapping_error) has one.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Mismatch { mismatches, .. } => {
                mismatches.iter().find_map(|one| one.column.as_deref())
            }
            _ => self.as_db_error()?.column(),
        }
    }

    /// Returns the columns of the constraint that was violated, where the reflected schema knows them: the server names the
    /// constraint only.
    ///
    /// That is so in a transaction of a [`DataAccessLayer`](crate::DataAccessLayer) that has reflected the table before.
    /// [`violated_columns`](crate::DataAccessLayer::violated_columns) reflects it if need be.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.0.columns
    }

    /// Says whether a unique constraint, primary key or unique index was violated (23505).
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.code() == Some(&SqlState::UNIQUE_VIOLATION)
    }

    /// Says whether a foreign key was violated (23503).
    #[must_use]
    pub fn is_foreign_key_violation(&self) -> bool {
        self.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION)
    }

    /// Says whether a check constraint was violated, of a table or of a domain (23514).
    #[must_use]
    pub fn is_check_violation(&self) -> bool {
        self.code() == Some(&SqlState::CHECK_VIOLATION)
    }

    /// Says whether a null was refused (23502).
    #[must_use]
    pub fn is_not_null_violation(&self) -> bool {
        self.code() == Some(&SqlState::NOT_NULL_VIOLATION)
    }

    /// Says whether time ran out: connecting, waiting for a connection or a lock (55P03), in a statement (57014), or for
    /// the transaction (25P04, or 25P03 if it was idle).
    ///
    /// A statement that somebody cancelled, by `pg_cancel_backend` for instance, counts as one that ran out of time: the
    /// server tells the two apart only by a message, which is translated.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        const CODES: [&str; 4] = ["55P03", "57014", "25P03", "25P04"];
        match (&self.0.kind, self.code()) {
            (Kind::Checkout { .. } | Kind::Unreachable { .. } | Kind::Nested { .. }, _) => true,
            (_, Some(code)) => CODES.contains(&code.code()),
            (Kind::Connect { .. }, None) => self
                .source()
                .and_then(|source| source.downcast_ref::<std::io::Error>())
                .is_some_and(|io| io.kind() == std::io::ErrorKind::TimedOut),
            (_, None) => false,
        }
    }

    /// Says whether a row did not fit the type that it was to be read into.
    #[must_use]
    pub fn is_mapping_error(&self) -> bool {
        matches!(self.0.kind, Kind::Mismatch { .. })
    }

    /// Says whether the connection could not be made or was lost.
    #[must_use]
    pub fn is_connection_error(&self) -> bool {
        if matches!(
            self.0.kind,
            Kind::Connect { .. } | Kind::Lost { .. } | Kind::Unreachable { .. }
        ) {
            return true;
        }
        match self.code() {
            // Class 08 is "connection exception"; 57P01..57P03 are the server going away or not yet there.
            Some(code) => code.code().starts_with("08") || code.code().starts_with("57P0"),
            None => self.driver().is_some_and(tokio_postgres::Error::is_closed),
        }
    }

    /// Returns where the statement is at fault, if the server said so.
    fn position(&self) -> Option<&Position> {
        match &self.0.kind {
            Kind::Statement { position, .. } => position.as_ref(),
            _ => None,
        }
    }

    fn driver(&self) -> Option<&tokio_postgres::Error> {
        let mut source = self.source();
        while let Some(error) = source {
            if let Some(driver) = error.downcast_ref() {
                return Some(driver);
            }
            source = error.source();
        }
        None
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Statement { sql, .. } => write!(f, "failed to run `{sql}`")?,
            Kind::Begin => write!(f, "failed to begin a transaction")?,
            Kind::Commit => write!(f, "failed to commit; the transaction was rolled back")?,
            Kind::Rollback => write!(f, "failed to roll back; the connection was closed")?,
            Kind::Savepoint => write!(f, "failed to set, release or roll back to a savepoint")?,
            Kind::Connect { url, reason } => write!(f, "failed to connect to {url}: {reason}")?,
            Kind::Url { reason } => write!(f, "the database URL is not valid: {reason}")?,
            Kind::Checkout { size, waited } => write!(
                f,
                "no connection became free within {waited:?}: all {size} of the pool are in use; \
                 raise the pool's max_size, or hold connections for a shorter time"
            )?,
            Kind::Revoked { owner, sql } => write!(
                f,
                "refused to run `{sql}`: its transaction belongs to {owner}, which has ended; await what you spawn"
            )?,
            Kind::NotOwner { owner } => write!(
                f,
                "refused to commit: this transaction belongs to {owner}, which rolls it back; \
                 take `&mut Transaction` and leave the end to it, or nest with `savepoint()`"
            )?,
            Kind::Identifier { name, reason } => {
                write!(f, "`{name}` cannot be an SQL identifier: {reason}")?;
            }
            Kind::Lost { url } => write!(f, "the connection to {url} was lost")?,
            Kind::Unreachable { waited } => {
                write!(f, "the pool made no connection within {waited:?}")?;
            }
            Kind::PoolOption { problem } => write!(f, "the pool can't be made: {problem}")?,
            Kind::Cancel => write!(f, "failed to ask the server to cancel a statement")?,
            Kind::Broken { sql } => write!(
                f,
                "refused to run `{sql}`: a refused COPY has confused the connection, which is closed when its \
                 transaction ends; begin another one"
            )?,
            Kind::Rows {
                sql,
                expected,
                found,
            } => write!(f, "`{sql}` was to return {expected} and returned {found}")?,
            Kind::TooOld {
                option,
                oldest,
                version,
            } => write!(
                f,
                "`{option}` needs PostgreSQL {} or later, and this server is {}.{}",
                oldest / 10_000,
                version / 10_000,
                version % 10_000
            )?,
            Kind::Nested { owner } => write!(
                f,
                "no transaction begun: another one is open, and in {owner} they follow one another; \
                 end the first, or hand it on instead of beginning a second"
            )?,
            Kind::Reflection { what } => write!(f, "failed to reflect {what}")?,
            Kind::Catalog { reason } => write!(
                f,
                "failed to reflect: the catalogs contradict themselves ({reason}); \
                 they may have changed meanwhile, try again"
            )?,
            Kind::Missing(missing) => write!(f, "{missing}")?,
            Kind::Ambiguous {
                name,
                what,
                candidates,
            } => {
                write!(f, "`{name}` is not one {what} but {}: ", candidates.len())?;
                write!(f, "{}; name one of them", candidates.join(", "))?;
            }
            Kind::Refused { operation, reason } => {
                write!(f, "refused to {operation}: {reason}")?;
            }
            Kind::Explained { operation, reason } => {
                write!(f, "failed to {operation}: {reason}")?;
            }
            Kind::Mismatch { mismatches, number } => {
                for (i, mismatch) in mismatches.iter().enumerate() {
                    let next = if i == 0 { "" } else { "; " };
                    write!(f, "{next}{mismatch}")?;
                }
                if let Some(number) = number {
                    write!(f, " (row {number} of the result)")?;
                }
            }
        }
        match (&self.0.source, f.alternate()) {
            (Some(source), true) => {
                write!(f, "\n{}", chain_below(source.as_ref(), self.position()))?;
                match self.columns() {
                    [] => Ok(()),
                    columns => write!(f, "\n    columns: {}", columns.join(", ")),
                }
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Missing {
            what,
            name,
            place,
            near,
        } = self;
        let space = if name.is_empty() { "" } else { " " };
        write!(f, "no {what}{space}{name} in {place}")?;
        match near.as_slice() {
            [] => Ok(()),
            near => write!(f, "; did you mean {}?", near.join(" or ")),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// Prints an error and everything under it, one cause a line.
///
/// tokio-postgres prints only "db error" for what the server refused; this adds the server's
/// severity, message, detail, hint, context, object names and SQLSTATE, and the line of the statement that it is about.
#[must_use]
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    chain_below(error, None)
}

/// The same of the causes of an error that knows where its statement is at fault.
fn chain_below(error: &(dyn StdError + 'static), position: Option<&Position>) -> String {
    let mut position = position;
    let mut out = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        if !out.is_empty() {
            out.push('\n');
        }
        if let Some(db) = error.downcast_ref::<DbError>() {
            describe(db, position, &mut out);
        } else {
            let text = error.to_string();
            // "db error" says nothing that the next link, the server's own words, doesn't.
            if text == "db error" && error.source().is_some() {
                out.truncate(out.trim_end_matches('\n').len());
            } else {
                out.push_str("  caused by: ");
                out.push_str(&text);
            }
        }
        if let Some(error) = error.downcast_ref::<Error>() {
            position = error.position();
        }
        next = error.source();
    }
    out
}

fn describe(db: &DbError, position: Option<&Position>, out: &mut String) {
    use fmt::Write as _;
    let _infallible = write!(
        out,
        "  {}: {} (SQLSTATE {})",
        db.severity(),
        db.message(),
        db.code().code()
    );
    if let Some(position) = position {
        position.print(out);
    }
    let names = [
        ("detail", db.detail()),
        ("hint", db.hint()),
        ("table", db.table()),
        ("column", db.column()),
        ("constraint", db.constraint()),
        ("where", db.where_()),
    ];
    for (name, value) in names {
        if let Some(value) = value {
            let _infallible = write!(out, "\n    {name}: {}", value.replace('\n', "\n      "));
        }
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

    const fn is_send_sync<T: Send + Sync + 'static>() {}
    const _: () = is_send_sync::<Error>();

    #[test]
    fn long_statement_is_cut_on_a_character_boundary() {
        let sql = "é".repeat(300);
        let short = shorten(&sql);
        assert_eq!(short.chars().count(), 201);
        assert!(short.ends_with('…'));
    }

    #[test]
    fn alternate_form_walks_the_sources() {
        let io = std::io::Error::other("no route to host");
        let error = Error::connect("postgres://h/d".into(), "it is gone", Some(Box::new(io)));
        assert_eq!(
            error.to_string(),
            "failed to connect to postgres://h/d: it is gone"
        );
        assert_eq!(
            format!("{error:#}"),
            "failed to connect to postgres://h/d: it is gone\n  caused by: no route to host"
        );
        assert_eq!(format!("{error:?}"), format!("{error:#}"));
    }
}
