//! The formats that only the server reads: text and binary.

use aiodal::bulk::{Binary, Header, Load, LoadReport, Source, Text};
use aiodal::{SqlState, Transaction};
use bytes::Bytes;
use futures_util::TryStreamExt as _;

async fn table(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table t (a int, b text, c text default 'none')")
        .await
}

async fn rows(tx: &Transaction) -> aiodal::Result<Vec<String>> {
    let rows = tx.query("select t::text from t order by a", &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn text(tx: &mut Transaction, data: &str, format: Text) -> aiodal::Result<LoadReport> {
    let source = Source::bytes(data.to_owned()).named("t.txt");
    let load = Load::new(source, format).into_table("t");
    if data.contains("junk") {
        return load.ignore("junk").run(tx).await;
    }
    load.run(tx).await
}

#[aiodal::test]
async fn text_is_read_by_the_server(tx: &mut Transaction) -> aiodal::Result<()> {
    table(tx).await?;
    // Escaped and mixed line ends, an escaped delimiter, and a backslash at the very end.
    let data = "1\ta\\\nb\t\\N\r\n2\tx\\ty\tz\n3\t\\\\.\t\\\t\r\n4\t\tend\\";
    let report = text(tx, data, Text::new()).await?;
    assert_eq!((report.rows, report.rows_as_they_are), (4, 4));
    let right = [
        "(1,\"a\nb\",)",
        "(2,\"x\ty\",z)",
        "(3,\"\\\\.\",\"\t\")",
        "(4,\"\",end)",
    ];
    assert_eq!(rows(tx).await?, right);
    Ok(())
}

#[aiodal::test]
async fn text_goes_by_the_names_in_its_header(tx: &mut Transaction) -> aiodal::Result<()> {
    table(tx).await?;
    let format = || Text::new().header(Header::ByName).delimiter(b'|');
    text(tx, "b|junk|a\nx\\|y|?|1\nz|?|2\n", format()).await?;
    assert_eq!(rows(tx).await?, ["(1,x|y,none)", "(2,z,none)"]);
    let error = text(tx, "b|junk|a\nx|?|1\nz|2\n", format())
        .await
        .expect_err("a field is missing");
    assert_eq!(error.code(), Some(&SqlState::BAD_COPY_FILE_FORMAT));
    assert!(
        error.to_string().starts_with("t.txt:3: missing data"),
        "{error}"
    );
    Ok(())
}

#[aiodal::test]
async fn end_of_data_marker_ends_text_and_nothing_may_follow(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    table(tx).await?;
    text(tx, "1\ta\tb\n2\tc\td\n\\.\n", Text::new()).await?;
    assert_eq!(rows(tx).await?, ["(1,a,b)", "(2,c,d)"]);
    for (data, said) in [
        (
            "1\ta\tb\n\\.\n2\tc\td\n",
            "t.txt:3: there is data behind the end-of-data marker",
        ),
        (
            "1\ta\tb\\.\n2\tc\td\n",
            "t.txt:1: the end-of-data marker `\\.` is not alone",
        ),
        (
            "1\ta\tb\n2\t\\.c\td\n",
            "t.txt:2: the end-of-data marker `\\.` is not alone",
        ),
    ] {
        let error = text(tx, data, Text::new())
            .await
            .expect_err("rows would be lost");
        assert!(error.to_string().starts_with(said), "{error}");
        assert_eq!(error.code(), Some(&SqlState::BAD_COPY_FILE_FORMAT));
    }
    assert_eq!(rows(tx).await?.len(), 2);
    Ok(())
}

#[aiodal::test]
async fn carriage_returns_in_text_are_refused_by_the_server(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    table(tx).await?;
    for data in [
        "1\ta\tb\n2\tc\rc\td\n",
        "1\ta\tb\r\n2\tc\td\r\r\n",
        "1\ta\tb\r2\tc\td\n3\te\tf\r",
    ] {
        let error = text(tx, data, Text::new())
            .await
            .expect_err("a carriage return is bare");
        assert_eq!(
            error.code(),
            Some(&SqlState::BAD_COPY_FILE_FORMAT),
            "{data:?}: {error:?}"
        );
    }
    text(tx, "1\ta\tb\r2\tc\td\r", Text::new()).await?;
    assert_eq!(rows(tx).await?, ["(1,a,b)", "(2,c,d)"]);
    Ok(())
}

/// What the server itself writes.
async fn binary(tx: &mut Transaction) -> aiodal::Result<Vec<u8>> {
    let sql = "copy (select n, repeat('x', n), nullif(n::text, '2') from generate_series(1, 3) n) to stdout (format binary)";
    let pieces: Vec<Bytes> = tx.copy_out(sql).await?.try_collect().await?;
    Ok(pieces.concat())
}

async fn load(tx: &mut Transaction, data: Vec<u8>) -> aiodal::Result<LoadReport> {
    let source = Source::bytes(data).named("t.bin");
    Load::new(source, Binary::new())
        .into_table("t")
        .run(tx)
        .await
}

#[aiodal::test]
async fn binary_file_of_the_server_is_loaded_whole_or_refused(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    table(tx).await?;
    let data = binary(tx).await?;
    for cut in 0..data.len() {
        let error = load(tx, data[..cut].to_vec())
            .await
            .expect_err("it is not whole");
        let told = format!("{error:#}");
        assert!(
            told.contains("t.bin") && !told.contains("SQLSTATE"),
            "{cut}: {told}"
        );
    }
    assert!(rows(tx).await?.is_empty());
    let report = load(tx, data.clone()).await?;
    assert_eq!((report.rows, report.rows_in_binary), (3, 3));
    assert_eq!(rows(tx).await?, ["(1,x,1)", "(2,xx,)", "(3,xxx,3)"]);

    let error = load(tx, [data, b"\0".to_vec()].concat())
        .await
        .expect_err("more follows");
    assert!(
        error
            .to_string()
            .contains("there is data behind its trailer"),
        "{error}"
    );
    let error = load(tx, b"a,b\n1,2\n".to_vec())
        .await
        .expect_err("it is CSV");
    assert!(
        error.to_string().contains("name the format that it has"),
        "{error}"
    );
    Ok(())
}

#[aiodal::test]
async fn binary_row_that_is_cut_is_named(tx: &mut Transaction) -> aiodal::Result<()> {
    table(tx).await?;
    let data = binary(tx).await?;
    let error = load(tx, data[..data.len() - 4].to_vec())
        .await
        .expect_err("it is cut");
    assert!(
        error.to_string().contains("it ends in the middle of row 3"),
        "{error}"
    );
    let error = load(tx, data[..data.len() - 2].to_vec())
        .await
        .expect_err("it has no trailer");
    assert!(
        error
            .to_string()
            .contains("ends after 3 rows, without its trailer"),
        "{error}"
    );
    Ok(())
}
