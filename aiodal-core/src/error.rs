//! The error of the data access layer, and the one function that prints a chain of causes.

mod position;
mod questions;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use tokio_postgres::error::{DbError, SqlState};

use self::position::Position;

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
}

impl Error {
    fn new(kind: Kind, source: Option<BoxError>) -> Error {
        Error(Box::new(Inner { kind, source }))
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

    fn retold(self, kind: Kind) -> Error {
        match self.0.kind {
            Kind::Statement { .. } => Error::new(kind, self.0.source),
            _ => self,
        }
    }

    pub(crate) fn connect(url: String, source: BoxError) -> Error {
        Error::new(Kind::Connect { url }, Some(source))
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

    pub(crate) fn lost(url: String) -> Error {
        Error::new(Kind::Lost { url }, None)
    }

    pub(crate) fn cancel(source: BoxError) -> Error {
        Error::new(Kind::Cancel, Some(source))
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

    /// Returns the column that the error is about; PostgreSQL names one for not-null violations only.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        self.as_db_error()?.column()
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

    /// Says whether time ran out: waiting for a connection or a lock (55P03), in a statement (57014), or for the
    /// transaction (25P04, or 25P03 if it was idle).
    ///
    /// A statement that somebody cancelled, by `pg_cancel_backend` for instance, counts as one that ran out of time: the
    /// server tells the two apart only by a message, which is translated.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        const CODES: [&str; 4] = ["55P03", "57014", "25P03", "25P04"];
        matches!(self.0.kind, Kind::Checkout { .. })
            || self.code().is_some_and(|code| CODES.contains(&code.code()))
    }

    /// Says whether the connection could not be made or was lost.
    #[must_use]
    pub fn is_connection_error(&self) -> bool {
        if matches!(self.0.kind, Kind::Connect { .. } | Kind::Lost { .. }) {
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
            Kind::Connect { url } => write!(f, "failed to connect to {url}")?,
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
        }
        match (&self.0.source, f.alternate()) {
            (Some(source), true) => {
                write!(f, "\n{}", chain_below(source.as_ref(), self.position()))
            }
            _ => Ok(()),
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
        let error = Error::connect("postgres://h/d".into(), Box::new(io));
        assert_eq!(error.to_string(), "failed to connect to postgres://h/d");
        assert_eq!(
            format!("{error:#}"),
            "failed to connect to postgres://h/d\n  caused by: no route to host"
        );
        assert_eq!(format!("{error:?}"), format!("{error:#}"));
    }
}
