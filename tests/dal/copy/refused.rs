//! What becomes of a COPY into the database that the server refuses: at once, or when it has seen the data.

use std::time::{Duration, Instant};

use aiodal::Transaction;
use bb8_postgres::PostgresConnectionManager;
use bytes::Bytes;
use tokio_postgres::NoTls;

use crate::cancel::polled;
use crate::database::{assert_clean, pool, with_database};
use crate::proxy::Proxy;
use crate::server;

/// Where the server refuses: when it parses, when it plans, when it begins, and when it has said that it takes data.
const REFUSED: [&str; 9] = [
    "copy from where",
    "copy no_such_table from stdin",
    "copy t (m) from stdin",
    "copy t from stdin (format no_such)",
    "copy t from stdin (encoding 'no_such')",
    "select 1",
    "copy t to stdout",
    "copy v from stdin",
    "copy triggered from stdin",
];

const TABLES: &str = "create table t (n int); insert into t values (7); \
    create view v as select n from t; \
    create table triggered (n int); \
    create function refuse() returns trigger language plpgsql as $$begin raise 'not today'; end$$; \
    create trigger refuse before insert on triggered execute function refuse();";

/// Answers still belong to their questions.
pub(super) async fn assert_in_step(tx: &Transaction, what: &str) -> aiodal::Result<()> {
    for n in 1..=3 {
        let answer: i32 = tx.query_scalar("select $1::int", &[&n]).await?;
        assert_eq!(answer, n, "{what}");
    }
    Ok(())
}

/// Sends a row and finishes, unless that is refused before.
async fn copy(tx: &mut Transaction, sql: &str) -> aiodal::Result<u64> {
    let mut copy = tx.copy_in(sql).await?;
    copy.send("1\n").await?;
    copy.finish().await
}

#[aiodal::test]
async fn refused_copy_costs_no_more_than_its_savepoint(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(TABLES).await?;
    for sql in REFUSED {
        let mut savepoint = tx.savepoint().await?;
        copy(&mut savepoint, sql).await.expect_err(sql);
        // Those two succeed as what they are.
        if !["select 1", "copy t to stdout"].contains(&sql) {
            let error = savepoint.query_one("select 1", &[]).await.expect_err(sql);
            assert!(error.is_failed_transaction(), "{sql}: {error}");
        }
        savepoint.rollback().await?;
        assert_in_step(tx, sql).await?;
        assert_eq!(copy(tx, "copy t from stdin").await?, 1);
    }
    Ok(())
}

#[aiodal::test]
async fn refused_copy_costs_no_connection(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "refused", async |database| {
        database.other.batch_execute(TABLES).await.expect("DDL");
        let pool = database.pool(1);
        for sql in REFUSED {
            let mut tx = Transaction::begin(&pool).await?;
            copy(&mut tx, sql).await.expect_err(sql);
            tx.rollback().await?;
            let mut tx = Transaction::begin(&pool).await?;
            assert_in_step(&tx, sql).await?;
            // A piece may be on its way when the refusal comes, and the end of it, or neither.
            for pieces in [0, 1, 8] {
                let mut savepoint = tx.savepoint().await?;
                if let Ok(mut copy) = savepoint.copy_in(sql).await {
                    for _ in 0..pieces {
                        if copy.send("1\n".repeat(10_000)).await.is_err() {
                            break;
                        }
                    }
                }
                savepoint.rollback().await?;
                assert_in_step(&tx, sql).await?;
            }
            tx.commit().await?;
        }
        assert_eq!(pool.state().statistics.connections_created, 1);
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn dropped_anywhere_a_refused_copy_costs_no_connection(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "refused_drop", async |database| {
        database.other.batch_execute(TABLES).await.expect("DDL");
        let pool = database.pool(1);
        for sql in REFUSED.into_iter().chain(["copy t from stdin"]) {
            for times in 0..12 {
                let mut tx = Transaction::begin(&pool).await?;
                let mut savepoint = tx.savepoint().await?;
                let ended = polled(copy(&mut savepoint, sql), times).await;
                savepoint.rollback().await?;
                assert_in_step(&tx, sql).await?;
                drop(tx);
                let what = format!("{sql}, dropped after {times} polls ({ended}),");
                assert_clean(&pool, &what).await;
                database.settled(&what).await;
            }
        }
        assert_eq!(pool.state().statistics.connections_created, 1);
        Ok(())
    })
    .await
}

/// Sends a bad row and then pieces without an end, and never asks. Returns the error and how much was taken before it.
async fn sent_in_vain(
    tx: &mut Transaction,
    piece: &Bytes,
) -> aiodal::Result<(aiodal::Error, usize)> {
    let started = Instant::now();
    let mut copy = tx.copy_in("copy t from stdin").await?;
    copy.send("1\nnot_int\n").await?;
    let mut taken = 0;
    let error = loop {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "it never fails"
        );
        match copy.send(piece.clone()).await {
            Ok(()) => taken += piece.len(),
            Err(error) => break error,
        }
    };
    let again = copy.send(piece.clone()).await.expect_err("it is over");
    assert!(again.to_string().contains("it has failed"), "{again}");
    copy.finish().await.expect_err("it is over");
    Ok((error, taken))
}

