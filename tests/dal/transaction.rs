//! Transactions: their options, savepoints that are transactions, and what their errors say.

use std::sync::Arc;
use std::time::Duration;

use aiodal::{IsolationLevel, Transaction, TransactionOptions, types};
use aiodal_core::{Lane, LaneOptions};

use crate::database::{pool, with_database};
use crate::proxy::Proxy;
use crate::server;

async fn setting(tx: &Transaction, name: &str) -> aiodal::Result<String> {
    let row = tx.query_one("select current_setting($1)", &[&name]).await?;
    Ok(row.get(0))
}

#[aiodal::test]
async fn options_ride_with_begin_and_end_with_the_transaction(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let (proxy, config) = Proxy::start(&server::config(tx).await).await;
    let pool = pool(&server::url(&config, config.get_dbname().expect("one")), 1);
    let options = TransactionOptions::new()
        .isolation_level(IsolationLevel::Serializable)
        .read_only(true)
        .deferrable(true)
        .statement_timeout(Duration::from_millis(1500))
        .lock_timeout(Duration::from_secs(2))
        .idle_in_transaction_session_timeout(Duration::from_secs(180));
    drop(Transaction::begin(&pool).await?);
    proxy.round_trips();
    let tx = Transaction::begin_with(&pool, &options).await?;
    tx.query_one("select 1", &[]).await?;
    // The rollback of the one before is on its way as well.
    assert!(proxy.round_trips() <= 2);
    for (name, value) in [
        ("transaction_isolation", "serializable"),
        ("transaction_read_only", "on"),
        ("transaction_deferrable", "on"),
        ("statement_timeout", "1500ms"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "3min"),
    ] {
        assert_eq!(setting(&tx, name).await?, value, "{name}");
    }
    let error = tx.execute("create table t (n int)", &[]).await;
    assert!(
        error
            .expect_err("it is read only")
            .is_read_only_transaction()
    );
    tx.rollback().await?;
    let tx = Transaction::begin(&pool).await?;
    assert_eq!(
        setting(&tx, "transaction_isolation").await?,
        "read committed"
    );
    assert_eq!(setting(&tx, "statement_timeout").await?, "0");
    Ok(())
}

#[aiodal::test]
async fn server_too_old_for_an_option_is_named(tx: &Transaction) -> aiodal::Result<()> {
    let version: i32 = setting(tx, "server_version_num")
        .await?
        .parse()
        .expect("a number");
    let config = server::config(tx).await;
    let pool = pool(&server::url(&config, config.get_dbname().expect("one")), 1);
    let options = TransactionOptions::new().transaction_timeout(Duration::from_secs(30));
    match Transaction::begin_with(&pool, &options).await {
        Ok(tx) => assert_eq!(setting(&tx, "transaction_timeout").await?, "30s"),
        Err(error) => {
            assert!(version < 170_000);
            assert!(
                error
                    .to_string()
                    .starts_with("`transaction_timeout` needs PostgreSQL 17"),
                "{error}"
            );
        }
    }
    Ok(())
}

async fn insert(tx: &Transaction, n: i32) -> aiodal::Result<u64> {
    tx.execute("insert into kept values ($1)", &[&n]).await
}

async fn insert_twice(tx: &mut Transaction, n: i32) -> aiodal::Result<()> {
    insert(tx, n).await?;
    let savepoint = tx.savepoint().await?;
    insert(&savepoint, n + 1).await?;
    savepoint.commit().await
}

#[aiodal::test]
async fn what_takes_a_transaction_runs_behind_a_savepoint(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute("create temp table kept (n int)").await?;
    let mut savepoint = tx.savepoint().await?;
    insert(&savepoint, 1).await?;
    insert_twice(&mut savepoint, 2).await?;
    savepoint.commit().await?;
    let mut savepoint = tx.savepoint().await?;
    insert_twice(&mut savepoint, 4).await?;
    savepoint.rollback().await?;
    let rows = tx.query("select n from kept order by n", &[]).await?;
    let kept: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(kept, [1, 2, 3]);
    let error = tx.batch_execute("release aiodal_1").await;
    let error = error.expect_err("both were released");
    assert_eq!(error.code().map(aiodal::SqlState::code), Some("3B001"));
    Ok(())
}

#[aiodal::test]
async fn types_that_are_given_need_no_preparing(tx: &Transaction) -> aiodal::Result<()> {
    let sql = "select $1 || $2::text";
    let params: [(&(dyn types::ToSql + Sync), _); 2] =
        [(&"a", types::Type::TEXT), (&1_i32, types::Type::INT4)];
    let rows = tx.query_typed(sql, &params).await?;
    assert_eq!(rows[0].get::<_, &str>(0), "a1");
    let known = "select count(*) from pg_prepared_statements where statement = $1";
    assert_eq!(tx.query_one(known, &[&sql]).await?.get::<_, i64>(0), 0);
    let messages = tx.simple_query("select 1; select 'two'").await?;
    let cells: Vec<_> = messages
        .iter()
        .filter_map(|message| match message {
            aiodal::SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        })
        .collect();
    assert_eq!(cells, ["1", "two"]);
    Ok(())
}

