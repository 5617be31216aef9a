//! The verbs that every builder has, written once.

/// Writes the verbs of a builder. `fetch` is what it has to say before rows are fetched.
macro_rules! verbs {
    ($builder:ident, $fetch:expr) => {
        impl $builder<'_> {
            /// Executes it and returns the number of rows it affected.
            ///
            /// # Errors
            ///
            /// What the builder refused, before anything is sent, and what the server refused.
            pub async fn execute(self, tx: &crate::Transaction) -> crate::Result<u64> {
                self.bind()?.execute(tx).await
            }

            /// Executes it and returns all its rows.
            ///
            /// # Errors
            ///
            /// Those of `execute`, and that nothing is returned.
            pub async fn fetch_all(
                self,
                tx: &crate::Transaction,
            ) -> crate::Result<Vec<crate::Row>> {
                self.fetchable()?.fetch_all(tx).await
            }

            /// Executes it and returns its only row.
            ///
            /// # Errors
            ///
            /// Those of `execute`, that nothing is returned, and any other number of rows.
            pub async fn fetch_one(self, tx: &crate::Transaction) -> crate::Result<crate::Row> {
                self.fetchable()?.fetch_one(tx).await
            }

            /// Executes it and returns its row, if there is one.
            ///
            /// # Errors
            ///
            /// Those of `execute`, that nothing is returned, and more than one row.
            pub async fn fetch_opt(
                self,
                tx: &crate::Transaction,
            ) -> crate::Result<Option<crate::Row>> {
                self.fetchable()?.fetch_opt(tx).await
            }

            /// Executes it and reads all its rows into `T`.
            ///
            /// # Errors
            ///
            /// Those of `fetch_all`, and a row that does not fit `T`.
            pub async fn fetch_all_as<T: crate::FromRow>(
                self,
                tx: &crate::Transaction,
            ) -> crate::Result<Vec<T>> {
                self.fetchable()?.fetch_all_as(tx).await
            }

            /// Executes it and reads its only row into `T`.
            ///
            /// # Errors
            ///
            /// Those of `fetch_one`, and a row that does not fit `T`.
            pub async fn fetch_one_as<T: crate::FromRow>(
                self,
                tx: &crate::Transaction,
            ) -> crate::Result<T> {
                self.fetchable()?.fetch_one_as(tx).await
            }

            /// Executes it and reads its row, if there is one, into `T`.
            ///
            /// # Errors
            ///
            /// Those of `fetch_opt`, and a row that does not fit `T`.
            pub async fn fetch_opt_as<T: crate::FromRow>(
                self,
                tx: &crate::Transaction,
            ) -> crate::Result<Option<T>> {
                self.fetchable()?.fetch_opt_as(tx).await
            }

            fn fetchable(self) -> crate::Result<crate::statement::BoundStatement> {
                let check: fn(&Self) -> crate::Result<()> = $fetch;
                if self.failed.is_none() {
                    check(&self)?;
                }
                self.bind()
            }

            /// Remembers the first thing that was refused, for the verb to return.
            fn attempt(mut self, step: impl FnOnce(&mut Self) -> crate::Result<()>) -> Self {
                if self.failed.is_none() {
                    self.failed = step(&mut self).err();
                }
                self
            }
        }
    };
}

/// Writes the two methods that ask for rows.
macro_rules! returning {
    ($builder:ident) => {
        impl $builder<'_> {
            /// Returns these columns of the rows that were written: RETURNING.
            pub fn returning<C: AsRef<str>>(self, columns: impl IntoIterator<Item = C>) -> Self {
                let columns: Vec<C> = columns.into_iter().collect();
                self.attempt(|this| {
                    let columns = columns.iter().map(AsRef::as_ref);
                    this.returning.columns(&this.target, columns)
                })
            }

            /// Returns all columns of the rows that were written.
            pub fn returning_all(mut self) -> Self {
                self.returning.all(&self.target);
                self
            }
        }
    };
}

/// Writes the two methods that say which rows.
macro_rules! condition {
    ($builder:ident) => {
        impl $builder<'_> {
            /// Takes the row with this primary key: its values, in the key's order.
            pub fn key(self, values: &[&(dyn tokio_postgres::types::ToSql + Sync)]) -> Self {
                self.attempt(|this| this.condition.key(&this.target, values))
            }

            /// Takes the rows whose column is equal to a value, or is null where the value is.
            ///
            /// Called again, all have to be.
            pub fn filter(
                self,
                column: &str,
                value: &(dyn tokio_postgres::types::ToSql + Sync),
            ) -> Self {
                self.attempt(|this| this.condition.column(&this.target, column, value))
            }
        }
    };
}

pub(super) use {condition, returning, verbs};
