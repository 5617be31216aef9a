//! A file is there whole or not at all.

use std::fs;
use std::future::{Future, poll_fn};
use std::io::Read;
use std::path::Path;
use std::pin::pin;
use std::task::Poll;

use aiodal::Transaction;
use aiodal::bulk::{Compression, Csv, Export, Header};

use super::directory::Directory;

fn numbers(to: u32) -> String {
    format!("select n, repeat('x', 100) as v from generate_series(1, {to}) n")
}

fn lines(to: u32) -> String {
    let x = "x".repeat(100);
    let lines: Vec<_> = (1..=to).map(|n| format!("{n},{x}\n")).collect();
    lines.concat()
}

fn bare(to: u32) -> Export<'static> {
    Export::query(numbers(to), &[]).format(Csv::new().header(Header::None))
}

#[aiodal::test]
async fn file_is_compressed_as_its_name_says(tx: &mut Transaction) -> aiodal::Result<()> {
    let directory = Directory::new();
    let read = |name: &str| fs::read(directory.join(name)).expect("the file is there");
    let unzip = |name: &str| {
        let mut text = String::new();
        let data = read(name);
        let mut decoder = flate2::read::GzDecoder::new(data.as_slice());
        decoder.read_to_string(&mut text).expect("it is gzip");
        text
    };
    let unzstd = |name: &str| {
        let plain = zstd::decode_all(read(name).as_slice()).expect("it is zstd");
        String::from_utf8(plain).expect("it is text")
    };
    let expected = lines(20_000);
    for (name, compression) in [
        ("a.csv", None),
        ("a.csv.gz", None),
        ("a.csv.zst", None),
        ("plain.gz", Some(Compression::None)),
        ("zipped", Some(Compression::Gzip)),
        ("zstd.csv", Some(Compression::Zstd)),
    ] {
        let mut export = bare(20_000);
        if let Some(compression) = compression {
            export = export.compress(compression);
        }
        let report = export.to_path(directory.join(name)).run(tx).await?;
        let stored = fs::metadata(directory.join(name))
            .expect("the file is there")
            .len();
        assert_eq!((report.rows, report.bytes), (20_000, stored), "{name}");
        assert_eq!(report.uncompressed, expected.len() as u64, "{name}");
    }
    for name in ["a.csv", "plain.gz"] {
        assert!(read(name) == expected.as_bytes(), "{name}");
    }
    assert!(unzip("a.csv.gz") == expected);
    assert!(unzip("zipped") == expected);
    assert!(unzstd("a.csv.zst") == expected);
    assert!(unzstd("zstd.csv") == expected);
    assert_eq!(directory.names().len(), 6, "{:?}", directory.names());
    Ok(())
}

#[aiodal::test]
async fn progress_is_told_and_ends_with_the_report(tx: &mut Transaction) -> aiodal::Result<()> {
    let directory = Directory::new();
    // It takes long enough to be told of in between.
    let sql =
        "select n, repeat(md5(n::text), 20), pg_sleep(0.0001) from generate_series(1, 3000) n";
    let mut told = Vec::new();
    let report = Export::query(sql, &[])
        .to_path(directory.join("a.csv.gz"))
        .on_progress(|so_far| told.push(*so_far))
        .run(tx)
        .await?;
    assert_eq!(told.last(), Some(&report));
    assert!(told.len() > 1, "{told:?}");
    assert!(told.is_sorted_by_key(|so_far| (so_far.rows, so_far.uncompressed, so_far.bytes)));
    assert!(
        told.windows(2)
            .all(|pair| pair[0].elapsed < pair[1].elapsed)
    );
    Ok(())
}

#[aiodal::test]
async fn nothing_compresses_too(tx: &mut Transaction) -> aiodal::Result<()> {
    let directory = Directory::new();
    for name in ["a.gz", "a.zst"] {
        let report = bare(0).to_path(directory.join(name)).run(tx).await?;
        assert_eq!(report.uncompressed, 0);
        assert!(report.bytes > 0, "an empty file is no {name}");
    }
    let zipped = fs::read(directory.join("a.gz")).expect("the file is there");
    let mut plain = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(zipped.as_slice());
    assert_eq!(decoder.read_to_end(&mut plain).expect("it is gzip"), 0);
    let zstd = fs::read(directory.join("a.zst")).expect("the file is there");
    assert!(
        zstd::decode_all(zstd.as_slice())
            .expect("it is zstd")
            .is_empty()
    );
    Ok(())
}

