//! The sandbox beside a database: what clients of the one are told, clients of the other are.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aiodal::{Sandbox, Transaction};
use futures_util::FutureExt;
use tokio_postgres::Config;

use crate::compare::Pair;
use crate::endpoint::Endpoint;
use crate::script::Script;
use crate::search::{check, read, search, try_seeds};
use crate::server;

/// Scripts that the two once differed over, the least of each, separated by empty lines.
const DIFFERED: &str = include_str!("differed.txt");

/// Returns where the session's database is.
pub(crate) async fn place(tx: &Transaction) -> aiodal::Result<Config> {
    let mut config = server::config(tx).await;
    let row = tx.query_one("select current_database()::text", &[]).await?;
    config.dbname(row.get::<_, String>(0));
    Ok(config)
}

/// Runs the check on the sandbox and a database of its own, which is dropped whatever comes of it.
async fn beside(
    sandbox: &Sandbox,
    tx: &Transaction,
    run: impl AsyncFnOnce(&mut Pair),
) -> aiodal::Result<()> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let config = place(tx).await?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("aiodal_beside_{}_{number}", std::process::id());
    let admin = server::connect(&config).await;
    let create = format!("create database {name}");
    admin
        .batch_execute(&create)
        .await
        .expect("databases can be made");
    let own = server::url(&config, &name);
    let own: Config = own.parse().expect("it is a URL");
    let endpoints = [
        Endpoint::database(&own),
        Endpoint::sandbox(sandbox, &config),
    ];
    let checked = AssertUnwindSafe(async {
        let mut pair = Pair::new(endpoints).await;
        run(&mut pair).await;
    });
    let checked = checked.catch_unwind().await;
    let drop = format!("drop database {name} with (force)");
    admin.batch_execute(&drop).await.expect("it is dropped");
    match checked {
        Ok(()) => Ok(()),
        Err(panic) => resume_unwind(panic),
    }
}

#[aiodal::test]
async fn scripts_that_once_differed_are_answered_alike(
    sandbox: Sandbox,
    tx: &Transaction,
) -> aiodal::Result<()> {
    let run = async |pair: &mut Pair| {
        for text in DIFFERED.split("\n\n") {
            check(pair, "one that once differed", &Script::read(text)).await;
        }
    };
    beside(&sandbox, tx, run).await
}

#[aiodal::test]
async fn random_scripts_are_answered_alike(
    sandbox: Sandbox,
    tx: &Transaction,
) -> aiodal::Result<()> {
    let run = async |pair: &mut Pair| try_seeds(pair, 0..40).await;
    beside(&sandbox, tx, run).await
}

#[aiodal::test(timeout = "100h")]
#[ignore = "it goes on for SANDBOX_SECONDS"]
async fn random_scripts_are_answered_alike_for_long(
    sandbox: Sandbox,
    tx: &Transaction,
) -> aiodal::Result<()> {
    let time = Duration::from_secs(read("SANDBOX_SECONDS").unwrap_or(60));
    beside(&sandbox, tx, async |pair: &mut Pair| {
        search(pair, time).await;
    })
    .await
}
