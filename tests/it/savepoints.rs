//! Savepoints: what is behind them can be undone alone, and both of their ends release them.

use aiodal::Transaction;

async fn count(tx: &Transaction) -> aiodal::Result<i64> {
    Ok(tx.query_one("select count(*) from kept", &[]).await?.get(0))
}

#[aiodal::test]
async fn committed_savepoint_keeps_and_rolled_back_one_does_not(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute("create temp table kept (n int)").await?;
    let savepoint = tx.savepoint().await?;
    savepoint
        .execute("insert into kept values ($1)", &[&1])
        .await?;
    savepoint.commit().await?;
    let savepoint = tx.savepoint().await?;
    savepoint
        .execute("insert into kept values ($1)", &[&2])
        .await?;
    savepoint.rollback().await?;
    assert_eq!(count(tx).await?, 1);
    Ok(())
}

#[aiodal::test]
async fn dropped_savepoint_rolls_back(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table kept (n int)").await?;
    {
        let savepoint = tx.savepoint().await?;
        savepoint
            .execute("insert into kept values (1)", &[])
            .await?;
    }
    assert_eq!(count(tx).await?, 0);
    Ok(())
}

#[aiodal::test]
async fn savepoints_nest(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table kept (n int)").await?;
    let mut outer = tx.savepoint().await?;
    outer.execute("insert into kept values (1)", &[]).await?;
    let inner = outer.savepoint().await?;
    inner.execute("insert into kept values (2)", &[]).await?;
    inner.rollback().await?;
    let inner = outer.savepoint().await?;
    inner.execute("insert into kept values (3)", &[]).await?;
    inner.commit().await?;
    outer.commit().await?;
    let rows = tx.query("select n from kept order by n", &[]).await?;
    assert_eq!(
        rows.iter()
            .map(|row| row.get::<_, i32>(0))
            .collect::<Vec<_>>(),
        [1, 3]
    );
    Ok(())
}

#[aiodal::test]
async fn rolled_back_savepoint_mends_a_failed_transaction(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let savepoint = tx.savepoint().await?;
    savepoint
        .execute("select 1 / 0", &[])
        .await
        .expect_err("division by zero");
    savepoint.rollback().await?;
    tx.query_one("select 1", &[]).await?;
    Ok(())
}

#[aiodal::test]
async fn failed_savepoint_cannot_be_committed(tx: &mut Transaction) -> aiodal::Result<()> {
    let savepoint = tx.savepoint().await?;
    savepoint
        .execute("select 1 / 0", &[])
        .await
        .expect_err("division by zero");
    let error = savepoint
        .commit()
        .await
        .expect_err("a failed savepoint has nothing to keep");
    assert_eq!(error.code().map(aiodal::SqlState::code), Some("25P02"));
    // The refused commit has dropped it, which rolls back.
    tx.query_one("select 1", &[]).await?;
    Ok(())
}

#[aiodal::test]
async fn both_ends_release_the_savepoint(tx: &mut Transaction) -> aiodal::Result<()> {
    for _ in 0..2 {
        tx.savepoint().await?.rollback().await?;
        tx.savepoint().await?.commit().await?;
        drop(tx.savepoint().await?);
    }
    let error = tx
        .batch_execute("release aiodal_1")
        .await
        .expect_err("no savepoint is left");
    assert_eq!(error.code().map(aiodal::SqlState::code), Some("3B001"));
    Ok(())
}
