//! LISTEN and NOTIFY between clients of one test.

use std::future::poll_fn;

use aiodal::Sandbox;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::{AsyncMessage, Client, NoTls};

use super::{Result, cell};

/// Connects a client, and returns what it hears as `channel payload`.
async fn listener(sandbox: &Sandbox) -> Result<(Client, UnboundedReceiver<String>)> {
    let config: tokio_postgres::Config = sandbox.url().await?.parse()?;
    let (client, mut connection) = config.connect_raw(sandbox.connect(), NoTls).await?;
    let (sender, receiver) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(said) = message {
                let _gone = sender.send(format!("{} {}", said.channel(), said.payload()));
            }
        }
    });
    Ok((client, receiver))
}

#[aiodal::test]
async fn what_is_committed_is_heard(sandbox: Sandbox) -> Result {
    let (listening, mut heard) = listener(&sandbox).await?;
    listening.batch_execute("listen arrivals").await?;
    let one = sandbox.client().await?;
    one.batch_execute("notify arrivals, 'at once'").await?;
    one.batch_execute("begin; notify arrivals, 'undone'; rollback")
        .await?;
    one.batch_execute("begin; notify arrivals, 'a'; notify arrivals, 'a'; savepoint s; notify arrivals, 'b'; rollback to s; notify arrivals, 'c'").await?;
    one.batch_execute("commit").await?;
    for expected in ["arrivals at once", "arrivals a", "arrivals c"] {
        assert_eq!(heard.recv().await.as_deref(), Some(expected));
    }
    listening.batch_execute("unlisten *").await?;
    one.batch_execute("notify arrivals").await?;
    assert_eq!(cell(&listening, "select 1").await?, "1");
    assert!(heard.try_recv().is_err());
    Ok(())
}

#[aiodal::test]
async fn listening_begins_with_the_commit(sandbox: Sandbox) -> Result {
    let (listening, mut heard) = listener(&sandbox).await?;
    listening
        .batch_execute("begin; listen arrivals; rollback")
        .await?;
    listening
        .batch_execute("notify arrivals, 'unheard'")
        .await?;
    listening
        .batch_execute("begin; listen arrivals; commit")
        .await?;
    listening
        .batch_execute("notify arrivals, 'heard by itself'")
        .await?;
    assert_eq!(
        heard.recv().await.as_deref(),
        Some("arrivals heard by itself")
    );
    Ok(())
}

#[aiodal::test(timeout = "20s")]
async fn function_that_notifies_is_heard_behind_the_commit(sandbox: Sandbox) -> Result {
    let (listening, mut heard) = listener(&sandbox).await?;
    listening.batch_execute("listen arrivals").await?;
    let one = sandbox.client().await?;
    one.batch_execute(
        "create table noti_2 (a int);
         create function tell() returns trigger language plpgsql as $$
             begin perform pg_notify('arrivals', new.a::text); return new; end $$;
         create trigger tell after insert on noti_2 for each row execute function tell()",
    )
    .await?;
    one.batch_execute("set client_min_messages = error; reset all")
        .await?;
    one.batch_execute("begin; insert into noti_2 values (1); rollback")
        .await?;
    one.batch_execute("insert into noti_2 values (2)").await?;
    one.batch_execute("select pg_notify('arrivals', '3')")
        .await?;
    for expected in ["arrivals 2", "arrivals 3"] {
        assert_eq!(heard.recv().await.as_deref(), Some(expected));
    }
    assert_eq!(
        super::code(&one, "select pg_notify('', 'x')").await,
        "22023"
    );
    Ok(())
}
