//! Connecting.

mod brought;
mod environment;
mod failures;
mod lifetime;
#[cfg(unix)]
mod server;
mod start;
#[cfg(all(unix, feature = "rustls"))]
mod tls;

use std::pin::pin;
use std::time::{Duration, Instant};

use aiodal::{DatabaseUrl, Error, Pool, PoolOptions, SqlState, Transaction};
use tokio::time::timeout;

use crate::server::config;

pub(crate) const PASSWORD: &str = "hunter2";

/// Renders an error in every form, after making sure that none has the password in it.
#[track_caller]
pub(crate) fn told(error: &Error) -> String {
    for form in [format!("{error:#}"), format!("{error:?}"), error.one_line()] {
        assert!(!form.contains(PASSWORD), "{form}");
    }
    let line = error.one_line();
    assert!(!line.contains('\n'), "{line}");
    line
}

/// Tries to connect, and returns what is told.
pub(crate) async fn refusal(url: &str) -> Error {
    let url: DatabaseUrl = url.parse().expect("it can be read");
    let opened = PoolOptions::new().open(&url).await;
    opened.expect_err("there is nothing to connect to")
}

async fn open(tx: &Transaction, options: PoolOptions) -> aiodal::Result<Pool> {
    options.open(&DatabaseUrl::from(config(tx).await)).await
}

async fn setting(pool: &Pool, name: &str) -> String {
    let connection = pool.get().await.expect("a connection");
    let row = connection
        .client()
        .query_one("select current_setting($1)", &[&name])
        .await;
    row.expect("there is such a setting").get(0)
}

pub(crate) async fn cancels(connection: &aiodal::Connection) -> aiodal::Result<()> {
    let token = connection.cancel_token();
    let started = Instant::now();
    let mut sleep = pin!(connection.client().batch_execute("select pg_sleep(60)"));
    let slept = loop {
        match timeout(Duration::from_millis(100), sleep.as_mut()).await {
            Ok(slept) => break slept,
            // The first may overtake the statement.
            Err(_) => token.cancel().await?,
        }
    };
    let error = slept.expect_err("it was cancelled");
    assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
    assert!(started.elapsed() < Duration::from_secs(30));
    // The request is over and done with: it hits nothing that comes later.
    for _ in 0..20 {
        connection
            .client()
            .batch_execute("select")
            .await
            .expect("nobody cancels this");
    }
    Ok(())
}
