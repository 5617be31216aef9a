//! Pools of bb8-postgres, as an application may have them already.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use aiodal::Transaction;
use bb8_postgres::PostgresConnectionManager;
use tokio_postgres::NoTls;

use super::told;
use crate::server::config;

/// A pool as an application may have it already.
async fn brought(tx: &Transaction) -> bb8::Pool<PostgresConnectionManager<NoTls>> {
    let source = PostgresConnectionManager::new(config(tx).await, NoTls);
    bb8::Pool::builder()
        .max_size(1)
        .build(source)
        .await
        .expect("the server takes it")
}

#[aiodal::test]
async fn pool_that_somebody_brings_is_taken(tx: &Transaction) -> aiodal::Result<()> {
    let pool = brought(tx).await;
    let ours = Transaction::begin(pool.clone()).await?;
    let pid: i32 = ours.query_one("select pg_backend_pid()", &[]).await?.get(0);
    ours.commit().await?;
    let theirs = pool.get().await.expect("it is back");
    let row = theirs.query_one("select pg_backend_pid()", &[]).await;
    assert_eq!(row.expect("it has a pid").get::<_, i32>(0), pid);
    drop(theirs);

    let held = Transaction::begin(pool.clone()).await?;
    let started = Instant::now();
    {
        let mut sleep = Box::pin(held.execute("select pg_sleep(60)", &[]));
        assert!(futures_util::poll!(sleep.as_mut()).is_pending());
    }
    drop(held);
    // It comes back when the statement has been cancelled, in no transaction, and nothing hits its next user.
    let theirs = pool.get().await.expect("it is back");
    let mut transactions = HashSet::new();
    for _ in 0..20 {
        let asked = theirs
            .query_one("select pg_current_xact_id()::text", &[])
            .await;
        transactions.insert(asked.expect("nobody cancels this").get::<_, String>(0));
    }
    assert_eq!(transactions.len(), 20, "each is a transaction of its own");
    assert!(started.elapsed() < Duration::from_secs(30));
    Ok(())
}

#[aiodal::test]
async fn pool_that_somebody_brings_tells_when_it_is_exhausted(tx: &Transaction) {
    let source = PostgresConnectionManager::new(config(tx).await, NoTls);
    let pool = bb8::Pool::builder()
        .max_size(1)
        .connection_timeout(Duration::from_millis(50))
        .build_unchecked(source);
    let _held = pool.get().await.expect("there is one");
    let error = Transaction::begin(pool.clone())
        .await
        .expect_err("there is no other");
    assert!(error.is_timeout());
    assert!(
        told(&error).contains("all 1 of the pool are in use"),
        "{error}"
    );
}
