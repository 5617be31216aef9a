//! Exports that are no file.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use aiodal::Transaction;
use aiodal::bulk::{Compression, Csv, Export, ExportReport, Header, JsonLines};
use futures_util::TryStreamExt;
use tokio::io::{AsyncReadExt, AsyncWrite};

const ROWS: u64 = 50_000;

fn numbers() -> Export<'static> {
    let sql = "select n from generate_series(1, 50000) n";
    Export::query(sql, &[]).format(Csv::new().header(Header::None))
}

fn expected() -> String {
    let lines: Vec<_> = (1..=ROWS).map(|n| format!("{n}\n")).collect();
    lines.concat()
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[aiodal::test]
async fn export_can_be_spawned(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create table t (n int); insert into t values (1)")
        .await?;
    // Its futures can go to other threads, whatever they are made of.
    let table = is_send(Export::table("t").to_writer(tokio::io::sink()).run(tx));
    assert_eq!(table.await?.rows, 1);
    let query = Export::query("select $1::int", &[&1]).format(JsonLines::new());
    let query = is_send(
        query
            .to_path(if cfg!(windows) { "NUL" } else { "/dev/null" })
            .run(tx),
    );
    assert_eq!(query.await?.rows, 1);
    Ok(())
}

#[aiodal::test]
async fn stream_tells_how_far_it_is(tx: &mut Transaction) -> aiodal::Result<()> {
    let mut stream = is_send(numbers().stream(tx)).await?;
    let mut data = Vec::new();
    let mut pieces = 0;
    let mut last = 0;
    while let Some(piece) = stream.try_next().await? {
        assert!(!piece.is_empty());
        data.extend_from_slice(&piece);
        pieces += 1;
        let report = stream.report();
        assert_eq!(report.bytes, data.len() as u64);
        assert!(report.rows > last, "a piece has whole rows");
        last = report.rows;
    }
    assert!(stream.try_next().await?.is_none());
    let ExportReport {
        rows,
        uncompressed,
        bytes,
        ..
    } = stream.report();
    assert_eq!(
        (rows, uncompressed, bytes),
        (ROWS, bytes, data.len() as u64)
    );
    assert!(data == expected().as_bytes());
    assert!(pieces < 10, "{pieces} pieces of {bytes} bytes");
    drop(stream);
    tx.query_one("select 1", &[]).await?;
    Ok(())
}

#[aiodal::test]
async fn stream_may_be_compressed(tx: &mut Transaction) -> aiodal::Result<()> {
    for compression in [Compression::Gzip, Compression::Zstd] {
        let mut stream = numbers().compress(compression).stream(tx).await?;
        let mut data = Vec::new();
        while let Some(piece) = stream.try_next().await? {
            data.extend_from_slice(&piece);
        }
        let report = stream.report();
        assert_eq!((report.rows, report.bytes), (ROWS, data.len() as u64));
        let mut plain = Vec::new();
        let mut decoder: Box<dyn io::Read> = match compression {
            Compression::Gzip => Box::new(flate2::read::GzDecoder::new(data.as_slice())),
            _ => Box::new(zstd::Decoder::new(data.as_slice()).expect("it is zstd")),
        };
        decoder.read_to_end(&mut plain).expect("it is whole");
        assert!(plain == expected().as_bytes());
    }
    Ok(())
}

#[aiodal::test]
async fn stream_returns_the_error_that_ends_it(tx: &mut Transaction) -> aiodal::Result<()> {
    let mut behind = tx.savepoint().await?;
    let sql = "select 1 / (n - 40000) from generate_series(1, 50000) n";
    let mut stream = Export::query(sql, &[]).stream(&mut behind).await?;
    let error = loop {
        match stream.try_next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it has not failed"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code().map(aiodal::SqlState::code), Some("22012"));
    assert!(stream.try_next().await?.is_none());
    drop(stream);
    behind.rollback().await?;
    tx.query_one("select 1", &[]).await?;
    Ok(())
}

#[aiodal::test]
async fn export_dropped_half_way_lets_the_transaction_go_on(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    // It would take hours to hear it out.
    let endless = || Export::query("select generate_series(1, 1e12::int8)", &[]);
    tx.batch_execute("create temp table t (n int)").await?;
    for n in 0..3 {
        let mut stream = endless().stream(tx).await?;
        stream.try_next().await?.expect("there is more");
        drop(stream);
        tx.execute("insert into t values ($1)", &[&n]).await?;
        let error = endless()
            .to_callback(|_| Err("that is enough"))
            .run(tx)
            .await;
        error.expect_err("the callback fails");
        let mut pieces = 0;
        let (called, calls) = tokio::sync::oneshot::channel();
        let mut called = Some(called);
        let export = endless().to_callback(|_| {
            pieces += 1;
            if let Some(called) = called.take() {
                called.send(()).map_err(|()| "nobody waits")?;
            }
            Ok::<_, &str>(())
        });
        tokio::select! {
            ended = export.run(tx) => panic!("it has no end: {ended:?}"),
            called = calls => called.expect("it is called"),
        }
        assert!(pieces > 0);
    }
    let kept: i64 = tx.query_scalar("select count(*) from t", &[]).await?;
    assert_eq!(kept, 3);
    Ok(())
}

#[aiodal::test]
async fn writer_is_given_all_and_flushed(tx: &mut Transaction) -> aiodal::Result<()> {
    let (mut end, mut other) = tokio::io::duplex(1000);
    let writing = is_send(numbers().to_writer(&mut end).run(tx));
    let reading = async {
        let mut data = vec![0; expected().len()];
        other.read_exact(&mut data).await.expect("all of it comes");
        data
    };
    let (report, data) = tokio::join!(writing, reading);
    assert_eq!(report?.rows, ROWS);
    assert!(data == expected().as_bytes());
    let mut buffered = tokio::io::BufWriter::with_capacity(1 << 20, Vec::new());
    numbers().to_writer(&mut buffered).run(tx).await?;
    assert!(buffered.into_inner() == expected().as_bytes());
    Ok(())
}

/// Takes one piece, and no more.
struct Failing(bool);

impl AsyncWrite for Failing {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(Err(io::Error::other("the paper is out")));
        }
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        panic!("it is its owner's to shut down")
    }
}

