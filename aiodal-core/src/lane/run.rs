//! Running a statement, and repeating one that the schema has outrun.
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
use std::sync::atomic::Ordering;
use std::task::Poll;

use bytes::Bytes;
use futures_util::FutureExt;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type, WrongType};
use tokio_postgres::{CopyInSink, RowStream, SimpleQueryMessage};

use super::traffic::{Gated, Guard, Ticket, Turn};
use super::{Begin, Lane, send};
use crate::error::{Error, Result};
use crate::statements::{Effect, Plan, Prepared};

/// How often a statement is sent again. The schema would have to change each time.
const REPEATS: u32 = 8;

/// How many round trips a statement waits for those that were sent before it to be repeated. They need two or three; but
/// nobody may be polling them.
const PATIENCE: u32 = 64;

impl Lane {
    pub(super) fn ticket(&self) -> Ticket {
        Ticket::new(self)
    }

    /// Starts a statement: when this returns, the server has accepted it, and the rows can be read.
    pub(crate) async fn start(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<(RowStream, Ticket)> {
        let ticket = self.ticket();
        let client = self.held().client();
        let attempt = || async {
            match self.plan(sql, params.len()).await? {
                Plan::Unnamed(types) => {
                    ticket.sending();
                    let params = params.iter().copied().zip(types.iter().cloned());
                    // Boxed, as all that is not the usual course: futures would be ten times as large.
                    client.query_typed_raw(sql, params).boxed().await
                }
                Plan::Named { prepared, cached } => {
                    let rows = client.query_raw(&prepared.statement, params.iter().copied());
                    self.bind(&ticket, &prepared, cached, pin!(rows)).await
                }
            }
        };
        let rows = self.attempt(&ticket, sql, attempt).await?;
        ticket.bound();
        Ok((rows, ticket))
    }

    /// The same, with the parameters' types given: nothing is prepared.
    pub(crate) async fn start_typed(
        &self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<(RowStream, Ticket)> {
        self.heed(Effect::of(sql));
        let ticket = self.ticket();
        let client = self.held().client();
        let attempt = || async {
            ticket.sending();
            let params = params.iter().map(|(param, of)| (*param, of.clone()));
            client.query_typed_raw(sql, params).boxed().await
        };
        let rows = self.attempt(&ticket, sql, attempt).await?;
        Ok((rows, ticket))
    }

    pub(crate) async fn batch_execute(&self, sql: &str) -> Result<()> {
        self.observed(sql, |()| None, self.batch(sql)).await
    }

    /// The same, unobserved.
    async fn batch(&self, sql: &str) -> Result<()> {
        let client = self.held().client();
        self.simple(sql, || client.batch_execute(sql)).await
    }

    /// The same under another name: for the observer, and in an error.
    pub(crate) async fn batch_as(&self, name: &str, sql: &str) -> Result<()> {
        let client = self.held().client();
        let statement = self.simple(name, || client.batch_execute(sql));
        self.observed(name, |()| None, statement).await
    }

    pub(crate) async fn simple_query(&self, sql: &str) -> Result<Vec<SimpleQueryMessage>> {
        let client = self.held().client();
        let statement = self.simple(sql, || client.simple_query(sql));
        self.observed(sql, |_| None, statement).await
    }

    /// Runs something of the simple protocol to its end.
    async fn simple<T, F>(&self, sql: &str, attempt: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
        let (answer, ticket) = self.start_with(sql, attempt).await?;
        ticket.answered();
        Ok(answer)
    }

    /// Runs COMMIT as the lane's owner, revoked or not.
    pub(crate) async fn commit(&self) -> Result<()> {
        // The empty SELECT fails in a failed transaction and takes COMMIT with it; alone, COMMIT would
        // be answered by a ROLLBACK that looks like success.
        self.observed("commit", |()| None, self.end("commit", "select; commit"))
            .await
    }

    /// Runs ROLLBACK as the lane's owner, revoked or not.
    pub(crate) async fn rollback(&self) -> Result<()> {
        self.observed("rollback", |()| None, self.end("rollback", "rollback"))
            .await
    }

    async fn end(&self, name: &str, sql: &str) -> Result<()> {
        let client = self.held().client();
        let ticket = Ticket::of_owner(self);
        let attempt = || async {
            ticket.sending();
            client.batch_execute(sql).await
        };
        self.attempt(&ticket, name, attempt).await?;
        ticket.answered();
        Ok(())
    }

    /// Starts something else that the connection's client does.
    pub(crate) async fn start_with<T, F>(
        &self,
        sql: &str,
        attempt: impl Fn() -> F,
    ) -> Result<(T, Ticket)>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
        self.heed(Effect::of(sql));
        let ticket = self.ticket();
        let attempt = || async {
            ticket.sending();
            attempt().await
        };
        let started = self.attempt(&ticket, sql, attempt).await?;
        Ok((started, ticket))
    }

    /// Starts a `COPY … FROM STDIN`.
    ///
    /// tokio-postgres ends a COPY with a Sync of its own. Had it begun, the server would have skipped the first one; if it
    /// is refused, there is one answer too many, and each statement to come would be given that of the one before.
    pub(crate) async fn start_copy_in(&self, sql: &str) -> Result<(CopyInSink<Bytes>, Ticket)> {
        self.heed(Effect::of(sql));
        let ticket = self.ticket();
        let client = self.held().client();
        let attempt = || async {
            let statement = client.prepare(sql).boxed().await?;
            ticket.sending();
            let mut starting = Starting {
                lane: self,
                begun: false,
            };
            let started = client.copy_in(&statement).await;
            starting.begun = started.is_ok();
            started
        };
        let sink = self.attempt(&ticket, sql, attempt).await?;
        Ok((sink, ticket))
    }

    async fn plan(&self, sql: &str, params: usize) -> Result<Plan, tokio_postgres::Error> {
        if let Some(statements) = self.held().statements()
            && let Some(plan) = statements.look_up(sql, params)
        {
            return Ok(plan);
        }
        self.plan_anew(sql, params).boxed().await
    }

    async fn plan_anew(&self, sql: &str, params: usize) -> Result<Plan, tokio_postgres::Error> {
        let client = self.held().client();
        let statements = self.held().statements();
        let effect = Effect::of(sql);
        self.heed(effect);
        match statements {
            // Nobody repeats what changes the schema.
            Some(statements) if effect != Effect::Outdates => {
                statements.plan(client, sql, params).await
            }
            _ if params == 0 => Ok(Plan::unnamed()),
            _ => Ok(Plan::Named {
                prepared: Prepared::new(client.prepare(sql).await?).into(),
                cached: false,
            }),
        }
    }

    /// Binds and executes a prepared statement, guarded if it needs to be. Polled under the gate: nothing comes between.
    async fn bind<T>(
        &self,
        ticket: &Ticket,
        prepared: &Prepared,
        cached: bool,
        mut statement: Pin<&mut impl Future<Output = Result<T, tokio_postgres::Error>>>,
    ) -> Result<T, tokio_postgres::Error> {
        let client = self.held().client();
        let trusting = self.0.exclusive && !self.is_outdated();
        let first = poll_fn(|cx| {
            let guarded = ticket.binding(prepared, cached, trusting) == Guard::Savepoint;
            if guarded {
                send(client, "savepoint aiodal_statement");
            }
            let first = statement.as_mut().poll(cx);
            if guarded {
                send(client, "release aiodal_statement");
            }
            Poll::Ready(first)
        });
        match first.await {
            Poll::Ready(result) => result,
            Poll::Pending => statement.await,
        }
    }

    /// Attempts a statement until it works, or fails for a reason of its own.
    async fn attempt<T, F>(&self, ticket: &Ticket, sql: &str, attempt: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
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

/// A COPY that has been sent. Unless it is known to have begun, the answers to come are anybody's.
struct Starting<'a> {
    lane: &'a Lane,
    begun: bool,
}

impl Drop for Starting<'_> {
    fn drop(&mut self) {
        if !self.begun {
            self.lane.0.broken.store(true, Ordering::Release);
            self.lane.held().spoil();
        }
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
