//! Statements on reflected tables.

mod arbiters;
mod insert;
mod page;
#[cfg(feature = "sea-query")]
mod sea_query;
mod source;
mod update;
mod upsert;
mod values;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aiodal::schema::Table;
use aiodal::{Reflect, Result, Schema, Transaction};

/// Runs DDL in a schema of its own, and reflects.
async fn reflected(tx: &Transaction, ddl: &str) -> Result<Schema> {
    schema_of_its_own(tx).await?;
    tx.batch_execute(ddl).await?;
    Schema::reflect(tx, &Reflect::new()).await
}

/// Makes a schema and puts it first on the search path.
///
/// Transactions that create something of the same name wait for each other, uncommitted or not.
async fn schema_of_its_own(tx: &Transaction) -> Result<()> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let own = format!("keys_{}_{number}", std::process::id());
    tx.batch_execute(&format!(
        "create schema {own}; set local search_path = {own}, public"
    ))
    .await
}

/// Returns SQL or an error's text as if that schema were called `keys`.
fn plain(text: &impl ToString) -> String {
    let text = text.to_string();
    let mut parts = text.split("keys_");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str("keys");
        plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_'));
    }
    plain
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
