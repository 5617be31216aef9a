//! Statements that are cancelled, and such that take too long.

use std::future::poll_fn;
use std::time::Duration;

use drivers::Outcome;
use tokio::sync::mpsc;
use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, NoTls};

use super::{ADD, assert_fails, connect, count};

/// Says that it runs, and goes on for longer than the test.
const LONG: &str = "do $$ begin raise notice 'running'; perform pg_sleep(600); end $$";

pub(super) async fn exercise(url: &str) -> Outcome {
    cancelled(url).await?;
    too_late(url).await?;
    given_up(url).await
}

async fn cancelled(url: &str) -> Outcome {
    let (client, mut connection) = tokio_postgres::connect(url, NoTls).await?;
    let (notice, mut notices) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notice(told) = message? {
                let _heard = notice.send(told.message().to_owned());
            }
        }
        Ok::<(), tokio_postgres::Error>(())
    });
    let token = client.cancel_token();
    let cancel = async {
        assert_eq!(notices.recv().await.as_deref(), Some("running"));
        token.cancel_query(NoTls).await
    };
    let (ran, asked) = tokio::join!(client.batch_execute(LONG), cancel);
    asked?;
    assert_fails(ran, &SqlState::QUERY_CANCELED);
    client.execute(ADD, &[&"after a cancel"]).await?;
    assert_eq!(count(&client, "after a cancel").await?, 1);

    // In a transaction it fails it.
    client.batch_execute("begin").await?;
    client.execute(ADD, &[&"before a cancel"]).await?;
    let cancel = async {
        assert_eq!(notices.recv().await.as_deref(), Some("running"));
        token.cancel_query(NoTls).await
    };
    let (ran, asked) = tokio::join!(client.batch_execute(LONG), cancel);
    asked?;
    assert_fails(ran, &SqlState::QUERY_CANCELED);
    assert_fails(
        client.execute(ADD, &[&"in between"]).await,
        &SqlState::IN_FAILED_SQL_TRANSACTION,
    );
    client.batch_execute("rollback").await?;
    assert_eq!(count(&client, "before a cancel").await?, 0);
    Ok(())
}

/// The server's own limit.
async fn too_late(url: &str) -> Outcome {
    let (client, other) = (connect(url).await?, connect(url).await?);
    client
        .batch_execute("set statement_timeout = '50ms'")
        .await?;
    assert_fails(
        client.batch_execute("select pg_sleep(600)").await,
        &SqlState::QUERY_CANCELED,
    );
    other.batch_execute("select pg_sleep(0.1)").await?;
    client.batch_execute("reset statement_timeout").await?;
    client.batch_execute("select pg_sleep(0.1)").await?;
    Ok(())
}

/// The client's: it stops waiting, and the statement goes on until it is cancelled.
async fn given_up(url: &str) -> Outcome {
    let client = connect(url).await?;
    let waited = tokio::time::timeout(
        Duration::from_millis(100),
        client.batch_execute("select pg_sleep(600)"),
    );
    assert!(waited.await.is_err(), "it takes longer than that");
    client.cancel_token().cancel_query(NoTls).await?;
    client.execute(ADD, &[&"given up"]).await?;
    assert_eq!(count(&client, "given up").await?, 1);
    Ok(())
}
