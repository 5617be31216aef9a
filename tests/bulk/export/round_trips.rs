//! What is exported can be loaded again, whatever the values.

use aiodal::Transaction;
use aiodal::bulk::{Binary, Csv, Export, Format, Header, JsonLines, Load, Text};

use super::directory::Directory;
use super::{exported, exported_text};

/// A table of values that formats have trouble with.
const ODD: &str = r#"
    create type mood as enum ('so, so', 'it''s "fine"', 'NA');
    create table odd (id int primary key, "a ""text""" text, raw bytea, tags text[], doc jsonb, old json, mood mood,
        price numeric, at timestamptz, ratio float8, padded char(4), span interval,
        twice int generated always as (id * 2) stored);
    insert into odd (id) values (0);
    insert into odd values
        (1, '', '', '{}', '{}', '[]', 'so, so', 'NaN', 'infinity', '-0', '', '1 mon -2 days'),
        (2, 'a,b;c' || chr(9) || 'd', '\x00ff0a', '{NULL,"NULL","a\\b","{}"}', '"\\"', e'{\n "a":\r\n 1}', 'NA', 1e-20,
            '0044-03-15 12:00:00+00 BC', '1e-310', 'é', '00:00:00.000001'),
        (3, e'\n\r\n\\.\n', '\x5c2e', array[e'\n', e'\t'], '{"a":"line\nline\\u2603"}', '{"a": "\u2028"}', 'it''s "fine"',
            12345678901234567890.5, now(), 'Infinity', '"', '-1 year'),
        (4, e'\\.', null, null, 'null', 'null', null, null, null, null, null, null),
        (5, '"', null, null, '"\u0001\u0002"', null, null, null, null, null, null, null),
        (6, 'NA', null, null, null, null, null, null, null, null, null, null),
        (7, e'\\N', null, null, null, null, null, null, null, null, null, null),
        (8, '☃''"' || repeat('x', 300000), null, null, null, null, null, null, null, null, null, null)
"#;

/// Says which rows of the one table the other lacks.
const DIFFERENCE: &str = "select id from ((select o::text as r, id from odd o except all select b::text, id from back b) \
     union all (select b::text, id from back b except all select o::text, id from odd o)) as d";

async fn assert_same(tx: &Transaction, what: &str) -> aiodal::Result<()> {
    let different = tx.query(DIFFERENCE, &[]).await?;
    let ids: Vec<i32> = different.iter().map(|row| row.get(0)).collect();
    assert!(ids.is_empty(), "{what}: rows {ids:?} are not as they were");
    Ok(())
}

#[aiodal::test]
async fn what_copy_reads_is_what_was_there(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(ODD).await?;
    tx.batch_execute("create table back (like odd including generated)")
        .await?;
    let cases: [(Format, &str); 8] = [
        (Csv::new().into(), "format csv, header"),
        (Csv::new().header(Header::None).into(), "format csv"),
        (
            Csv::new()
                .delimiter(b';')
                .quote(b'\'')
                .escape(b'\\')
                .null("NA")
                .into(),
            r"format csv, header, delimiter ';', quote '''', escape e'\\', null 'NA'",
        ),
        (
            Csv::new().delimiter(b'\t').encoding("UTF8").into(),
            "format csv, header, delimiter e'\t', encoding 'UTF8'",
        ),
        (Text::new().into(), "format text"),
        (
            Text::new().delimiter(b'|').null("it's").into(),
            "format text, delimiter '|', null 'it''s'",
        ),
        (
            Text::new().header(Header::ByName).into(),
            "format text, header",
        ),
        (Binary::new().into(), "format binary"),
    ];
    for (format, options) in cases {
        let (report, data) = exported(Export::table("odd").format(format), tx).await?;
        assert_eq!(
            (report.rows, report.uncompressed),
            (9, report.bytes),
            "{options}"
        );
        tx.batch_execute("truncate back").await?;
        let mut copy = tx
            .copy_in(&format!("copy back from stdin ({options})"))
            .await?;
        copy.send(data).await?;
        assert_eq!(copy.finish().await?, 9, "{options}");
        assert_same(tx, options).await?;
    }
    Ok(())
}

