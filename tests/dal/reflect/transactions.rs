//! Where a reflection runs, and that it leaves nothing behind.

use aiodal::schema::Table;
use aiodal::{Reflect, Schema, Transaction};

use super::{make_sink, sink};
use crate::server;

#[aiodal::test]
async fn uncommitted_ddl_is_seen(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create schema s; set local search_path = s; create table t (a int)")
        .await?;
    assert_eq!(Table::reflect(tx, "t").await?.columns.len(), 1);
    tx.batch_execute("alter table t add b text").await?;
    assert_eq!(Table::reflect(tx, "t").await?.columns.len(), 2);
    tx.batch_execute("drop table t").await?;
    assert!(Table::reflect(tx, "t").await.unwrap_err().is_not_found());
    Ok(())
}

#[aiodal::test]
async fn settings_of_the_transaction_stay(tx: &mut Transaction) -> aiodal::Result<()> {
    make_sink(tx).await?;
    let sql = "select current_setting('search_path'), current_setting('jit'),
        coalesce(current_setting('aiodal.namespaces', true), '')";
    let settings = async || -> aiodal::Result<(String, String, String)> {
        let row = tx.query_one(sql, &[]).await?;
        Ok((row.get(0), row.get(1), row.get(2)))
    };
    let before = settings().await?;
    Schema::reflect(tx, &Reflect::new()).await?;
    Table::reflect(tx, "columns").await?;
    assert_eq!(settings().await?, before);
    Ok(())
}

#[aiodal::test]
async fn failed_reflection_does_not_fail_the_transaction(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let missing = Reflect::new().schemas(["nowhere"]);
    Schema::reflect(tx, &missing).await.unwrap_err();
    Schema::reflect(tx, &Reflect::new().only(["nothing like it"]))
        .await
        .unwrap_err();
    tx.query_one("select 1", &[]).await?;
    Ok(())
}

#[aiodal::test]
async fn failed_transaction_is_told(tx: &mut Transaction) -> aiodal::Result<()> {
    let savepoint = tx.savepoint().await?;
    savepoint.execute("select 1 / 0", &[]).await.unwrap_err();
    drop(savepoint);
    tx.batch_execute("savepoint s").await?;
    tx.execute("select 1 / 0", &[]).await.unwrap_err();
    let error = Schema::reflect(tx, &Reflect::new()).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "25P02");
    tx.batch_execute("rollback to s").await?;
    Schema::reflect(tx, &Reflect::new()).await?;
    Ok(())
}

#[aiodal::test]
async fn dropped_reflection_leaves_the_transaction_as_it_was(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let config = server::config(tx).await;
    let database = config.get_dbname().unwrap_or("postgres");
    let pool = aiodal::connect(&server::url(&config, database)).await?;
    let tx = Transaction::begin(&pool).await?;
    make_sink(&tx).await?;
    let path = "select current_setting('search_path')";
    let before: String = tx.query_one(path, &[]).await?.get(0);
    for polls in 0..6 {
        let options = Reflect::new();
        let mut reflection = Box::pin(Schema::reflect(&tx, &options));
        for _ in 0..polls {
            let _pending = futures_util::poll!(reflection.as_mut());
            tokio::task::yield_now().await;
        }
        drop(reflection);
        let after: String = tx.query_one(path, &[]).await?.get(0);
        assert_eq!(after, before);
    }
    assert_eq!(Table::reflect(&tx, "fast").await?.columns.len(), 1);
    tx.rollback().await
}

#[aiodal::test]
async fn two_reflections_of_one_state_are_equal(tx: &mut Transaction) -> aiodal::Result<()> {
    let options = Reflect::new().partitions(true);
    let first = sink(tx).await?;
    assert_eq!(first, Schema::reflect(tx, &options).await?);
    Ok(())
}

#[aiodal::test]
async fn relation_alone_is_the_same_as_in_the_whole(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    assert!(schema.tables.len() > 30);
    for table in &schema.tables {
        assert_eq!(&Table::reflect(tx, &table.name).await?, table);
    }
    Ok(())
}

#[aiodal::test]
async fn temporary_table_comes_first(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create schema s; set local search_path = s; create table t (a int);
        create temp table t (b int); create temp table only_here (c int)",
    )
    .await?;
    let schema = Schema::reflect(tx, &Reflect::new()).await?;
    assert_eq!(schema.table("t")?.columns[0].name, "b");
    assert_eq!(schema.table("s.t")?.columns[0].name, "a");
    assert_eq!(schema.table("pg_temp.t")?.columns[0].name, "b");
    for (name, column) in [("t", "b"), ("s.t", "a"), ("pg_temp.only_here", "c")] {
        let table = Table::reflect(tx, name).await?;
        assert_eq!(table.columns[0].name, column, "{name}");
    }
    Ok(())
}

/// A database with a catalog that changes while it is read.
#[aiodal::test]
async fn reflection_survives_ddl_of_others(tx: &Transaction) -> aiodal::Result<()> {
    let config = server::config(tx).await;
    let (reader, writer) = (
        server::connect(&config).await,
        server::connect(&config).await,
    );
    let schema = format!("aiodal_reflect_{}", std::process::id());
    let make = format!(
        "create schema {schema}; set search_path = {schema};
        create view {schema}.v as select 1 as a; create table {schema}.kept (a int default 1 + 1)"
    );
    writer
        .batch_execute(&make)
        .await
        .expect("a schema of its own");
    let options = Reflect::new()
        .search_path(false)
        .schemas([schema.as_str()])
        .definitions(true);
    let change = "drop table if exists t; create table t (a int default 1 + 1 check (a > 0));
        create index on t ((a + 1)) where a > 1";
    let changes = async {
        for _ in 0..40 {
            writer.batch_execute(change).await.expect("DDL");
        }
    };
    let reflections = async {
        let mut all = Vec::new();
        for _ in 0..40 {
            all.push(Schema::reflect_on(&reader, &options).await);
        }
        all
    };
    let ((), all) = futures_util::join!(changes, reflections);
    writer
        .batch_execute(&format!("drop schema {schema} cascade"))
        .await
        .expect("it is ours");
    // Twice in a row is possible, and is an error that says so; every time would be a defect.
    let good: Vec<&Schema> = all.iter().flatten().collect();
    assert!(
        good.len() > 30,
        "{:?}",
        all.iter().find_map(|one| one.as_ref().err())
    );
    for schema in good {
        assert!(schema.table(("", "kept")).is_err());
        assert_eq!(schema.tables[0].name.name, "kept");
    }
    reader
        .query_one("select pg_current_xact_id_if_assigned()::text", &[])
        .await
        .expect("no transaction is left open");
    Ok(())
}