#[aiodal::test]
async fn raw_client_is_in_the_transaction(tx: &Transaction) -> aiodal::Result<()> {
    let client = tx.client();
    let in_it = client
        .query_one("select now() < clock_timestamp()", &[])
        .await;
    assert!(in_it.expect("a row").get::<_, bool>(0));
    client
        .batch_execute("create temp table raw (n int)")
        .await
        .expect("DDL");
    tx.execute("insert into raw values ($1)", &[&1]).await?;
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn raw_client_is_answered_however_much_begin_has_said(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let client = Arc::new(server::connect(&server::config(tx).await).await);
    // More than the driver keeps for whoever reads it late.
    let begin = "begin; select generate_series(1, 100000)";
    let lane = Lane::open(client, begin, "the test", LaneOptions::default());
    let tx = Transaction::on_loan(&lane);
    let row = tx.client().query_one("select 7", &[]).await;
    assert_eq!(row.expect("a row").get::<_, i32>(0), 7);
    assert_eq!(lane.begun().await?.as_deref(), Some("1"));
    Ok(())
}

#[aiodal::test]
async fn unexpected_number_of_rows_is_told(tx: &Transaction) -> aiodal::Result<()> {
    let three = "select generate_series(1, 3)";
    let error = tx.query_one(three, &[]).await.expect_err("three rows");
    assert!(error.is_unexpected_row_count());
    assert_eq!(
        error.to_string(),
        "`select generate_series(1, 3)` was to return exactly one row and returned 3"
    );
    let error = tx.query_opt(three, &[]).await.expect_err("three rows");
    assert!(
        error.to_string().contains("one row or none and returned 3"),
        "{error}"
    );
    let error = tx.query_one("select 1 where $1", &[&false]).await;
    assert!(error.expect_err("no row").is_unexpected_row_count());
    // The transaction has not failed.
    assert!(
        tx.query_opt("select 1 where $1", &[&false])
            .await?
            .is_none()
    );
    Ok(())
}

#[aiodal::test]
async fn error_shows_the_place_in_the_statement(tx: &mut Transaction) -> aiodal::Result<()> {
    let cases = [
        (
            "select 1,\n  wrong from pg_class",
            "at line 2, column 3:\n    |   wrong from pg_class\n    |   ^",
        ),
        ("selec 1", "at line 1, column 1:\n    | selec 1\n    | ^"),
        (
            "do $$ begin perform 1 + no_such; end $$",
            "at line 1, column 12:\n    | SELECT 1 + no_such\n    |            ^",
        ),
    ];
    for (sql, place) in cases {
        let savepoint = tx.savepoint().await?;
        let error = savepoint.execute(sql, &[]).await.expect_err("it is wrong");
        savepoint.rollback().await?;
        let text = format!("{error:?}");
        assert!(text.contains(place), "{text}");
        assert!(aiodal::chain(&error).contains(place), "{text}");
    }
    let long = format!(
        "select {} + wrong + {}",
        ["1"; 500].join(" + "),
        ["2"; 500].join(" + ")
    );
    let error = tx.batch_execute(&long).await.expect_err("it is wrong");
    let text = format!("{error:?}");
    assert!(text.contains("1 + wrong + 2") && text.len() < 900, "{text}");
    Ok(())
}

#[aiodal::test]
async fn errors_answer_questions(tx: &mut Transaction) -> aiodal::Result<()> {
    type Question = fn(&aiodal::Error) -> bool;
    tx.batch_execute("create temp table t (during int4range, exclude using gist (during with &&))")
        .await?;
    let questions: [(&str, Question); 8] = [
        (
            "select * from no_such_table",
            aiodal::Error::is_undefined_table,
        ),
        ("select no_such_column", aiodal::Error::is_undefined_column),
        (
            "select no_such_function()",
            aiodal::Error::is_undefined_function,
        ),
        ("create temp table t ()", aiodal::Error::is_duplicate_table),
        ("selec", aiodal::Error::is_syntax_error),
        (
            "insert into t values ('[1,3)'), ('[2,4)')",
            aiodal::Error::is_exclusion_violation,
        ),
        (
            "insert into t values ('[1,3)'), ('[2,4)')",
            aiodal::Error::is_constraint_violation,
        ),
        (
            "do $$ begin raise insufficient_privilege; end $$",
            aiodal::Error::is_insufficient_privilege,
        ),
    ];
    for (sql, question) in questions {
        let savepoint = tx.savepoint().await?;
        let error = savepoint.batch_execute(sql).await.expect_err("it fails");
        savepoint.rollback().await?;
        assert!(question(&error), "{error:?}");
        assert!(!error.is_timeout() && !error.is_deadlock() && !error.is_serialization_failure());
    }
    Ok(())
}

#[aiodal::test]
async fn waiting_too_long_for_a_lock_is_a_timeout(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "lock", async |database| {
        database
            .other
            .simple_query("create table t ()")
            .await
            .expect("DDL");
        database
            .other
            .batch_execute("begin; lock t")
            .await
            .expect("a lock");
        let pool = database.pool(1);
        let options = TransactionOptions::new().lock_timeout(Duration::from_millis(10));
        let tx = Transaction::begin_with(&pool, &options).await?;
        let error = tx
            .query("select * from t", &[])
            .await
            .expect_err("it is locked");
        assert!(error.is_timeout(), "{error:?}");
        Ok(())
    })
    .await
}
