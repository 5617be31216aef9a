//! Transactions around a body: committed, rolled back, run again.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aiodal::{DataAccessLayer, IsolationLevel, Pool, Retry, Transaction, TransactionOptions};
use futures_util::FutureExt;

use crate::database::{Database, assert_clean, with_database};

const SETUP: &str =
    "create table t (id int primary key, n int); insert into t values (1, 0), (2, 0)";

async fn sum(database: &Database) -> i64 {
    let row = database.other.query_one("select sum(n) from t", &[]).await;
    row.expect("a row").get(0)
}

fn quick() -> Retry {
    Retry::attempts(50)
        .backoff(Duration::from_millis(1))
        .max_backoff(Duration::from_millis(20))
}

#[aiodal::test]
async fn body_that_succeeds_is_committed_and_one_that_fails_is_not(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "with", async |database| {
        database.other.batch_execute(SETUP).await.expect("DDL");
        let pool = database.pool(1);
        let options = TransactionOptions::new();
        let id = 1;
        let n: i32 = DataAccessLayer::from_pool(&pool)
            .with_options(&options, async |tx: &mut Transaction| {
                let sql = "update t set n = n + 1 where id = $1 returning n";
                Ok::<_, aiodal::Error>(tx.query_one(sql, &[&id]).await?.get(0))
            })
            .await?;
        assert_eq!((n, sum(database).await), (1, 1));
        // The error may be any that ours can become.
        let result: Result<(), Box<dyn std::error::Error + Send + Sync>> =
            DataAccessLayer::from_pool(&pool)
                .with_options(&options, async |tx: &mut Transaction| {
                    tx.execute("update t set n = 100", &[]).await?;
                    Err("it was not to be".into())
                })
                .await;
        assert_eq!(
            result.expect_err("as it said").to_string(),
            "it was not to be"
        );
        let dal = DataAccessLayer::from_pool(&pool);
        let body = dal.with_options(&options, async |tx: &mut Transaction| {
            tx.execute("update t set n = 100", &[]).await?;
            assert!(sum(database).await < 1, "it panics");
            Ok::<_, aiodal::Error>(())
        });
        let panic = std::panic::AssertUnwindSafe(body).catch_unwind().await;
        panic.expect_err("it panicked");
        assert_clean(&pool, "a panic").await;
        assert_eq!(sum(database).await, 1);
        Ok(())
    })
    .await
}

/// Both forms in a spawned task, with borrowed captures.
async fn spawned(pool: Pool) -> aiodal::Result<(i32, i32)> {
    let task = tokio::spawn(async move {
        let options = TransactionOptions::new();
        let (id, name) = (2, "owned".to_owned());
        let first: i32 = DataAccessLayer::from_pool(&pool)
            .with_options(&options, async |tx: &mut Transaction| {
                let row = tx
                    .query_one("select $1::int + length($2)", &[&id, &name])
                    .await?;
                Ok::<_, aiodal::Error>(row.get(0))
            })
            .await?;
        let (id, name) = (&id, &name);
        let second: i32 = DataAccessLayer::from_pool(&pool)
            .retrying(&options, &Retry::default(), |mut tx| async move {
                let savepoint = tx.savepoint().await?;
                let row = savepoint
                    .query_one("select $1::int + length($2)", &[id, name])
                    .await?;
                savepoint.commit().await?;
                Ok::<_, aiodal::Error>(row.get(0))
            })
            .await?;
        Ok::<_, aiodal::Error>((first, second))
    });
    task.await.expect("it does not panic")
}

#[aiodal::test]
async fn both_forms_run_in_a_task_and_borrow(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "spawned", async |database| {
        assert_eq!(spawned(database.pool(1)).await?, (7, 7));
        Ok(())
    })
    .await
}

