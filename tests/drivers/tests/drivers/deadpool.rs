//! deadpool-postgres: another pool of tokio-postgres's clients, which cleans what comes back, and keeps what was prepared.

use aiodal::{DatabaseUrl, Sandbox};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use drivers::Outcome;
use futures_util::future::try_join_all;
use tokio_postgres::NoTls;

const ADD: &str = "insert into item (name) values ($1)";
const COUNT: &str = "select count(*) from item where name = $1";

#[aiodal::test(isolation = "database")]
async fn deadpool_runs_on_a_database(url: &DatabaseUrl) -> Outcome {
    exercise(&url.connection_string()).await
}

#[aiodal::test]
async fn deadpool_runs_in_a_sandbox(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.url().await?).await
}

#[aiodal::test]
async fn deadpool_runs_in_a_sandbox_by_tcp(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.tcp_url().await?).await
}

async fn exercise(url: &str) -> Outcome {
    for (name, method) in [
        ("fast", RecyclingMethod::Fast),
        ("verified", RecyclingMethod::Verified),
        ("clean", RecyclingMethod::Clean),
    ] {
        let manager = Manager::from_config(
            url.parse()?,
            NoTls,
            ManagerConfig {
                recycling_method: method,
            },
        );
        let pool = Pool::builder(manager).max_size(4).build()?;
        at_once(&pool, name).await?;
        dropped(&pool, name).await?;
        pool.close();
    }
    cleaned(url).await
}

async fn count(pool: &Pool, name: &str) -> Outcome<i64> {
    let client = pool.get().await?;
    let statement = client.prepare_cached(COUNT).await?;
    Ok(client.query_one(&statement, &[&name]).await?.get(0))
}

async fn at_once(pool: &Pool, name: &'static str) -> Outcome {
    let tasks = (0..20).map(|number| {
        let pool = pool.clone();
        tokio::spawn(async move {
            let mut client = pool.get().await?;
            let tx = client.transaction().await?;
            let add = tx.prepare_cached(ADD).await?;
            tx.execute(&add, &[&name]).await?;
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
    assert_eq!(count(pool, name).await?, 10);
    Ok(())
}

async fn dropped(pool: &Pool, name: &str) -> Outcome {
    for _ in 0..8 {
        let mut client = pool.get().await?;
        let mut tx = client.transaction().await?;
        tx.execute(ADD, &[&name]).await?;
        let nested = tx.transaction().await?;
        nested.execute(ADD, &[&name]).await?;
    }
    assert_eq!(count(pool, name).await?, 10);
    Ok(())
}

/// Whoever gets a connection finds nothing of whoever had it before.
async fn cleaned(url: &str) -> Outcome {
    let config = ManagerConfig {
        recycling_method: RecyclingMethod::Clean,
    };
    let manager = Manager::from_config(url.parse()?, NoTls, config);
    let pool = Pool::builder(manager).max_size(1).build()?;
    let zone = "select current_setting('TimeZone')";
    let before: String = pool.get().await?.query_one(zone, &[]).await?.get(0);
    {
        let client = pool.get().await?;
        client
            .batch_execute("set time zone 'Asia/Tokyo'; create temp table scratch (n int)")
            .await?;
        client
            .execute("insert into scratch values (1)", &[])
            .await?;
    }
    let client = pool.get().await?;
    let after: String = client.query_one(zone, &[]).await?.get(0);
    assert_eq!(after, before);
    assert!(
        client.query("select from scratch", &[]).await.is_err(),
        "a temporary table ends with the session that the pool pretends has ended"
    );
    Ok(())
}
