//! Prepared statements, portals and cursors by names that clients share without knowing.

use aiodal::Sandbox;
use futures_util::TryStreamExt;

use super::raw::Raw;
use super::{Result, cell, code};

/// A cursor whose query takes a value, as psycopg declares its own.
const DECLARE: &str = "declare c cursor for select a from generate_series(1, $1::int) a";

#[aiodal::test]
async fn same_name_is_another_statement_for_another_client(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    one.batch_execute("prepare q as select 'one'").await?;
    other.batch_execute("prepare q as select 'other'").await?;
    assert_eq!(cell(&one, "execute q").await?, "one");
    assert_eq!(cell(&other, "execute q").await?, "other");
    assert_eq!(code(&one, "prepare q as select 1").await, "42P05");
    one.batch_execute("deallocate q").await?;
    assert_eq!(code(&one, "execute q").await, "26000");
    assert_eq!(cell(&other, "execute q").await?, "other");
    one.batch_execute("deallocate all").await?;
    assert_eq!(cell(&other, "execute q").await?, "other");
    Ok(())
}

#[aiodal::test]
async fn statements_of_several_clients_interleave(sandbox: Sandbox) -> Result {
    let mut clients = Vec::new();
    for _ in 0..4 {
        let client = sandbox.client().await?;
        let statement = client.prepare("select $1::int + 1").await?;
        clients.push((client, statement));
    }
    for round in 0..20 {
        for (client, statement) in &clients {
            let row = client.query_one(statement, &[&round]).await?;
            assert_eq!(row.get::<_, i32>(0), round + 1);
            // The unnamed statement of one is not another's.
            let row = client
                .query_typed("select $1::int", &[(&round, aiodal::types::Type::INT4)])
                .await?;
            assert_eq!(row[0].get::<_, i32>(0), round);
        }
    }
    Ok(())
}

#[aiodal::test]
async fn portal_is_read_in_parts_and_ends_with_its_transaction(sandbox: Sandbox) -> Result {
    let mut client = sandbox.client().await?;
    let tx = client.transaction().await?;
    let portal = tx.bind("select generate_series(1, 10)", &[]).await?;
    let first = tx.query_portal(&portal, 4).await?;
    let second = tx.query_portal(&portal, 4).await?;
    let last = tx.query_portal(&portal, 4).await?;
    assert_eq!([first.len(), second.len(), last.len()], [4, 4, 2]);
    tx.commit().await?;
    Ok(())
}

#[aiodal::test]
async fn cursor_ends_with_its_transaction(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    assert_eq!(code(&one, "declare c cursor for select 1").await, "25P01");
    one.batch_execute("begin; declare c cursor for select 1; fetch c; commit")
        .await?;
    assert_eq!(code(&one, "fetch c").await, "34000");
    one.batch_execute("begin; declare c cursor for select 1; commit")
        .await?;
    Ok(())
}

#[aiodal::test]
async fn control_statements_may_be_prepared(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    one.batch_execute("create table prep_4 (a int)").await?;
    let begin = one.prepare("begin").await?;
    let commit = one.prepare("commit").await?;
    let rollback = one.prepare("rollback").await?;
    one.execute(&begin, &[]).await?;
    one.execute("insert into prep_4 values (1)", &[]).await?;
    one.execute(&rollback, &[]).await?;
    one.execute(&begin, &[]).await?;
    one.execute("insert into prep_4 values (2)", &[]).await?;
    one.execute(&commit, &[]).await?;
    assert_eq!(
        cell(&other, "select string_agg(a::text, ' ') from prep_4").await?,
        "2"
    );
    Ok(())
}

#[aiodal::test]
async fn long_answer_comes_as_a_stream(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    let rows = one
        .query_raw("select generate_series(1, 100000)", Vec::<i32>::new())
        .await?;
    let sum = rows
        .try_fold(0_i64, |sum, row| async move {
            Ok(sum + i64::from(row.get::<_, i32>(0)))
        })
        .await?;
    assert_eq!(sum, 100_000 * 100_001 / 2);
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn sql_fetches_from_a_portal_of_the_protocol(sandbox: Sandbox) -> Result {
    let mut raw = Raw::connect(&sandbox).await?;
    raw.query("begin").answers().await?;
    raw.put(b'P', b"\0select generate_series(1, 5)\0\0\0")
        .put(b'B', b"numbers\0\0\0\0\0\0\0\0")
        .put(b'E', b"numbers\0\0\0\0\x01")
        .put(b'S', b"");
    assert_eq!(raw.answers().await?, "12DsZ");
    let fetched = raw.query("fetch 2 from numbers").answers().await?;
    assert_eq!(fetched, "TDDCZ");
    let moved = raw.query("move 1 in numbers").answers().await?;
    assert_eq!(moved, "CZ");
    raw.put(b'E', b"numbers\0\0\0\0\0").put(b'S', b"");
    assert_eq!(raw.answers().await?, "DCZ");
    raw.query("commit").answers().await?;
    let fetched = raw.query("fetch 2 from numbers").answers().await?;
    assert_eq!(fetched, "EZ");
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn cursor_that_is_held_is_a_portal(sandbox: Sandbox) -> Result {
    let mut raw = Raw::connect(&sandbox).await?;
    raw.query("declare held cursor with hold for select 1")
        .answers()
        .await?;
    raw.put(b'D', b"Pheld\0").put(b'S', b"");
    assert_eq!(raw.answers().await?, "TZ");
    raw.query("begin; declare other cursor with hold for select 1")
        .answers()
        .await?;
    raw.put(b'D', b"Pother\0").put(b'S', b"");
    assert_eq!(raw.answers().await?, "TZ");
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn statement_that_is_refused_behind_a_flush_fails_nobody_else(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    let mut raw = Raw::connect(&sandbox).await?;
    raw.put(b'P', b"\0select nothing\0\0\0").put(b'H', b"");
    assert_eq!(raw.answers_until('E').await?, "E");
    // It is still to say Sync; nobody has to wait for that.
    assert_eq!(cell(&one, "select 1").await?, "1");
    raw.put(b'S', b"");
    assert_eq!(raw.answers().await?, "Z");
    assert_eq!(raw.query("select 1").answers().await?, "TDCZ");
    Ok(())
}

#[aiodal::test]
async fn cursor_is_declared_with_parameters(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    for _ in 0..2 {
        one.batch_execute("begin").await?;
        one.execute(DECLARE, &[&3]).await?;
        assert_eq!(one.query("fetch all from c", &[]).await?.len(), 3);
        one.batch_execute("commit").await?;
        assert_eq!(code(&one, "fetch c").await, "34000");
    }
    let error = one.execute(DECLARE, &[&3]).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "25P01");
    Ok(())
}
