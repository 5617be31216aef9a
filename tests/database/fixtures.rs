//! Fixtures of tests with a database of their own.

use aiodal::{DataAccessLayer, Transaction};

use crate::count;

async fn add(tx: &Transaction, name: &str) -> aiodal::Result<i32> {
    let sql = "insert into author (name) values ($1) returning id";
    Ok(tx.query_one(sql, &[&name]).await?.get(0))
}

#[aiodal::fixture]
async fn hep(tx: &Transaction) -> aiodal::Result<i32> {
    add(tx, "Hep").await
}

#[aiodal::fixture]
async fn ursula(tx: &Transaction, #[from(hep)] hep: &i32) -> aiodal::Result<i32> {
    let ursula = add(tx, "Ursula").await?;
    assert_ne!(ursula, *hep);
    Ok(ursula)
}

/// Of the template.
#[aiodal::fixture(scope = "session")]
async fn everybody(tx: &mut Transaction) -> aiodal::Result<i64> {
    add(tx, "Everybody").await?;
    count(tx).await
}

#[aiodal::test(isolation = "database")]
async fn what_fixtures_write_is_committed_for_a_test_without_transaction(
    #[from(ursula)] _ursula: &i32,
    dal: &DataAccessLayer,
) -> aiodal::Result<()> {
    assert_eq!(count(&dal.transaction().await?).await?, 2);
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn what_fixtures_write_is_committed_by_the_test(
    #[from(hep)] _hep: &i32,
    tx: Transaction,
    #[from(ursula)] _ursula: &i32,
    dal: &DataAccessLayer,
) -> aiodal::Result<()> {
    assert_eq!(count(&tx).await?, 2);
    assert_eq!(count(&dal.transaction().await?).await?, 0);
    tx.commit().await?;
    assert_eq!(count(&dal.transaction().await?).await?, 2);
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn what_fixtures_write_may_be_dropped_by_the_test(
    tx: Transaction,
    #[from(hep)] _hep: &i32,
    dal: &DataAccessLayer,
) -> aiodal::Result<()> {
    drop(tx);
    assert_eq!(count(&dal.transaction().await?).await?, 0);
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn layer_is_cloned_with_the_template(
    #[from(everybody)] everybody: &i64,
    #[from(hep)] _hep: &i32,
    dal: &DataAccessLayer,
) -> aiodal::Result<()> {
    assert_eq!(*everybody, 1);
    assert_eq!(count(&dal.transaction().await?).await?, 2);
    Ok(())
}
