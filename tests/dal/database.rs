//! A database of a test's own, for what must really commit.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::{Duration, Instant};

use aiodal::{ConnectionSource, DatabaseUrl, Pool, SimpleQueryMessage, Transaction};
use futures_util::FutureExt;
use tokio_postgres::Client;

use crate::server;

/// A database of a test's own.
pub(crate) struct Database {
    pub(crate) url: String,
    /// Somebody outside of the pool.
    pub(crate) other: Client,
}

/// Runs `body` with a database of its own, which is dropped afterwards, whatever the body does.
pub(crate) async fn with_database<T>(
    tx: &Transaction,
    name: &str,
    body: impl AsyncFnOnce(&Database) -> T,
) -> T {
    let mut config = server::config(tx).await;
    let admin = server::connect(&config).await;
    // Two runs of this binary may be at it at once.
    let name = format!("dal_{name}_{}", std::process::id());
    let created = admin
        .batch_execute(&format!("create database {name}"))
        .await;
    created.expect("the session's role may create databases");
    config.dbname(&name);
    let database = Database {
        url: server::url(&config, &name),
        other: server::connect(&config).await,
    };
    let result = AssertUnwindSafe(body(&database)).catch_unwind().await;
    drop(database);
    let dropped = admin
        .batch_execute(&format!("drop database {name} with (force)"))
        .await;
    dropped.expect("the database can be dropped");
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

impl Database {
    /// A pool of at most so many connections.
    pub(crate) fn pool(&self, size: u32) -> Pool {
        pool(&self.url, size)
    }

    /// Waits until no other connection of the database runs anything or is in a transaction.
    pub(crate) async fn settled(&self, what: &str) {
        let sql = "select pid, state, query from pg_stat_activity, pg_sleep(0.002) \
            where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle' \
            and backend_type = 'client backend'";
        let started = Instant::now();
        loop {
            let busy = self.other.query(sql, &[]).await.expect("a view");
            let Some(row) = busy.first() else { return };
            let (state, query): (String, String) = (row.get("state"), row.get("query"));
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "{what} has left a connection {state}: {query}"
            );
        }
    }
}

pub(crate) fn pool(url: &str, size: u32) -> Pool {
    let url: DatabaseUrl = url.parse().expect("a URL");
    Pool::builder()
        .max_size(size)
        .build_unchecked(ConnectionSource::new(&url))
}

/// Takes the pool's next connection and looks whether it is in a transaction.
pub(crate) async fn assert_clean(pool: &Pool, what: &str) {
    let connection = pool.get().await.expect("the pool has a connection");
    let client = connection.client();
    client
        .batch_execute("select pg_sleep(0.001)")
        .await
        .unwrap_or_else(|error| panic!("{what}: {}", aiodal::chain(&error)));
    // In a transaction that was there already, `now()` is when that one began.
    let messages = client
        .simple_query("select now() = statement_timestamp()")
        .await
        .expect("a row");
    let outside = messages
        .iter()
        .any(|message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some("t")));
    assert!(outside, "{what} has left its transaction to the next user");
}
