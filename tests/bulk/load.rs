//! What every load does: names to columns, all or nothing, a report.

use std::fmt::Write as _;

use aiodal::bulk::{
    Binary, Csv, Format, Header, JsonLines, Load, Phase, Progress, Source, Stage, Text,
};
use aiodal::{SqlState, Transaction};

async fn author(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table author (id int primary key, name text not null, note text default 'none')")
        .await
}

#[aiodal::test]
async fn rows_go_to_the_columns_that_are_named(tx: &mut Transaction) -> aiodal::Result<()> {
    author(tx).await?;
    let report = Load::rows([("Hep", 1), ("Ursula", 2)])
        .into_table("author")
        .columns(["name", "id"])
        .run(tx)
        .await?;
    assert_eq!((report.rows, report.copied, report.inserted), (2, 2, 2));
    assert_eq!((report.rows_in_binary, report.rows_as_they_are), (2, 0));
    let rows = tx
        .query("select id, name, note from author order by id", &[])
        .await?;
    let rows: Vec<(i32, &str, &str)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    assert_eq!(rows, [(1, "Hep", "none"), (2, "Ursula", "none")]);
    Ok(())
}

#[aiodal::test]
async fn load_that_fails_leaves_nothing_and_the_transaction_goes_on(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    author(tx).await?;
    let rows = (0..50_000).map(|n| (n % 49_999, "x"));
    let load = Load::rows(rows)
        .into_table("author")
        .columns(["id", "name"]);
    let error = load.run(tx).await.expect_err("0 is there twice");
    assert!(error.is_unique_violation(), "{error:?}");
    let count = tx.query_one("select count(*) from author", &[]).await?;
    assert_eq!(count.get::<_, i64>(0), 0);
    Ok(())
}

/// Loads CSV from memory.
fn csv<'a>(text: &str) -> Load<'a> {
    Load::new(
        Source::bytes(text.to_owned()).named("author.csv"),
        Csv::new(),
    )
    .into_table("author")
}

async fn authors(tx: &Transaction) -> aiodal::Result<Vec<(i32, String, Option<String>)>> {
    let rows = tx.query("select id, name, note from author order by id", &[]);
    let rows = rows.await?;
    Ok(rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect())
}

#[aiodal::test]
async fn fields_go_by_the_names_in_the_header(tx: &mut Transaction) -> aiodal::Result<()> {
    author(tx).await?;
    let text = "Author Name,junk,ID\nHep,x,1\n\"Ur\"\"s\nula\",y,2\n";
    let report = csv(text)
        .rename("Author Name", "name")
        .ignore("junk")
        .run(tx)
        .await?;
    assert_eq!(report.rows, 2);
    assert_eq!(report.bytes, text.len() as u64);
    assert_eq!(report.rows_in_binary, 2);
    let none = || Some("none".to_owned());
    assert_eq!(
        authors(tx).await?,
        [
            (1, "Hep".to_owned(), none()),
            (2, "Ur\"s\nula".to_owned(), none())
        ]
    );
    Ok(())
}

#[aiodal::test]
async fn columns_choose_among_the_fields_of_a_header(tx: &mut Transaction) -> aiodal::Result<()> {
    author(tx).await?;
    let load = csv("name,note,id,more\nHep,no,1,x\n").columns(["id", "name"]);
    load.run(tx).await?;
    let expected = (1, "Hep".to_owned(), Some("none".to_owned()));
    assert_eq!(authors(tx).await?, [expected]);
    Ok(())
}

/// Runs a load that is to be refused, and returns why.
async fn refused(tx: &mut Transaction, load: Load<'_>) -> String {
    let error = load.run(tx).await.expect_err("it is refused");
    error.to_string()
}

