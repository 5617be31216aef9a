//! Typed rows: what is written is what is read back, and what does not fit is told before it is sent.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use aiodal::bulk::{Load, RowColumns, RowWriter};
use aiodal::{FromRow, ToRow, Transaction};
use futures_util::stream;
use sea_query::prelude::{NaiveDate, NaiveDateTime, NaiveTime, Uuid};

#[derive(Debug, Clone, PartialEq, FromRow, ToRow)]
struct Everything {
    id: i32,
    yes: bool,
    small: i16,
    big: Option<i64>,
    single: f32,
    double: f64,
    word: String,
    #[aiodal(rename = "full name")]
    name: Option<String>,
    letters: String,
    bytes: Vec<u8>,
    uuid: Uuid,
    day: NaiveDate,
    time: NaiveTime,
    at: NaiveDateTime,
    many: Vec<Option<i32>>,
    words: Vec<String>,
    address: IpAddr,
    #[aiodal(json)]
    settings: BTreeMap<String, Vec<u8>>,
    #[aiodal(json)]
    more: Option<Vec<u8>>,
}

fn everything(id: i32) -> Everything {
    let day = NaiveDate::from_ymd_opt(1907 + id, 2, 28).expect("a day of every year");
    let time = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).expect("a time");
    Everything {
        id,
        yes: id % 2 == 0,
        small: i16::MIN,
        big: (id % 3 > 0).then_some(i64::MAX),
        single: f32::MIN_POSITIVE,
        double: if id == 0 { f64::NEG_INFINITY } else { 0.1 },
        word: "a \"b\"\\, \t\n\u{2603}".to_owned(),
        name: (id % 3 > 1).then(String::new),
        letters: "ab   ".to_owned(),
        bytes: vec![0, 255, b'\\'],
        uuid: Uuid::from_u128(0x00ff_1234),
        day,
        time,
        at: day.and_time(time),
        many: vec![Some(id), None],
        words: vec![String::new(), "NULL".to_owned(), "{,}".to_owned()],
        address: "2001:db8::1".parse().expect("an address"),
        settings: BTreeMap::from([("\"\\\u{0}".replace('\0', ""), vec![1, 2])]),
        more: (id % 3 > 0).then(|| vec![id.to_le_bytes()[0]]),
    }
}

const EVERYTHING: &str = "
    create temp table everything (
        more json, settings jsonb, address inet, words text[], many int4[], at timestamp, time time, day date, uuid uuid,
        bytes bytea, letters char(5), \"full name\" varchar(5), word text, double float8, single float4, big int8,
        small int2, yes bool, id int4 primary key, note text default 'none', twice int4 generated always as (id * 2) stored)";

#[aiodal::test]
async fn what_is_written_is_what_is_read_back(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(EVERYTHING).await?;
    let written: Vec<Everything> = (0..100).map(everything).collect();
    let report = Load::rows(&written)
        .into_table("everything")
        .run(tx)
        .await?;
    assert_eq!((report.rows, report.copied), (100, 100));
    let read: Vec<Everything> = tx
        .query_as("select * from everything order by id", &[])
        .await?;
    assert_eq!(read, written);
    let sql =
        "select count(*) from everything where note = 'none' and twice = id * 2 and more is null";
    assert_eq!(tx.query_scalar::<i64>(sql, &[]).await?, 34);
    Ok(())
}

#[derive(ToRow)]
struct Book<'a> {
    title: &'a str,
    #[aiodal(flatten, prefix = "author_")]
    author: Author<'a>,
    #[aiodal(flatten, prefix = "editor_")]
    editor: Option<Author<'a>>,
    #[aiodal(try_into = "i64")]
    isbn: Option<Isbn<'a>>,
    #[aiodal(skip)]
    _shelf: Option<u8>,
}

#[derive(ToRow)]
struct Author<'a> {
    id: i32,
    name: &'a str,
}

struct Isbn<'a>(&'a str);

