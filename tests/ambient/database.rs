//! In a test with a database of its own: what the application commits is committed there.

use aiodal::{DataAccessLayer, DatabaseUrl, Transaction};

use crate::app;

#[aiodal::test(ambient, isolation = "database")]
async fn application_commits_in_the_database_of_the_test(url: &DatabaseUrl) -> aiodal::Result<()> {
    app::add("Hep").await?;
    let outside = DataAccessLayer::builder().ambient(false);
    let outside = outside.connect(&url.connection_string()).await?;
    let tx = outside.transaction().await?;
    assert_eq!(
        tx.query_scalar::<String>("select name from app.member", &[])
            .await?,
        "Hep"
    );
    assert_eq!(app::names().await?, ["Hep"]);
    Ok(())
}

#[aiodal::test(ambient, isolation = "database")]
async fn nothing_else_has_to_be_asked_for() -> aiodal::Result<()> {
    app::add("Hep").await?;
    assert_eq!(
        tokio::spawn(app::names())
            .await
            .expect("it does not panic")?,
        ["Hep"]
    );
    Ok(())
}

#[aiodal::test(ambient, isolation = "database", isolation_level = "serializable")]
async fn transactions_of_the_application_have_the_level_of_the_test(
    tx: Transaction,
) -> aiodal::Result<()> {
    drop(tx);
    let tx = app::dal().await?.transaction().await?;
    let level: String = tx.query_scalar("show transaction_isolation", &[]).await?;
    assert_eq!(level, "serializable");
    Ok(())
}
