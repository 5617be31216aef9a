//! What happens while a statement runs.

use std::future::poll_fn;

use aiodal::Sandbox;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Client, NoTls};

use super::{Result, cell};

const LONG: &str = "do $$ begin raise notice 'running'; perform pg_sleep(600); end $$";
const SHORT: &str = "do $$ begin raise notice 'running'; perform pg_sleep(0.2); end $$";

struct Noticed {
    client: Client,
    notices: UnboundedReceiver<String>,
    connection: JoinHandle<()>,
}

async fn connect(sandbox: &Sandbox) -> Result<Noticed> {
    let config: tokio_postgres::Config = sandbox.url().await?.parse()?;
    let (client, mut connection) = config.connect_raw(sandbox.connect(), NoTls).await?;
    let (sender, notices) = unbounded_channel();
    let connection = tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notice(notice) = message {
                let _gone = sender.send(notice.message().to_owned());
            }
        }
    });
    Ok(Noticed {
        client,
        notices,
        connection,
    })
}

#[aiodal::test(timeout = "60s")]
async fn notice_comes_at_once(sandbox: Sandbox) -> Result {
    let mut one = connect(&sandbox).await?;
    for before in ["", "select 1; "] {
        let sql = format!("{before}{LONG}");
        let cancel = async {
            let notice = one.notices.recv().await;
            let token = one.client.cancel_token();
            let asked = token.cancel_query_raw(sandbox.connect(), NoTls);
            asked.await.map(|()| notice)
        };
        let (ran, notice) = tokio::join!(one.client.batch_execute(&sql), cancel);
        assert_eq!(notice?.as_deref(), Some("running"));
        let error = ran.expect_err("it was cancelled");
        assert_eq!(error.code().map(aiodal::SqlState::code), Some("57014"));
    }
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn another_client_may_leave(sandbox: Sandbox) -> Result {
    let mut one = connect(&sandbox).await?;
    let other = sandbox.client().await?;
    let prepared = other.prepare("select 1").await?;
    let leave = async {
        one.notices.recv().await;
        drop((prepared, other));
    };
    let (ran, ()) = tokio::join!(one.client.batch_execute(SHORT), leave);
    ran?;
    assert_eq!(cell(&one.client, "select 1").await?, "1");
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn client_that_leaves_is_cancelled_and_rolled_back(sandbox: Sandbox) -> Result {
    let mut one = connect(&sandbox).await?;
    let other = sandbox.client().await?;
    other
        .batch_execute("create table running_0 (a int)")
        .await?;
    one.client
        .batch_execute("begin; insert into running_0 values (1)")
        .await?;
    tokio::select! {
        ran = one.client.batch_execute(LONG) => ran?,
        _ = one.notices.recv() => {}
    }
    one.connection.abort();
    let count = cell(&other, "select count(*) from running_0").await?;
    assert_eq!(count, "0");
    Ok(())
}
