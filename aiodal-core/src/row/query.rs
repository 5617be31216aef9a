//! The queries of a transaction whose rows come as something better than rows.

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::scalar::Scalar;
use super::stream::TypedRows;
use super::{Columns, FromColumn, FromRow};
use crate::error::Result;
use crate::transaction::{RowStream, Transaction};

/// Rows read into types.
impl Transaction {
    /// Executes a statement and reads all its rows into `T`.
    ///
    /// Which columns `T` reads is settled and checked with the first row. A statement that returns no rows is not
    /// checked: the driver does not say what their columns would have been.
    ///
    /// # Errors
    ///
    /// Those of [`query`](Transaction::query); columns that `T` does not find or cannot read, all of them at
    /// once; and the first row with a value that does not fit, by its number.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(tx: &aiodal_core::Transaction) -> aiodal_core::Result<()> {
    /// let authors: Vec<(i32, String)> = tx.query_as("select id, name from author", &[]).await?;
    /// # drop(authors); Ok(())
    /// # }
    /// ```
    pub async fn query_as<T: FromRow>(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<T>> {
        read_all(&self.query(sql, params).await?)
    }

    /// Executes a statement that returns exactly one row, and reads it into `T`.
    ///
    /// # Errors
    ///
    /// Those of [`query_one`](Transaction::query_one), and a row that does not fit `T`.
    pub async fn query_one_as<T: FromRow>(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<T> {
        T::from_row(&self.query_one(sql, params).await?)
    }

    /// Executes a statement that returns one row or none, and reads it into `T`.
    ///
    /// # Errors
    ///
    /// Those of [`query_opt`](Transaction::query_opt), and a row that does not fit `T`.
    pub async fn query_opt_as<T: FromRow>(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<T>> {
        let row = self.query_opt(sql, params).await?;
        row.as_ref().map(T::from_row).transpose()
    }

    /// Executes a statement and reads its rows into `T` as they come.
    ///
    /// The stream is `Unpin`, and goes on behind a row that did not fit.
    ///
    /// # Errors
    ///
    /// Those of [`query_stream`](Transaction::query_stream); the stream returns those of
    /// [`query_as`](Transaction::query_as) about its rows.
    ///
    /// # Cancel safety
    ///
    /// Like [`query_stream`](Transaction::query_stream).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(tx: &mut aiodal_core::Transaction) -> aiodal_core::Result<()> {
    /// let mut authors = tx.query_stream_as::<(i32, String)>("select id, name from author", &[]).await?;
    /// while let Some((id, name)) = authors.try_next().await? {
    ///     println!("{id} {name}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn query_stream_as<T: FromRow>(
        &mut self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<TypedRows<RowStream<'_>, T>> {
        self.query_stream(sql, params).await.map(TypedRows::new)
    }

    /// Executes a statement that returns exactly one row of one column.
    ///
    /// # Errors
    ///
    /// Those of [`query_one`](Transaction::query_one), any other number of columns, another type, and a null
    /// where `T` is no `Option`.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(tx: &aiodal_core::Transaction) -> aiodal_core::Result<()> {
    /// let authors: i64 = tx.query_scalar("select count(*) from author", &[]).await?;
    /// # let _ = authors; Ok(())
    /// # }
    /// ```
    pub async fn query_scalar<T: FromColumn>(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<T> {
        let Scalar(value) = self.query_one_as(sql, params).await?;
        Ok(value)
    }

    /// Executes a statement that returns one row of one column, or no row.
    ///
    /// # Errors
    ///
    /// Those of [`query_opt`](Transaction::query_opt), and those of [`query_scalar`](Transaction::query_scalar)
    /// about the row.
    pub async fn query_opt_scalar<T: FromColumn>(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<T>> {
        let row = self.query_opt_as(sql, params).await?;
        Ok(row.map(|Scalar(value)| value))
    }

    /// Executes a statement that returns rows of one column.
    ///
    /// # Errors
    ///
    /// Those of [`query`](Transaction::query), and those of [`query_scalar`](Transaction::query_scalar) about
    /// each row.
    pub async fn query_scalars<T: FromColumn>(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<T>> {
        let rows = self.query_as(sql, params).await?;
        Ok(rows.into_iter().map(|Scalar(value)| value).collect())
    }
}

/// Reads the rows of one result.
fn read_all<T: FromRow>(rows: &[Row]) -> Result<Vec<T>> {
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let plan = T::resolve(&Columns::new(first.columns()))?;
    let mut all = Vec::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        all.push(T::decode(row, &plan).map_err(|error| error.in_row(i + 1))?);
    }
    Ok(all)
}
