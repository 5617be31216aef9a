//! Statements that stay prepared, and schemas that don't stay as they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use aiodal::{Pool, Row, Statements, Transaction};
use aiodal_core::{Lane, LaneOptions};
use futures_util::future::{join_all, try_join_all};

use crate::database::{Database, pool, with_database};
use crate::proxy::Proxy;
use crate::server;

/// Where in a transaction the statement is used whose tables have changed.
#[derive(Clone, Copy, Debug)]
enum Place {
    First,
    Later,
    Pipelined,
    BehindASavepoint,
}

const PLACES: [Place; 4] = [
    Place::First,
    Place::Later,
    Place::Pipelined,
    Place::BehindASavepoint,
];

const SETUP: &str = "
    create type mood as enum ('sad', 'glad');
    create table t (id int primary key, a int, m mood);
    insert into t values (1, 10, 'sad'), (2, 20, 'glad')";

/// Schema changes, and how many columns `select *` has afterwards.
const CHANGES: [(&str, usize); 6] = [
    ("alter table t add column b text default 'new'", 4),
    ("alter table t alter column a type text using a::text", 4),
    ("alter table t rename column b to c", 4),
    ("alter table t drop column c", 3),
    (
        "drop table t; create table t (id int primary key, a text, m mood, d int, e int); \
         insert into t values (1, '10', 'sad'), (2, '20', 'glad')",
        5,
    ),
    (
        "alter table t alter column m type text; drop type mood; create type mood as enum ('sad', 'glad', 'mad'); \
         alter table t alter column m type mood using m::mood",
        5,
    ),
];

const STATEMENTS: [&str; 4] = [
    "select * from t order by id",
    "select * from t where id = $1",
    "select m::text, * from t where m = $1",
    "update t set m = $1 where id = 2 returning *",
];

async fn run(tx: &Transaction, sql: &str) -> aiodal::Result<Vec<Row>> {
    match sql {
        sql if sql.contains("m = $1") => tx.query(sql, &[&Mood("glad")]).await,
        sql if sql.contains("$1") => tx.query(sql, &[&2]).await,
        sql => tx.query(sql, &[]).await,
    }
}

/// A value of the enum, for whatever OID it has.
#[derive(Debug)]
struct Mood(&'static str);

impl aiodal::types::ToSql for Mood {
    fn to_sql(
        &self,
        _: &aiodal::types::Type,
        out: &mut bytes::BytesMut,
    ) -> Result<aiodal::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(aiodal::types::IsNull::No)
    }

    fn accepts(of: &aiodal::types::Type) -> bool {
        of.name() == "mood"
    }

    aiodal::types::to_sql_checked!();
}

async fn use_at(place: Place, tx: &mut Transaction, sql: &str) -> aiodal::Result<Vec<Row>> {
    match place {
        Place::First => run(tx, sql).await,
        Place::Later => {
            tx.query_one("select $1::int", &[&1]).await?;
            run(tx, sql).await
        }
        Place::Pipelined => {
            let all = [sql, "select 1", sql, "select $1 + 1 where $1 = 2", sql];
            let mut all = try_join_all(all.map(|sql| run(tx, sql))).await?;
            assert_eq!(all[1].len(), 1);
            let last = all.pop().expect("five");
            assert_eq!(all[0].len(), last.len());
            assert_eq!(all[2].len(), last.len());
            Ok(last)
        }
        Place::BehindASavepoint => {
            tx.execute("update t set id = id where id = 1", &[]).await?;
            let savepoint = tx.savepoint().await?;
            let rows = run(&savepoint, sql).await?;
            savepoint.commit().await?;
            Ok(rows)
        }
    }
}

/// Uses the statement in transactions of its own until it is prepared.
async fn prepare(pool: &Pool, sql: &str) -> aiodal::Result<()> {
    for _ in 0..3 {
        let tx = Transaction::begin(pool).await?;
        run(&tx, sql).await?;
        run(&tx, "select 1").await?;
        run(&tx, "select $1 + 1 where $1 = 2").await?;
        tx.query_one("select $1::int", &[&1]).await?;
        tx.execute("update t set id = id where id = 1", &[]).await?;
        tx.commit().await?;
    }
    Ok(())
}