#[aiodal::test]
async fn names_that_are_no_columns_are_told_with_the_nearest(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    author(tx).await?;
    let told = refused(tx, csv("id,nmae,zzzzz\n")).await;
    assert!(told.contains("load author.csv into pg_temp"), "{told}");
    assert!(
        told.contains("no column for `nmae`, did you mean `name`?; for `zzzzz`"),
        "{told}"
    );
    let told = refused(tx, csv("id,name\n").columns(["id", "not"])).await;
    assert!(
        told.contains("no column `not`, did you mean `note`?"),
        "{told}"
    );
    let told = refused(tx, csv("id,Name,name\n")).await;
    assert!(
        told.contains("`Name` and `name` are both for the column `name`"),
        "{told}"
    );
    let told = refused(tx, csv("id,title\n").rename("titel", "name")).await;
    assert!(
        told.contains("no field `titel`; did you mean `title`?"),
        "{told}"
    );
    let told = refused(tx, csv("id,title\n").columns(["id", "name"])).await;
    assert!(told.contains("no field for the column `name`"), "{told}");
    Ok(())
}

#[aiodal::test]
async fn generated_column_takes_no_value(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create temp table author (id int, twice int generated always as (id * 2) stored)",
    )
    .await?;
    let told = refused(tx, csv("id,twice\n1,2\n")).await;
    assert!(
        told.contains("`twice` of") && told.contains("is generated"),
        "{told}"
    );
    csv("id,twice\n1,7\n").ignore("twice").run(tx).await?;
    let plain = Csv::new().header(Header::None);
    let load = Load::new(Source::bytes("2\n"), plain).into_table("author");
    load.run(tx).await?;
    let sum = tx.query_one("select sum(twice) from author", &[]).await?;
    assert_eq!(sum.get::<_, i64>(0), 6);
    Ok(())
}

#[aiodal::test]
async fn bad_row_is_told_by_source_line_column_and_value(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    author(tx).await?;
    // What is refused by the server's parser, in binary, and by a constraint.
    let parsed = "id,name\n1,\"a\nb\"\n2,b\nx3,c\n";
    let error = csv(parsed).run(tx).await.expect_err("x3 is no number");
    assert_eq!(
        error.to_string(),
        "author.csv:5, column id, value `x3`: invalid input syntax for type integer: \"x3\""
    );
    assert_eq!(error.code().map(SqlState::code), Some("22P02"));
    let row = error.bad_row().expect("it is a row");
    assert_eq!((row.line, row.record), (Some(5), Some(3)));
    let load = csv(parsed).server_parser();
    let error = load.run(tx).await.expect_err("x3 is no number");
    assert!(
        error
            .to_string()
            .starts_with("author.csv:5, column id, value `x3`"),
        "{error}"
    );
    let twice = "id,name\n1,\"a\nb\"\n2,b\n2,c\n3,d\n";
    for load in [csv(twice), csv(twice).server_parser()] {
        let error = load.run(tx).await.expect_err("2 is there twice");
        let row = error.bad_row().expect("it is a row");
        assert_eq!((row.line, row.record), (Some(5), Some(3)), "{row}");
        assert_eq!(row.constraint.as_deref(), Some("author_pkey"));
        assert!(
            row.reason.ends_with("Key (id)=(2) already exists."),
            "{row}"
        );
        assert!(error.is_unique_violation());
    }
    let error = csv("id,name\n1,a\n2,\n")
        .run(tx)
        .await
        .expect_err("no name");
    let row = error.bad_row().expect("it is a row");
    assert_eq!((row.line, row.column.as_deref()), (Some(3), Some("name")));
    Ok(())
}

#[aiodal::test]
async fn progress_is_told_to_the_end(tx: &mut Transaction) -> aiodal::Result<()> {
    author(tx).await?;
    let mut text = "id,name\n".to_owned();
    for id in 0..100_000 {
        writeln!(text, "{id},x").expect("memory takes it");
    }
    let mut told: Vec<Progress> = Vec::new();
    let load = csv(&text).on_progress(|progress| told.push(progress.clone()));
    let report = load.run(tx).await?;
    let last = told.last().expect("something is told");
    assert_eq!(last.phase, Phase::Done);
    assert_eq!((last.rows, last.bytes), (100_000, text.len() as u64));
    assert_eq!(last.total, Some(text.len() as u64));
    assert_eq!(last.fraction(), Some(1.0));
    assert_eq!(told[0].phase, Phase::Copying);
    // One a batch would be too many to look at.
    let most = 3 + report.elapsed.as_millis() / 100;
    assert!(told.len() as u128 <= most, "{told:?}");
    Ok(())
}

