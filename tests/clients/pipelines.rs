//! What a client sends without a `Sync` and without a `Flush`: a server runs it all the same.

use aiodal::Sandbox;

use super::raw::Raw;
use super::{Result, cell};

/// Puts a statement behind what is sent next, and says nothing of its end.
fn run<'a>(raw: &'a mut Raw, sql: &str) -> &'a mut Raw {
    raw.put(b'P', format!("\0{sql}\0\0\0").as_bytes())
        .put(b'B', b"\0\0\0\0\0\0\0\0")
        .put(b'E', b"\0\0\0\0\0")
}

#[aiodal::test(timeout = "60s")]
async fn error_comes_to_a_client_that_has_asked_for_no_answer(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    let mut raw = Raw::connect(&sandbox).await?;
    one.batch_execute("create table pipelines_0 (a int primary key)")
        .await?;
    run(&mut raw, "insert into pipelines_0 values (1)");
    run(&mut raw, "insert into pipelines_0 values (1)");
    assert!(raw.answers_until('E').await?.ends_with('E'));
    // Up to its Sync it is told nothing.
    run(&mut raw, "select 1").put(b'S', b"");
    assert_eq!(raw.answers().await?, "Z");
    assert_eq!(cell(&one, "select count(*) from pipelines_0").await?, "0");
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn answers_keep_their_order_wherever_a_client_stops(sandbox: Sandbox) -> Result {
    let mut raw = Raw::connect(&sandbox).await?;
    run(&mut raw, "select 1");
    // What has been run is not told before somebody asks, or there is something to be said: drivers count on that.
    let notice = "do $$ begin raise notice 'here'; end $$";
    let first = run(&mut raw, notice).answers_until('N').await?;
    run(&mut raw, "select from generate_series(1, 2)");
    let second = run(&mut raw, notice).answers_until('N').await?;
    // Nor is much kept back.
    run(&mut raw, "select repeat('a', 9000)");
    assert_eq!(raw.answers_until('D').await?, "C12D");
    run(&mut raw, "begin").put(b'S', b"");
    let last = raw.answers().await?;
    assert_eq!([first, second, last], ["12DC12N", "C12DDC12N", "C12CZ"]);
    assert_eq!(raw.query("rollback").answers().await?, "CZ");
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn data_is_asked_for_without_a_sync(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    let mut raw = Raw::connect(&sandbox).await?;
    one.batch_execute("create table pipelines_2 (a int)")
        .await?;
    run(&mut raw, "copy pipelines_2 from stdin");
    assert_eq!(raw.answers_until('G').await?, "12G");
    raw.put(b'd', b"1\n").put(b'c', b"").put(b'S', b"");
    assert_eq!(raw.answers().await?, "CZ");
    // A client need not wait until it is asked.
    run(&mut raw, "copy pipelines_2 from stdin")
        .put(b'd', b"2\n")
        .put(b'c', b"")
        .put(b'S', b"");
    assert_eq!(raw.answers().await?, "12GCZ");
    assert_eq!(cell(&one, "select sum(a) from pipelines_2").await?, "3");
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn client_that_has_only_prepared_keeps_nobody_waiting(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    let mut raw = Raw::connect(&sandbox).await?;
    raw.put(b'P', b"s\0select 1\0\0\0").put(b'D', b"Ss\0");
    raw.send().await?;
    assert_eq!(cell(&one, "select 1").await?, "1");
    raw.put(b'B', b"\0s\0\0\0\0\0\0\0")
        .put(b'E', b"\0\0\0\0\0")
        .put(b'H', b"");
    assert_eq!(raw.answers_until('C').await?, "1tT2DC");
    raw.put(b'S', b"");
    assert_eq!(raw.answers().await?, "Z");
    Ok(())
}