impl TryFrom<&Isbn<'_>> for i64 {
    type Error = std::num::ParseIntError;

    fn try_from(isbn: &Isbn<'_>) -> Result<i64, Self::Error> {
        isbn.0.parse()
    }
}

fn book(title: &str) -> Book<'_> {
    Book {
        title,
        author: Author { id: 1, name: "Hep" },
        editor: None,
        isbn: None,
        _shelf: Some(3),
    }
}

const BOOK: &str = "
    create temp table book (title text, author_id int, author_name text, editor_id int, editor_name text, isbn int8,
        _shelf int default 7)";

#[aiodal::test]
async fn flattened_and_converted_fields_go_where_they_say(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(BOOK).await?;
    let mut books = vec![book("A"), book("B")];
    books[1].editor = Some(Author {
        id: 2,
        name: "Ursula",
    });
    books[1].isbn = Some(Isbn("9783000000003"));
    Load::rows(books).into_table("book").run(tx).await?;
    let rows: Vec<(String, String)> = tx
        .query_as("select title, book::text from book order by title", &[])
        .await?;
    let rows: Vec<&str> = rows.iter().map(|(_, row)| row.as_str()).collect();
    assert_eq!(
        rows,
        ["(A,1,Hep,,,,7)", "(B,1,Hep,2,Ursula,9783000000003,7)"]
    );
    Ok(())
}

#[aiodal::test]
async fn a_row_that_cannot_be_written_is_named_and_nothing_is_loaded(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(BOOK).await?;
    let books = (0..20_000).map(|number| {
        let isbn = Isbn(if number == 19_998 { "x" } else { "1" });
        Book {
            isbn: Some(isbn),
            ..book("A")
        }
    });
    let error = Load::rows(books)
        .into_table("book")
        .run(tx)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "rows of Book, row 19999, column isbn: invalid digit found in string"
    );
    let row = error.bad_row().expect("it is about a row");
    assert_eq!((row.record, row.line), (Some(19_999), None));
    assert_eq!(
        tx.query_scalar::<i64>("select count(*) from book", &[])
            .await?,
        0
    );
    Ok(())
}

#[aiodal::test]
async fn types_are_checked_before_anything_is_sent(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table author (id int8, name numeric)")
        .await?;
    // Rows that would never end: nothing is asked of them.
    let rows = std::iter::from_fn(|| -> Option<Author<'static>> { panic!("a row was asked for") });
    let error = Load::rows(rows)
        .into_table("author")
        .run(tx)
        .await
        .unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("column \"id\" is int8, and Author.id, i32, is written as int4"),
        "{said}"
    );
    assert!(
        said.contains("column \"name\" is numeric, and Author.name, &str,"),
        "{said}"
    );
    Ok(())
}

#[aiodal::test]
async fn column_of_a_domain_takes_what_its_base_type_takes(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(
        "create domain pg_temp.code as text check (value ~ '^[A-Z]+$'); \
         create temp table airport (code pg_temp.code, altitude int)",
    )
    .await?;
    Load::rows([("JFK", 13)])
        .into_table("airport")
        .run(tx)
        .await?;
    let error = Load::rows([("JFK", 13), ("x", 1)])
        .into_table("airport")
        .run(tx)
        .await
        .unwrap_err();
    assert!(error.is_check_violation(), "{error:?}");
    let found: Vec<(String, i32)> = tx
        .query_as("select code::text, altitude from airport", &[])
        .await?;
    assert_eq!(found, [("JFK".to_owned(), 13)]);
    Ok(())
}

