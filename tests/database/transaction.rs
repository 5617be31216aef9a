//! Transactions that a test asks for: read only, and of an isolation level.

use aiodal::{DataAccessLayer, SqlState, Transaction};

async fn setting(tx: &Transaction, name: &str) -> aiodal::Result<String> {
    let row = tx.query_one("select current_setting($1)", &[&name]).await?;
    Ok(row.get(0))
}

#[aiodal::test(isolation = "none")]
async fn test_without_isolation_reads(tx: &Transaction) -> aiodal::Result<()> {
    assert_eq!(setting(tx, "transaction_read_only").await?, "on");
    assert_eq!(crate::count(tx).await?, 0);
    Ok(())
}

#[aiodal::test(isolation = "none")]
async fn test_without_isolation_cannot_write(dal: &DataAccessLayer) -> aiodal::Result<()> {
    let tx = dal.transaction().await?;
    let error = tx
        .execute("insert into author (name) values ('Hep')", &[])
        .await
        .expect_err("it can only read");
    assert_eq!(error.code(), Some(&SqlState::READ_ONLY_SQL_TRANSACTION));
    Ok(())
}

#[aiodal::test(isolation = "none")]
async fn test_without_isolation_cannot_make_its_transaction_write(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let error = tx
        .batch_execute("set transaction read write")
        .await
        .expect_err("it has begun");
    assert_eq!(error.code(), Some(&SqlState::ACTIVE_SQL_TRANSACTION));
    Ok(())
}

#[aiodal::test(isolation_level = "serializable")]
async fn transaction_has_the_level_of_the_attribute(tx: &Transaction) -> aiodal::Result<()> {
    assert_eq!(setting(tx, "transaction_isolation").await?, "serializable");
    Ok(())
}

#[aiodal::test(isolation = "none", isolation_level = "repeatable_read")]
async fn level_goes_with_every_isolation(tx: &Transaction) -> aiodal::Result<()> {
    assert_eq!(
        setting(tx, "transaction_isolation").await?,
        "repeatable read"
    );
    Ok(())
}

#[aiodal::test(isolation = "database", isolation_level = "repeatable_read")]
async fn every_transaction_of_an_own_database_has_the_level(
    tx: &Transaction,
    dal: &DataAccessLayer,
) -> aiodal::Result<()> {
    for tx in [tx, &dal.transaction().await?] {
        assert_eq!(
            setting(tx, "transaction_isolation").await?,
            "repeatable read"
        );
    }
    Ok(())
}
