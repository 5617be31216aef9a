//! The error of the data access layer: opaque, with questions to ask.

mod chain;
mod kind;
mod make;
mod position;
mod questions;

use std::error::Error as StdError;
use std::fmt;

use tokio_postgres::error::DbError;

pub use self::chain::chain;
use self::chain::chain_below;
use self::kind::Kind;
pub(crate) use self::kind::Missing;
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
    /// Of the violated constraint, where the reflected schema knows it.
    columns: Vec<String>,
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
        write!(f, "{}", self.0.kind)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    const fn is_send_sync<T: Send + Sync + 'static>() {}
    const _: () = is_send_sync::<Error>();

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
