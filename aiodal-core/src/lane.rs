//! The one way a statement takes to a connection: observed, gated, and with BEGIN riding ahead of it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::{FutureExt, StreamExt};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, SimpleQueryMessage, SimpleQueryStream, Statement};

use crate::error::{Error, Result};
use crate::statements::{Statements, may_outdate};

/// Hears of every statement, on the task that runs it.
///
/// For logs, journals and counters. It must be quick: the statement waits for it.
pub trait Observer: Send + Sync {
    /// A statement is about to be sent.
    fn started(&self, sql: &str) {
        let _ = sql;
    }

    /// A statement has been answered. A statement whose future was dropped is never heard of again.
    fn finished(&self, sql: &str, took: Duration, outcome: Outcome<'_>);
}

/// How a statement ended.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// It returned or affected this many rows; `None` for a batch.
    Rows(Option<u64>),
    /// It failed.
    Failed(&'a Error),
}

/// The way of statements to one connection, in one transaction.
///
/// This is the seam for a framework that owns the connection and lends its transaction out: it
/// [opens](Lane::open) the lane, hands out a [`Transaction`](crate::Transaction) made
/// [of it](crate::Transaction::on_loan), and [revokes](Lane::revoke) it when the borrower's time is over.
/// From then on nothing is sent, whoever still holds the transaction, on whichever thread.
#[derive(Clone)]
pub struct Lane(Arc<Inner>);

struct Inner {
    client: Arc<Client>,
    owner: String,
    observer: Option<Arc<dyn Observer>>,
    statements: Option<Arc<Statements>>,
    /// Guards sending: every poll of a statement runs inside, so that nothing is sent after `revoke`
    /// returns. It does not order statements; the driver's queue does.
    gate: Mutex<Gate>,
    /// Statements sent and not (yet) answered, those included whose future was dropped.
    unanswered: AtomicUsize,
    /// Whether a statement has passed that may make prepared ones stale.
    outdated: AtomicBool,
}

struct Gate {
    revoked: bool,
    begin: Begin,
}

enum Begin {
    /// Sent, its answer not yet read.
    Queued(Pin<Box<SimpleQueryStream>>),
    /// Answered; the first cell that it returned, if any.
    Answered(Option<String>),
    /// Somebody is reading the answer, or it failed and they were told.
    Taken,
}

/// What a lane can be given beyond a connection.
#[derive(Default)]
pub struct LaneOptions {
    /// Who hears of the statements.
    pub observer: Option<Arc<dyn Observer>>,
    /// What the connection has prepared already; without it nothing is kept.
    pub statements: Option<Arc<Statements>>,
}

/// What a lane was like when it was [revoked](Lane::revoke).
#[derive(Debug)]
pub struct Revoked {
    /// Statements that were sent and never waited for: the server may still be busy with one.
    pub unanswered: usize,
    /// Whether a statement may have changed what prepared statements and the driver's types go by.
    pub outdated: bool,
}

impl Lane {
    /// Queues `begin` on the connection without waiting, and opens the lane behind it.
    ///
    /// The answer is read together with the first statement's, so that beginning costs no round trip.
    /// `owner` is named in the errors of a borrower who oversteps.
    #[must_use]
    pub fn open(client: Arc<Client>, begin: &str, owner: &str, options: LaneOptions) -> Lane {
        let LaneOptions {
            observer,
            statements,
        } = options;
        let begin = match client.simple_query_raw(begin).now_or_never() {
            Some(Ok(answer)) => Begin::Queued(Box::pin(answer)),
            // The connection is closed: the first statement will say so better.
            _ => Begin::Taken,
        };
        let gate = Mutex::new(Gate {
            revoked: false,
            begin,
        });
        Lane(Arc::new(Inner {
            client,
            owner: owner.to_owned(),
            observer,
            statements,
            gate,
            unanswered: AtomicUsize::new(0),
            outdated: AtomicBool::new(false),
        }))
    }

    /// Returns the first cell that the `begin` batch returned.
    ///
    /// # Errors
    ///
    /// What the server answered to `begin`, unless a statement has reported it already.
    pub async fn begun(&self) -> Result<Option<String>> {
        self.read_begin().await?;
        match &self.gate().begin {
            Begin::Answered(cell) => Ok(cell.clone()),
            Begin::Queued(_) | Begin::Taken => Ok(None),
        }
    }

    /// Stops the lane: no statement is sent after this returns.
    #[must_use]
    pub fn revoke(&self) -> Revoked {
        self.gate().revoked = true;
        Revoked {
            unanswered: self.0.unanswered.load(Ordering::Acquire),
            outdated: self.0.outdated.load(Ordering::Acquire),
        }
    }

    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.0.client
    }

    pub(crate) fn owner(&self) -> &str {
        &self.0.owner
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.0.unanswered.load(Ordering::Acquire) == 0
    }

    pub(crate) async fn execute(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        let client = &self.0.client;
        let statement = async {
            match self.prepared(sql, params).await? {
                Some(statement) => client.execute(&statement, params).await,
                None if params.is_empty() => client.execute_typed(sql, &[]).await,
                None => client.execute(sql, params).await,
            }
        };
        self.run(sql, statement, |rows| Some(*rows)).await
    }