#[aiodal::test]
async fn change_of_the_schema_by_others_breaks_no_statement(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "changes", async |database| {
        for place in PLACES {
            for sql in STATEMENTS {
                changes(database, place, sql).await?;
            }
        }
        Ok(())
    })
    .await
}

async fn changes(database: &Database, place: Place, sql: &str) -> aiodal::Result<()> {
    let other = &database.other;
    other
        .batch_execute("drop table if exists t; drop type if exists mood")
        .await
        .expect("DDL");
    other.batch_execute(SETUP).await.expect("DDL");
    let pool = database.pool(1);
    for (change, columns) in CHANGES {
        prepare(&pool, sql).await?;
        other.batch_execute(change).await.expect("DDL");
        let mut tx = Transaction::begin(&pool).await?;
        let rows = use_at(place, &mut tx, sql).await;
        let rows = rows.unwrap_or_else(|error| panic!("{place:?}, {change}: {error:?}"));
        let row = rows.last().expect("it is there");
        let columns = columns + usize::from(sql.contains("::text"));
        assert_eq!(row.len(), columns, "{place:?}, {change}: {sql}");
        assert_eq!(row.get::<_, i32>("id"), 2, "{place:?}, {change}: {sql}");
        tx.commit().await?;
    }
    assert_eq!(pool.state().statistics.connections_created, 1);
    Ok(())
}

