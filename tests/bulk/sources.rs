//! Where bytes come from, how they are compressed, and what becomes of formats that the server reads.

mod formats;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use aiodal::Transaction;
use aiodal::bulk::{Csv, JsonLines, Load, Source, Text};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use tokio::io::{AsyncRead, AsyncWriteExt as _, ReadBuf};

/// A directory of a test's own, gone with it.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("aiodal-sources-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a directory can be made");
        Directory(path)
    }

    fn file(&self, name: &str, data: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, data).expect("a file can be written");
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("it is there");
    }
}

async fn numbers(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table numbers (n int, t text)")
        .await
}

fn load<'a>(source: impl Into<Source<'a>>) -> Load<'a> {
    Load::new(source, Csv::new()).into_table("numbers")
}

/// Returns how many rows there are, and their sum.
async fn sum(tx: &Transaction) -> aiodal::Result<(i64, i64)> {
    let sql = "select count(*), coalesce(sum(n), 0)::int8 from numbers";
    let row = tx.query_one(sql, &[]).await?;
    Ok((row.get(0), row.get(1)))
}

/// A header and rows from 1 to `rows`.
fn csv(rows: u32) -> String {
    let lines = (1..=rows).map(|n| format!("{n},number {n}\n"));
    std::iter::once("n,t\n".to_owned()).chain(lines).collect()
}

fn gzip(data: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data.as_bytes()).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn zstd(data: &str) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("there is memory");
    encoder.include_checksum(true).expect("it is an option");
    encoder.write_all(data.as_bytes()).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

#[aiodal::test]
async fn compression_is_seen_by_the_bytes_whatever_the_name(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    numbers(tx).await?;
    let directory = Directory::new();
    let text = csv(50_000);
    let (head, tail) = text.split_at(300_001);
    let cases = [
        ("plain.gz", text.clone().into_bytes()),
        ("gzip.csv", gzip(&text)),
        ("members", [gzip(head), gzip(""), gzip(tail)].concat()),
        ("padded", [gzip(&text), vec![0; 70_000]].concat()),
        ("zstd.csv", zstd(&text)),
        ("frames", [zstd(head), zstd(tail)].concat()),
        (
            "skipped frame",
            [b"\x50\x2a\x4d\x18\x02\0\0\0ab".to_vec(), zstd(&text)].concat(),
        ),
    ];
    for (name, data) in cases {
        let path = directory.file(name, &data);
        let progress = Arc::new(Mutex::new((0, None)));
        let seen = Arc::clone(&progress);
        let report = load(path)
            .on_progress(move |progress| {
                *seen.lock().expect("nobody panics") = (progress.bytes, progress.total);
            })
            .run(tx)
            .await?;
        assert_eq!(report.rows, 50_000, "{name}");
        assert_eq!(sum(tx).await?, (50_000, 1_250_025_000), "{name}");
        let (bytes, total) = *progress.lock().expect("nobody panics");
        assert_eq!(
            (bytes, total),
            (data.len() as u64, Some(data.len() as u64)),
            "{name}"
        );
        tx.batch_execute("truncate numbers").await?;
    }
    Ok(())
}

#[aiodal::test]
async fn compressed_source_that_is_not_whole_is_refused_with_its_place(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    numbers(tx).await?;
    let text = csv(50_000);
    for (name, data) in [("gzip", gzip(&text)), ("zstd", zstd(&text))] {
        for cut in [data.len() / 2, data.len() - 1] {
            let source = Source::bytes(data[..cut].to_vec()).named("numbers.csv.z");
            let error = load(source).run(tx).await.expect_err("it is cut");
            let said = format!(
                "failed to read numbers.csv.z: the {name} data end in the middle, after byte {cut}; the source is not \
                 whole, get it again"
            );
            assert_eq!(error.to_string(), said);
        }
        // Of the checksum: what precedes it may be rubbish that looks like data.
        let mut damaged = data.clone();
        let checksum = damaged.len() - if name == "gzip" { 8 } else { 4 };
        damaged[checksum] ^= 0x5a;
        let error = load(Source::bytes(damaged))
            .run(tx)
            .await
            .expect_err("it is damaged");
        let told = error.to_string();
        assert!(
            told.contains(&format!("the {name} data are damaged near byte")),
            "{told}"
        );
        let trailed = [data, b"more".to_vec()].concat();
        let error = load(Source::bytes(trailed))
            .run(tx)
            .await
            .expect_err("more follows");
        assert!(
            error.to_string().contains("data are damaged near byte"),
            "{error:?}"
        );
    }
    assert_eq!(sum(tx).await?, (0, 0));
    Ok(())
}

#[aiodal::test]
async fn what_cannot_be_read_is_told_with_the_next_step(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    numbers(tx).await?;
    let directory = Directory::new();
    let xz = directory.file("a.csv.xz", b"\xfd7zXZ\0\0\x04");
    let utf16 = directory.file("utf16.csv", b"\xff\xfen\0,\0t\0\n\0");
    let cases = [
        (
            xz,
            "is compressed with xz, which isn't read here; decompress it first: `xz -dc`",
        ),
        (utf16, "it is UTF-16; convert it first: `iconv"),
        (directory.0.clone(), "it is a directory; name a file in it"),
        (directory.0.join("none.csv"), "there is no such file"),
        ("none/such.csv".into(), "there is no such file, seen from /"),
    ];
    for (path, said) in cases {
        let error = load(path.clone())
            .run(tx)
            .await
            .expect_err("it cannot be read");
        let told = error.to_string();
        assert!(
            told.contains(said) && told.contains(&path.display().to_string()),
            "{told}"
        );
    }
    Ok(())
}

