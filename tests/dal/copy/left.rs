//! What becomes of a COPY to the client that is dropped half-way.

use std::time::{Duration, Instant};

use aiodal::{DataAccessLayer, Transaction};
use futures_util::TryStreamExt;

use super::refused::assert_in_step;
use crate::cancel::polled;
use crate::database::{assert_clean, with_database};

/// Takes minutes to the end.
const ENDLESS: &str = "copy (select generate_series(1, 1000000000), repeat('x', 500)) to stdout";

/// Far less than the whole of it takes.
const SOON: Duration = Duration::from_secs(10);

async fn begun(tx: &mut Transaction, sql: &str) -> aiodal::Result<()> {
    let mut out = tx.copy_out(sql).await?;
    out.try_next().await?.expect("there is more than one row");
    Ok(())
}

#[aiodal::test]
async fn dropped_half_way_it_is_as_if_it_had_not_been(tx: &mut Transaction) -> aiodal::Result<()> {
    let started = Instant::now();
    tx.batch_execute("create temp table t (n int)").await?;
    for n in 1..=10_i64 {
        tx.execute("insert into t values (1)", &[]).await?;
        begun(tx, ENDLESS).await?;
        assert_in_step(tx, "after it").await?;
        assert_eq!(
            tx.query_scalar::<i64>("select count(*) from t", &[])
                .await?,
            n
        );
    }
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    Ok(())
}