#[aiodal::test]
async fn error_of_a_target_is_the_cause(tx: &mut Transaction) -> aiodal::Result<()> {
    let error = numbers().to_writer(Failing(false)).run(tx).await;
    let error = format!("{:?}", error.expect_err("the writer fails"));
    assert!(error.contains("the paper is out"), "{error}");
    tx.query_one("select 1", &[]).await?;
    let mut called = 0;
    let error = numbers()
        .to_callback(|_| {
            called += 1;
            if called == 2 {
                Err("that is enough")
            } else {
                Ok(())
            }
        })
        .run(tx)
        .await;
    let error = format!("{:?}", error.expect_err("the callback fails"));
    assert!(error.contains("that is enough"), "{error}");
    assert_eq!(called, 2);
    tx.query_one("select 1", &[]).await?;
    Ok(())
}

#[aiodal::test]
async fn large_rows_come_whole(tx: &mut Transaction) -> aiodal::Result<()> {
    let sql = "select repeat('é\\', 1000000) as v from generate_series(1, 3)";
    let mut stream = Export::query(sql, &[])
        .format(JsonLines::new())
        .stream(tx)
        .await?;
    let mut data = Vec::new();
    while let Some(piece) = stream.try_next().await? {
        data.extend_from_slice(&piece);
    }
    assert_eq!(stream.report().rows, 3);
    let line = format!("{{\"v\":\"{}\"}}\n", "é\\\\".repeat(1_000_000));
    assert!(data == line.repeat(3).as_bytes());
    Ok(())
}