#[aiodal::test]
async fn byte_order_mark_is_no_part_of_the_data(tx: &mut Transaction) -> aiodal::Result<()> {
    numbers(tx).await?;
    load(Source::bytes("\u{feff}n,t\n1,\u{feff}a\n"))
        .run(tx)
        .await?;
    let lines = Source::bytes("\u{feff}{\"n\":2}");
    Load::new(lines, JsonLines::new())
        .into_table("numbers")
        .run(tx)
        .await?;
    let text = Source::bytes("\u{feff}3\tc\n");
    Load::new(text, Text::new())
        .into_table("numbers")
        .run(tx)
        .await?;
    assert_eq!(sum(tx).await?, (3, 6));
    let marked = tx
        .query_one("select t from numbers where n = 1", &[])
        .await?;
    assert_eq!(marked.get::<_, &str>(0), "\u{feff}a");
    Ok(())
}

#[aiodal::test]
async fn pieces_of_a_stream_end_anywhere(tx: &mut Transaction) -> aiodal::Result<()> {
    numbers(tx).await?;
    let text = csv(2_000);
    for size in [1, 7, 4096] {
        for data in [text.clone().into_bytes(), gzip(&text), zstd(&text)] {
            let mut pieces: Vec<io::Result<Bytes>> = data
                .chunks(size)
                .map(|piece| Ok(Bytes::copy_from_slice(piece)))
                .collect();
            pieces.insert(1, Ok(Bytes::new()));
            load(Source::stream(stream::iter(pieces))).run(tx).await?;
            assert_eq!(sum(tx).await?, (2_000, 2_001_000));
            tx.batch_execute("truncate numbers").await?;
        }
    }
    Ok(())
}

#[aiodal::test]
async fn error_of_a_source_is_the_cause(tx: &mut Transaction) -> aiodal::Result<()> {
    numbers(tx).await?;
    let text = csv(100_000);
    // Not mistaken for compressed data that end early.
    for data in [text.clone().into_bytes(), gzip(&text)] {
        let half = Bytes::copy_from_slice(&data[..data.len() / 2]);
        let gone = io::Error::new(io::ErrorKind::UnexpectedEof, "the cable was cut");
        let pieces = stream::iter([Ok(half), Err(gone)]);
        let error = load(Source::stream(pieces).named("upload"))
            .run(tx)
            .await
            .expect_err("it breaks off");
        let said = format!(
            "failed to read upload: it broke off after byte {}",
            data.len() / 2
        );
        assert_eq!(error.to_string(), said);
        assert!(
            format!("{error:#}").contains("caused by: the cable was cut"),
            "{error:?}"
        );
        assert_eq!(sum(tx).await?, (0, 0));
    }
    Ok(())
}

#[aiodal::test]
async fn reader_is_read_while_it_is_written(tx: &mut Transaction) -> aiodal::Result<()> {
    numbers(tx).await?;
    let (mut writer, reader) = tokio::io::duplex(1000);
    let write = async move {
        writer.write_all(csv(20_000).as_bytes()).await?;
        writer.shutdown().await
    };
    let load = load(Source::reader(reader)).run(tx);
    let (written, report) = futures_util::join!(write, load);
    written.expect("it is read");
    assert_eq!(report?.rows, 20_000);
    Ok(())
}

/// Never ends, and tells when it is gone.
struct Endless(Arc<AtomicBool>);

impl AsyncRead for Endless {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buffer.put_slice(&b"1,one\n"[..buffer.remaining().min(6)]);
        Poll::Ready(Ok(()))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[aiodal::test]
async fn load_that_is_dropped_lets_go_of_its_source(tx: &mut Transaction) -> aiodal::Result<()> {
    numbers(tx).await?;
    let gone = Arc::new(AtomicBool::new(false));
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut tell = Some(tell);
    let source = Source::reader(Endless(Arc::clone(&gone)));
    let load = Load::new(source, Csv::new().header(aiodal::bulk::Header::None))
        .into_table("numbers")
        .on_progress(move |progress| {
            if progress.rows > 0
                && let Some(tell) = tell.take()
            {
                // The test may have ended.
                let _ = tell.send(());
            }
        });
    {
        let run = std::pin::pin!(load.run(tx));
        let told = std::pin::pin!(told);
        match futures_util::future::select(run, told).await {
            futures_util::future::Either::Left((ended, _)) => panic!("it never ends: {ended:?}"),
            futures_util::future::Either::Right((told, _)) => told.expect("it was told"),
        }
    }
    assert!(gone.load(Ordering::SeqCst));
    assert_eq!(sum(tx).await?, (0, 0));
    Ok(())
}

#[aiodal::test]
async fn named_pipe_is_a_source_of_unknown_size(tx: &mut Transaction) -> aiodal::Result<()> {
    numbers(tx).await?;
    let directory = Directory::new();
    let path = directory.0.join("pipe");
    let made = Command::new("mkfifo")
        .arg(&path)
        .status()
        .expect("there is mkfifo");
    assert!(made.success());
    let to = path.clone();
    let writer = std::thread::spawn(move || fs::write(to, csv(1000)));
    let report = load(path)
        .on_progress(|progress| assert_eq!(progress.total, None))
        .run(tx)
        .await?;
    writer
        .join()
        .expect("it doesn't panic")
        .expect("it is read");
    assert_eq!((report.rows, sum(tx).await?.0), (1000, 1000));
    Ok(())
}

#[test]
fn a_dash_is_the_standard_input() {
    assert_eq!(
        format!("{:?}", Source::from("-")),
        "Source(\"standard input\")"
    );
    assert_eq!(format!("{:?}", Source::from("./-")), "Source(\"./-\")");
}
