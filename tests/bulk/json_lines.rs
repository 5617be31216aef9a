//! JSON lines load as the server would have read them.

mod random;

use aiodal::bulk::{JsonLines, Load, LoadReport, Source};
use aiodal::{SqlState, Transaction};

fn lines<'a>(text: impl Into<Vec<u8>>) -> Source<'a> {
    Source::bytes(text.into()).named("authors.jsonl")
}

async fn into_column(tx: &mut Transaction, kind: &str, text: &str) -> aiodal::Result<LoadReport> {
    tx.batch_execute(&format!("create temp table staged (record {kind})"))
        .await?;
    Load::new(lines(text), JsonLines::into_column("record"))
        .into_table("staged")
        .run(tx)
        .await
}

async fn strings(tx: &Transaction, sql: &str) -> aiodal::Result<Vec<Option<String>>> {
    let rows = tx.query(sql, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

#[aiodal::test]
async fn what_breaks_a_naive_copy_is_loaded_as_it_is(tx: &mut Transaction) -> aiodal::Result<()> {
    let hard = [
        r#"{"a":"x\ny"}"#,
        r#"{"a":"C:\\temp\\new"}"#,
        r#"{"a":"\u2603 \"quoted\", 'too'"}"#,
        r#"{"a":"\\N"}"#,
        r#"{"a":"\t"}"#,
        r#"[1, "two", null]"#,
        r#""a string""#,
        "null",
        "{\"a\":\"\u{1f600} \u{7f}\"}",
    ];
    let text = hard.join("\n");
    let report = into_column(tx, "jsonb", &text).await?;
    assert_eq!((report.rows, report.rows_in_binary), (9, 9));
    for (line, stored) in hard
        .iter()
        .zip(strings(tx, "select record::text from staged").await?)
    {
        let right = tx
            .query_one("select $1::text::jsonb::text", &[line])
            .await?;
        assert_eq!(stored.as_deref(), Some(right.get::<_, &str>(0)), "{line}");
    }
    Ok(())
}

#[aiodal::test]
async fn blank_line_is_no_row(tx: &mut Transaction) -> aiodal::Result<()> {
    let text = "\u{feff}\n{\"n\":1}\r\n\r\n \t\n{\"n\":2}\n\n{\"n\":3}";
    let report = into_column(tx, "json", text).await?;
    assert_eq!(report.rows, 3);
    let stored = strings(tx, "select record::text from staged").await?;
    let stored: Vec<&str> = stored.iter().flatten().map(String::as_str).collect();
    assert_eq!(stored, ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"]);
    Ok(())
}

#[aiodal::test]
async fn text_column_takes_lines_that_are_no_json(tx: &mut Transaction) -> aiodal::Result<()> {
    into_column(tx, "text", "\\.\n\"\nNULL\n\u{1}\u{2}").await?;
    let stored = strings(tx, "select record from staged").await?;
    let stored: Vec<&str> = stored.iter().flatten().map(String::as_str).collect();
    assert_eq!(stored, ["\\.", "\"", "NULL", "\u{1}\u{2}"]);
    Ok(())
}

#[aiodal::test]
async fn line_that_is_no_json_is_refused_by_its_line(tx: &mut Transaction) -> aiodal::Result<()> {
    let error = into_column(tx, "jsonb", "{}\n\n{\"a\":1,}\n{}")
        .await
        .expect_err("there is a comma too many");
    assert_eq!(error.code(), Some(&SqlState::INVALID_TEXT_REPRESENTATION));
    assert!(error.to_string().starts_with("authors.jsonl:3"), "{error}");
    Ok(())
}

async fn author(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create temp table author (id serial primary key, name text not null, born date, tags text[], about jsonb, \
         rating numeric(3,1), alive bool default true)",
    )
    .await
}

fn mapped<'a>(text: &str) -> Load<'a> {
    Load::new(lines(text), JsonLines::new()).into_table("author")
}

#[aiodal::test]
async fn keys_are_columns(tx: &mut Transaction) -> aiodal::Result<()> {
    author(tx).await?;
    let text = concat!(
        r#"{"name":"Ursula \"K.\"\nLe Guin","born":"1929-10-21","tags":["sf",null,"a \"b\""],"rating":9.25}"#,
        "\r\n",
        r#"{"about":{"x": [1, 2]},"name":"Stanis\u0142aw","born":null,"born":"1921-09-12"}"#,
        "\n",
        r#"{"about":"text","name":7,"tags":[],"\u006eame":true,"rating":"1e0"}"#,
    );
    let report = mapped(text).run(tx).await?;
    assert_eq!(report.rows, 3);
    let stored = strings(tx, "select author::text from author order by id").await?;
    let stored: Vec<&str> = stored.iter().flatten().map(String::as_str).collect();
    assert_eq!(
        stored,
        [
            "(1,\"Ursula \"\"K.\"\"\nLe Guin\",1929-10-21,\"{sf,NULL,\"\"a \\\\\"\"b\\\\\"\"\"\"}\",,9.3,t)",
            r#"(2,Stanisław,1921-09-12,,"{""x"": [1, 2]}",,t)"#,
            r#"(3,true,,{},"""text""",1.0,t)"#,
        ]
    );
    Ok(())
}

#[aiodal::test]
async fn column_without_a_key_has_its_default(tx: &mut Transaction) -> aiodal::Result<()> {
    author(tx).await?;
    mapped("{\"name\":\"a\"}\n{\"name\":\"b\"}").run(tx).await?;
    let stored = strings(tx, "select author::text from author").await?;
    assert_eq!(stored[1].as_deref(), Some("(2,b,,,,,t)"));
    Ok(())
}

#[aiodal::test]
async fn key_that_comes_late_is_an_error_and_never_dropped(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    author(tx).await?;
    let mut text = "{\"name\":\"a\"}\n".repeat(10_000);
    text.push_str("{\"name\":\"z\",\"alive\":false}\n");
    let error = mapped(&text).run(tx).await.expect_err("alive is new");
    let said = error.to_string();
    assert!(
        said.starts_with("authors.jsonl:10001: the key `alive`"),
        "{said}"
    );
    let report = mapped(&text).columns(["name", "alive"]).run(tx).await?;
    assert_eq!(report.rows, 10_001);
    let dead = strings(tx, "select name from author where not alive").await?;
    assert_eq!(dead, [Some("z".to_owned())]);
    Ok(())
}

#[aiodal::test]
async fn unknown_keys_are_ignored_on_request(tx: &mut Transaction) -> aiodal::Result<()> {
    author(tx).await?;
    let text = "{\"name\":\"a\",\"x\":1}\n{\"y\":{\"name\":2},\"name\":\"b\"}";
    let error = mapped(text).run(tx).await.expect_err("x is no column");
    assert!(error.to_string().contains("`x`"), "{error}");
    mapped(text).ignore_unknown().run(tx).await?;
    let names = strings(tx, "select name from author order by id").await?;
    assert_eq!(names, [Some("a".to_owned()), Some("b".to_owned())]);
    Ok(())
}

#[aiodal::test]
async fn line_that_cannot_be_mapped_is_refused_with_the_place_and_a_code(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    author(tx).await?;
    let cases: [(&[u8], SqlState, &str); 5] = [
        (
            b"{\"name\":\"x}",
            SqlState::INVALID_TEXT_REPRESENTATION,
            "a string has no end",
        ),
        (b"[1]", SqlState::INVALID_PARAMETER_VALUE, "into_column"),
        (
            b"{\"name\":\"\\u0000\"}",
            SqlState::UNTRANSLATABLE_CHARACTER,
            "at byte 10",
        ),
        (
            b"{\"name\":\"\xff\"}",
            SqlState::CHARACTER_NOT_IN_REPERTOIRE,
            "0xff",
        ),
        (
            b"{\"name\":\"\0\"}",
            SqlState::CHARACTER_NOT_IN_REPERTOIRE,
            "NUL",
        ),
    ];
    for (line, code, said) in cases {
        let text = [b"{\"name\":\"good\"}\n\n".as_slice(), line].concat();
        let error = Load::new(lines(text), JsonLines::new())
            .into_table("author")
            .run(tx)
            .await
            .expect_err("it is bad");
        assert_eq!(error.code(), Some(&code), "{error:?}");
        let told = error.to_string();
        assert!(
            told.starts_with("authors.jsonl:3") && told.contains(said),
            "{told}"
        );
    }
    assert_eq!(strings(tx, "select name from author").await?, []);
    Ok(())
}

#[aiodal::test]
async fn long_line_is_refused_by_its_number(tx: &mut Transaction) -> aiodal::Result<()> {
    author(tx).await?;
    let text = format!(
        "{{\"name\":\"a\"}}\n{{\"name\":\"{}\"}}\n",
        "b".repeat(3_000_000)
    );
    let error = mapped(&text)
        .max_record(1_000_000)
        .run(tx)
        .await
        .expect_err("it is too long");
    let told = error.to_string();
    assert!(
        told.starts_with("authors.jsonl:2: ") && told.contains("max_record"),
        "{told}"
    );
    let report = mapped(&text).run(tx).await?;
    assert_eq!(report.rows, 2);
    Ok(())
}
