//! Futures that are dropped at any point: no transaction stays open, and no busy connection is handed on.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use aiodal::{DataAccessLayer, Pool, Transaction, TransactionOptions};
use futures_util::TryStreamExt;

use crate::database::{Database, assert_clean, with_database};

/// How many polls a future is given before it is dropped; most are done after a handful.
const POLLS: usize = 10;

/// Polls a future so many times, each time that it asks to be; says whether it is done.
pub(crate) async fn polled(future: impl Future, times: usize) -> bool {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|cx| {
        if left > 0 {
            left -= 1;
            if future.as_mut().poll(cx).is_ready() {
                return Poll::Ready(true);
            }
        }
        if left > 0 {
            Poll::Pending
        } else {
            Poll::Ready(false)
        }
    })
    .await
}

/// Drops what `start` makes of a new transaction after any number of polls, and the transaction with it.
async fn dropped_anywhere(
    database: &Database,
    what: &str,
    start: impl AsyncFn(Transaction) -> aiodal::Result<()>,
) -> aiodal::Result<()> {
    let pool = database.pool(1);
    for times in 0..POLLS {
        let tx = Transaction::begin(&pool).await?;
        let what = format!("{what}, dropped after {times} polls,");
        polled(start(tx), times).await;
        assert_clean(&pool, &what).await;
        database.settled(&what).await;
    }
    Ok(())
}

