//! Whatever goes wrong: nothing of the load is there, the transaction goes on, and the error says what it was.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aiodal::bulk::{Csv, Load, Source};
use aiodal::types::ToSql;
use aiodal::{DataAccessLayer, SqlState, Transaction};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream::{self, StreamExt};

use crate::database::{Database, assert_clean, pool, with_database};
use crate::proxy::Proxy;
use crate::server;

async fn table(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table t (id int, name text)")
        .await
}

async fn count(tx: &Transaction) -> aiodal::Result<i64> {
    let row = tx.query_one("select count(*) from t", &[]).await?;
    Ok(row.get(0))
}

/// Rows without a header, for as long as somebody wants them.
fn endless<'a>() -> Source<'a> {
    Source::stream(stream::repeat_with(rows).map(Ok)).named("endless.csv")
}

fn rows() -> Bytes {
    Bytes::from("1,one\n".repeat(10_000))
}

fn csv(source: Source<'_>) -> Load<'_> {
    let load = Load::new(source, Csv::new().header(aiodal::bulk::Header::None));
    load.into_table("t")
}

/// Runs a load that fails, and returns its error when nothing of it is there.
async fn failed(tx: &mut Transaction, load: Load<'_>) -> aiodal::Result<aiodal::Error> {
    let error = load.run(tx).await.expect_err("it fails");
    assert_eq!(count(tx).await?, 0, "{error}");
    Ok(error)
}

#[aiodal::test]
async fn truncated_gzip_loads_nothing(tx: &mut Transaction) -> aiodal::Result<()> {
    table(tx).await?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for id in 0..200_000 {
        writeln!(encoder, "{id},name {}", id * 7919 % 10_007).expect("memory takes it");
    }
    let mut packed = encoder.finish().expect("memory takes it");
    packed.truncate(packed.len() / 2);
    let half = packed.len();
    let error = failed(tx, csv(Source::bytes(packed).named("half.csv.gz"))).await?;
    let told = format!("{error:?}");
    assert!(told.contains("half.csv.gz"), "{told}");
    assert!(told.contains(&half.to_string()), "{told}");
    Ok(())
}

#[aiodal::test(timeout = "180s")]
async fn bad_byte_in_a_late_row_is_told_by_its_line(tx: &mut Transaction) -> aiodal::Result<()> {
    table(tx).await?;
    // Row 1,999,999 of two million.
    let mut chunks = 0;
    let chunks = stream::repeat_with(move || {
        chunks += 1;
        let mut chunk = "7,seven\n".repeat(10_000).into_bytes();
        if chunks == 200 {
            let at = chunk.len() - 8;
            chunk[at - 3] = 0xff;
        }
        Ok(Bytes::from(chunk))
    });
    let source = Source::stream(chunks.take(200)).named("late.csv");
    let error = failed(tx, csv(source)).await?;
    assert_eq!(error.code(), Some(&SqlState::CHARACTER_NOT_IN_REPERTOIRE));
    let row = error.bad_row().expect("it is a row");
    assert_eq!(
        (row.line, row.record),
        (Some(1_999_999), Some(1_999_999)),
        "{row}"
    );
    Ok(())
}

#[aiodal::test]
async fn source_that_fails_loads_nothing(tx: &mut Transaction) -> aiodal::Result<()> {
    table(tx).await?;
    let pieces = stream::repeat_with(|| Ok(rows())).take(50);
    let pieces = pieces.chain(stream::once(async {
        Err(io::Error::other("the disk has a bad sector"))
    }));
    let error = failed(tx, csv(Source::stream(pieces).named("bad.csv"))).await?;
    let told = format!("{error:?}");
    assert!(
        told.contains("bad.csv") && told.contains("bad sector"),
        "{told}"
    );
    Ok(())
}

#[aiodal::test]
async fn source_without_rows_is_no_error(tx: &mut Transaction) -> aiodal::Result<()> {
    table(tx).await?;
    let report = csv(Source::bytes("")).run(tx).await?;
    assert_eq!((report.rows, report.copied, report.bytes), (0, 0, 0));
    for header in ["id,name", "id,name\n", "\u{feff}name,id\r\n"] {
        let load = Load::new(Source::bytes(header), Csv::new()).into_table("t");
        let report = load.run(tx).await?;
        assert_eq!((report.rows, report.copied), (0, 0), "{header:?}");
    }
    Ok(())
}

#[aiodal::test]
async fn endless_line_is_refused_before_it_is_in_memory(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    table(tx).await?;
    let pulled = Arc::new(AtomicUsize::new(0));
    let counter = pulled.clone();
    let piece = Bytes::from(vec![b'x'; 1 << 16]);
    let pieces = stream::repeat_with(move || {
        counter.fetch_add(piece.len(), Ordering::Relaxed);
        Ok(piece.clone())
    });
    // 300 MB.
    let source = Source::stream(pieces.take(300 * 16)).named("line.csv");
    let error = failed(tx, csv(source)).await?;
    let told = error.to_string();
    assert!(told.contains("line.csv") && told.contains("16"), "{told}");
    let pulled = pulled.load(Ordering::Relaxed);
    assert!(pulled < 24 << 20, "{pulled}");
    Ok(())
}

#[aiodal::test]
async fn rejects_that_cannot_be_written_load_nothing(tx: &mut Transaction) -> aiodal::Result<()> {
    table(tx).await?;
    let Ok(full) = std::fs::File::create("/dev/full") else {
        println!("skipped: there is no /dev/full here");
        return Ok(());
    };
    let load = csv(Source::bytes("1,one\nx,two\n")).reject_to(full, 9);
    let error = failed(tx, load).await?;
    let told = format!("{error:?}");
    assert!(
        told.contains("a rejected row could not be written"),
        "{told}"
    );
    Ok(())
}

#[aiodal::test]
async fn server_out_of_space_is_told_as_such(tx: &mut Transaction) -> aiodal::Result<()> {
    table(tx).await?;
    tx.batch_execute(
        "create function pg_temp.full() returns trigger language plpgsql as $$ begin
             if new.id = 500 then raise exception 'could not extend file: no space' using errcode = '53100'; end if;
             return new;
         end $$;
         create trigger full_disk before insert on t for each row execute function pg_temp.full()",
    )
    .await?;
    let rows = (0..1000).map(|id| (id, "x"));
    let error = failed(tx, Load::rows(rows).into_table("t")).await?;
    assert_eq!(error.code(), Some(&SqlState::DISK_FULL));
    Ok(())
}

#[aiodal::test(timeout = "120s")]
async fn dropped_load_loads_nothing(tx: &mut Transaction) -> aiodal::Result<()> {
    table(tx).await?;
    let whole = Instant::now();
    let ten = || csv(Source::stream(stream::repeat_with(|| Ok(rows())).take(10)));
    ten().run(tx).await?;
    let whole = whole.elapsed();
    tx.batch_execute("delete from t").await?;
    let mut dropped = 0;
    for part in 0..60 {
        let limit = whole * part / 50;
        let run = ten().run(tx);
        if tokio::time::timeout(limit, run).await.is_err() {
            dropped += 1;
            assert_eq!(count(tx).await?, 0, "after {limit:?}");
        }
        tx.batch_execute("delete from t").await?;
    }
    assert!(dropped > 10, "{dropped}");
    Ok(())
}

#[aiodal::test]
async fn time_that_is_over_in_the_server_s_last_step_leaves_nothing(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    table(tx).await?;
    tx.batch_execute(
        "create function pg_temp.slow() returns trigger language plpgsql as
             $$ begin perform pg_sleep(20); return null; end $$;
         create trigger slow after insert on t execute function pg_temp.slow()",
    )
    .await?;
    let started = Instant::now();
    let load = csv(Source::bytes("1,one\n")).timeout(Duration::from_millis(300));
    let error = failed(tx, load).await?;
    assert!(error.is_timeout(), "{error:?}");
    assert!(error.to_string().contains("300ms"), "{error}");
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    let row = tx.query_one("show statement_timeout", &[]).await?;
    assert_eq!(row.get::<_, &str>(0), "0");
    Ok(())
}

#[aiodal::test]
async fn timeout_of_a_load_ends_with_it(tx: &mut Transaction) -> aiodal::Result<()> {
    table(tx).await?;
    tx.batch_execute("set local statement_timeout = '70s'")
        .await?;
    let load = csv(Source::bytes("1,one\n")).timeout(Duration::from_secs(20));
    load.run(tx).await?;
    let row = tx.query_one("show statement_timeout", &[]).await?;
    assert_eq!(row.get::<_, &str>(0), "70s");
    Ok(())
}

#[aiodal::test]
async fn slow_source_learns_at_once_what_the_server_refuses(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "bulk_slow", async |database: &Database| {
        let pool = database.pool(1);
        let mut tx = Transaction::begin(&pool).await?;
        table(&tx).await?;
        // More than a batch, and then nothing for ever.
        let bad = format!("x,one\n{}", "1,one\n".repeat(100_000));
        let pieces = stream::iter([Ok(Bytes::from(bad))]).chain(stream::pending());
        let load = csv(Source::stream(pieces).named("slow.csv")).server_parser();
        let error = failed(&mut tx, load).await?;
        assert_eq!(
            error.bad_row().and_then(|row| row.line),
            Some(1),
            "{error:?}"
        );
        tx.rollback().await
    })
    .await
}