    pub(crate) async fn query(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>> {
        let client = &self.0.client;
        let statement = async {
            match self.prepared(sql, params).await? {
                Some(statement) => client.query(&statement, params).await,
                None if params.is_empty() => client.query_typed(sql, &[]).await,
                None => client.query(sql, params).await,
            }
        };
        self.run(sql, statement, |rows| Some(rows.len() as u64))
            .await
    }

    pub(crate) async fn query_one(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Row> {
        let client = &self.0.client;
        let statement = async {
            match self.prepared(sql, params).await? {
                Some(statement) => client.query_one(&statement, params).await,
                None if params.is_empty() => client.query_typed_one(sql, &[]).await,
                None => client.query_one(sql, params).await,
            }
        };
        self.run(sql, statement, |_| Some(1)).await
    }

    pub(crate) async fn query_opt(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>> {
        let client = &self.0.client;
        let statement = async {
            match self.prepared(sql, params).await? {
                Some(statement) => client.query_opt(&statement, params).await,
                None if params.is_empty() => client.query_typed_opt(sql, &[]).await,
                None => client.query_opt(sql, params).await,
            }
        };
        self.run(sql, statement, |row| Some(u64::from(row.is_some())))
            .await
    }

    /// Returns the statement prepared, if the connection keeps any and preparing this one pays.
    ///
    /// Without parameters there is nothing to ask the server first: one round trip, prepared or not.
    async fn prepared(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Statement>, tokio_postgres::Error> {
        let Inner {
            client, statements, ..
        } = &*self.0;
        match statements {
            Some(_) if self.0.outdated.load(Ordering::Acquire) => Ok(None),
            Some(statements) if params.is_empty() => {
                statements.prepare_if_repeated(client, sql).await
            }
            Some(statements) => statements.prepare(client, sql).await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) async fn batch_execute(&self, sql: &str) -> Result<()> {
        self.run(sql, self.0.client.batch_execute(sql), |()| None)
            .await
    }

    /// Sends a batch without waiting for its answer; the connection's queue keeps it in order.
    pub(crate) fn queue(&self, sql: &str) {
        let gate = self.gate();
        if !gate.revoked {
            // The driver sends on the first poll; the answer is read and dropped by the connection.
            let _answer = self.0.client.simple_query_raw(sql).now_or_never();
        }
    }

    /// Runs one statement, reading BEGIN's answer on the way if nobody has.
    pub(crate) async fn run<T, F>(
        &self,
        sql: &str,
        statement: F,
        rows: fn(&T) -> Option<u64>,
    ) -> Result<T>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
        if may_outdate(sql) {
            self.0.outdated.store(true, Ordering::Release);
        }
        let Some(observer) = &self.0.observer else {
            return self.send(sql, statement).await;
        };
        observer.started(sql);
        let started = Instant::now();
        let result = self.send(sql, statement).await;
        let outcome = match &result {
            Ok(value) => Outcome::Rows(rows(value)),
            Err(error) => Outcome::Failed(error),
        };
        observer.finished(sql, started.elapsed(), outcome);
        result
    }

    /// Runs what is not the user's: anything over the client, of which the observer hears nothing.
    ///
    /// All that `future` sends is sent under the gate and behind BEGIN, whose answer is read on the way.
    pub(crate) async fn unobserved<F: Future>(&self, future: F) -> Result<F::Output> {
        let mut future = pin!(Gated {
            lane: &self.0,
            statement: future,
            sent: false
        });
        let early = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
        self.read_begin().await?;
        let output = match early {
            Poll::Ready(output) => output,
            Poll::Pending => future.await,
        };
        output.ok_or_else(|| Error::revoked(&self.0.owner, "a query of the catalogs"))
    }

    async fn send<T, F>(&self, sql: &str, statement: F) -> Result<T>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
        let mut statement = pin!(Gated {
            lane: &self.0,
            statement,
            sent: false
        });
        let early = poll_fn(|cx| Poll::Ready(statement.as_mut().poll(cx))).await;
        // The statement is on its way behind BEGIN, whose answer therefore comes first.
        self.read_begin().await?;
        let answer = match early {
            Poll::Ready(answer) => answer,
            Poll::Pending => statement.await,
        };
        match answer {
            Some(result) => result.map_err(|error| Error::statement(sql, error)),
            None => Err(Error::revoked(&self.0.owner, sql)),
        }
    }

    async fn read_begin(&self) -> Result<()> {
        let mut answer = {
            let mut gate = self.gate();
            match std::mem::replace(&mut gate.begin, Begin::Taken) {
                Begin::Queued(answer) => answer,
                other => {
                    gate.begin = other;
                    return Ok(());
                }
            }
        };
        let mut cell = None;
        while let Some(message) = answer.next().await {
            if let SimpleQueryMessage::Row(row) = message.map_err(Error::begin)? {
                cell = cell.or_else(|| row.try_get(0).ok().flatten().map(str::to_owned));
            }
        }
        self.gate().begin = Begin::Answered(cell);
        Ok(())
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        // A panic inside a poll leaves no half-made state here: both fields are set in one go.
        self.0.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane")
            .field("owner", &self.0.owner)
            .finish_non_exhaustive()
    }
}

pin_project_lite::pin_project! {
    /// A statement that is polled under the gate only, and yields `None` once the lane is revoked.
    struct Gated<'a, F> {
        lane: &'a Inner,
        #[pin]
        statement: F,
        sent: bool,
    }
}

impl<F: Future> Future for Gated<'_, F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let this = self.project();
        let gate = this
            .lane
            .gate
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if gate.revoked {
            return Poll::Ready(None);
        }
        if !*this.sent {
            *this.sent = true;
            this.lane.unanswered.fetch_add(1, Ordering::AcqRel);
        }
        let answer = this.statement.poll(cx);
        if answer.is_ready() {
            this.lane.unanswered.fetch_sub(1, Ordering::AcqRel);
        }
        answer.map(Some)
    }
}

impl fmt::Debug for LaneOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaneOptions")
            .field("observed", &self.observer.is_some())
            .field("statements", &self.statements)
            .finish()
    }
}
