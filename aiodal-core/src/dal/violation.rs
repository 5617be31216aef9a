//! Which columns a violated constraint is about: the server names the constraint only.

use std::sync::Arc;

use tokio_postgres::error::DbError;

use super::DataAccessLayer;
use crate::error::{Error, Result};
use crate::lane::Explain;
use crate::schema::Table;

impl DataAccessLayer {
    /// Returns the columns of the constraint that was violated, reflecting its table if need be.
    ///
    /// [`Error::columns`] has them already if the table was reflected before. None for an error that is about no
    /// constraint.
    ///
    /// # Errors
    ///
    /// No connection became free in time, or it was lost.
    pub async fn violated_columns(&self, error: &Error) -> Result<Vec<String>> {
        if !error.columns().is_empty() {
            return Ok(error.columns().to_vec());
        }
        let Some((db, schema, table)) = error
            .as_db_error()
            .and_then(|db| Some((db, db.schema()?, db.table()?)))
        else {
            return Ok(Vec::new());
        };
        let table = self.table((schema, table)).await?;
        Ok(columns(&table, db).unwrap_or_default())
    }
}

impl DataAccessLayer {
    /// Returns what knows the columns of a violated constraint, if its table was reflected.
    pub(crate) fn explain(&self) -> Explain {
        let cache = self.0.cache.clone();
        Arc::new(move |error| {
            let table = cache.find(error.schema()?, error.table()?)?;
            columns(&table, error)
        })
    }
}

fn columns(table: &Table, error: &DbError) -> Option<Vec<String>> {
    if let Some(column) = error.column() {
        return Some(vec![column.to_owned()]);
    }
    let columns = table.constraint_columns(error.constraint()?)?;
    Some(columns.into_iter().map(str::to_owned).collect())
}