#[aiodal::test]
async fn statement_triggers_fire_once(tx: &mut Transaction) -> aiodal::Result<()> {
    author(tx).await?;
    tx.batch_execute(
        "create temp table fired (n int);
         create function pg_temp.fire() returns trigger language plpgsql as
             $$ begin insert into fired values (1); return null; end $$;
         create trigger fire after insert on author execute function pg_temp.fire()",
    )
    .await?;
    // The second row is one that only the server can read.
    csv("id,name\n1,a\n 2 ,b\n3,c\n").run(tx).await?;
    let fired = tx.query_one("select count(*) from fired", &[]).await?;
    assert_eq!(fired.get::<_, i64>(0), 1);
    Ok(())
}

#[aiodal::test]
async fn rows_may_refer_to_later_ones(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create temp table author (id int primary key, name text, teacher int references author)",
    )
    .await?;
    let load = csv("id,name,teacher\n1,a,3\n 2 ,b,1\n3,c,2\n");
    assert_eq!(load.run(tx).await?.copied, 3);
    Ok(())
}

#[aiodal::test]
async fn foreign_key_that_fails_at_the_end_names_the_load(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(
        "create temp table teacher (id int primary key);
         create temp table author (id int primary key, teacher int references teacher)",
    )
    .await?;
    let error = csv("id,teacher\n1,3\n").run(tx).await;
    let error = error.expect_err("there is no teacher 3");
    assert!(error.is_foreign_key_violation());
    let told = error.to_string();
    assert!(told.contains("load author.csv into"), "{told}");
    assert!(told.contains("Key (teacher)=(3) is not present"), "{told}");
    Ok(())
}

