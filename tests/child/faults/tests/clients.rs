//! Tests whose sandboxes have something to say.

use std::process::Command;
use std::time::Duration;

use aiodal::{PoolOptions, Sandbox};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Has one client wait for another in vain; returns the SQLSTATE that it gets.
async fn waits(sandbox: &Sandbox) -> Result<String> {
    let (holder, waiting) = (sandbox.client().await?, sandbox.client().await?);
    holder
        .batch_execute("begin; create table parcel (id int)")
        .await?;
    let error = waiting
        .batch_execute("select count(*) from parcel where id = 7")
        .await
        .err()
        .ok_or("it did not wait")?;
    let code = error.code().ok_or("no SQLSTATE")?.code().to_owned();
    holder.batch_execute("commit").await?;
    waiting.batch_execute("select * from parcel").await?;
    Ok(code)
}

#[aiodal::test]
async fn wait_that_nobody_notices(sandbox: Sandbox) -> Result {
    assert_eq!(waits(&sandbox).await?, "AD001");
    Ok(())
}

#[aiodal::test]
async fn backend_that_dies(sandbox: Sandbox) -> Result {
    let client = sandbox.client().await?;
    client
        .batch_execute("set aiodal.sandbox = off; select pg_terminate_backend(pg_backend_pid())")
        .await?;
    Ok(())
}

#[aiodal::test]
async fn after_that_another(sandbox: Sandbox) -> Result {
    sandbox.client().await?.batch_execute("select 1").await?;
    Ok(())
}

/// A statement runs, another waits, a transaction is open, a program is connected.
#[aiodal::test]
async fn ends_with_clients_still_busy(sandbox: Sandbox) -> Result {
    let url = sandbox.url().await?;
    let idle = sandbox.client().await?;
    idle.batch_execute("begin").await?;
    let mut program = Command::new("sleep");
    let mut program = program.arg("0").env("DATABASE_URL", url).spawn()?;
    program.wait()?;
    for _ in 0..2 {
        let client = sandbox.client().await?;
        tokio::spawn(async move { client.batch_execute("select pg_sleep(60)").await });
    }
    // Long enough for both to be sent, as a rule; the end has to be as quick if they were not.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[aiodal::test]
async fn isolation_that_a_sandbox_does_not_have(sandbox: Sandbox) -> Result {
    let client = sandbox.client().await?;
    client
        .batch_execute("begin isolation level serializable; select 1; commit")
        .await?;
    let other = sandbox.client().await?;
    other.batch_execute("select pg_advisory_lock(7)").await?;
    let stage = "create temp table stage (a int)";
    client.batch_execute(stage).await?;
    assert!(other.batch_execute(stage).await.is_err());
    client.batch_execute("vacuum").await?;
    Ok(())
}

#[aiodal::test(timeout = "2s")]
async fn test_that_blocks_its_own_sandbox(sandbox: Sandbox) -> Result {
    let client = sandbox.client().await?;
    let busy = tokio::spawn(async move { client.batch_execute("select pg_sleep(60)").await });
    tokio::time::timeout(Duration::from_secs(60), busy).await???;
    Ok(())
}

/// What clients send that the engine answers on the session's thread, and one on the test's.
async fn sends(sandbox: &Sandbox, name: &str) -> Result {
    let client = sandbox.client().await?;
    client
        .batch_execute(&format!("select '{name}, on the test''s runtime'"))
        .await?;
    let pool = PoolOptions::new().connect(&sandbox.url().await?).await?;
    for number in 1..=3 {
        let connection = pool.get().await?;
        let sql = format!("select '{name}, number {number}'");
        connection.client().batch_execute(&sql).await?;
    }
    client
        .batch_execute(&format!("select '{name}, after that'"))
        .await?;
    let (url, sql) = (sandbox.url().await?, format!("select '{name}, blocking'"));
    let program = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let pool = PoolOptions::new().connect(&url).await?;
            let connection = pool.get().await?;
            connection.client().batch_execute(&sql).await?;
            Ok::<(), aiodal::BoxError>(())
        })
    });
    let ended = program.join().expect("it does not panic");
    ended.map_err(|error| error.to_string())?;
    Ok(())
}

#[aiodal::test]
async fn echo_1_passes(sandbox: Sandbox) -> Result {
    sends(&sandbox, "first").await
}

#[aiodal::test]
async fn echo_2_fails(sandbox: Sandbox) -> Result {
    sends(&sandbox, "second").await?;
    Err("as it should".into())
}

#[aiodal::test(flavor = "multi_thread")]
async fn echo_3_passes_on_several_threads(sandbox: Sandbox) -> Result {
    sends(&sandbox, "third").await
}

#[aiodal::test(flavor = "multi_thread")]
async fn echo_4_panics_on_several_threads(sandbox: Sandbox) {
    sends(&sandbox, "fourth").await.expect("they are answered");
    panic!("as it should");
}
