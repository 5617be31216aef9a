//! What a connection starts with.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aiodal::{DatabaseUrl, PoolOptions, Transaction};

use super::{open, setting, told};
use crate::server::config;

#[aiodal::test]
async fn settings_travel_with_the_start_of_the_session(tx: &Transaction) -> aiodal::Result<()> {
    let options = PoolOptions::new()
        .max_size(1)
        .application_name("loans")
        .statement_timeout(Duration::from_secs(7))
        .lock_timeout(Duration::from_millis(1500))
        .idle_in_transaction_session_timeout(Duration::from_secs(60))
        .search_path(["od d\\", "public"])
        .on_connect("set timezone = 'Asia/Tokyo'");
    let pool = open(tx, options).await?;
    for (name, value) in [
        ("application_name", "loans"),
        ("statement_timeout", "7s"),
        ("lock_timeout", "1500ms"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("search_path", "\"od d\\\", \"public\""),
        ("TimeZone", "Asia/Tokyo"),
    ] {
        let set = setting(&pool, name).await;
        assert_eq!(set.replace("\",\"", "\", \""), value, "{name}");
    }
    Ok(())
}

#[aiodal::test]
async fn url_counts_more_than_the_options(tx: &Transaction) -> aiodal::Result<()> {
    let mut config = config(tx).await;
    config
        .options("-c statement_timeout=3s")
        .application_name("operator");
    let options = PoolOptions::new()
        .application_name("loans")
        .statement_timeout(Duration::from_secs(7));
    let pool = options.open(&DatabaseUrl::from(config)).await?;
    assert_eq!(setting(&pool, "statement_timeout").await, "3s");
    assert_eq!(setting(&pool, "application_name").await, "operator");
    Ok(())
}

#[aiodal::test]
async fn connection_knows_its_servers_version(tx: &Transaction) -> aiodal::Result<()> {
    let pool = open(tx, PoolOptions::new()).await?;
    let number: i32 = setting(&pool, "server_version_num")
        .await
        .parse()
        .expect("a number");
    let connection = pool.get().await.expect("a connection");
    assert_eq!(connection.server_version(), u32::try_from(number).ok());
    Ok(())
}

#[aiodal::test]
async fn notices_are_heard(tx: &Transaction) -> aiodal::Result<()> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = heard.clone();
    let options = PoolOptions::new().on_notice(move |notice| {
        log.lock()
            .expect("nobody panics")
            .push(notice.message().to_owned());
    });
    let pool = open(tx, options).await?;
    let connection = pool.get().await.expect("a connection");
    let raise = "do $$ begin raise notice 'hear, hear'; end $$";
    connection
        .client()
        .batch_execute(raise)
        .await
        .expect("it only says something");
    assert_eq!(*heard.lock().expect("nobody panics"), ["hear, hear"]);
    Ok(())
}

#[aiodal::test]
async fn statement_on_connect_that_fails_is_the_reason(tx: &Transaction) {
    let error = open(tx, PoolOptions::new().on_connect("select 1/0"))
        .await
        .expect_err("it fails");
    assert!(
        told(&error).contains("run on each new connection failed: division by zero"),
        "{error}"
    );
}

#[aiodal::test]
async fn no_statement_stays_prepared_without_a_cache(tx: &Transaction) -> aiodal::Result<()> {
    for (size, stays) in [(0, false), (8, true)] {
        let pool = open(tx, PoolOptions::new().max_size(1).statement_cache(size)).await?;
        let tx = Transaction::begin(&pool).await?;
        for n in 0..3 {
            tx.query_one("select $1::int + 1", &[&n]).await?;
        }
        let sql =
            "select exists (select from pg_prepared_statements where statement like '%::int + 1')";
        assert_eq!(tx.query_one(sql, &[]).await?.get::<_, bool>(0), stays);
    }
    Ok(())
}

#[aiodal::test]
async fn options_that_cannot_be_are_refused_and_not_panicked_about(tx: &Transaction) {
    for (options, problem) in [
        (
            PoolOptions::new().max_size(0),
            "`max_size` must be at least 1",
        ),
        (PoolOptions::new().max_size(1).min_idle(2), "`min_idle`"),
        (
            PoolOptions::new().connection_timeout(Duration::ZERO),
            "`connection_timeout`",
        ),
        (
            PoolOptions::new().max_lifetime(Duration::ZERO),
            "`max_lifetime`",
        ),
        (PoolOptions::new().application_name("a\0b"), "NUL"),
        (
            PoolOptions::new().search_path([""]),
            "cannot be an SQL identifier",
        ),
    ] {
        let error = open(tx, options).await.expect_err("it can't be");
        assert!(told(&error).contains(problem), "{error}");
    }
}
