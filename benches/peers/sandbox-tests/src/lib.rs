//! Contestant: `#[aiodal::test]` with a `Sandbox`, three hundred times a transaction of one inserted row and one count.
#![cfg(test)]

use std::error::Error;

use aiodal::{Migrations, Sandbox, Session};
use tokio_postgres::types::Type;

struct Bench;

#[aiodal::session]
impl Session for Bench {
    fn migrations() -> Migrations {
        Migrations::dir("../cases/migrations")
    }
}

async fn insert_and_count(sandbox: &Sandbox) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut client = sandbox.client().await?;
    let tx = client.transaction().await?;
    tx.execute_typed(
        "insert into item (name) values ($1)",
        &[(&"lamp", Type::TEXT)],
    )
    .await?;
    let row = tx.query_typed_one("select count(*) from item", &[]).await?;
    assert_eq!(row.get::<_, i64>(0), 1);
    tx.commit().await?;
    Ok(())
}

peer_cases::three_hundred! {
    #[aiodal::test]
    async fn inserts_and_counts(sandbox: Sandbox) -> Result<(), Box<dyn Error + Send + Sync>> {
        insert_and_count(&sandbox).await
    }
}
