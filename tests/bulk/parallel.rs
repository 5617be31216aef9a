//! Loads over several connections, and how loads use theirs.

use std::fmt::Write as _;

use aiodal::bulk::{Csv, Dedupe, Load, Merge, Source, Stage};
use aiodal::{DataAccessLayer, Transaction};

use crate::database::{Database, pool, with_database};
use crate::proxy::Proxy;
use crate::server;

fn csv<'a>(text: &str) -> Load<'a> {
    let source = Source::bytes(text.to_owned()).named("t.csv");
    Load::new(source, Csv::new()).into_table("t")
}

fn numbers(rows: std::ops::Range<u32>) -> String {
    let mut text = "id,name\n".to_owned();
    for id in rows {
        writeln!(text, "{id},name {id}").expect("memory takes it");
    }
    text
}

async fn facts(database: &Database) -> (i64, i64) {
    let facts = "select count(*), coalesce(sum(id), 0)::int8 from t";
    let row = database.other.query_one(facts, &[]).await.expect("facts");
    (row.get(0), row.get(1))
}

async fn layer(database: &Database) -> DataAccessLayer {
    let table = "create table t (id int primary key, name text)";
    database.other.batch_execute(table).await.expect("a table");
    DataAccessLayer::from_pool(database.pool(4))
}

#[aiodal::test]
async fn every_row_goes_over_one_of_the_connections(tx: &Transaction) {
    with_database(tx, "bulk_parallel", async |database: &Database| {
        let dal = layer(database).await;
        let report = csv(&numbers(0..100_000)).run_parallel(&dal, 3).await?;
        assert_eq!((report.rows, report.copied), (100_000, 100_000));
        assert_eq!(facts(database).await, (100_000, 4_999_950_000));
        Ok::<_, aiodal::Error>(())
    })
    .await
    .expect("it loads");
}

#[aiodal::test]
async fn nothing_is_there_when_one_connection_fails(tx: &Transaction) {
    with_database(tx, "bulk_parallel_bad", async |database: &Database| {
        let dal = layer(database).await;
        let text = numbers(0..100_000).replace("\n90000,", "\n9000x,");
        let error = csv(&text).run_parallel(&dal, 3).await;
        let error = error.expect_err("9000x is no number");
        assert_eq!(
            error.bad_row().and_then(|row| row.line),
            Some(90_002),
            "{error:?}"
        );
        assert_eq!(facts(database).await, (0, 0));
        database.settled("a failed load").await;
    })
    .await;
}

#[aiodal::test]
async fn merge_needs_a_stage_that_all_connections_see(tx: &Transaction) {
    with_database(tx, "bulk_parallel_merge", async |database: &Database| {
        let dal = layer(database).await;
        let merge = || Merge::upsert().dedupe(Dedupe::First);
        let load = csv(&numbers(0..10)).merge(merge());
        let error = load.run_parallel(&dal, 2).await.expect_err("temporary");
        assert!(error.to_string().contains("Stage::unlogged"), "{error}");
        let staged = |text: &str| {
            let load = csv(text).merge(merge());
            load.stage(Stage::unlogged("staged_t"))
                .after_copy("create index on staged_t (id)")
        };
        csv(&numbers(0..10)).run_parallel(&dal, 2).await?;
        let report = staged(&numbers(5..50_000)).run_parallel(&dal, 2).await?;
        assert_eq!((report.inserted, report.updated), (49_990, 5));
        let error = staged(&format!("{}x,x\n", numbers(0..50_000)));
        let error = error.run_parallel(&dal, 2).await;
        error.expect_err("x is no number");
        let left = "select count(*) from pg_class where relname like 'staged%'";
        let left = database.other.query_one(left, &[]).await.expect("a count");
        assert_eq!(left.get::<_, i64>(0), 0);
        Ok::<_, aiodal::Error>(())
    })
    .await
    .expect("it loads");
}

#[aiodal::test]
async fn nested_transactions_take_turns(dal: &DataAccessLayer) -> aiodal::Result<()> {
    let tx = dal.transaction().await?;
    tx.batch_execute("create table t (id int primary key, name text)")
        .await?;
    tx.commit().await?;
    let report = csv(&numbers(0..1000)).run_parallel(dal, 4).await?;
    assert_eq!(report.copied, 1000);
    let tx = dal.transaction().await?;
    let count = tx.query_one("select count(*) from t", &[]).await?;
    assert_eq!(count.get::<_, i64>(0), 1000);
    tx.rollback().await
}

#[aiodal::test]
async fn small_load_takes_few_round_trips(tx: &Transaction) {
    with_database(tx, "bulk_trips", async |database: &Database| {
        let _layer = layer(database).await;
        let mut config = server::config(tx).await;
        let name = database
            .other
            .query_one("select current_database()::text", &[]);
        let name: String = name.await.expect("a name").get(0);
        config.dbname(&name);
        let (proxy, proxied) = Proxy::start(&config).await;
        let dal = DataAccessLayer::from_pool(pool(&server::url(&proxied, &name), 1));
        let mut tx = dal.transaction().await?;
        csv(&numbers(0..10)).run(&mut tx).await?;
        proxy.round_trips();
        csv(&numbers(10..20)).run(&mut tx).await?;
        // The savepoint, the columns, the COPY prepared, begun and ended; a statement closed meanwhile.
        let trips = proxy.round_trips();
        assert!(trips <= 6, "{trips}");
        tx.rollback().await
    })
    .await
    .expect("it loads");
}

#[aiodal::test]
async fn load_can_be_spawned(tx: Transaction) -> aiodal::Result<()> {
    let mut tx = tx;
    tx.batch_execute("create temp table t (id int, name text)")
        .await?;
    let load = tokio::spawn(async move { csv("id\n1\n").run(&mut tx).await });
    assert_eq!(load.await.expect("it does not panic")?.copied, 1);
    Ok(())
}
