//! Why a connection could not be made, in a line that says what to do.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use tokio_postgres::error::{DbError, SqlState};

use super::address::Address;
use super::encryption::{Way, is_tls};
use crate::error::BoxError;

/// One attempt that failed.
#[derive(Debug)]
pub(super) struct Failure {
    /// One line: what happened where, and what next. It never has a password in it.
    pub(super) reason: String,
    pub(super) source: BoxError,
    /// Whether the server was found and said no: the other hosts are then not asked (PostgreSQL manual 34.1.1.3).
    pub(super) refused: bool,
    /// Whether without TLS it might have gone better, or with TLS where there was none.
    pub(super) otherwise: bool,
}

/// What there was to log in with.
#[derive(Clone, Copy)]
pub(super) struct Credentials<'a> {
    pub(super) user: &'a str,
    pub(super) database: &'a str,
    pub(super) has_password: bool,
    /// Why the password file was of no use, or that the password is from it.
    pub(super) file: Option<&'a str>,
}

impl Failure {
    /// The driver's attempt at an address.
    pub(super) fn of_driver(
        error: tokio_postgres::Error,
        address: &Address,
        credentials: Credentials<'_>,
    ) -> Failure {
        let db = error.as_db_error();
        let code = db.map(DbError::code);
        let reason = match db {
            Some(db) => refusal(db, credentials),
            None => at(address, &error, credentials),
        };
        Failure {
            reason,
            // A server that is starting or stopping may have a neighbour that is neither.
            refused: code.is_some_and(|code| *code != SqlState::CANNOT_CONNECT_NOW),
            otherwise: Way::is_at_fault(&error),
            source: error.into(),
        }
    }

    /// The operating system's answer at an address.
    pub(super) fn of_opening(error: io::Error, address: &Address) -> Failure {
        Failure::of(unopened(&error, address), error.into())
    }

    pub(super) fn lookup(name: &str, error: io::Error) -> Failure {
        Failure::of(
            format!("no address is known for the host `{name}`; is it spelt right?"),
            error.into(),
        )
    }

    pub(super) fn timed_out(what: &str, limit: Duration) -> Failure {
        let reason = format!(
            "{what} did not answer within {limit:?} (`connect_timeout`); is it the right host, and does a firewall let you through?"
        );
        Failure::of(reason, io::Error::from(io::ErrorKind::TimedOut).into())
    }

    pub(super) fn unfit(address: &Address, problem: &str) -> Failure {
        let reason = format!("the server at {address} {problem} (`target_session_attrs`)");
        Failure::of(reason.clone(), io::Error::other(reason).into())
    }

    pub(super) fn of(reason: String, source: BoxError) -> Failure {
        Failure {
            reason,
            source,
            refused: false,
            otherwise: false,
        }
    }
}

/// What the server said, with the next step where there is one that its hint doesn't name.
fn refusal(db: &DbError, credentials: Credentials<'_>) -> String {
    let Credentials { user, database, .. } = credentials;
    let mut out = format!("the server refused: {}", db.message().replace('\n', " "));
    let code = db.code();
    let next = if *code == SqlState::INVALID_CATALOG_NAME {
        Some(format!(
            "create it (`createdb {database}`), or name another in the URL"
        ))
    } else if *code == SqlState::INVALID_PASSWORD {
        Some(match (credentials.file, credentials.has_password) {
            (Some(file), true) => format!("the password is from {file}"),
            _ => "check the password, and that special characters in a URL are percent-encoded"
                .to_owned(),
        })
    } else if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        Some(if db.message().contains("pg_hba.conf") {
            "let the server's pg_hba.conf permit it, or connect as it permits (host, user, database, `sslmode`)".to_owned()
        } else {
            format!("create the role (`createuser {user}`), or name another in the URL")
        })
    } else if *code == SqlState::TOO_MANY_CONNECTIONS {
        Some("lower the `max_size` of pools, or raise the server's `max_connections`".to_owned())
    } else if *code == SqlState::CANNOT_CONNECT_NOW {
        Some("try again in a moment".to_owned())
    } else if *code == SqlState::PROTOCOL_VIOLATION && db.message().contains("startup parameter") {
        Some("a pooler takes no settings at the start of a session: have it ignore them, or don't ask for any".to_owned())
    } else {
        None
    };
    for more in [db.hint().map(str::to_owned), next].into_iter().flatten() {
        let more = more.replace('\n', " ");
        let _infallible = write!(out, "; {}", more.trim_end_matches('.'));
    }
    out
}

/// What went wrong before the server could say anything.
fn at(address: &Address, error: &tokio_postgres::Error, credentials: Credentials<'_>) -> String {
    let mut below: Option<&(dyn StdError + 'static)> = error.source();
    let text = below.map_or_else(|| error.to_string(), ToString::to_string);
    match text.as_str() {
        "password missing" => {
            let file = credentials
                .file
                .map_or_else(String::new, |file| format!("; {file}"));
            return format!(
                "the server at {address} asks for the password of `{}`, and there is none: \
                 give it in the URL, in PGPASSWORD or in ~/.pgpass{file}",
                credentials.user
            );
        }
        "server does not support TLS" => {
            return format!(
                "the server at {address} does not speak TLS, which `sslmode` requires; \
                 turn its setting `ssl` on, or use `sslmode=prefer`"
            );
        }
        "server did not use channel binding" => {
            return format!(
                "the server at {address} did not use channel binding, which `channel_binding=require` asks for; \
                 it takes TLS and a password of method scram-sha-256"
            );
        }
        _ => {}
    }
    while let Some(error) = below {
        if is_tls(error) {
            return format!("no TLS with {address}: {error}");
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return unopened(io, address);
        }
        below = error.source();
    }
    if error.is_closed() {
        return format!("{address} hung up without a word; is it a PostgreSQL server?");
    }
    format!("{address}: {error}: {text}")
}

/// What became of a stream to the address.
fn unopened(error: &io::Error, address: &Address) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            format!("nobody listens at {address}; is the server running, and is that its port?")
        }
        io::ErrorKind::NotFound => format!(
            "there is no socket {address}; is the server running, and is that its directory and port?"
        ),
        _ => format!("{address}: {error}"),
    }
}
