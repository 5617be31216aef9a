//! In the body of a test.

use aiodal::{DataAccessLayer, Pool, Sandbox, Transaction};

use crate::app;

#[aiodal::test(ambient)]
async fn nothing_has_to_be_asked_for() -> aiodal::Result<()> {
    app::add("Hep").await?;
    assert_eq!(app::names().await?, ["Hep"]);
    Ok(())
}

#[aiodal::test(ambient)]
async fn what_fails_is_rolled_back_and_the_next_goes_well() -> aiodal::Result<()> {
    app::add("Hep").await?;
    let error = app::add_both(["Ursula", "Hep"]).await.unwrap_err();
    assert!(error.is_unique_violation(), "{error:#}");
    assert_eq!(app::names().await?, ["Hep"]);
    app::add_both(["Ada", "Ursula"]).await?;
    assert_eq!(app::names().await?, ["Ada", "Hep", "Ursula"]);
    Ok(())
}

#[aiodal::test(ambient)]
async fn test_sees_what_the_application_commits(
    tx: &mut Transaction,
    dal: &DataAccessLayer,
    pool: Pool,
    sandbox: Sandbox,
) -> aiodal::Result<()> {
    tx.execute("insert into app.member values ('by the test')", &[])
        .await?;
    app::add("by the application").await?;
    let sql = "select count(*) from app.member";
    assert_eq!(app::names().await?, ["by the application", "by the test"]);
    assert_eq!(tx.query_scalar::<i64>(sql, &[]).await?, 2);
    let nested = dal.transaction().await?;
    assert_eq!(nested.query_scalar::<i64>(sql, &[]).await?, 2);
    nested.commit().await?;
    let connection = pool.get().await.expect("the sandbox is there");
    let row = connection
        .client()
        .query_one(sql, &[])
        .await
        .expect("it counts");
    assert_eq!(row.get::<_, i64>(0), 2);
    let client = sandbox.client().await.expect("the sandbox is there");
    assert_eq!(
        client
            .query_one(sql, &[])
            .await
            .expect("it counts")
            .get::<_, i64>(0),
        2
    );
    Ok(())
}

#[aiodal::test(ambient, isolation = "none")]
async fn one_that_can_only_read_refuses_a_write() -> aiodal::Result<()> {
    assert!(app::names().await?.is_empty());
    let error = app::add("Hep").await.unwrap_err();
    assert_eq!(
        error.code(),
        Some(&aiodal::SqlState::READ_ONLY_SQL_TRANSACTION),
        "{error:#}"
    );
    Ok(())
}

#[aiodal::test(ambient)]
async fn what_is_reflected_is_of_this_test(tx: &mut Transaction) -> aiodal::Result<()> {
    let dal = app::dal().await?;
    assert_eq!(dal.schema().await?.tables.len(), 1);
    tx.batch_execute("create table app.of_this_test (since date)")
        .await?;
    assert!(dal.table("app.of_this_test").await?.column("since").is_ok());
    dal.refresh();
    assert_eq!(dal.schema().await?.tables.len(), 2);
    Ok(())
}

#[aiodal::test(ambient)]
async fn what_is_reflected_is_not_of_another_test() -> aiodal::Result<()> {
    let dal = app::dal().await?;
    assert!(dal.table("app.of_this_test").await.is_err());
    assert_eq!(dal.schema().await?.tables.len(), 1);
    Ok(())
}

#[aiodal::fixture]
async fn founder() -> aiodal::Result<String> {
    app::add("the founder").await?;
    Ok("the founder".to_owned())
}

#[aiodal::test(ambient)]
async fn fixture_is_in_the_test_too(#[from(founder)] founder: String) -> aiodal::Result<()> {
    assert_eq!(app::names().await?, [founder]);
    Ok(())
}

#[aiodal::test(ambient, max_queries = 1)]
async fn statements_of_the_application_count_and_commits_do_not() -> aiodal::Result<()> {
    app::add("Hep").await
}

#[aiodal::test(ambient, fixtures("founders"))]
async fn rows_of_a_file_are_there() -> aiodal::Result<()> {
    assert_eq!(app::names().await?, ["from a file"]);
    Ok(())
}

#[aiodal::test(ambient, start_paused = true)]
async fn stopped_clock_does_not_stop_the_application() -> aiodal::Result<()> {
    for name in ["clock 1", "clock 2", "clock 3"] {
        app::add(name).await?;
        tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    }
    assert_eq!(app::names().await?.len(), 3);
    Ok(())
}
