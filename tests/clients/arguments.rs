//! What a test can ask for beside its sandbox.

use aiodal::{DataAccessLayer, Pool, Sandbox, Transaction};

use super::{Result, cell};

#[aiodal::test]
async fn own_transaction_and_clients_see_each_other(
    tx: &mut Transaction,
    sandbox: Sandbox,
) -> Result {
    let one = sandbox.client().await?;
    tx.batch_execute("create table argu_0 (a int primary key)")
        .await?;
    tx.execute("insert into argu_0 values ($1)", &[&1]).await?;
    assert_eq!(cell(&one, "select count(*) from argu_0").await?, "1");
    one.batch_execute("insert into argu_0 values (2)").await?;
    assert_eq!(
        tx.query_scalar::<i64>("select count(*) from argu_0", &[])
            .await?,
        2
    );
    let nested = tx.savepoint().await?;
    nested.execute("insert into argu_0 values (3)", &[]).await?;
    nested.rollback().await?;
    assert_eq!(cell(&one, "select count(*) from argu_0").await?, "2");
    Ok(())
}

#[aiodal::test]
async fn data_access_layer_and_pool_are_those_of_production(
    dal: DataAccessLayer,
    pool: Pool,
) -> Result {
    dal.with_transaction(async |tx| {
        tx.batch_execute(
            "create table argu_1 (id int primary key generated always as identity, a int)",
        )
        .await?;
        let table = tx.table("argu_1").await?;
        table.insert().set("a", &1).execute(tx).await
    })
    .await?;
    let failed = dal
        .with_transaction(async |tx| {
            tx.execute("insert into argu_1 (a) values (2)", &[]).await?;
            tx.execute("select 1 / 0", &[]).await
        })
        .await;
    assert!(failed.is_err());
    let connection = pool.get().await?;
    let row = connection
        .client()
        .query_one("select count(*) from argu_1", &[])
        .await?;
    assert_eq!(row.get::<_, i64>(0), 1);
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn pool_of_an_own_database_is_a_pool(pool: Pool) -> Result {
    let connection = pool.get().await?;
    connection.client().batch_execute("vacuum").await?;
    Ok(())
}
