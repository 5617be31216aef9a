//! One client waits for another.

use aiodal::Sandbox;

use super::{Result, cell};

#[aiodal::test]
async fn statement_waits_for_the_transaction_of_another(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    one.batch_execute("begin; create table wait_0 (a int)")
        .await?;
    let counting = tokio::spawn(async move {
        cell(&other, "select count(*) from wait_0")
            .await
            .map_err(|error| error.to_string())
    });
    one.batch_execute("insert into wait_0 values (1)").await?;
    one.batch_execute("commit").await?;
    assert_eq!(counting.await?, Ok("1".to_owned()));
    Ok(())
}

#[aiodal::test]
async fn beginning_waits_for_nobody(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    one.batch_execute("begin; create table wait_1 (a int)")
        .await?;
    other.batch_execute("begin").await?;
    other.batch_execute("rollback").await?;
    other.batch_execute("listen a; notify a").await?;
    one.batch_execute("commit").await?;
    Ok(())
}

/// The server is told of it at once, unlike of BEGIN.
#[aiodal::test]
async fn characteristics_of_a_session_wait(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    one.batch_execute("begin; create table wait_2 (a int)")
        .await?;
    let setting = tokio::spawn(async move {
        let set = "set session characteristics as transaction read only";
        other.batch_execute(set).await.map(|()| other)
    });
    one.batch_execute("insert into wait_2 values (1)").await?;
    one.batch_execute("commit").await?;
    let other = setting.await??;
    assert_eq!(
        cell(&other, "show default_transaction_read_only").await?,
        "on"
    );
    Ok(())
}

#[aiodal::test]
async fn statement_that_runs_is_cancelled_and_one_that_waits(sandbox: Sandbox) -> Result {
    let url = sandbox.url().await?;
    let connect = async || {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        Ok::<_, tokio_postgres::Error>(client)
    };
    let (one, other) = (connect().await?, connect().await?);
    let (cancel_one, cancel_other) = (one.cancel_token(), other.cancel_token());
    let running =
        tokio::spawn(async move { (one.batch_execute("select pg_sleep(60)").await, one) });
    let waiting = tokio::spawn(async move { (other.batch_execute("select 1").await, other) });
    // Repeated, because the statement may not have come yet.
    let cancelled = async |token: tokio_postgres::CancelToken,
                           mut task: tokio::task::JoinHandle<(
        std::result::Result<(), tokio_postgres::Error>,
        tokio_postgres::Client,
    )>| loop {
        token.cancel_query(tokio_postgres::NoTls).await?;
        let again = tokio::time::sleep(std::time::Duration::from_millis(20));
        tokio::select! {
            done = &mut task => return Ok::<_, Box<dyn std::error::Error>>(done?),
            () = again => {}
        }
    };
    let (waited, other) = cancelled(cancel_other, waiting).await?;
    assert!(waited.is_ok() || waited.unwrap_err().code().unwrap().code() == "57014");
    let (ran, one) = cancelled(cancel_one, running).await?;
    assert_eq!(ran.unwrap_err().code().unwrap().code(), "57014");
    assert_eq!(cell(&one, "select 1").await?, "1");
    assert_eq!(cell(&other, "select 1").await?, "1");
    Ok(())
}
