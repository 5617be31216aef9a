//! A database of a test's own, for what must really commit.

use aiodal::{Pool, Transaction};

use crate::server::{config, connect, url};

/// Runs `body` with a pool on a database of its own, which is dropped afterwards, whatever the body does.
pub(crate) async fn with_database<T>(
    tx: &Transaction,
    name: &str,
    body: impl AsyncFnOnce(Pool) -> T,
) -> T {
    let config = config(tx).await;
    let admin = connect(&config).await;
    // Two runs of this binary may be at it at once.
    let name = format!("it_{name}_{}", std::process::id());
    admin
        .batch_execute(&format!("create database {name}"))
        .await
        .expect("the session's role may create databases");
    let pool = aiodal::connect(&url(&config, &name))
        .await
        .expect("the new database takes connections");
    let body = std::panic::AssertUnwindSafe(body(pool.clone()));
    let result = futures_util::FutureExt::catch_unwind(body).await;
    drop(pool);
    admin
        .batch_execute(&format!("drop database {name} with (force)"))
        .await
        .expect("the database can be dropped");
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
