//! Repeating a statement that the schema has outrun.
//!
//! A statement prepared by an earlier transaction fails if its tables have changed since: with 0A000 ("cached plan must
//! not change result type") for the most part, always before it has done anything, and always taking the transaction
//! with it. So that nobody sees that, the first use of such a statement in a transaction is guarded: by BEGIN itself if
//! it is the first statement, else by a savepoint that is sent along with it and costs no round trip. The first use
//! locks the tables; after it, nobody else can change them until the transaction is over.
//!
//! Statements that were sent behind the one that failed have met a failed transaction, and have not been run. They are
//! sent again too, in the order in which they were sent.

use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use futures_util::FutureExt;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::WrongType;

use super::traffic::{Gated, Guard, Ticket, Turn};
use super::{Begin, Lane, send};
use crate::error::{Error, Result};

/// How often a statement is sent again. The schema would have to change each time.
const REPEATS: u32 = 8;

/// How many round trips a statement waits for those that were sent before it to be repeated. They need two or three; but
/// nobody may be polling them.
const PATIENCE: u32 = 64;

impl Lane {
    /// Attempts a statement until it works, or fails for a reason of its own.
    pub(super) async fn attempt<T, F>(
        &self,
        ticket: &Ticket,
        sql: &str,
        attempt: impl Fn() -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
        if self.is_leaving() {
            self.settled().boxed().await;
        }
        let mut repeats = 0;
        loop {
            let statement = pin!(Gated {
                ticket,
                statement: attempt(),
            });
            let error = match self.behind_begin(ticket, statement).await? {
                Some(Ok(value)) => return Ok(value),
                Some(Err(error)) => error,
                None if self.is_broken() => return Err(Error::broken(sql)),
                None => return Err(Error::revoked(&self.0.owner, sql)),
            };
            if repeats < REPEATS && self.recover(ticket, sql, &error).boxed().await {
                repeats += 1;
                continue;
            }
            ticket.answered();
            return Err(self.failed(sql, error));
        }
    }

    /// Sends a statement, reads BEGIN's answer if nobody has, and then the statement's.
    ///
    /// Pinned by the caller: a future that is handed on by value takes its room twice.
    pub(super) async fn behind_begin<F: Future>(
        &self,
        ticket: &Ticket,
        mut statement: Pin<&mut F>,
    ) -> Result<F::Output> {
        let early = poll_fn(|cx| Poll::Ready(statement.as_mut().poll(cx))).await;
        // The statement is on its way behind BEGIN, whose answer therefore comes first.
        if let Err(error) = self.read_begin().await {
            ticket.answered();
            return Err(error);
        }
        Ok(match early {
            Poll::Ready(answer) => answer,
            Poll::Pending => statement.await,
        })
    }

    /// Notes what a statement failed of, and tells it.
    pub(crate) fn failed(&self, sql: &str, error: tokio_postgres::Error) -> Error {
        self.held().heed(&error);
        let error = Error::statement(sql, error);
        if error.is_serialization_failure() || error.is_deadlock() {
            self.traffic().set_transient(true);
        }
        match self.violated(&error) {
            Some(columns) => error.with_columns(columns),
            None => error,
        }
    }

    /// Makes it possible to send the statement again, if that may help.
    async fn recover(&self, ticket: &Ticket, sql: &str, error: &tokio_postgres::Error) -> bool {
        if error.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION) {
            return self.rejoin(ticket).await;
        }
        if error.code() == Some(&SqlState::INVALID_SQL_STATEMENT_NAME) {
            // Whatever else was forgotten, nobody shall meet it after this transaction.
            self.held().spoil();
        }
        // A statement that was prepared just now knows all there is to know.
        let Some(guard) = ticket.guard().filter(|_| is_stale(error)) else {
            return false;
        };
        if let Some(statements) = self.held().statements() {
            statements.evict(sql);
        }
        // A server that has forgotten its statements has forgotten those that the driver looks types up with.
        if error.code() != Some(&SqlState::INVALID_SQL_STATEMENT_NAME) {
            self.held().client().clear_type_cache();
        }
        let recovered = match ticket.turn() {
            // The driver's own doubts about a parameter come before anything is sent.
            _ if error.code().is_none() => true,
            Turn::Never if guard != Guard::None => self.mend(guard),
            // One that was sent before has met the same, and its guard is the one that holds.
            _ => self.rejoin(ticket).await,
        };
        ticket.forget_guard();
        recovered
    }

    /// Takes the failure back that a stale statement has brought on the transaction.
    fn mend(&self, guard: Guard) -> bool {
        let client = self.held().client();
        let mut gate = self.gate();
        if gate.revoked {
            return false;
        }
        match guard {
            Guard::None => return false,
            Guard::Begin => {
                gate.begin = Begin::queue(client, &format!("rollback; {}", self.0.begin));
            }
            Guard::Savepoint => send(
                client,
                "rollback to aiodal_statement; release aiodal_statement",
            ),
        }
        self.traffic().mended();
        true
    }

    /// Waits until those before have been sent again.
    async fn rejoin(&self, ticket: &Ticket) -> bool {
        for _ in 0..PATIENCE {
            match ticket.turn() {
                Turn::Now => return true,
                Turn::Never => return false,
                // Not on a waker: whoever was sent before may never be polled again.
                Turn::Later => {
                    let empty = self.held().client().simple_query("");
                    let round_trip = Gated {
                        ticket,
                        statement: empty,
                    };
                    if !matches!(round_trip.await, Some(Ok(_))) {
                        return false;
                    }
                }
            }
        }
        false
    }
}

/// Says whether a statement from the cache can have failed because the schema has changed since it was prepared.
fn is_stale(error: &tokio_postgres::Error) -> bool {
    let Some(code) = error.code() else {
        let source = error.source();
        return source.is_some_and(<dyn StdError>::is::<WrongType>);
    };
    // Binding looks the statement up, and parses it anew if a table has changed. Whatever it says then may be due to
    // the types that it was prepared with; if it is not, a fresh attempt says the same.
    let of_binding = [
        SqlState::FEATURE_NOT_SUPPORTED,
        SqlState::INVALID_SQL_STATEMENT_NAME,
        SqlState::DATATYPE_MISMATCH,
        SqlState::UNDEFINED_FUNCTION,
        SqlState::UNDEFINED_OBJECT,
        SqlState::UNDEFINED_COLUMN,
        SqlState::UNDEFINED_TABLE,
        SqlState::AMBIGUOUS_FUNCTION,
        SqlState::INDETERMINATE_DATATYPE,
        SqlState::INVALID_BINARY_REPRESENTATION,
        SqlState::INTERNAL_ERROR,
    ];
    of_binding.contains(code)
}
