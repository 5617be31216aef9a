//! Transactions around a body: committed if it succeeds, rolled back if it doesn't.

use super::DataAccessLayer;
use crate::error::{Error, Result};
use crate::transaction::{Retry, Transaction, TransactionOptions};

impl DataAccessLayer {
    /// Runs a body in a transaction: commits if it returns `Ok`, and rolls back if it returns an error, panics or is
    /// dropped.
    ///
    /// # Errors
    ///
    /// The body's own; and where it has none, that of beginning or committing.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the transaction rolls back, unless COMMIT was on its way.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(dal: &aiodal_core::DataAccessLayer) -> aiodal_core::Result<()> {
    /// let name = "Hep".to_owned();
    /// let id: i32 = dal.with_transaction(async |tx| {
    ///     let row = tx.query_one("insert into author (name) values ($1) returning id", &[&name]).await?;
    ///     aiodal_core::Result::Ok(row.get(0))
    /// })
    /// .await?;
    /// # let _ = id; Ok(())
    /// # }
    /// ```
    pub async fn with_transaction<T, E>(
        &self,
        body: impl AsyncFnOnce(&mut Transaction) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<Error>,
    {
        self.with_options(&TransactionOptions::default(), body)
            .await
    }

    /// The same with options: an isolation level, time limits, read only.
    ///
    /// # Errors
    ///
    /// Like [`with_transaction`](DataAccessLayer::with_transaction).
    pub async fn with_options<T, E>(
        &self,
        options: &TransactionOptions,
        body: impl AsyncFnOnce(&mut Transaction) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<Error>,
    {
        let mut tx = self.begin(options).await?;
        match body(&mut tx).await {
            Ok(value) => {
                tx.commit().await?;
                Ok(value)
            }
            Err(error) => {
                // What the body has to say matters more; if this fails, the connection is closed and the server rolls back.
                let _lost = tx.rollback().await;
                Err(error)
            }
        }
    }

    /// Runs a body in a transaction, and again in another if it fails of others: see [`Retry`].
    ///
    /// The body is called once for each attempt, and is given a transaction on loan, whose end is not its own: it can't
    /// commit it, and once the body has returned, whatever still holds it can send nothing. An attempt that is given up is
    /// rolled back, and its [`on_commit`](Transaction::on_commit) hooks are dropped with it: those of the attempt that
    /// commits run.
    ///
    /// What decides is what the server said, in the body or at COMMIT, whatever the body has made of it: its error may be
    /// of any type. A failure that was undone by rolling back to a savepoint doesn't count.
    ///
    /// # Errors
    ///
    /// That of the last attempt.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the transaction rolls back, unless COMMIT was on its way.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(dal: &aiodal_core::DataAccessLayer) -> aiodal_core::Result<()> {
    /// use aiodal_core::{IsolationLevel, Retry, TransactionOptions};
    ///
    /// let options = TransactionOptions::new().isolation_level(IsolationLevel::Serializable);
    /// let seats = 2;
    /// let left: i64 = dal.retrying(&options, &Retry::default(), |tx| async move {
    ///     tx.execute("update flight set seats = seats - $1", &[&seats]).await?;
    ///     let row = tx.query_one("select sum(seats) from flight", &[]).await?;
    ///     aiodal_core::Result::Ok(row.get(0))
    /// })
    /// .await?;
    /// # let _ = left; Ok(())
    /// # }
    /// ```
    pub async fn retrying<T, E, F>(
        &self,
        options: &TransactionOptions,
        retry: &Retry,
        body: impl Fn(Transaction) -> F,
    ) -> Result<T, E>
    where
        E: From<Error>,
        F: Future<Output = Result<T, E>>,
    {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let tx = self.begin_for(options, "`retrying`").await?;
            let lane = tx.lane().clone();
            let result = body(tx.lend()).await;
            tx.reclaim();
            let error = match result {
                Ok(value) => match tx.commit().await {
                    Ok(()) => return Ok(value),
                    Err(error) => error.into(),
                },
                Err(error) => {
                    let _lost = tx.rollback().await;
                    error
                }
            };
            let transient = lane.failed_transiently();
            // The connection goes back before the wait.
            drop(lane);
            match retry.wait(attempts).filter(|_| transient) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(error),
            }
        }
    }
}
