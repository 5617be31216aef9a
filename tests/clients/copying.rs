//! COPY through a sandbox.

use std::fmt::Write as _;
use std::pin::pin;

use aiodal::{Sandbox, SqlState};
use bytes::Bytes;
use futures_util::{SinkExt, TryStreamExt};

use super::raw::Raw;
use super::{Result, cell, code};

#[aiodal::test]
async fn data_goes_in_and_comes_out(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("create table copy_0 (a int, b text)")
        .await?;
    let mut sink = pin!(one.copy_in("copy copy_0 from stdin").await?);
    for chunk in 0..100 {
        let mut lines = String::new();
        for line in chunk * 1000..(chunk + 1) * 1000 {
            writeln!(lines, "{line}\ttext of some length")?;
        }
        sink.send(Bytes::from(lines)).await?;
    }
    assert_eq!(sink.as_mut().finish().await?, 100_000);
    let out = one.copy_out("copy copy_0 to stdout").await?;
    let bytes = out
        .try_fold(0, |sum, chunk| async move { Ok(sum + chunk.len()) })
        .await?;
    assert_eq!(
        bytes,
        (0..100_000)
            .map(|a: u32| a.to_string().len() + 21)
            .sum::<usize>()
    );
    Ok(())
}

#[aiodal::test]
async fn bad_row_fails_the_copy_and_nothing_else(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    one.batch_execute("create table copy_1 (a int)").await?;
    let mut sink = pin!(one.copy_in::<_, Bytes>("copy copy_1 from stdin").await?);
    sink.send(Bytes::from_static(b"1\nx\n")).await?;
    let error = sink.as_mut().finish().await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "22P02");
    assert_eq!(cell(&one, "select count(*) from copy_1").await?, "0");
    assert_eq!(cell(&other, "select count(*) from copy_1").await?, "0");
    Ok(())
}

#[aiodal::test]
async fn copy_that_is_dropped_or_whose_client_goes_leaves_nothing(sandbox: Sandbox) -> Result {
    let other = sandbox.client().await?;
    other.batch_execute("create table copy_2 (a int)").await?;
    let one = sandbox.client().await?;
    {
        let mut sink = pin!(one.copy_in::<_, Bytes>("copy copy_2 from stdin").await?);
        sink.send(Bytes::from_static(b"1\n")).await?;
    }
    assert_eq!(cell(&one, "select count(*) from copy_2").await?, "0");
    {
        let gone = sandbox.client().await?;
        let mut sink = pin!(gone.copy_in::<_, Bytes>("copy copy_2 from stdin").await?);
        sink.send(Bytes::from_static(b"1\n")).await?;
    }
    assert_eq!(cell(&other, "select count(*) from copy_2").await?, "0");
    Ok(())
}

#[aiodal::test]
async fn copy_in_a_transaction_ends_with_it(sandbox: Sandbox) -> Result {
    let mut one = sandbox.client().await?;
    one.batch_execute("create table copy_3 (a int primary key)")
        .await?;
    let tx = one.transaction().await?;
    {
        let mut sink = pin!(tx.copy_in("copy copy_3 from stdin").await?);
        sink.send(Bytes::from_static(b"1\n2\n")).await?;
        assert_eq!(sink.as_mut().finish().await?, 2);
    }
    tx.rollback().await?;
    assert_eq!(cell(&one, "select count(*) from copy_3").await?, "0");
    assert_eq!(code(&one, "select 1").await, "it went well");
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn data_may_come_ahead_of_its_copy(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("create table copy_7 (a int)").await?;
    let mut raw = Raw::connect(&sandbox).await?;
    raw.query("copy copy_7 from stdin; copy copy_7 from stdin");
    raw.put(b'd', b"1\n2\n").put(b'c', b"");
    raw.put(b'd', b"3\n").put(b'c', b"");
    assert_eq!(raw.answers().await?, "GCGCZ");
    assert_eq!(cell(&one, "select count(*) from copy_7").await?, "3");
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn data_ahead_of_a_copy_that_is_refused_is_dropped(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("create table copy_8 (a int)").await?;
    let mut raw = Raw::connect(&sandbox).await?;
    raw.query("copy nowhere from stdin")
        .put(b'd', b"1\n")
        .put(b'c', b"");
    raw.query("copy copy_8 from stdin")
        .put(b'd', b"2\n")
        .put(b'c', b"");
    assert_eq!(raw.answers().await?, "EZ");
    assert_eq!(raw.answers().await?, "GCZ");
    assert_eq!(cell(&one, "select a from copy_8").await?, "2");
    Ok(())
}

#[aiodal::test]
async fn copy_that_is_cancelled_at_any_time_leaves_its_client_as_it_was(
    sandbox: Sandbox,
) -> Result {
    let url = sandbox.url().await?;
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    client
        .batch_execute("create table copy_6 (a int primary key)")
        .await?;
    for a in 0..100 {
        let copy = async {
            let sink = client.copy_in::<_, Bytes>("copy copy_6 from stdin").await?;
            let mut sink = pin!(sink);
            sink.send(format!("{a}\n").into()).await?;
            sink.finish().await
        };
        let cancel = async {
            for _ in 0..a % 7 {
                tokio::task::yield_now().await;
            }
            client
                .cancel_token()
                .cancel_query(tokio_postgres::NoTls)
                .await
        };
        let (copied, cancelled) = tokio::join!(copy, cancel);
        cancelled?;
        if let Err(error) = copied {
            assert_eq!(error.code().map(SqlState::code), Some("57014"), "{error}");
        }
        // The request may have come late: it is then for this.
        let counted = cell(&client, "select count(*) from copy_6").await;
        let counted = match counted {
            Ok(counted) => counted,
            Err(_) => cell(&client, "select count(*) from copy_6").await?,
        };
        assert!(counted.parse::<u32>()? <= a + 1);
    }
    Ok(())
}

#[aiodal::test]
async fn copy_fails_whose_client_goes_on_with_something_else(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("create table copy_9 (a int)").await?;
    let mut raw = Raw::connect(&sandbox).await?;
    let parsed = raw
        .put(b'P', b"s\0copy copy_9 from stdin\0\0\0")
        .put(b'S', b"");
    assert_eq!(parsed.answers().await?, "1Z");
    let bind = b"\0s\0\0\0\0\0\0\0";
    let execute = b"\0\0\0\0\0";
    // A server closes the connection: here it is everybody's.
    raw.put(b'B', bind).put(b'E', execute).put(b'E', execute);
    assert_eq!(raw.put(b'S', b"").answers().await?, "2GEZ");
    raw.put(b'B', bind).put(b'E', execute).query("select 1");
    assert_eq!(raw.put(b'S', b"").answers().await?, "2GEZ");
    raw.query("copy copy_9 from stdin").query("select 1");
    assert_eq!(raw.answers().await?, "GEZ");
    assert_eq!(raw.answers().await?, "TDCZ");
    assert_eq!(cell(&one, "select count(*) from copy_9").await?, "0");
    Ok(())
}
