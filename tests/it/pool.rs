//! Transactions that own their connection, outside of the framework's: they commit, and they clean up.

use std::future::Future;
use std::task::Poll;
use std::time::{Duration, Instant};

use aiodal::{Pool, Transaction};

use crate::support::with_database;

async fn table(pool: &Pool) -> aiodal::Result<()> {
    let tx = Transaction::begin(pool).await?;
    tx.batch_execute("create table kept (n int primary key)")
        .await?;
    tx.commit().await
}

async fn count(pool: &Pool) -> aiodal::Result<i64> {
    let tx = Transaction::begin(pool).await?;
    Ok(tx.query_one("select count(*) from kept", &[]).await?.get(0))
}

#[aiodal::test]
async fn committed_transaction_is_seen_by_the_next(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "commit", async |pool| {
        table(&pool).await?;
        let tx = Transaction::begin(&pool).await?;
        tx.execute("insert into kept values ($1)", &[&1]).await?;
        tx.commit().await?;
        assert_eq!(count(&pool).await?, 1);
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn rolled_back_and_dropped_transactions_leave_nothing(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "rollback", async |pool| {
        table(&pool).await?;
        let tx = Transaction::begin(&pool).await?;
        tx.execute("insert into kept values (1)", &[]).await?;
        tx.rollback().await?;
        let tx = Transaction::begin(&pool).await?;
        tx.execute("insert into kept values (2)", &[]).await?;
        drop(tx);
        assert_eq!(count(&pool).await?, 0);
        assert_eq!(
            pool.state().connections,
            1,
            "both returned the connection they had"
        );
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn commit_of_a_failed_transaction_is_an_error(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "failed", async |pool| {
        table(&pool).await?;
        let tx = Transaction::begin(&pool).await?;
        tx.execute("insert into kept values (1)", &[]).await?;
        tx.execute("insert into kept values (1)", &[])
            .await
            .expect_err("it is there already");
        let error = tx
            .commit()
            .await
            .expect_err("the server would answer with a silent ROLLBACK");
        assert!(error.to_string().starts_with("failed to commit"), "{error}");
        assert_eq!(error.code().map(aiodal::SqlState::code), Some("25P02"));
        assert_eq!(count(&pool).await?, 0);
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn deferred_violation_is_the_error_of_commit(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "deferred", async |pool| {
        let tx = Transaction::begin(&pool).await?;
        tx.batch_execute(
            "create table parent (id int primary key); \
             create table child (id int references parent deferrable initially deferred); insert into child values (1)",
        )
        .await?;
        let error = tx.commit().await.expect_err("the child has no parent");
        assert!(error.is_foreign_key_violation());
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn statement_dropped_while_running_does_not_block_the_next_user(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "dropped", async |pool| {
        let tx = Transaction::begin(&pool).await?;
        {
            let mut sleep = Box::pin(tx.execute("select pg_sleep(60)", &[]));
            std::future::poll_fn(|cx| {
                assert!(sleep.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        drop(tx);
        let started = Instant::now();
        Transaction::begin(&pool)
            .await?
            .query_one("select 1", &[])
            .await?;
        // A minute, if the connection had gone back to the pool.
        assert!(started.elapsed() < Duration::from_secs(30));
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn exhausted_pool_times_out_with_its_size(tx: &Transaction) -> aiodal::Result<()> {
    let config = crate::server::config(tx).await;
    let source = aiodal::ConnectionSource::new(&config.into());
    let pool = Pool::builder()
        .max_size(1)
        .connection_timeout(Duration::from_millis(50))
        .build_unchecked(source);
    let held = Transaction::begin(&pool).await?;
    let error = Transaction::begin(&pool)
        .await
        .expect_err("the only connection is held");
    assert!(error.is_timeout());
    assert!(
        error.to_string().contains("all 1 of the pool are in use"),
        "{error}"
    );
    held.rollback().await
}

#[aiodal::test]
async fn wrong_database_fails_at_connecting(tx: &Transaction) {
    let mut config = crate::server::config(tx).await;
    config.dbname("no_such_database");
    let url = aiodal::DatabaseUrl::from(config);
    let source = aiodal::ConnectionSource::new(&url);
    let error = bb8::ManageConnection::connect(&source)
        .await
        .expect_err("there is no such database");
    assert_eq!(error.code().map(aiodal::SqlState::code), Some("3D000"));
}