#[aiodal::test]
async fn every_format_loads_into_the_same_rows(tx: &mut Transaction) -> aiodal::Result<()> {
    author(tx).await?;
    let none = |load: Csv| load.header(Header::None);
    let mut binary = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    for (id, name, note) in [(1_i32, "a\tb", Some("x")), (2, "c\\d", None)] {
        binary.extend_from_slice(&3_i16.to_be_bytes());
        let id = id.to_be_bytes();
        for value in [
            Some(&id[..]),
            Some(name.as_bytes()),
            note.map(str::as_bytes),
        ] {
            let length = value.map_or(-1, |value| i32::try_from(value.len()).expect("short"));
            binary.extend_from_slice(&length.to_be_bytes());
            binary.extend_from_slice(value.unwrap_or_default());
        }
    }
    binary.extend_from_slice(b"\xff\xff");
    let json = "{\"id\":1,\"name\":\"a\\tb\",\"note\":\"x\"}\n{\"name\":\"c\\\\d\",\"id\":2,\"note\":null}\n";
    let sources: [(Source<'_>, Format); 6] = [
        (
            Source::bytes("note,id,name\nx,1,a\tb\n,2,c\\d\n"),
            Csv::new().into(),
        ),
        (
            Source::bytes("1;'a\tb';x\r\n2;c\\d;NA"),
            none(Csv::new().delimiter(b';').quote(b'\'').null("NA")).into(),
        ),
        (
            Source::bytes("1\ta\\tb\tx\n2\tc\\\\d\t\\N\n"),
            Text::new().into(),
        ),
        (
            Source::bytes("name\tnote\tid\na\\tb\tx\t1\nc\\\\d\t\\N\t2\n"),
            Text::new().header(Header::ByName).into(),
        ),
        (Source::bytes(json), JsonLines::new().into()),
        (Source::bytes(binary), Binary::new().into()),
    ];
    for (source, format) in sources {
        let told = format!("{format:?}");
        let load = Load::new(source, format).into_table("author");
        load.run(tx).await?;
        let expected = [
            (1, "a\tb".to_owned(), Some("x".to_owned())),
            (2, "c\\d".to_owned(), None),
        ];
        assert_eq!(authors(tx).await?, expected, "{told}");
        tx.batch_execute("delete from author").await?;
    }
    Ok(())
}

#[aiodal::test]
async fn stage_without_a_merge_is_what_is_loaded(tx: &mut Transaction) -> aiodal::Result<()> {
    let lines = Source::bytes("{\"name\": \"Hep\"}\n\n[1]\n").named("authors.jsonl");
    let stage = Stage::columns([("id", "serial"), ("record", "jsonb")]).name("staged");
    let report = Load::new(lines, JsonLines::into_column("record"))
        .stage(stage)
        .run(tx)
        .await?;
    assert_eq!((report.rows, report.copied, report.inserted), (2, 2, 0));
    let name = "select record->>'name' from staged where id = 1";
    let name = tx.query_one(name, &[]).await?;
    assert_eq!(name.get::<_, &str>(0), "Hep");
    Ok(())
}

#[aiodal::test]
async fn stage_without_a_merge_goes_into_the_table(tx: &mut Transaction) -> aiodal::Result<()> {
    author(tx).await?;
    let load = csv("id,name\n1,a\n2,b\n").stage(Stage::temp());
    let report = load
        .after_copy("delete from staged_author where id = 1")
        .run(tx)
        .await?;
    assert_eq!((report.copied, report.inserted), (2, 1));
    assert_eq!(authors(tx).await?.len(), 1);
    let gone = tx.query_opt(
        "select to_regclass('staged_author')::text where to_regclass('staged_author') is not null",
        &[],
    );
    assert!(gone.await?.is_none());
    Ok(())
}

#[aiodal::test]
async fn load_goes_nowhere_without_a_table(tx: &mut Transaction) {
    let told = refused(tx, Load::new(Source::bytes("a\n"), Csv::new())).await;
    assert!(told.contains("there is no table to load into"), "{told}");
    let load = Load::new(Source::bytes("a\n"), Csv::new()).stage(Stage::temp());
    let told = refused(tx, load).await;
    assert!(told.contains("say which with `into_table`"), "{told}");
}

#[aiodal::test]
async fn names_need_a_header(tx: &mut Transaction) -> aiodal::Result<()> {
    author(tx).await?;
    let plain = || Csv::new().header(Header::None);
    let load = || Load::new(Source::bytes("1,a\n"), plain()).into_table("author");
    let told = refused(tx, load().rename("a", "name")).await;
    assert!(told.contains("no header to go by"), "{told}");
    let told = refused(tx, load().columns(["id", "id"])).await;
    assert!(told.contains("named twice"), "{told}");
    Ok(())
}

#[aiodal::test]
async fn odd_names_are_quoted(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        r#"create schema "my.schema"; create table "my.schema"."t, line 9" ("a b" int, "c""d" int, "E" text)"#,
    )
    .await?;
    let load = |text: &str| {
        let source = Source::bytes(text.to_owned()).named("odd.csv");
        Load::new(source, Csv::new()).into_table(("my.schema", "t, line 9"))
    };
    load("a b,\"c\"\"d\",E\n1,2,x\n").run(tx).await?;
    for server in [false, true] {
        let load = load("E,\"c\"\"d\",a b\nx,1,1\nx,1,y\n");
        let load = if server { load.server_parser() } else { load };
        let error = load.run(tx).await.expect_err("y is no number");
        let row = error.bad_row().expect("it is a row");
        assert_eq!(
            (row.line, row.column.as_deref(), row.value.as_deref()),
            (Some(3), Some("a b"), Some("y"))
        );
    }
    Ok(())
}

#[aiodal::test]
async fn partitions_and_views_are_loaded_through(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create table price (day date, cents int) partition by range (day);
         create table price_24 partition of price for values from ('2024-01-01') to ('2025-01-01');
         create view dear as select * from price;
         create function pg_temp.pass() returns trigger language plpgsql as
             $$ begin insert into price values (new.day, new.cents); return new; end $$;
         create trigger pass instead of insert on dear for each row execute function pg_temp.pass()",
    )
    .await?;
    for table in ["price", "dear"] {
        let load = Load::new(Source::bytes("day,cents\n2024-02-03,7\n"), Csv::new());
        let report = load.into_table(table).run(tx).await?;
        assert_eq!(report.copied, 1, "{table}");
        let load = Load::new(
            Source::bytes("day,cents\n2024-02-03,7\n2026-02-03,7\n"),
            Csv::new(),
        );
        let error = load
            .into_table(table)
            .run(tx)
            .await
            .expect_err("no partition");
        assert_eq!(
            error.bad_row().and_then(|row| row.line),
            Some(3),
            "{error:?}"
        );
    }
    Ok(())
}
