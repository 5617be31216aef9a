//! Statements on reflected tables.

mod insert;
mod page;
#[cfg(feature = "sea-query")]
mod sea_query;
mod source;
mod update;
mod upsert;
mod values;

use std::sync::Arc;

use aiodal::schema::Table;
use aiodal::{Reflect, Result, Schema, Transaction};

/// Runs DDL and reflects.
async fn reflected(tx: &Transaction, ddl: &str) -> Result<Schema> {
    // Whatever else the database has, these come first.
    tx.batch_execute("create schema keys; set local search_path = keys, public")
        .await?;
    tx.batch_execute(ddl).await?;
    Schema::reflect(tx, &Reflect::new()).await
}

/// Runs DDL and reflects the table `t`.
async fn table(tx: &Transaction, ddl: &str) -> Result<Arc<Table>> {
    Ok(reflected(tx, ddl).await?.table("t")?.clone())
}

/// Returns the first column of a query, as text.
async fn texts(tx: &Transaction, sql: &str) -> Result<Vec<Option<String>>> {
    let rows = tx.query(sql, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
