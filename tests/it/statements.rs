//! Statements of a transaction: the tokio-postgres family, and errors that answer questions.

use aiodal::Transaction;

#[aiodal::test]
async fn query_family_returns_rows_one_row_or_none(tx: &Transaction) -> aiodal::Result<()> {
    let rows = tx
        .query("select n from generate_series(1, $1::int4) n", &[&3])
        .await?;
    assert_eq!(
        rows.iter()
            .map(|row| row.get::<_, i32>(0))
            .collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(tx.query("select 1 where false", &[]).await?.len(), 0);
    assert_eq!(tx.query_one("select 1", &[]).await?.get::<_, i32>(0), 1);
    assert!(
        tx.query_opt("select 1 where $1", &[&false])
            .await?
            .is_none()
    );
    assert!(tx.query_opt("select 1", &[]).await?.is_some());
    assert!(tx.query_one("select 1 where false", &[]).await.is_err());
    Ok(())
}

#[aiodal::test]
async fn execute_counts_the_rows_it_affects(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create temp table counted (n int); insert into counted select generate_series(1, 5)",
    )
    .await?;
    assert_eq!(tx.execute("update counted set n = n + $1", &[&1]).await?, 5);
    assert_eq!(tx.execute("delete from counted", &[]).await?, 5);
    Ok(())
}

#[aiodal::test]
async fn begin_rides_with_the_first_statement(tx: &Transaction) -> aiodal::Result<()> {
    // In a transaction of its own a statement would begin when it began itself.
    let same = "select now() = statement_timestamp()";
    tx.query_one("select pg_sleep(0.002)", &[]).await?;
    assert!(
        !tx.query_one(same, &[]).await?.get::<_, bool>(0),
        "the statements are in no common transaction"
    );
    Ok(())
}

#[aiodal::test]
async fn statements_polled_together_are_pipelined_in_order(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table piped (n int primary key)")
        .await?;
    let (first, second, third) = futures_util::join!(
        tx.execute("insert into piped values (1)", &[]),
        tx.execute("insert into piped values (2)", &[]),
        tx.query_one("select count(*) from piped", &[]),
    );
    assert_eq!((first?, second?, third?.get::<_, i64>(0)), (1, 1, 2));
    Ok(())
}

#[aiodal::test]
async fn violated_constraints_are_told_apart(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create temp table parent (id int primary key, small int constraint is_small check (small < 10)); \
         create temp table child (parent int not null constraint has_parent references parent); \
         insert into parent values (1, 1)",
    )
    .await?;
    let unique = fails(tx, "insert into parent values (1, 2)").await?;
    assert!(unique.is_unique_violation() && unique.constraint() == Some("parent_pkey"));
    let check = fails(tx, "insert into parent values (2, 11)").await?;
    assert!(check.is_check_violation() && check.constraint() == Some("is_small"));
    let foreign = fails(tx, "insert into child values (42)").await?;
    assert!(foreign.is_foreign_key_violation() && foreign.table() == Some("child"));
    let null = fails(tx, "insert into child values (null)").await?;
    assert!(null.is_not_null_violation() && null.column() == Some("parent"));
    Ok(())
}

/// Runs a statement that must fail, in a savepoint so that the transaction survives it.
async fn fails(tx: &mut Transaction, sql: &str) -> aiodal::Result<aiodal::Error> {
    let savepoint = tx.savepoint().await?;
    let error = savepoint
        .execute(sql, &[])
        .await
        .expect_err("the statement violates a constraint");
    savepoint.rollback().await?;
    Ok(error)
}

#[aiodal::test]
async fn error_prints_the_statement_and_all_that_the_server_said(tx: &Transaction) {
    let sql = "do $$ begin raise exception 'no' using detail = 'the detail', hint = 'the hint', errcode = 'AD042'; end $$";
    let error = tx.execute(sql, &[]).await.expect_err("it raises");
    assert_eq!(error.code().map(aiodal::SqlState::code), Some("AD042"));
    let text = format!("{error:?}");
    for part in [
        "failed to run `do $$",
        "ERROR: no (SQLSTATE AD042)",
        "detail: the detail",
        "hint: the hint",
    ] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    assert!(!text.contains("db error"), "{text}");
}

#[aiodal::test]
async fn statement_timeout_is_a_timeout(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("set local statement_timeout = '20ms'")
        .await?;
    let error = tx
        .execute("select pg_sleep(60)", &[])
        .await
        .expect_err("it takes a minute");
    assert!(error.is_timeout() && !error.is_connection_error());
    Ok(())
}

#[aiodal::test]
async fn repeated_statement_is_prepared_once(tx: &Transaction) -> aiodal::Result<()> {
    let prepared = "select count(*) from pg_prepared_statements where statement = $1";
    let without = "select 'repeated without parameters'";
    let with = "select $1::text || 'repeated with parameters'";
    for _ in 0..3 {
        tx.query_one(without, &[]).await?;
        tx.query_one(with, &[&"x"]).await?;
    }
    for sql in [without, with] {
        let count: i64 = tx.query_one(prepared, &[&sql]).await?.get(0);
        assert_eq!(count, 1, "{sql}");
    }
    Ok(())
}

#[aiodal::test]
async fn repeated_statement_sees_the_columns_that_there_are(
    tx: &Transaction,
) -> aiodal::Result<()> {
    repeat_on_a_table(tx, "(a int)", 1).await?;
    tx.batch_execute("alter table reshaped add column another text")
        .await?;
    let row = tx
        .query_opt("select * from reshaped", &[])
        .await?
        .expect("it has a row");
    assert_eq!(row.len(), 2);
    Ok(())
}

#[aiodal::test]
async fn repeated_statement_of_another_test_does_not_fix_the_columns(
    tx: &Transaction,
) -> aiodal::Result<()> {
    // The test above may have had this connection, and a table of that name.
    repeat_on_a_table(tx, "(a text, b text, c text)", 3).await
}

async fn repeat_on_a_table(tx: &Transaction, columns: &str, count: usize) -> aiodal::Result<()> {
    tx.batch_execute(&format!(
        "create temp table reshaped {columns}; insert into reshaped default values"
    ))
    .await?;
    for _ in 0..3 {
        let row = tx.query_one("select * from reshaped", &[]).await?;
        assert_eq!(row.len(), count);
        let row = tx
            .query_one("select * from reshaped where $1", &[&true])
            .await?;
        assert_eq!(row.len(), count);
    }
    Ok(())
}