#[aiodal::test]
async fn failed_export_leaves_the_file_as_it_was(tx: &mut Transaction) -> aiodal::Result<()> {
    let directory = Directory::new();
    let path = directory.join("a.csv");
    let failing = "select 1 / (n - 150000), repeat('x', 100) from generate_series(1, 200000) n";
    for before in [None, Some("before")] {
        if let Some(before) = before {
            fs::write(&path, before).expect("a file can be written");
        }
        let error = Export::query(failing, &[]).to_path(&path).run(tx).await;
        let error = error.expect_err("a division by zero");
        assert_eq!(error.code().map(aiodal::SqlState::code), Some("22012"));
        tx.query_one("select 1", &[]).await?;
        let names: &[&str] = if before.is_some() { &["a.csv"] } else { &[] };
        directory.settles_to(names).await;
        assert_eq!(fs::read_to_string(&path).ok().as_deref(), before);
    }
    Ok(())
}

#[aiodal::test]
async fn export_dropped_anywhere_leaves_no_part_of_a_file(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    const ROWS: u32 = 20_000;
    let directory = Directory::new();
    let path = directory.join("a.csv.gz");
    fs::write(&path, "before").expect("a file can be written");
    let mut finished = false;
    for polls in (0..).map(|n: u32| n * n) {
        let done = {
            let mut export = pin!(bare(ROWS).to_path(&path).run(tx));
            let mut left = polls;
            poll_fn(|cx| {
                if left == 0 {
                    return Poll::Ready(None);
                }
                left -= 1;
                export.as_mut().poll(cx).map(Some)
            })
            .await
        };
        // At the very end it may have come to have its name before it was dropped.
        tx.query_one("select 1", &[]).await?;
        directory.settles_to(&["a.csv.gz"]).await;
        let data = fs::read(&path).expect("the file is there");
        if let Some(report) = done {
            assert_eq!(report?.rows, u64::from(ROWS));
            finished = true;
        }
        let mut text = String::new();
        let whole = flate2::read::GzDecoder::new(data.as_slice()).read_to_string(&mut text);
        assert!(
            data == b"before" || (whole.is_ok() && text == lines(ROWS)),
            "half a file after {polls} polls"
        );
        if finished {
            break;
        }
    }
    assert!(finished);
    Ok(())
}

#[aiodal::test]
async fn path_that_can_not_be_written_is_refused_before_anything_is_sent(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let directory = Directory::new();
    // Not even the query is looked at.
    let export = |path: &Path| Export::query("no SQL", &[]).to_path(path);
    let nowhere = directory.join("nowhere").join("a.csv");
    let error = export(&nowhere)
        .run(tx)
        .await
        .expect_err("there is no such directory");
    assert_eq!(
        error.to_string(),
        format!(
            "failed to write {}: there is no such directory; make it first",
            nowhere.display()
        )
    );
    let error = export(directory.path())
        .run(tx)
        .await
        .expect_err("it is a directory");
    assert_eq!(
        error.to_string(),
        format!(
            "failed to write {}: it is a directory; name a file in it",
            directory.path().display()
        )
    );
    tx.query_one("select 1", &[]).await?;
    Ok(())
}

#[cfg(target_os = "linux")]
#[aiodal::test]
async fn full_disk_fails_the_export_and_not_the_transaction(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute("create table t as select n from generate_series(1, 200000) n")
        .await?;
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        let error = Export::query("delete from t returning n, repeat('x', 100)", &[])
            .compress(compression)
            .to_path("/dev/full")
            .run(tx)
            .await
            .expect_err("there is no room");
        assert_eq!(
            error.to_string(),
            "failed to write /dev/full: there is no room left; make some, or choose another place"
        );
        let left: i64 = tx.query_scalar("select count(*) from t", &[]).await?;
        assert_eq!(left, 200_000, "what was not written is not deleted");
    }
    assert!(fs::metadata("/dev/full").is_ok_and(|there| !there.is_file()));
    Ok(())
}

#[cfg(unix)]
#[aiodal::test]
async fn file_that_was_there_keeps_its_permissions_and_its_links(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let directory = Directory::new();
    let (path, link) = (directory.join("a.csv"), directory.join("link.csv"));
    fs::write(&path, "before").expect("a file can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("it is ours");
    symlink("a.csv", &link).expect("a link can be made");
    let report = bare(3).to_path(&link).run(tx).await?;
    assert_eq!(report.rows, 3);
    assert_eq!(fs::read_to_string(&path).expect("it is there"), lines(3));
    let mode = fs::metadata(&path)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
    assert!(
        fs::symlink_metadata(&link)
            .expect("it is there")
            .is_symlink()
    );
    assert_eq!(directory.names(), ["a.csv", "link.csv"]);
    Ok(())
}

#[aiodal::test]
async fn longest_name_is_written_too(tx: &mut Transaction) -> aiodal::Result<()> {
    let directory = Directory::new();
    let name = "n".repeat(255);
    bare(1).to_path(directory.join(&name)).run(tx).await?;
    assert_eq!(directory.names(), [name]);
    Ok(())
}
