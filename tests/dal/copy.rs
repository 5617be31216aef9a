//! COPY in a transaction, and rows as they come.

mod left;
mod refused;

use aiodal::Transaction;
use futures_util::TryStreamExt;

#[aiodal::test]
async fn copied_rows_are_part_of_the_transaction(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table t (n int, v text)")
        .await?;
    let mut copy = tx.copy_in("copy t from stdin (format csv)").await?;
    copy.send("1,one\n").await?;
    copy.send("2,two\n3,".to_owned()).await?;
    copy.send("x".repeat(100_000)).await?;
    copy.send("\n").await?;
    assert_eq!(copy.finish().await?, 3);
    let mut out = tx.copy_out("copy t to stdout (format csv)").await?;
    let mut text = Vec::new();
    while let Some(data) = out.try_next().await? {
        text.extend_from_slice(&data);
    }
    assert!(out.try_next().await?.is_none());
    drop(out);
    assert_eq!(
        text,
        format!("1,one\n2,two\n3,{}\n", "x".repeat(100_000)).into_bytes()
    );
    assert_eq!(tx.execute("delete from t", &[]).await?, 3);
    Ok(())
}

#[aiodal::test]
async fn copy_that_is_dropped_copies_nothing(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table t (n int)").await?;
    let mut savepoint = tx.savepoint().await?;
    let mut copy = savepoint.copy_in("copy t from stdin").await?;
    copy.send("1\n2\n").await?;
    drop(copy);
    let error = savepoint.execute("insert into t values (3)", &[]).await;
    assert!(
        error
            .expect_err("the COPY has failed")
            .is_failed_transaction()
    );
    savepoint.rollback().await?;
    let count = tx.query_one("select count(*) from t", &[]).await?;
    assert_eq!(count.get::<_, i64>(0), 0);
    Ok(())
}

#[aiodal::test]
async fn copy_of_what_is_no_row_says_where(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table t (n int)").await?;
    let mut copy = tx.copy_in("copy t from stdin").await?;
    copy.send("1\nx\n").await?;
    let error = copy.finish().await.expect_err("x is no number");
    let text = format!("{error:?}");
    assert!(text.contains("failed to run `copy t from stdin`"), "{text}");
    assert!(text.contains("COPY t, line 2, column n"), "{text}");
    Ok(())
}

#[aiodal::test]
async fn refused_copy_fails_at_once(tx: &mut Transaction) {
    let error = tx.copy_in("copy no_such_table from stdin").await;
    assert!(error.expect_err("there is none").is_undefined_table());
}

#[aiodal::test]
async fn streamed_rows_come_one_by_one(tx: &mut Transaction) -> aiodal::Result<()> {
    let sql = "select n from generate_series(1, $1::int) n";
    let rows = tx.query_stream(sql, &[&10_000]).await?;
    let sum = rows.try_fold(0_i64, async |sum, row| {
        Ok(sum + i64::from(row.get::<_, i32>(0)))
    });
    assert_eq!(sum.await?, 50_005_000);
    tx.query_one("select 1", &[]).await?;
    Ok(())
}

#[aiodal::test]
async fn stream_that_is_dropped_half_way_lets_the_transaction_go_on(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let sql = "select n, repeat('x', 1000) from generate_series(1, $1::int) n";
    for _ in 0..3 {
        let mut rows = tx.query_stream(sql, &[&10_000]).await?;
        rows.try_next().await?.expect("there are many");
        drop(rows);
        assert_eq!(tx.query_one("select 1", &[]).await?.get::<_, i32>(0), 1);
    }
    Ok(())
}

#[aiodal::test]
async fn stream_returns_the_error_that_ends_it(tx: &mut Transaction) -> aiodal::Result<()> {
    let sql = "select 1 / (n - 3) from generate_series(1, $1::int) n";
    let mut savepoint = tx.savepoint().await?;
    let mut rows = savepoint.query_stream(sql, &[&10]).await?;
    assert!(rows.try_next().await?.is_some());
    assert!(rows.try_next().await?.is_some());
    let error = rows.try_next().await.expect_err("a division by zero");
    assert_eq!(error.code().map(aiodal::SqlState::code), Some("22012"));
    assert!(
        error
            .to_string()
            .starts_with("failed to run `select 1 / (n - 3)")
    );
    assert!(rows.try_next().await?.is_none());
    drop(rows);
    savepoint.rollback().await
}
