//! The statements of a transaction: the tokio-postgres family.

use std::pin::pin;

use futures_util::TryStreamExt;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, SimpleQueryMessage};

use super::{RowStream, Transaction};
use crate::error::{Error, Result};
use crate::lane::{Lane, Params, Ticket};

impl Transaction {
    /// Executes a statement and returns the number of rows it affected.
    ///
    /// Like [`tokio_postgres::Client::execute`].
    ///
    /// # Errors
    ///
    /// What the server refused, with the statement's beginning.
    pub async fn execute(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        let lane = self.lane();
        let statement = async {
            let rows = Rows::start(lane, sql, params).await?;
            rows.count(sql).await
        };
        lane.observed(sql, params.into(), |rows| Some(*rows), statement)
            .await
    }

    /// Executes a statement and returns all its rows.
    ///
    /// Like [`tokio_postgres::Client::query`].
    ///
    /// # Errors
    ///
    /// What the server refused, with the statement's beginning.
    pub async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        let lane = self.lane();
        let statement = async {
            let rows = Rows::start(lane, sql, params).await?;
            rows.collect(sql).await
        };
        lane.observed(
            sql,
            params.into(),
            |rows| Some(rows.len() as u64),
            statement,
        )
        .await
    }

    /// Executes a statement that returns exactly one row.
    ///
    /// Like [`tokio_postgres::Client::query_one`].
    ///
    /// # Errors
    ///
    /// What the server refused, and any other number of rows.
    pub async fn query_one(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Row> {
        let lane = self.lane();
        let statement = async {
            let rows = Rows::start(lane, sql, params).await?;
            match rows.one(sql).await? {
                (Some(row), 1) => Ok(row),
                (_, found) => Err(Error::rows(sql, "exactly one row", found)),
            }
        };
        lane.observed(sql, params.into(), |_| Some(1), statement)
            .await
    }

    /// Executes a statement that returns one row or none.
    ///
    /// Like [`tokio_postgres::Client::query_opt`].
    ///
    /// # Errors
    ///
    /// What the server refused, and more than one row.
    pub async fn query_opt(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>> {
        let lane = self.lane();
        let statement = async {
            let rows = Rows::start(lane, sql, params).await?;
            match rows.one(sql).await? {
                (row, 0 | 1) => Ok(row),
                (_, found) => Err(Error::rows(sql, "one row or none", found)),
            }
        };
        lane.observed(
            sql,
            params.into(),
            |row| Some(u64::from(row.is_some())),
            statement,
        )
        .await
    }

    /// Executes a statement and returns its rows as they come.
    ///
    /// Like [`tokio_postgres::Client::query_raw`]. The connection is the stream's alone until it ends or is dropped: the
    /// server sends no faster than rows are taken, and another statement would wait behind them.
    ///
    /// # Errors
    ///
    /// What the server refused before the first row; what it refuses later, the stream returns.
    ///
    /// # Cancel safety
    ///
    /// The stream may be dropped half-way. The server goes on, and what it sends is dropped; the next statement waits for
    /// it. If the transaction is dropped or rolled back meanwhile, it is cancelled.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(tx: &mut aiodal_core::Transaction) -> aiodal_core::Result<()> {
    /// let mut rows = tx.query_stream("select name from author", &[]).await?;
    /// while let Some(row) = rows.try_next().await? {
    ///     let name: &str = row.get("name");
    ///     println!("{name}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn query_stream(
        &mut self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<RowStream<'_>> {
        RowStream::start(self.lane(), sql, params).await
    }

    /// Executes a statement whose parameters' types are given, and returns all its rows: one round trip the first time
    /// already, and nothing is prepared.
    ///
    /// Like [`tokio_postgres::Client::query_typed`].
    ///
    /// # Errors
    ///
    /// What the server refused, with the statement's beginning.
    pub async fn query_typed(
        &self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>> {
        let lane = self.lane();
        let statement = async {
            let (rows, ticket) = lane.start_typed(sql, params).await?;
            Rows { rows, ticket }.collect(sql).await
        };
        lane.observed(
            sql,
            Params::typed(params),
            |rows| Some(rows.len() as u64),
            statement,
        )
        .await
    }

    /// Executes statements separated by semicolons and returns their rows as text.
    ///
    /// Like [`tokio_postgres::Client::simple_query`].
    ///
    /// # Errors
    ///
    /// The first statement that the server refused; those behind it were not run.
    pub async fn simple_query(&self, sql: &str) -> Result<Vec<SimpleQueryMessage>> {
        self.lane().simple_query(sql).await
    }

    /// Executes a string of statements separated by semicolons, without parameters.
    ///
    /// Like [`tokio_postgres::Client::batch_execute`].
    ///
    /// # Errors
    ///
    /// The first statement that the server refused; those behind it were not run.
    pub async fn batch_execute(&self, sql: &str) -> Result<()> {
        self.lane().batch_execute(sql).await
    }
}

/// The rows of a statement that the server has accepted.
struct Rows {
    rows: tokio_postgres::RowStream,
    ticket: Ticket,
}

impl Rows {
    async fn start(lane: &Lane, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Rows> {
        let (rows, ticket) = lane.start(sql, params).await?;
        Ok(Rows { rows, ticket })
    }

    async fn collect(self, sql: &str) -> Result<Vec<Row>> {
        let rows = self.rows.try_collect().await;
        self.ticket.answered();
        rows.map_err(|error| self.ticket.lane().failed(sql, error))
    }

    /// Returns the first row, and how many there were.
    async fn one(self, sql: &str) -> Result<(Option<Row>, u64)> {
        let mut rows = pin!(self.rows);
        let mut first = None;
        let mut count = 0;
        let ended = loop {
            match rows.try_next().await {
                Ok(Some(row)) => {
                    count += 1;
                    first.get_or_insert(row);
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.ticket.answered();
        ended.map_err(|error| self.ticket.lane().failed(sql, error))?;
        Ok((first, count))
    }

    /// Returns the number of rows affected.
    async fn count(self, sql: &str) -> Result<u64> {
        let mut rows = pin!(self.rows);
        let ended = loop {
            match rows.try_next().await {
                Ok(Some(_)) => {}
                Ok(None) => break Ok(rows.rows_affected().unwrap_or(0)),
                Err(error) => break Err(error),
            }
        };
        self.ticket.answered();
        ended.map_err(|error| self.ticket.lane().failed(sql, error))
    }
}