#[aiodal::test(timeout = "60s")]
async fn little_is_sent_after_the_server_s_error(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "bulk_early", async |database: &Database| {
        let mut config = server::config(tx).await;
        let name = database
            .other
            .query_one("select current_database()::text", &[]);
        let name: String = name.await.expect("a name").get(0);
        config.dbname(&name);
        let (proxy, proxied) = Proxy::start(&config).await;
        let pool = pool(&server::url(&proxied, &name), 1);
        let mut tx = Transaction::begin(&pool).await?;
        table(&tx).await?;
        for server_parser in [true, false] {
            let bad = stream::iter([Ok(Bytes::from("1,one\nx,two\n"))]);
            let pieces = bad.chain(stream::repeat_with(|| Ok(rows())));
            let mut load = csv(Source::stream(pieces).named("early.csv"));
            if server_parser {
                load = load.server_parser();
            }
            proxy.bytes_sent();
            let error = failed(&mut tx, load).await?;
            assert_eq!(
                error.bad_row().and_then(|row| row.line),
                Some(2),
                "{error:?}"
            );
            let sent = proxy.bytes_sent();
            assert!(sent < 2_000_000, "{sent}");
        }
        tx.rollback().await
    })
    .await
}

#[aiodal::test]
async fn missing_table_costs_no_connection(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "bulk_missing", async |database: &Database| {
        let dal = DataAccessLayer::from_pool(database.pool(1));
        let tx = dal.transaction().await?;
        tx.batch_execute("create table t (id int, name text)")
            .await?;
        tx.commit().await?;
        let pid = "select pg_backend_pid()";
        let mut tx = dal.transaction().await?;
        let first: i32 = tx.query_one(pid, &[]).await?.get(0);
        let error = Load::new(Source::bytes("1\n"), Csv::new()).into_table("tt");
        let error = error.run(&mut tx).await.expect_err("there is none");
        assert!(error.is_not_found(), "{error:?}");
        // Known to the layer, and gone meanwhile.
        tx.table("t").await?;
        tx.rollback().await?;
        database
            .other
            .batch_execute("drop table t")
            .await
            .expect("it is there");
        let mut tx = dal.transaction().await?;
        let error = csv(endless()).run(&mut tx).await.expect_err("it is gone");
        assert!(error.is_undefined_table(), "{error:?}");
        let second: i32 = tx.query_one(pid, &[]).await?.get(0);
        tx.rollback().await?;
        assert_eq!(first, second);
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn server_process_that_is_killed_is_a_lost_connection(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "bulk_killed", async |database: &Database| {
        let pool = database.pool(1);
        let mut tx = Transaction::begin(&pool).await?;
        table(&tx).await?;
        let pid: i32 = tx.query_one("select pg_backend_pid()", &[]).await?.get(0);
        let mut pieces = 0;
        let killed = stream::repeat_with(move || {
            pieces += 1;
            pieces
        })
        .then(async |piece| {
            if piece == 20 {
                let of: [&(dyn ToSql + Sync); 1] = [&pid];
                let kill = database
                    .other
                    .query_one("select pg_terminate_backend($1)", &of);
                kill.await.map_err(io::Error::other)?;
            }
            Ok(rows())
        });
        let load = csv(Source::stream(killed).named("killed.csv"));
        let error = load.run(&mut tx).await.expect_err("the server is gone");
        assert!(error.is_connection_error(), "{error:?}");
        assert!(error.to_string().contains("killed.csv"), "{error}");
        drop(tx);
        assert_clean(&pool, "a killed load").await;
        Ok(())
    })
    .await
}
