//! What a transaction tells of itself, for assertions: counts, snapshots, who hears of what.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aiodal::observe::{Observer, Outcome, Started};
use aiodal::{DataAccessLayer, Transaction};

use crate::server;

#[aiodal::test]
async fn statements_are_counted_and_what_begins_or_ends_something_is_not(
    tx: &mut Transaction,
    dal: &DataAccessLayer,
) -> aiodal::Result<()> {
    tx.query("select 1", &[]).await?;
    let before = tx.query_count();
    let (result, queries) = tx
        .count_queries(async |tx| {
            let savepoint = tx.savepoint().await?;
            savepoint.query("select 1", &[]).await?;
            savepoint.batch_execute("select 1; select 2").await?;
            savepoint.commit().await?;
            // Nested in the same transaction.
            dal.with_transaction(async |tx| tx.query_one("select 1", &[]).await)
                .await
        })
        .await;
    result?;
    assert_eq!(queries, 3);
    assert_eq!(tx.query_count() - before, 3);
    Ok(())
}

#[aiodal::test]
async fn snapshot_shows_values_of_any_type(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "set local time zone 'Asia/Tokyo'; create type mood as enum ('fine', 'so so')",
    )
    .await?;
    let snapshot = tx
        .snapshot(
            "select $1::int4 as n, 1.50 as price, 'so so'::mood as mood, '{a,NULL}'::text[] as tags, \
             '2020-01-02 03:04:05+00'::timestamptz as at, 'pg_class'::regclass as class, \
             null::text as nothing, '' as empty, E'a\\nb' as n;",
            &[&7],
        )
        .await?;
    assert_eq!(
        snapshot,
        r#"n | price | mood  | tags     | at                     | class    | nothing | empty | n
           --+-------+-------+----------+------------------------+----------+---------+-------+-------
           7 |  1.50 | so so | {a,NULL} | 2020-01-02 03:04:05+00 | pg_class | null    | ""    | "a\nb"
           (1 row)"#
    );
    Ok(())
}

#[aiodal::test]
async fn snapshot_keeps_the_order_of_the_query(tx: &Transaction) -> aiodal::Result<()> {
    let sql =
        "select n, md5(n::text) as hash from generate_series(9, 11) n order by n desc -- last";
    let snapshot = tx.snapshot(sql, &[]).await?.redact("hash");
    assert_eq!(
        snapshot,
        "n  | hash
         ---+-------
         11 | [hash]
         10 | [hash]
          9 | [hash]
         (3 rows)"
    );
    Ok(())
}

#[aiodal::test]
async fn snapshot_of_what_a_statement_writes(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table written (id serial, name text)")
        .await?;
    let sql = "insert into written (name) values ($1), ('b') returning id, name";
    let written = tx.snapshot(sql, &[&"a"]).await?;
    assert_eq!(
        written,
        "id | name
         ---+-----
          1 | a
          2 | b
         (2 rows)"
    );
    assert_eq!(tx.snapshot("table written", &[]).await?, written);
    assert_eq!(tx.snapshot("show work_mem", &[]).await?.row_count(), 1);
    let savepoint = tx.savepoint().await?;
    let error = savepoint.snapshot("delete from written", &[]).await;
    let error = error.expect_err("it returns nothing").to_string();
    assert!(error.contains("RETURNING"), "{error}");
    let error = savepoint.snapshot("select nmae from written", &[]).await;
    let error = format!("{:#}", error.expect_err("there is no such column"));
    assert!(error.contains("| select nmae from written\n"), "{error}");
    savepoint.rollback().await?;
    assert_eq!(tx.snapshot("table written", &[]).await?, written);
    Ok(())
}

#[aiodal::test]
async fn unique_text_collides_with_nobody(tx: &Transaction) -> aiodal::Result<()> {
    let (one, other) = (tx.unique("ann"), tx.unique("ann"));
    assert_ne!(one, other);
    assert!(one.starts_with("ann_"));
    // Fit for an identifier that needs no quotes, too.
    tx.batch_execute(&format!("create temp table {one} ()"))
        .await
}

/// Notes what it hears.
#[derive(Default)]
struct Ears(Mutex<Vec<String>>);

impl Observer for Ears {
    fn started(&self, statement: &Started<'_>) -> u64 {
        let Started {
            sql, params, depth, ..
        } = statement;
        let mut heard = self.0.lock().expect("nobody panics with it");
        heard.push(format!("{depth} {sql} {params:?}"));
        heard.len() as u64
    }

    fn finished(&self, number: u64, _took: Duration, outcome: Outcome<'_>) {
        let ended = match outcome {
            Outcome::Rows(rows) => format!("{rows:?}"),
            Outcome::Failed(error) => format!("{:?}", error.code()),
        };
        let mut heard = self.0.lock().expect("nobody panics with it");
        heard.push(format!("{number} ended: {ended}"));
    }

    fn queued(&self, statement: &Started<'_>) {
        let mut heard = self.0.lock().expect("nobody panics with it");
        heard.push(format!("{} {} queued", statement.depth, statement.sql));
    }
}

#[aiodal::test]
async fn observer_hears_of_every_statement_of_a_layer(tx: &Transaction) -> aiodal::Result<()> {
    let config = server::config(tx).await;
    let ears = Arc::new(Ears::default());
    let dal = DataAccessLayer::builder()
        .observer(ears.clone())
        .connect(&server::url(&config, config.get_dbname().expect("one")))
        .await?;
    let mut tx = dal.transaction().await?;
    let savepoint = tx.savepoint().await?;
    savepoint.query("select $1::int4", &[&7]).await?;
    drop(savepoint);
    tx.commit().await?;
    let heard = ears.0.lock().expect("nobody panics with it").join("\n");
    assert_eq!(
        heard,
        "0 savepoint aiodal_1 []\n1 ended: None\n1 select $1::int4 [7]\n3 ended: Some(1)\n\
         0 rollback to aiodal_1; release aiodal_1 queued\n0 commit []\n6 ended: None"
    );
    Ok(())
}