#[aiodal::test]
async fn change_between_two_uses_in_one_transaction_breaks_nothing(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "own_changes", async |database| {
        database.other.batch_execute(SETUP).await.expect("DDL");
        let pool = database.pool(1);
        let sql = "select * from t where id = $1";
        prepare(&pool, sql).await?;
        let mut tx = Transaction::begin(&pool).await?;
        assert_eq!(run(&tx, sql).await?[0].len(), 3);
        let savepoint = tx.savepoint().await?;
        savepoint
            .batch_execute("alter table t add column b int")
            .await?;
        assert_eq!(run(&savepoint, sql).await?[0].len(), 4);
        savepoint.rollback().await?;
        assert_eq!(run(&tx, sql).await?[0].len(), 3);
        tx.batch_execute("alter table t add column c int, add column d int")
            .await?;
        assert_eq!(run(&tx, sql).await?[0].len(), 5);
        drop(tx);
        let tx = Transaction::begin(&pool).await?;
        assert_eq!(run(&tx, sql).await?[0].len(), 3);
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn locks_given_up_with_a_savepoint_are_not_relied_on(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "unlocked", async |database| {
        database.other.batch_execute(SETUP).await.expect("DDL");
        let pool = database.pool(1);
        let sql = "select * from t where id = $1";
        prepare(&pool, sql).await?;
        let mut tx = Transaction::begin(&pool).await?;
        tx.batch_execute("select").await?;
        let savepoint = tx.savepoint().await?;
        run(&savepoint, sql).await?;
        savepoint.rollback().await?;
        let change = "alter table t add column b int";
        database
            .other
            .batch_execute(change)
            .await
            .expect("nobody has a lock");
        assert_eq!(run(&tx, sql).await?[0].len(), 4);
        tx.commit().await
    })
    .await
}

#[aiodal::test]
async fn statement_that_the_server_has_forgotten_is_prepared_again(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "forgotten", async |database| {
        database.other.batch_execute(SETUP).await.expect("DDL");
        let pool = database.pool(1);
        for place in PLACES {
            for sql in STATEMENTS {
                prepare(&pool, sql).await?;
                let connection = pool.get().await.expect("it is back");
                let forget = connection.client().batch_execute("deallocate all").await;
                forget.expect("it knows some");
                drop(connection);
                let mut tx = Transaction::begin(&pool).await?;
                let rows = use_at(place, &mut tx, sql).await;
                rows.unwrap_or_else(|error| panic!("{place:?}, {sql}: {error:?}"));
                tx.commit().await?;
            }
        }
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn pipelined_statements_keep_their_order_when_one_is_outdated(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "order", async |database| {
        let other = &database.other;
        other.batch_execute(SETUP).await.expect("DDL");
        other
            .batch_execute("create table log (n serial, v int)")
            .await
            .expect("DDL");
        let pool = database.pool(1);
        let log = "insert into log (v) values ($1)";
        let select = "select * from t where id = $1";
        for added in ["b", "c", "d"] {
            for _ in 0..2 {
                let tx = Transaction::begin(&pool).await?;
                tx.execute(log, &[&0]).await?;
                run(&tx, select).await?;
                tx.rollback().await?;
            }
            let change = format!("alter table t add column {added} int");
            other.batch_execute(&change).await.expect("DDL");
            let tx = Transaction::begin(&pool).await?;
            let selects = join_all((0..3).map(|_| run(&tx, select)));
            let inserts = join_all([1, 2, 3].map(async |n| tx.execute(log, &[&n]).await));
            let (selects, inserts) = futures_util::join!(selects, inserts);
            assert!(
                selects
                    .iter()
                    .chain([])
                    .all(|rows| rows.as_ref().is_ok_and(|rows| rows.len() == 1)),
                "{selects:?}"
            );
            assert!(inserts.iter().all(Result::is_ok), "{inserts:?}");
            let logged = tx.query("select v from log order by n", &[]).await?;
            let logged: Vec<i32> = logged.iter().map(|row| row.get(0)).collect();
            assert_eq!(logged, [1, 2, 3]);
            tx.rollback().await?;
        }
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn pipelined_statement_does_not_wait_for_ever_for_one_that_nobody_polls(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "unpolled", async |database| {
        database.other.batch_execute(SETUP).await.expect("DDL");
        let pool = database.pool(1);
        let select = "select * from t where id = $1";
        prepare(&pool, select).await?;
        let change = "alter table t add column b int";
        database.other.batch_execute(change).await.expect("DDL");
        let tx = Transaction::begin(&pool).await?;
        let mut unpolled = Box::pin(run(&tx, select));
        assert!(futures_util::poll!(&mut unpolled).is_pending());
        let error = run(&tx, "select 1")
            .await
            .expect_err("it is behind one that has failed");
        assert!(error.is_failed_transaction());
        // That one still knows what to do.
        assert_eq!(unpolled.await?[0].len(), 4);
        run(&tx, "select 1").await?;
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn genuine_error_is_not_repeated(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "genuine", async |database| {
        let other = &database.other;
        other.batch_execute(SETUP).await.expect("DDL");
        let pool = database.pool(1);
        prepare(&pool, "select * from t where id = $1").await?;
        other.batch_execute("drop table t").await.expect("DDL");
        let tx = Transaction::begin(&pool).await?;
        tx.batch_execute("select").await?;
        let error = run(&tx, "select * from t where id = $1").await;
        let error = error.expect_err("it is gone");
        assert!(error.is_undefined_table(), "{error:?}");
        let error = tx.batch_execute("select").await;
        assert!(error.expect_err("as ever").is_failed_transaction());
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn repeated_statement_is_one_round_trip(tx: &Transaction) -> aiodal::Result<()> {
    let config = server::config(tx).await;
    let (proxy, config) = Proxy::start(&config).await;
    let pool = pool(&server::url(&config, config.get_dbname().expect("one")), 1);
    let with = "select $1::int + 1";
    let without = "select 1";
    for _ in 0..2 {
        let tx = Transaction::begin(&pool).await?;
        tx.query_one(with, &[&1]).await?;
        tx.query_one(without, &[]).await?;
        tx.rollback().await?;
    }
    proxy.round_trips();
    let tx = Transaction::begin(&pool).await?;
    tx.query_one(with, &[&1]).await?;
    assert_eq!(proxy.round_trips(), 1, "BEGIN and the first statement");
    tx.query_one(without, &[]).await?;
    tx.query_one(with, &[&1]).await?;
    assert_eq!(proxy.round_trips(), 2, "one each");
    tx.commit().await?;
    assert_eq!(proxy.round_trips(), 1, "COMMIT");
    Ok(())
}

#[aiodal::test]
async fn statements_polled_together_share_a_round_trip(tx: &Transaction) -> aiodal::Result<()> {
    let config = server::config(tx).await;
    let (proxy, config) = Proxy::start(&config).await;
    let pool = pool(&server::url(&config, config.get_dbname().expect("one")), 1);
    let all: Vec<String> = (0..20).map(|n| format!("select {n} + $1::int")).collect();
    for round in 0..3 {
        let tx = Transaction::begin(&pool).await?;
        proxy.round_trips();
        let answers = try_join_all(all.iter().map(async |sql| {
            let row = tx.query_one(sql.as_str(), &[&1]).await?;
            Ok::<_, aiodal::Error>(row.get::<_, i32>(0))
        }));
        assert_eq!(answers.await?, (1..=20).collect::<Vec<i32>>());
        let round_trips = proxy.round_trips();
        // BEGIN is with them, and the guards of the statements.
        assert!(round == 0 || round_trips == 1, "{round_trips} round trips");
        tx.rollback().await?;
    }
    Ok(())
}

async fn prepared(tx: &Transaction) -> aiodal::Result<BTreeMap<String, i64>> {
    let sql = "select statement, count(*) from pg_prepared_statements group by 1";
    let rows = tx.query_typed(sql, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// A transaction on a connection with this cache.
async fn begin(config: &tokio_postgres::Config, statements: &Arc<Statements>) -> Transaction {
    let client = Arc::new(server::connect(config).await);
    let options = LaneOptions {
        statements: Some(statements.clone()),
        ..LaneOptions::default()
    };
    Transaction::on_loan(&Lane::open(client, "begin", "the test", options))
}

#[aiodal::test]
async fn cache_keeps_the_statements_used_last(tx: &Transaction) -> aiodal::Result<()> {
    let statements = Arc::new(Statements::with_capacity(3));
    let config = server::config(tx).await;
    let tx = begin(&config, &statements).await;
    for n in [1, 2, 3, 1, 4] {
        tx.query_one(&format!("select {n} + $1::int"), &[&1])
            .await?;
    }
    let known = prepared(&tx).await?;
    let expected = [1, 3, 4].map(|n| (format!("select {n} + $1::int"), 1));
    assert_eq!(known, BTreeMap::from(expected));
    Ok(())
}

#[aiodal::test]
async fn nothing_stays_prepared_where_nothing_is_to_be_kept(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let statements = Arc::new(Statements::with_capacity(0));
    let (proxy, config) = Proxy::start(&server::config(tx).await).await;
    let tx = begin(&config, &statements).await;
    for round in 0..3 {
        proxy.round_trips();
        tx.query_one("select 1 + $1::int", &[&1]).await?;
        let expected = if round == 0 { 2 } else { 1 };
        assert_eq!(proxy.round_trips(), expected, "round {round}");
        tx.query_one("select 1", &[]).await?;
        assert_eq!(proxy.round_trips(), 1, "round {round}");
        assert_eq!(prepared(&tx).await?, BTreeMap::new());
    }
    Ok(())
}

#[aiodal::test]
async fn statement_whose_preparing_was_dropped_is_prepared_by_the_next(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let sql = "select $1::int + 41";
    {
        let mut dropped = Box::pin(tx.query_one(sql, &[&1]));
        assert!(futures_util::poll!(&mut dropped).is_pending());
    }
    for _ in 0..2 {
        assert_eq!(tx.query_one(sql, &[&1]).await?.get::<_, i32>(0), 42);
    }
    Ok(())
}
