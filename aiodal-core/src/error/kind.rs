//! What can go wrong, and how it is told.

use std::fmt;
use std::time::Duration;

use super::position::Position;
use crate::bulk::BadRow;
use crate::row::Mismatch;

#[derive(Debug)]
pub(super) enum Kind {
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
    Ended {
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
    // In bulk.
    /// A row that the server, or we, could not take.
    BadRow(Box<BadRow>),
    /// Reading or writing a file, or what it says.
    Bulk {
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

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
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
            Kind::Ended { owner } => write!(
                f,
                "refused to connect: this runs in {owner}, which has ended; await what you spawn"
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
            Kind::Explained { operation, reason } | Kind::Bulk { operation, reason } => {
                write!(f, "failed to {operation}: {reason}")?;
            }
            Kind::BadRow(row) => write!(f, "{row}")?,
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
        Ok(())
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
