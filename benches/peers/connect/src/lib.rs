//! Contestant: what one writes by hand, a connection per test with BEGIN and ROLLBACK around the body.
#![cfg(test)]

use tokio_postgres::{Error, NoTls};

async fn insert_and_count() -> Result<(), Error> {
    let url = std::env::var("BENCH_URL").expect("the runner says where the database is");
    let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await?;
    let driver = tokio::spawn(connection);
    let tx = client.transaction().await?;
    tx.execute("insert into item (name) values ($1)", &[&"lamp"])
        .await?;
    let row = tx.query_one("select count(*) from item", &[]).await?;
    assert_eq!(row.get::<_, i64>(0), 1);
    tx.rollback().await?;
    drop(client);
    driver.await.expect("the driver does not panic")
}

peer_cases::three_hundred! {
    #[tokio::test]
    async fn inserts_and_counts() -> Result<(), Error> {
        insert_and_count().await
    }
}
