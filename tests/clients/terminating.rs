//! Clients that end each other: `pg_terminate_backend` and `pg_cancel_backend`.

use std::error::Error as _;
use std::io::ErrorKind;

use aiodal::{Sandbox, TransactionOptions};

use super::raw::Raw;
use super::{Result, cell, code};

/// What the code under test runs that shows how it takes a lost connection.
const ITSELF: &str = "select pg_terminate_backend(pg_backend_pid())";

#[aiodal::test]
async fn client_that_ends_itself_is_gone_and_nobody_else(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    other
        .batch_execute("create table terminating_0 (a int)")
        .await?;
    one.batch_execute("begin; insert into terminating_0 values (1)")
        .await?;
    assert_eq!(code(&one, ITSELF).await, "57P01");
    let count = "select count(*) from terminating_0";
    assert_eq!(cell(&other, count).await?, "0");
    let error = one.batch_execute("select 1").await.unwrap_err();
    assert!(error.is_closed(), "{error:?}");
    // By a driver's other protocol as well, and where it would be caught.
    let one = sandbox.client().await?;
    let error = one.query(ITSELF, &[]).await.unwrap_err();
    assert_eq!(
        error.code().unwrap().code(),
        "57P01",
        "{:?}",
        error.source()
    );
    let one = sandbox.client().await?;
    let caught = "do $$ begin perform pg_terminate_backend(pg_backend_pid()); exception when others then null; end $$";
    assert_eq!(code(&one, caught).await, "57P01");
    assert_eq!(cell(&other, count).await?, "0");
    Ok(())
}

/// As tests of reconnecting do it: one asks for its process, and another ends that.
#[aiodal::test]
async fn process_that_a_client_asks_for_is_its_own(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    let asked = one
        .query_one("select pg_backend_pid() as mine", &[])
        .await?;
    let asked: i32 = asked.get("mine");
    let process = cell(&one, "SELECT pg_catalog.pg_backend_pid()").await?;
    assert_eq!(process, asked.to_string());
    let named = one.query_one("select pg_backend_pid()", &[]).await?;
    assert_eq!(named.get::<_, i32>("pg_backend_pid"), asked);
    assert_ne!(cell(&other, "select pg_backend_pid()").await?, process);
    let mut raw = Raw::connect(&sandbox).await?;
    let own = format!(
        "select 1 / (pid - {})::int from (select pg_backend_pid() pid) own",
        raw.process()
    );
    assert_eq!(
        raw.query(&own).answers().await?,
        "TDCZ",
        "it is the server's there"
    );
    let end = "select pg_terminate_backend($1)";
    assert!(other.query_one(end, &[&asked]).await?.get::<_, bool>(0));
    assert!(one.batch_execute("select 1").await.is_err());
    Ok(())
}

#[aiodal::test]
async fn pool_goes_on_with_another_connection(sandbox: Sandbox) -> Result {
    let dal = sandbox.dal().await?;
    let tx = dal.begin(&TransactionOptions::new()).await?;
    let error = tx.execute(ITSELF, &[]).await.unwrap_err();
    assert!(error.is_connection_error(), "{error:?}");
    drop(tx);
    let tx = dal.begin(&TransactionOptions::new()).await?;
    tx.execute("select 1", &[]).await?;
    tx.commit().await?;
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn client_is_ended_by_the_process_that_it_was_told(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    let (mut raw, mut kept) = (Raw::connect(&sandbox).await?, Raw::connect(&sandbox).await?);
    let end = format!("select pg_terminate_backend({})", raw.process());
    assert_eq!(cell(&one, &end).await?, "t");
    assert_eq!(raw.answers_until('E').await?, "E");
    let ended = raw.answers().await.unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(kept.query("select 1").answers().await?, "TDCZ");
    let own = format!("begin; select pg_terminate_backend({})", kept.process());
    assert!(kept.query(&own).answers().await.is_err());
    assert_eq!(cell(&one, "select 1").await?, "1");
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn client_with_an_open_transaction_is_ended_by_one_that_waits_for_it(
    sandbox: Sandbox,
) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("create table terminating_3 (a int)")
        .await?;
    let end = one.prepare("select pg_terminate_backend($1)").await?;
    for prepared in [false, true] {
        let mut raw = Raw::connect(&sandbox).await?;
        raw.query("begin; insert into terminating_3 values (1)")
            .answers()
            .await?;
        if prepared {
            let process = i32::try_from(raw.process())?;
            assert!(one.query_one(&end, &[&process]).await?.get::<_, bool>(0));
        } else {
            let end = format!("SELECT PG_TERMINATE_BACKEND({})", raw.process());
            assert_eq!(cell(&one, &end).await?, "t");
        }
        assert_eq!(raw.answers_until('E').await?, "E");
        let count = "select count(*) from terminating_3";
        assert_eq!(cell(&one, count).await?, "0");
    }
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn statement_that_runs_ends_with_its_client(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    let mut raw = Raw::connect(&sandbox).await?;
    let end = format!("select pg_terminate_backend({})", raw.process());
    raw.query("do $$ begin raise notice 'it runs'; perform pg_sleep(60); end $$");
    assert_eq!(raw.answers_until('N').await?, "N");
    assert_eq!(cell(&one, &end).await?, "t");
    assert!(raw.answers().await.is_err());
    Ok(())
}

#[aiodal::test]
async fn own_statement_is_cancelled_and_its_client_lives(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    let raw = Raw::connect(&sandbox).await?;
    let own = "select pg_cancel_backend(pg_backend_pid()), pg_sleep(60)";
    assert_eq!(code(&one, own).await, "57014");
    // Nothing runs that could be cancelled.
    let idle = format!("select pg_cancel_backend({})", raw.process());
    assert_eq!(cell(&one, &idle).await?, "t");
    Ok(())
}

#[aiodal::test]
async fn processes_of_others_are_out_of_reach(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    for end in ["pg_terminate_backend", "pg_cancel_backend"] {
        let others =
            format!("select {end}(pid) from pg_stat_activity where pid <> pg_backend_pid()");
        assert_eq!(code(&one, &others).await, "0A000");
        let nobody = format!("select {end}({})", (1 << 30) - 1);
        assert_eq!(cell(&one, &nobody).await?, "f");
        assert_eq!(cell(&one, &format!("select {end}(null)")).await?, "null");
    }
    Ok(())
}
