//! Contestant: the least that BEGIN, a row, a count and ROLLBACK can cost, one after the other.
//!
//! One connection, one runtime, one thread, statements prepared once, and one test for libtest to start.
#![cfg(test)]

use tokio_postgres::{Error, NoTls};

#[tokio::test]
async fn inserts_and_counts_three_hundred_times() -> Result<(), Error> {
    let url = std::env::var("BENCH_URL").expect("the runner says where the database is");
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
    let driver = tokio::spawn(connection);
    let insert = client
        .prepare("insert into item (name) values ($1)")
        .await?;
    let count = client.prepare("select count(*) from item").await?;
    for _ in 0..300 {
        client.batch_execute("begin").await?;
        client.execute(&insert, &[&"lamp"]).await?;
        let row = client.query_one(&count, &[]).await?;
        assert_eq!(row.get::<_, i64>(0), 1);
        client.batch_execute("rollback").await?;
    }
    // A statement that is dropped after its client has nothing left to close.
    drop((insert, count));
    drop(client);
    driver.await.expect("the driver does not panic")
}