#[aiodal::test]
async fn what_the_server_refuses_of_the_data_is_told_before_much_more_is_sent(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "early", async |database| {
        database.other.batch_execute(TABLES).await.expect("DDL");
        let pool = database.pool(1);
        for size in [1, 1 << 10, 1 << 16, 1 << 20] {
            let piece = Bytes::from("1\n".repeat(size));
            let mut tx = Transaction::begin(&pool).await?;
            let mut savepoint = tx.savepoint().await?;
            let (error, taken) = sent_in_vain(&mut savepoint, &piece).await?;
            let text = format!("{error:#}");
            assert!(text.contains("COPY t, line 2, column n"), "{text}");
            assert_eq!(error.code().map(aiodal::SqlState::code), Some("22P02"));
            savepoint.rollback().await?;
            assert_in_step(&tx, "early").await?;
            let most = if cfg!(unix) { 2 << 20 } else { 16 << 20 };
            assert!(taken <= most, "{taken} bytes of pieces of {size}");
        }
        assert_eq!(pool.state().statistics.connections_created, 1);
        Ok(())
    })
    .await
}

/// A piece that is larger than what sockets hold is given up in its middle.
#[aiodal::test]
async fn rest_of_a_large_piece_is_not_sent_after_an_error(tx: &Transaction) -> aiodal::Result<()> {
    let (proxy, config) = Proxy::start(&server::config(tx).await).await;
    let pool = pool(&server::url(&config, config.get_dbname().expect("one")), 1);
    let piece = Bytes::from("1\n".repeat(32 << 20));
    let mut tx = Transaction::begin(&pool).await?;
    tx.batch_execute("create temp table t (n int)").await?;
    proxy.bytes_sent();
    let (_, taken) = sent_in_vain(&mut tx, &piece).await?;
    tx.rollback().await?;
    let sent = proxy.bytes_sent();
    assert!(
        taken == 0 && sent < piece.len() / 2,
        "{sent} bytes were sent"
    );
    Ok(())
}

#[aiodal::test]
async fn sender_that_waits_for_the_server_is_woken_by_its_refusal(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    // The server takes the first row and goes to sleep over it, while the sockets fill up.
    tx.batch_execute(
        "create temp table t (n int check (n > 0)); \
         create function pg_temp.doze() returns trigger language plpgsql as \
         $$begin perform pg_sleep(0.2); raise 'bad dream'; end$$; \
         create trigger doze before insert on t for each row execute function pg_temp.doze()",
    )
    .await?;
    let mut savepoint = tx.savepoint().await?;
    let mut copy = savepoint.copy_in("copy t from stdin").await?;
    let piece = Bytes::from("1\n".repeat(64 * 1024));
    let error = loop {
        if let Err(error) = copy.send(piece.clone()).await {
            break error;
        }
    };
    assert!(format!("{error:#}").contains("bad dream"), "{error:#}");
    drop(copy);
    savepoint.rollback().await?;
    assert_in_step(tx, "woken").await
}

#[aiodal::test]
async fn server_that_goes_in_the_middle_is_told(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "gone", async |database| {
        database.other.batch_execute(TABLES).await.expect("DDL");
        let pool = database.pool(1);
        let mut tx = Transaction::begin(&pool).await?;
        let pid: i32 = tx.query_scalar("select pg_backend_pid()", &[]).await?;
        let mut copy = tx.copy_in("copy t from stdin").await?;
        copy.send("1\n").await?;
        let end = "select pg_terminate_backend($1, 10000)";
        let ended = database.other.query_one(end, &[&pid]).await;
        assert!(ended.expect("it may").get::<_, bool>(0));
        let started = Instant::now();
        let piece = Bytes::from("1\n".repeat(64 * 1024));
        let error = loop {
            assert!(started.elapsed() < Duration::from_secs(60));
            if let Err(error) = copy.send(piece.clone()).await {
                break error;
            }
        };
        assert!(error.is_connection_error(), "{error:#}");
        drop(copy);
        drop(tx);
        assert_clean(&pool, "gone").await;
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn refused_copy_costs_the_connection_of_a_brought_pool_and_confuses_nobody(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let source = PostgresConnectionManager::new(server::config(tx).await, NoTls);
    let pool = bb8::Pool::builder().max_size(1).build(source).await;
    let pool = pool.expect("the server takes it");
    for sql in ["copy no_such_table from stdin", "select 1"] {
        let mut tx = Transaction::begin(pool.clone()).await?;
        let mut savepoint = tx.savepoint().await?;
        savepoint.copy_in(sql).await.map(drop).expect_err(sql);
        let error = savepoint.query_one("select 2", &[]).await;
        let error = error.expect_err("nobody is given 1").to_string();
        assert!(
            error.contains("a refused COPY has confused the connection"),
            "{error}"
        );
        savepoint.rollback().await.expect_err("not even this");
        tx.rollback().await?;
        let tx = Transaction::begin(pool.clone()).await?;
        assert_in_step(&tx, sql).await?;
    }
    // What is no SQL is refused before it comes to that.
    let mut tx = Transaction::begin(pool.clone()).await?;
    let mut savepoint = tx.savepoint().await?;
    let error = savepoint.copy_in("copy from where").await.map(drop);
    assert!(error.expect_err("it is no SQL").is_syntax_error());
    savepoint.rollback().await?;
    assert_in_step(&tx, "no SQL").await
}