#[aiodal::test(flavor = "multi_thread", worker_threads = 2)]
async fn serialization_failures_are_retried_until_all_are_done(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "serial", async |database| {
        database.other.batch_execute(SETUP).await.expect("DDL");
        let pool = database.pool(4);
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let pool = pool.clone();
                tokio::spawn(async move {
                    let options =
                        TransactionOptions::new().isolation_level(IsolationLevel::Serializable);
                    for _ in 0..5 {
                        DataAccessLayer::from_pool(&pool)
                            .retrying(&options, &quick(), |tx| async move {
                                // Read, then write what was read: only serializable makes that add up.
                                let row =
                                    tx.query_one("select n from t where id = $1", &[&1]).await?;
                                let n = row.get::<_, i32>(0) + 1;
                                tx.execute("update t set n = $1 where id = 1", &[&n]).await
                            })
                            .await?;
                    }
                    Ok::<_, aiodal::Error>(())
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic")?;
        }
        assert_eq!(sum(database).await, 20);
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn failure_of_commit_itself_is_retried(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "commit", async |database| {
        database.other.batch_execute(SETUP).await.expect("DDL");
        let pool = database.pool(2);
        let options = TransactionOptions::new().isolation_level(IsolationLevel::Serializable);
        let attempts = AtomicU32::new(0);
        let (attempts, second) = (&attempts, &pool);
        DataAccessLayer::from_pool(&pool)
            .retrying(&options, &quick(), |tx| async move {
                let first = attempts.fetch_add(1, Ordering::Relaxed) == 0;
                tx.query_one("select sum(n) from t where id = 2", &[])
                    .await?;
                tx.execute("update t set n = n + 1 where id = 1", &[])
                    .await?;
                if first {
                    // Write skew, committed before this one: only this one's COMMIT can tell.
                    let options =
                        TransactionOptions::new().isolation_level(IsolationLevel::Serializable);
                    let other = Transaction::begin_with(second, &options).await?;
                    other
                        .query_one("select sum(n) from t where id = 1", &[])
                        .await?;
                    other
                        .execute("update t set n = n + 1 where id = 2", &[])
                        .await?;
                    other.commit().await?;
                }
                Ok::<_, aiodal::Error>(())
            })
            .await?;
        assert_eq!(attempts.load(Ordering::Relaxed), 2);
        assert_eq!(sum(database).await, 2);
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn deadlock_is_retried(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "deadlock", async |database| {
        database.other.batch_execute(SETUP).await.expect("DDL");
        let pool = database.pool(2);
        let options = TransactionOptions::new();
        let barrier = tokio::sync::Barrier::new(2);
        let attempts = AtomicU32::new(0);
        let (barrier, attempts) = (&barrier, &attempts);
        let both = [(1, 2), (2, 1)].map(|(first, second)| {
            let meet = AtomicU32::new(0);
            let (pool, options) = (&pool, &options);
            async move {
                let meet = &meet;
                DataAccessLayer::from_pool(pool)
                    .retrying(options, &quick(), |tx| async move {
                        attempts.fetch_add(1, Ordering::Relaxed);
                        let sql = "update t set n = n + 1 where id = $1";
                        tx.batch_execute("set local deadlock_timeout = '10ms'")
                            .await?;
                        tx.execute(sql, &[&first]).await?;
                        if meet.fetch_add(1, Ordering::Relaxed) == 0 {
                            barrier.wait().await;
                        }
                        tx.execute(sql, &[&second]).await
                    })
                    .await
            }
        });
        futures_util::future::try_join_all(both).await?;
        assert_eq!(
            (attempts.load(Ordering::Relaxed), sum(database).await),
            (3, 4)
        );
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn other_failures_are_not_retried_and_attempts_are_limited(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "limited", async |database| {
        let pool = database.pool(1);
        let options = TransactionOptions::new();
        for (raised, attempts) in [("serialization_failure", 3), ("division_by_zero", 1)] {
            let attempted = AtomicU32::new(0);
            let (counter, raised) = (&attempted, &raised);
            let retry = Retry::attempts(3).backoff(Duration::ZERO);
            let result: Result<(), String> = DataAccessLayer::from_pool(&pool)
                .retrying(&options, &retry, |tx| {
                    async move {
                        counter.fetch_add(1, Ordering::Relaxed);
                        let sql = format!("do $$ begin raise {raised}; end $$");
                        // What the body makes of the error doesn't matter.
                        tx.batch_execute(&sql)
                            .await
                            .map_err(|_| "swallowed".to_owned())
                    }
                    .map(|result| result.map_err(Swallowed))
                })
                .await
                .map_err(|error| error.0);
            assert_eq!(result, Err("swallowed".to_owned()));
            assert_eq!(attempted.load(Ordering::Relaxed), attempts, "{raised}");
        }
        Ok(())
    })
    .await
}

/// An error that has forgotten what it was.
struct Swallowed(String);

impl From<aiodal::Error> for Swallowed {
    fn from(error: aiodal::Error) -> Swallowed {
        Swallowed(error.to_string())
    }
}

#[aiodal::test]
async fn failure_undone_by_a_savepoint_is_not_retried(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "undone", async |database| {
        let pool = database.pool(1);
        let attempts = AtomicU32::new(0);
        let counter = &attempts;
        let options = TransactionOptions::new();
        let result = DataAccessLayer::from_pool(&pool)
            .retrying(&options, &quick(), |mut tx| async move {
                counter.fetch_add(1, Ordering::Relaxed);
                let savepoint = tx.savepoint().await?;
                let raise = "do $$ begin raise serialization_failure; end $$";
                let error = savepoint.batch_execute(raise).await.expect_err("it raises");
                savepoint.rollback().await?;
                Err::<(), _>(error)
            })
            .await;
        assert!(result.expect_err("its own").is_serialization_failure());
        assert_eq!(attempts.load(Ordering::Relaxed), 1);
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn body_cannot_commit_what_is_retried_nor_use_it_afterwards(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "lent", async |database| {
        let pool = database.pool(1);
        let options = TransactionOptions::new();
        let kept = DataAccessLayer::from_pool(&pool)
            .retrying(&options, &Retry::default(), |tx| async move {
                tx.batch_execute("select").await?;
                Ok::<_, aiodal::Error>(tx)
            })
            .await?;
        let error = kept.batch_execute("select").await.expect_err("it is over");
        assert!(
            error
                .to_string()
                .contains("belongs to `retrying`, which has ended"),
            "{error}"
        );
        drop(kept);
        let result = DataAccessLayer::from_pool(&pool)
            .retrying(&options, &Retry::default(), Transaction::commit)
            .await;
        assert!(
            result
                .expect_err("not its own")
                .to_string()
                .starts_with("refused to commit")
        );
        assert_clean(&pool, "a refused commit").await;
        Ok(())
    })
    .await
}
