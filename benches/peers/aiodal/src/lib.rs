//! Contestant: `#[aiodal::test]`, three hundred times one inserted row and one count.
#![cfg(test)]

use aiodal::{Migrations, Session, Transaction};

struct Bench;

#[aiodal::session]
impl Session for Bench {
    fn migrations() -> Migrations {
        Migrations::dir("../cases/migrations")
    }
}

async fn insert_and_count(tx: &Transaction) -> aiodal::Result<()> {
    tx.execute("insert into item (name) values ($1)", &[&"lamp"])
        .await?;
    let row = tx.query_one("select count(*) from item", &[]).await?;
    assert_eq!(row.get::<_, i64>(0), 1);
    Ok(())
}

peer_cases::three_hundred! {
    #[aiodal::test]
    async fn inserts_and_counts(tx: &mut Transaction) -> aiodal::Result<()> {
        insert_and_count(tx).await
    }
}
