//! bb8 with bb8-postgres: a pool of tokio-postgres's clients.

use std::time::Duration;

use aiodal::{DatabaseUrl, Sandbox};
use bb8::{Pool, RunError};
use bb8_postgres::PostgresConnectionManager;
use drivers::Outcome;
use futures_util::future::try_join_all;
use tokio_postgres::NoTls;

const ADD: &str = "insert into item (name) values ($1)";
const COUNT: &str = "select count(*) from item where name = $1";

type Connections = Pool<PostgresConnectionManager<NoTls>>;

#[aiodal::test(isolation = "database")]
async fn bb8_runs_on_a_database(url: &DatabaseUrl) -> Outcome {
    exercise(&url.connection_string()).await
}

#[aiodal::test]
async fn bb8_runs_in_a_sandbox(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.url().await?).await
}

#[aiodal::test]
async fn bb8_runs_in_a_sandbox_by_tcp(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.tcp_url().await?).await
}

async fn exercise(url: &str) -> Outcome {
    let manager = PostgresConnectionManager::new_from_stringlike(url, NoTls)?;
    let pool = Pool::builder()
        .max_size(4)
        .min_idle(Some(2))
        .connection_timeout(Duration::from_secs(30))
        .test_on_check_out(true)
        .build(manager)
        .await?;
    at_once(&pool).await?;
    dropped(&pool).await?;
    exhausted(&pool).await?;
    assert!(pool.state().connections <= 4);
    Ok(())
}

async fn count(pool: &Connections, name: &str) -> Outcome<i64> {
    let client = pool.get().await?;
    Ok(client.query_one(COUNT, &[&name]).await?.get(0))
}

/// Twenty transactions on four connections: every other one commits.
async fn at_once(pool: &Connections) -> Outcome {
    let tasks = (0..20).map(|number| {
        let pool = pool.clone();
        tokio::spawn(async move {
            let mut client = pool.get().await?;
            let tx = client.transaction().await?;
            tx.execute(ADD, &[&"at once"]).await?;
            tokio::task::yield_now().await;
            let own: i64 = tx.query_one(COUNT, &[&"at once"]).await?.get(0);
            assert!(own > 0, "a transaction sees what it has written");
            if number % 2 == 0 {
                tx.commit().await?;
            } else {
                tx.rollback().await?;
            }
            Outcome::Ok(())
        })
    });
    for ended in try_join_all(tasks).await? {
        ended?;
    }
    assert_eq!(count(pool, "at once").await?, 10);

    // Single statements of many tasks, some of which fail.
    let tasks = (0..20).map(|number| {
        let pool = pool.clone();
        tokio::spawn(async move {
            let client = pool.get().await?;
            let price: i32 = if number % 2 == 0 { 1 } else { -1 };
            let sql = "insert into item (name, price) values ('single', $1)";
            let ran = client.execute(sql, &[&price]).await;
            assert_eq!(ran.is_ok(), price > 0, "{ran:?}");
            Outcome::Ok(())
        })
    });
    for ended in try_join_all(tasks).await? {
        ended?;
    }
    assert_eq!(count(pool, "single").await?, 10);
    Ok(())
}

/// What is dropped in the middle goes back to the pool, and the next has it clean.
async fn dropped(pool: &Connections) -> Outcome {
    for _ in 0..8 {
        let mut client = pool.get().await?;
        let tx = client.transaction().await?;
        tx.execute(ADD, &[&"dropped"]).await?;
    }
    assert_eq!(count(pool, "dropped").await?, 0);
    Ok(())
}

async fn exhausted(pool: &Connections) -> Outcome {
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(pool.get().await?);
    }
    // All are open at once, and take turns.
    for client in &held {
        client.execute(ADD, &[&"held"]).await?;
    }
    let waits = tokio::time::timeout(Duration::from_millis(50), pool.get());
    match waits.await {
        Err(_) | Ok(Err(RunError::TimedOut)) => {}
        Ok(got) => panic!("there is no fifth connection: {:?}", got.map(drop)),
    }
    held.clear();
    assert_eq!(count(pool, "held").await?, 4);
    Ok(())
}
