//! Running a statement: planned once, guarded where it needs to be, and observed.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use futures_util::FutureExt;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{RowStream, SimpleQueryMessage};

use super::traffic::{Guard, Ticket};
use super::{Lane, Params, send};
use crate::error::Result;
use crate::statements::{Effect, Plan, Prepared};

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
        self.observed(sql, Params::NONE, |()| None, self.batch(sql))
            .await
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
        self.observed(name, Params::NONE, |()| None, statement)
            .await
    }

    pub(crate) async fn simple_query(&self, sql: &str) -> Result<Vec<SimpleQueryMessage>> {
        let client = self.held().client();
        let statement = self.simple(sql, || client.simple_query(sql));
        self.observed(sql, Params::NONE, |_| None, statement).await
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
        let end = self.end("commit", "select; commit");
        self.observed("commit", Params::NONE, |()| None, end).await
    }

    /// Runs ROLLBACK as the lane's owner, revoked or not.
    pub(crate) async fn rollback(&self) -> Result<()> {
        let end = self.end("rollback", "rollback");
        self.observed("rollback", Params::NONE, |()| None, end)
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
}
