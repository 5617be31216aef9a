//! What a sandbox cannot show, as the page about it has it.

use aiodal::Sandbox;

use super::{Result, cell, code};

#[aiodal::test]
async fn advisory_lock_is_had_by_two_clients(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    assert_eq!(cell(&one, "select pg_try_advisory_lock(7)").await?, "t");
    assert_eq!(cell(&other, "select pg_try_advisory_lock(7)").await?, "t");
    Ok(())
}

#[aiodal::test]
async fn isolation_level_is_accepted_and_the_one_that_is_shown_is_the_tests(
    sandbox: Sandbox,
) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("begin isolation level serializable")
        .await?;
    assert_eq!(
        cell(&one, "show transaction_isolation").await?,
        "read committed"
    );
    one.batch_execute("commit").await?;
    for set in [
        "set transaction isolation level serializable",
        "set transaction_isolation = 'serializable'",
    ] {
        // None of these takes a snapshot.
        let sql = format!("begin; set local lock_timeout = '1s'; show work_mem; {set}; commit");
        one.batch_execute(&sql).await?;
        let late = format!("begin; select 1; {set}");
        assert_eq!(code(&one, &late).await, "25001");
        one.batch_execute("rollback").await?;
    }
    Ok(())
}

#[aiodal::test]
async fn encoding_but_utf8_is_refused_when_it_is_set_too(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    for sql in [
        "set client_encoding = 'LATIN1'",
        "set names 'latin1'",
        "select set_config('client_encoding', 'LATIN1', false)",
    ] {
        assert_eq!(code(&one, sql).await, "0A000", "{sql}");
    }
    one.batch_execute("set client_encoding to utf8; set names 'UTF-8'; reset client_encoding")
        .await?;
    Ok(())
}

#[aiodal::test]
async fn time_and_transaction_are_those_of_the_test(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    for sql in ["select now()", "select pg_current_xact_id()"] {
        assert_eq!(cell(&one, sql).await?, cell(&one, sql).await?);
    }
    Ok(())
}

#[aiodal::test]
async fn process_is_that_of_the_one_connection(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    let process = "select pid from pg_stat_activity where pid = pg_backend_pid()";
    assert_eq!(cell(&one, process).await?, cell(&other, process).await?);
    one.batch_execute("create temp sequence limits_sequence")
        .await?;
    cell(&one, "select nextval('limits_sequence')").await?;
    assert_eq!(cell(&other, "select lastval()").await?, "1");
    Ok(())
}

#[aiodal::test]
async fn temporary_table_and_held_cursor_are_seen_by_others(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    one.batch_execute("create temp table limits_stage (a int)")
        .await?;
    one.batch_execute("declare limits_cursor cursor with hold for select 7")
        .await?;
    assert_eq!(
        cell(&other, "select count(*) from limits_stage").await?,
        "0"
    );
    assert_eq!(cell(&other, "fetch limits_cursor").await?, "7");
    let again = "create temp table limits_stage (b int)";
    assert_eq!(code(&other, again).await, "42P07");
    let again = "declare limits_cursor cursor with hold for select 8";
    assert_eq!(code(&other, again).await, "42P03");
    Ok(())
}

#[aiodal::test]
async fn setting_that_a_function_makes_is_everybodys(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    one.batch_execute("do $$ begin perform set_config('app.tenant', '7', false); end $$")
        .await?;
    assert_eq!(
        cell(&other, "select current_setting('app.tenant', true)").await?,
        "7"
    );
    Ok(())
}

#[aiodal::test]
async fn row_locked_by_one_is_not_skipped_by_another(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    one.batch_execute("create table limits_job (a int); insert into limits_job values (1)")
        .await?;
    let next = "select count(*) from (select from limits_job for update skip locked) job";
    // The lock outlives the transaction that took it, and is no lock to others.
    one.batch_execute("begin; select from limits_job for update; commit")
        .await?;
    assert_eq!(cell(&other, next).await?, "1");
    Ok(())
}

#[aiodal::test]
async fn procedure_cannot_commit(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    assert_eq!(code(&one, "do $$ begin commit; end $$").await, "2D000");
    assert_eq!(code(&one, "create database limits_other").await, "25001");
    Ok(())
}