#[aiodal::test]
async fn connection_of_a_pool_is_free_at_once(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "left", async |database| {
        let pool = database.pool(1);
        let started = Instant::now();
        for end in ["commit", "rollback", "drop", "go on"] {
            let mut tx = Transaction::begin(&pool).await?;
            begun(&mut tx, ENDLESS).await?;
            match end {
                "commit" => tx.commit().await?,
                "rollback" => tx.rollback().await?,
                "go on" => {
                    assert_in_step(&tx, end).await?;
                    tx.commit().await?;
                }
                _ => drop(tx),
            }
            assert_clean(&pool, end).await;
            database.settled(end).await;
        }
        assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
        assert_eq!(pool.state().statistics.connections_created, 1);
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn savepoint_around_it_ends_as_it_should(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table t (n int)").await?;
    for end in ["commit", "rollback", "drop"] {
        tx.batch_execute("truncate t").await?;
        let mut savepoint = tx.savepoint().await?;
        savepoint.execute("insert into t values (1)", &[]).await?;
        begun(&mut savepoint, ENDLESS).await?;
        match end {
            "commit" => savepoint.commit().await?,
            "rollback" => savepoint.rollback().await?,
            _ => drop(savepoint),
        }
        let kept: i64 = tx.query_scalar("select count(*) from t", &[]).await?;
        assert_eq!(kept, i64::from(end == "commit"), "{end}");
    }
    Ok(())
}

#[aiodal::test]
async fn nested_transaction_that_is_dropped_with_it_is_undone(
    tx: &Transaction,
    dal: &DataAccessLayer,
) -> aiodal::Result<()> {
    tx.batch_execute("create temp table t (n int)").await?;
    for end in ["commit", "drop"] {
        let mut nested = dal.transaction().await?;
        nested.execute("insert into t values (1)", &[]).await?;
        begun(&mut nested, ENDLESS).await?;
        if end == "commit" {
            nested.commit().await?;
        } else {
            drop(nested);
        }
    }
    let kept: i64 = tx.query_scalar("select count(*) from t", &[]).await?;
    assert_eq!(kept, 1);
    Ok(())
}

/// Some end by themselves about when they would be cancelled.
#[aiodal::test]
async fn request_to_cancel_hits_nothing_else(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "hits", async |database| {
        let setup = "create table t (n int)";
        database.other.batch_execute(setup).await.expect("DDL");
        let pool = database.pool(1);
        let mut inserted = 0;
        for rows in (0..60).map(|round| 1 << (round % 18)) {
            let sql =
                format!("copy (select repeat('x', 100) from generate_series(1, {rows})) to stdout");
            let mut tx = Transaction::begin(&pool).await?;
            let mut savepoint = tx.savepoint().await?;
            drop(savepoint.copy_out(&sql).await?);
            savepoint
                .execute("insert into t values ($1)", &[&rows])
                .await?;
            begun(&mut savepoint, &sql).await?;
            savepoint.commit().await?;
            begun(&mut tx, &sql).await?;
            tx.commit().await?;
            inserted += 1;
            let tx = Transaction::begin(&pool).await?;
            tx.query_one("select pg_sleep(0.002)", &[]).await?;
            tx.commit().await?;
        }
        let rows = database
            .other
            .query_one("select count(*) from t", &[])
            .await;
        assert_eq!(rows.expect("a row").get::<_, i64>(0), inserted);
        assert_eq!(pool.state().statistics.connections_created, 1);
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn dropped_anywhere_it_leaves_the_transaction_usable(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "left_anywhere", async |database| {
        let pool = database.pool(1);
        for times in 0..12 {
            let mut tx = Transaction::begin(&pool).await?;
            let reading = async {
                let mut out = tx.copy_out(ENDLESS).await?;
                while out.try_next().await?.is_some() {
                    tokio::task::yield_now().await;
                }
                aiodal::Result::<()>::Ok(())
            };
            assert!(!polled(reading, times).await);
            let what = format!("dropped after {times} polls");
            assert_in_step(&tx, &what).await?;
            drop(tx);
            assert_clean(&pool, &what).await;
            database.settled(&what).await;
        }
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn one_that_is_read_to_its_end_keeps_what_it_did(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table t (n int)").await?;
    let sql = "copy (insert into t select generate_series(1, 1000) returning n) to stdout";
    let mut out = tx.copy_out(sql).await?;
    while out.try_next().await?.is_some() {}
    drop(out);
    let kept: i64 = tx.query_scalar("select count(*) from t", &[]).await?;
    assert_eq!(kept, 1000);
    // The savepoint is gone.
    let savepoint = tx.savepoint().await?;
    let error = savepoint.batch_execute("release aiodal_copy").await;
    error.expect_err("there is none");
    savepoint.rollback().await?;
    // Nor does an error cost more than it should.
    let mut savepoint = tx.savepoint().await?;
    let sql = "copy (select 1 / (n - 5000) from generate_series(1, 10000) n) to stdout";
    let mut out = savepoint.copy_out(sql).await?;
    let error = loop {
        match out.try_next().await {
            Ok(data) => assert!(data.is_some(), "it divides by zero"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code().map(aiodal::SqlState::code), Some("22012"));
    assert!(out.try_next().await?.is_none());
    drop(out);
    savepoint.rollback().await?;
    assert_in_step(tx, "after an error").await
}

#[aiodal::test(start_paused = true)]
async fn clock_that_stands_still_holds_nobody_up(tx: &mut Transaction) -> aiodal::Result<()> {
    begun(tx, ENDLESS).await?;
    assert_in_step(tx, "at no time").await
}

#[aiodal::test(start_paused = true)]
async fn reading_a_long_one_takes_no_time_of_a_clock_that_stands_still(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let started = tokio::time::Instant::now();
    let sql = "copy (select repeat('x', 999) from generate_series(1, 4000)) to stdout";
    let mut out = tx.copy_out(sql).await?;
    let mut length = 0;
    while let Some(data) = out.try_next().await? {
        length += data.len();
    }
    drop(out);
    assert_eq!(length, 4_000_000);
    assert_eq!(started.elapsed(), Duration::ZERO);
    Ok(())
}

#[aiodal::test]
async fn test_may_end_while_it_is_left(tx: &mut Transaction) -> aiodal::Result<()> {
    begun(tx, ENDLESS).await
}