#[aiodal::test]
async fn what_is_exported_is_loaded(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(ODD).await?;
    tx.batch_execute("create table back (like odd including generated)")
        .await?;
    let directory = Directory::new();
    let cases: [(Format, &str); 6] = [
        (Csv::new().into(), "a.csv.gz"),
        (Csv::new().header(Header::None).into(), "a.csv"),
        (
            Csv::new()
                .delimiter(b';')
                .quote(b'\'')
                .escape(b'\\')
                .null("NA")
                .into(),
            "b.csv",
        ),
        (Text::new().into(), "a.txt"),
        (Text::new().header(Header::ByName).into(), "b.txt.zst"),
        (Binary::new().into(), "a.bin.zst"),
    ];
    for (format, name) in cases {
        let path = directory.join(name);
        let there = Export::table("odd")
            .format(format.clone())
            .to_path(&path)
            .run(tx)
            .await?;
        tx.batch_execute("truncate back").await?;
        let back = Load::new(path, format).into_table("back").run(tx).await?;
        assert_eq!((there.rows, back.copied), (9, 9), "{name}");
        assert_same(tx, name).await?;
    }
    // JSON has one null, and a document of it becomes SQL's.
    let path = directory.join("a.jsonl.gz");
    Export::table("odd")
        .format(JsonLines::new())
        .to_path(&path)
        .run(tx)
        .await?;
    tx.batch_execute("truncate back").await?;
    let back = Load::new(path, JsonLines::new())
        .into_table("back")
        .run(tx)
        .await?;
    assert_eq!(back.copied, 9);
    tx.batch_execute("update odd set doc = null, old = null where id = 4; \
         update odd set old = '{  \"a\":   1}' where id = 2; update back set old = '{  \"a\":   1}' where id = 2")
        .await?;
    assert_same(tx, "JSON lines").await
}

#[aiodal::test]
async fn each_json_line_is_one_object_that_postgresql_reads_back(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(ODD).await?;
    tx.batch_execute(
        "create table back (like odd including generated); create temp table line (whole json)",
    )
    .await?;
    let (report, data) = exported(Export::table("odd").format(JsonLines::new()), tx).await?;
    let text = String::from_utf8(data).expect("JSON is UTF-8");
    assert_eq!(report.rows, 9);
    assert_eq!(text.lines().count(), 9);
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        assert!(value.is_object());
        tx.execute("insert into line values ($1::text::json)", &[&line])
            .await?;
    }
    let names = "id, \"a \"\"text\"\"\", raw, tags, doc, old, mood, price, at, ratio, padded, span";
    tx.batch_execute(&format!(
        "insert into back ({names}) select {names} from line, json_populate_record(null::odd, whole)"
    ))
    .await?;
    // JSON has one null: SQL's, and that of a document of it. And `json` keeps its layout, without line ends.
    tx.batch_execute("update back set doc = 'null', old = 'null' where id = 4; update odd set old = '{  \"a\":   1}' where id = 2")
        .await?;
    assert_same(tx, "JSON lines").await
}

#[aiodal::test]
async fn one_column_is_the_line(tx: &mut Transaction) -> aiodal::Result<()> {
    let documents = "values (1, '{\"b\": 1, \"a\": [\"\\\\\"]}'), (2, null), (3, e'{\\n\"a\":\\n1}'), (4, '\"x\"')";
    for (of, lines) in [
        (
            "jsonb",
            "{\"a\": [\"\\\\\"], \"b\": 1}\nnull\n{\"a\": 1}\n\"x\"\n",
        ),
        (
            "json",
            "{\"b\": 1, \"a\": [\"\\\\\"]}\nnull\n{ \"a\": 1}\n\"x\"\n",
        ),
    ] {
        let alone = format!("select doc::{of} as record from ({documents}) d(id, doc) order by id");
        let beside =
            format!("select id, doc::{of} as record from ({documents}) d(id, doc) order by id");
        for sql in [alone, beside] {
            let export = Export::query(sql.as_str(), &[]).format(JsonLines::into_column("record"));
            assert_eq!(exported_text(export, tx).await?, lines, "{sql}");
        }
    }
    let text = Export::query("select e'a\\nb' as t", &[]).format(JsonLines::into_column("t"));
    assert_eq!(exported_text(text, tx).await?, "\"a\\nb\"\n");
    Ok(())
}

#[aiodal::test]
async fn nothing_is_a_file_too(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create table t (n int, v text)").await?;
    let cases: [(Format, &[u8]); 5] = [
        (Csv::new().into(), b"n,v\n"),
        (Csv::new().header(Header::None).into(), b""),
        (Text::new().into(), b""),
        (JsonLines::new().into(), b""),
        (
            Binary::new().into(),
            b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\xff\xff",
        ),
    ];
    for (format, expected) in cases {
        let what = format!("{format:?}");
        let (report, data) = exported(Export::table("t").format(format), tx).await?;
        assert_eq!((report.rows, data.as_slice()), (0, expected), "{what}");
    }
    Ok(())
}

#[aiodal::test]
async fn rows_are_counted_not_lines(tx: &mut Transaction) -> aiodal::Result<()> {
    let sql = "select e'a\\nb\\n' as \"two\nlines\" from generate_series(1, 1000)";
    for header in [Header::ByName, Header::None] {
        let csv = Export::query(sql, &[]).format(Csv::new().header(header));
        assert_eq!(exported(csv, tx).await?.0.rows, 1000);
    }
    Ok(())
}

#[aiodal::test]
async fn encoding_is_the_formats(tx: &mut Transaction) -> aiodal::Result<()> {
    let sql = "select 'é' as é";
    for format in [
        Format::from(Csv::new().encoding("LATIN1")),
        Text::new().header(Header::ByName).encoding("latin1").into(),
    ] {
        let (_, data) = exported(Export::query(sql, &[]).format(format), tx).await?;
        assert_eq!(data, b"\xe9\n\xe9\n");
    }
    Ok(())
}
