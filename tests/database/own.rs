//! A database of a test's own: everything works there, and nobody else sees it.

use std::time::{Duration, Instant};

use aiodal::{DataAccessLayer, DatabaseUrl, Pool, Transaction};

use crate::count;

const ADD: &str = "insert into author (name) values ('Hep')";

async fn connect(url: &DatabaseUrl) -> aiodal::Result<Pool> {
    aiodal::connect(&url.connection_string()).await
}

/// Fails in whichever test comes second, if it sees anything of the first.
async fn commit_what_nobody_else_sees(dal: &DataAccessLayer) -> aiodal::Result<()> {
    let tx = dal.transaction().await?;
    assert_eq!(count(&tx).await?, 0);
    tx.execute(ADD, &[]).await?;
    tx.batch_execute("create table mine (n int)").await?;
    tx.commit().await?;
    assert_eq!(count(&dal.transaction().await?).await?, 1);
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn commit_is_not_seen_by_others_one(dal: &DataAccessLayer) -> aiodal::Result<()> {
    commit_what_nobody_else_sees(dal).await
}

#[aiodal::test(isolation = "database")]
async fn commit_is_not_seen_by_others_two(dal: &DataAccessLayer) -> aiodal::Result<()> {
    commit_what_nobody_else_sees(dal).await
}

#[aiodal::test(isolation = "database", flavor = "multi_thread")]
async fn commit_is_not_seen_by_others_three(dal: DataAccessLayer) -> aiodal::Result<()> {
    commit_what_nobody_else_sees(&dal).await
}

#[aiodal::test]
async fn commit_is_not_seen_in_the_database_of_the_session(tx: &Transaction) -> aiodal::Result<()> {
    assert_eq!(count(tx).await?, 0);
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn transaction_commits(tx: Transaction, dal: &DataAccessLayer) -> aiodal::Result<()> {
    tx.execute(ADD, &[]).await?;
    tx.commit().await?;
    assert_eq!(count(&dal.transaction().await?).await?, 1);
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn dropped_transaction_is_rolled_back(
    tx: Transaction,
    dal: &DataAccessLayer,
) -> aiodal::Result<()> {
    tx.execute(ADD, &[]).await?;
    drop(tx);
    assert_eq!(count(&dal.transaction().await?).await?, 0);
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn transactions_are_open_at_the_same_time(dal: &DataAccessLayer) -> aiodal::Result<()> {
    let (one, two) = (dal.transaction().await?, dal.transaction().await?);
    one.execute(ADD, &[]).await?;
    assert_eq!(count(&two).await?, 0, "it has not been committed yet");
    one.commit().await?;
    assert_eq!(count(&two).await?, 1);
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn url_leads_to_the_same_database(
    url: &DatabaseUrl,
    dal: &DataAccessLayer,
) -> aiodal::Result<()> {
    let pool = connect(url).await?;
    let tx = Transaction::begin(&pool).await?;
    tx.execute(ADD, &[]).await?;
    tx.commit().await?;
    assert_eq!(count(&dal.transaction().await?).await?, 1);
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn what_no_transaction_can_do_works(url: DatabaseUrl) -> aiodal::Result<()> {
    let pool = connect(&url).await?;
    let connection = pool.get().await.expect("there is a connection");
    for sql in [
        "vacuum author",
        "create index concurrently author_by_name on author (name)",
        "create procedure adds() language plpgsql as $$ begin insert into author (name) values ('a'); commit; end $$",
        "call adds()",
        "listen arrivals",
    ] {
        connection.client().batch_execute(sql).await.expect(sql);
    }
    Ok(())
}

#[aiodal::test(isolation = "database", start_paused = true)]
async fn paused_clock_does_not_cut_connecting_short(tx: &Transaction) -> aiodal::Result<()> {
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(begun.elapsed() < Duration::from_secs(60), "it is paused");
    assert_eq!(count(tx).await?, 0);
    Ok(())
}
