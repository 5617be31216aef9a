//! How many statements something runs.

use super::Transaction;

impl Transaction {
    /// Runs a body and returns what it returned, with how many statements it ran.
    ///
    /// All that goes through the transaction counts, savepoints and transactions nested in it included; what only begins or
    /// ends one of those does not. A batch counts as one, and so does a COPY. In a test, what code under test runs on the
    /// test's [`DataAccessLayer`](crate::DataAccessLayer) goes through the test's transaction.
    ///
    /// # Cancel safety
    ///
    /// As the body's.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn books_of(_: &aiodal_core::Transaction, _: &str) -> aiodal_core::Result<Vec<String>> { Ok(vec![]) }
    /// # async fn example(tx: &mut aiodal_core::Transaction) -> aiodal_core::Result<()> {
    /// let (books, queries) = tx.count_queries(async |tx| books_of(tx, "Hep").await).await;
    /// assert_eq!(queries, 1, "the books are fetched at once: {:?}", books?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn count_queries<T>(
        &mut self,
        body: impl AsyncFnOnce(&mut Transaction) -> T,
    ) -> (T, u64) {
        let before = self.query_count();
        let value = body(self).await;
        (value, self.query_count() - before)
    }

    /// Returns how many statements have been run in the transaction so far, counted as by
    /// [`count_queries`](Transaction::count_queries): where there is only a `&Transaction`, the difference of two.
    #[must_use]
    pub fn query_count(&self) -> u64 {
        self.lane().queries()
    }
}