#[aiodal::test]
async fn a_stream_of_rows_is_loaded_as_it_comes(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table author (id int, name text)")
        .await?;
    let slowly = stream::unfold(0, async |number| {
        tokio::task::yield_now().await;
        (number < 1000).then_some(((number, "x"), number + 1))
    });
    let report = Load::row_stream(slowly)
        .into_table("author")
        .run(tx)
        .await?;
    assert_eq!(report.copied, 1000);
    let failing = stream::iter([Ok((1, "x")), Err("the wire broke")]);
    let error = Load::try_row_stream(failing)
        .into_table("author")
        .run(tx)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed to read rows of (i32, &str): the wire broke"
    );
    assert_eq!(
        tx.query_scalar::<i64>("select count(*) from author", &[])
            .await?,
        1000
    );
    Ok(())
}

/// Says one thing of its columns and writes another.
struct Liar;

impl ToRow for Liar {
    fn columns(columns: RowColumns) -> RowColumns {
        columns.column::<i64>("id", "id")
    }

    fn write(&self, row: &mut RowWriter<'_>) -> aiodal::Result<()> {
        row.field(&0.5_f64)
    }
}

#[aiodal::test]
async fn a_value_of_equal_width_and_another_type_is_never_sent(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute("create temp table author (id int8)")
        .await?;
    let error = Load::rows([Liar])
        .into_table("author")
        .run(tx)
        .await
        .unwrap_err();
    let said = error.to_string();
    assert!(said.contains("f64 cannot be written as int8"), "{said}");
    Ok(())
}

#[aiodal::test]
async fn no_rows_are_no_error(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table author (id int, name text)")
        .await?;
    let none: [(i32, &str); 0] = [];
    let report = Load::rows(none).into_table("author").run(tx).await?;
    assert_eq!((report.rows, report.copied), (0, 0));
    Ok(())
}

#[aiodal::test]
async fn a_row_as_wide_as_a_tuple_can_be_is_loaded(tx: &mut Transaction) -> aiodal::Result<()> {
    let columns: Vec<String> = (0..16).map(|number| format!("c{number} int")).collect();
    tx.batch_execute(&format!("create temp table wide ({})", columns.join(", ")))
        .await?;
    let row = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    Load::rows([row]).into_table("wide").run(tx).await?;
    let found: String = tx.query_scalar("select wide::text from wide", &[]).await?;
    assert_eq!(found, "(0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15)");
    Ok(())
}

#[aiodal::test]
async fn system_times_are_timestamps_with_time_zone(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table seen (at timestamptz)")
        .await?;
    let far = UNIX_EPOCH + Duration::from_secs(u64::from(u32::MAX) * 100);
    Load::rows([(UNIX_EPOCH,), (far,)])
        .into_table("seen")
        .run(tx)
        .await?;
    let first: String = tx
        .query_scalar("select min(at at time zone 'UTC')::text from seen", &[])
        .await?;
    assert_eq!(first, "1970-01-01 00:00:00");
    Ok(())
}

#[aiodal::test]
async fn a_row_that_is_rejected_is_told_by_its_number(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table book (title text check (title <> ''), isbn int8, author_id int, author_name text, \
        editor_id int, editor_name text)")
        .await?;
    let books = (0..1000).map(|number| Book {
        isbn: Some(Isbn(if number == 17 { "x" } else { "1" })),
        ..book(if number == 500 { "" } else { "A" })
    });
    let mut rejects = Vec::new();
    let report = Load::rows(books)
        .into_table("book")
        .reject_to(&mut rejects, 10)
        .run(tx)
        .await?;
    assert_eq!(
        (report.rows, report.copied, report.rejected),
        (1000, 998, 2)
    );
    let rejects: Vec<serde_json::Value> = serde_json::Deserializer::from_slice(&rejects)
        .into_iter()
        .collect::<Result<_, _>>()
        .expect("rejects are lines of JSON");
    let told: Vec<_> = rejects
        .iter()
        .map(|reject| {
            (
                reject["record"].as_u64(),
                reject["column"].as_str(),
                reject["code"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (Some(18), Some("isbn"), None),
            (Some(501), None, Some("23514"))
        ]
    );
    assert_eq!(rejects[0]["source"], "rows of Book");
    Ok(())
}
