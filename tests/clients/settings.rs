//! Settings are each client's own.

use aiodal::Sandbox;

use super::{Result, cell, code};

#[aiodal::test]
async fn what_one_sets_the_others_do_not_have(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    let before = cell(&other, "show work_mem").await?;
    one.batch_execute("set work_mem = '3MB'").await?;
    assert_eq!(cell(&one, "show work_mem").await?, "3MB");
    assert_eq!(cell(&other, "show work_mem").await?, before);
    assert_eq!(cell(&one, "show work_mem").await?, "3MB");
    one.batch_execute("reset work_mem").await?;
    assert_eq!(cell(&one, "show work_mem").await?, before);
    Ok(())
}

#[aiodal::test]
async fn rollback_takes_a_setting_back_and_commit_keeps_it(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("set work_mem = '3MB'").await?;
    one.batch_execute("begin; set work_mem = '5MB'; rollback")
        .await?;
    assert_eq!(cell(&one, "show work_mem").await?, "3MB");
    one.batch_execute(
        "begin; set work_mem = '5MB'; savepoint s; set work_mem = '7MB'; rollback to s; commit",
    )
    .await?;
    assert_eq!(cell(&one, "show work_mem").await?, "5MB");
    Ok(())
}

#[aiodal::test]
async fn what_is_set_for_a_transaction_ends_with_it(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    let before = cell(&one, "show work_mem").await?;
    one.batch_execute("begin; set local work_mem = '3MB'")
        .await?;
    assert_eq!(cell(&one, "show work_mem").await?, "3MB");
    one.batch_execute("commit").await?;
    assert_eq!(cell(&one, "show work_mem").await?, before);
    one.batch_execute("begin").await?;
    cell(&one, "select set_config('app.tenant', '7', true)").await?;
    one.batch_execute("commit").await?;
    assert_eq!(
        cell(&one, "select current_setting('app.tenant', true)").await?,
        ""
    );
    Ok(())
}

#[aiodal::test]
async fn role_and_search_path_are_each_clients_own(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    one.batch_execute("create schema s; create table s.t (a int); insert into s.t values (1)")
        .await?;
    one.batch_execute("set search_path to s, public").await?;
    assert_eq!(cell(&one, "select count(*) from t").await?, "1");
    assert_eq!(code(&other, "select count(*) from t").await, "42P01");
    assert_eq!(cell(&one, "select count(*) from t").await?, "1");
    Ok(())
}

#[aiodal::test]
async fn client_has_the_settings_that_it_connects_with(sandbox: Sandbox) -> Result {
    let url = sandbox.url().await?;
    let mut config: tokio_postgres::Config = url.parse()?;
    config
        .options("-c search_path=a,b -c work_mem=3MB")
        .application_name("loans");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
    assert_eq!(connection.parameter("application_name"), Some("loans"));
    tokio::spawn(connection);
    assert_eq!(cell(&client, "show search_path").await?, "a,b");
    client
        .batch_execute("set work_mem = '5MB'; reset work_mem")
        .await?;
    assert_eq!(cell(&client, "show work_mem").await?, "3MB");
    client.batch_execute("set work_mem = '5MB'").await?;
    client.batch_execute("discard all").await?;
    assert_eq!(cell(&client, "show work_mem").await?, "3MB");
    Ok(())
}

#[aiodal::test]
async fn setting_that_cannot_be_is_the_error_of_whoever_connects_with_it(
    sandbox: Sandbox,
) -> Result {
    let url = sandbox.url().await?;
    let mut config: tokio_postgres::Config = url.parse()?;
    config.options("-c work_mem=much");
    let (wrong, connection) = config.connect(tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    let right = sandbox.client().await?;
    assert_eq!(code(&wrong, "select 1").await, "22023");
    assert_eq!(cell(&right, "select 1").await?, "1");
    Ok(())
}