#[aiodal::test]
async fn dropped_future_never_leaves_a_transaction_open(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "dropped", async |database| {
        let setup = "create table t (n int); insert into t select generate_series(1, 50000)";
        database.other.batch_execute(setup).await.expect("DDL");
        let all = "select n, repeat('x', 100) from t where n > $1";
        dropped_anywhere(database, "execute", async |tx| {
            tx.execute("insert into t values ($1)", &[&1]).await?;
            tx.execute("insert into t values ($1)", &[&2])
                .await
                .map(drop)
        })
        .await?;
        dropped_anywhere(database, "query", async |tx| {
            tx.query(all, &[&0]).await.map(drop)
        })
        .await?;
        dropped_anywhere(database, "batch_execute", async |tx| {
            tx.batch_execute("insert into t values (1); select pg_sleep(0.01)")
                .await
        })
        .await?;
        dropped_anywhere(database, "stream", async |mut tx| {
            let mut rows = tx.query_stream(all, &[&0]).await?;
            while rows.try_next().await?.is_some() {
                tokio::task::yield_now().await;
            }
            Ok(())
        })
        .await?;
        dropped_anywhere(database, "copy in", async |mut tx| {
            let mut copy = tx.copy_in("copy t from stdin").await?;
            for _ in 0..4 {
                copy.send("1\n".repeat(10_000)).await?;
                tokio::task::yield_now().await;
            }
            copy.finish().await.map(drop)
        })
        .await?;
        dropped_anywhere(database, "copy out", async |mut tx| {
            let mut copy = tx.copy_out("copy t to stdout").await?;
            while copy.try_next().await?.is_some() {
                tokio::task::yield_now().await;
            }
            Ok(())
        })
        .await?;
        dropped_anywhere(database, "savepoint", async |mut tx| {
            let savepoint = tx.savepoint().await?;
            savepoint
                .execute("insert into t values ($1)", &[&1])
                .await?;
            savepoint.rollback().await?;
            tx.savepoint().await?.commit().await
        })
        .await?;
        dropped_anywhere(database, "rollback", async |tx| {
            tx.execute("insert into t values ($1)", &[&1]).await?;
            tx.rollback().await
        })
        .await?;
        dropped_anywhere(database, "commit", async |tx| {
            tx.execute("delete from t where n = $1", &[&-1]).await?;
            tx.commit().await
        })
        .await?;
        dropped_anywhere(database, "several", async |tx| {
            let sleep = tx.batch_execute("select pg_sleep(0.02)");
            let insert = tx.execute("insert into t values ($1)", &[&1]);
            futures_util::future::try_join(sleep, insert)
                .await
                .map(drop)
        })
        .await?;
        let rows = database
            .other
            .query_one("select count(*) from t", &[])
            .await;
        assert_eq!(rows.expect("a row").get::<_, i64>(0), 50000);
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn beginning_and_with_transaction_can_be_dropped(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "begin", async |database| {
        for times in 0..POLLS {
            // A pool without a connection yet, and then with one.
            let pool = database.pool(1);
            for round in ["new", "used"] {
                let what = format!("a {round} pool, after {times} polls,");
                polled(begin(&pool), times).await;
                assert_clean(&pool, &what).await;
                polled(sleepy(&pool), times).await;
                assert_clean(&pool, &what).await;
                database.settled(&what).await;
            }
        }
        Ok(())
    })
    .await
}

async fn begin(pool: &Pool) -> aiodal::Result<()> {
    let tx = Transaction::begin(pool).await?;
    tx.query_one("select pg_sleep(0.001)", &[]).await.map(drop)
}

async fn sleepy(pool: &Pool) -> aiodal::Result<()> {
    let options = TransactionOptions::new().statement_timeout(Duration::from_secs(20));
    DataAccessLayer::from_pool(pool)
        .with_options(&options, async |tx: &mut Transaction| {
            tx.query_one("select pg_sleep($1)", &[&0.001])
                .await
                .map(drop)
        })
        .await
}

#[aiodal::test]
async fn statement_that_nobody_waits_for_is_cancelled_and_its_connection_kept(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "cancelled", async |database| {
        let pool = database.pool(1);
        let started = Instant::now();
        for round in ["dropped", "rolled back", "dropped"] {
            let tx = Transaction::begin(&pool).await?;
            tx.batch_execute("select").await?;
            assert!(!polled(tx.execute("select pg_sleep(300)", &[]), 1).await);
            if round == "dropped" {
                drop(tx);
            } else {
                tx.rollback().await?;
            }
            assert_clean(&pool, round).await;
            database.settled(round).await;
        }
        assert!(
            started.elapsed() < Duration::from_secs(200),
            "it was cancelled"
        );
        let created = pool.state().statistics.connections_created;
        assert_eq!(created, 1, "the connection is still the first");
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn late_request_to_cancel_does_not_hit_the_next_user(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "late", async |database| {
        let pool = database.pool(1);
        // Statements that end about when they would be cancelled.
        for millis in 0..40 {
            let tx = Transaction::begin(&pool).await?;
            tx.batch_execute("select").await?;
            let seconds = f64::from(millis % 10) / 1000.0;
            polled(tx.execute("select pg_sleep($1)", &[&seconds]), 3).await;
            drop(tx);
            let tx = Transaction::begin(&pool).await?;
            tx.query_one("select pg_sleep(0.01)", &[]).await?;
            tx.commit().await?;
        }
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn transaction_goes_on_after_a_dropped_statement(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "goes_on", async |database| {
        database
            .other
            .batch_execute("create table t (n int)")
            .await
            .expect("DDL");
        let pool = database.pool(1);
        let tx = Transaction::begin(&pool).await?;
        polled(tx.batch_execute("select pg_sleep(0.01)"), 1).await;
        tx.execute("insert into t values ($1)", &[&1]).await?;
        tx.commit().await?;
        let count = database
            .other
            .query_one("select count(*) from t", &[])
            .await;
        assert_eq!(count.expect("a row").get::<_, i64>(0), 1);
        assert_eq!(pool.state().statistics.connections_closed_broken, 0);
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn dropped_on_a_thread_without_a_runtime_it_leaves_nothing(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "thread", async |database| {
        let pool = database.pool(1);
        for polls in [0, 1] {
            let tx = Transaction::begin(&pool).await?;
            tx.batch_execute("select").await?;
            polled(tx.batch_execute("select pg_sleep(300)"), polls).await;
            std::thread::spawn(|| drop(tx))
                .join()
                .expect("it does not panic");
            assert_clean(&pool, "a thread").await;
            database.settled("a thread").await;
        }
        Ok(())
    })
    .await
}
