//! Whole ways from files into tables: staged, looked up, merged.

use std::time::Duration;

use aiodal::Transaction;
use aiodal::bulk::{Csv, Dedupe, JsonLines, Load, Merge, Orphans, Source, Stage};

const AUTHORS: &str = r#"{"name": "Hep", "born": 1907, "quote": "\"Yes\",\n\\o/ \u2603"}
{"name": "Ursula", "born": 1929}

{"name": "Hep", "born": 1907}
"#;

const BOOKS: &str = r#"{"title": "The Left Hand", "author": "Ursula", "tags": ["sf", "cold"]}
{"title": "No Name", "author": "Nobody"}
{"title": "Kate", "author": "Hep"}
"#;

const LIBRARY: &str = "
    create table author (id int generated always as identity primary key, name text unique not null, born int, quote text);
    create table book (title text primary key, author_id int references author, tags jsonb)";

fn json_lines<'a>(text: &'static str) -> Load<'a> {
    Load::new(
        Source::bytes(text).named("test.jsonl"),
        JsonLines::into_column("record"),
    )
}

#[aiodal::test]
async fn authors_and_then_their_books_come_from_json_lines(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(LIBRARY).await?;
    let least = 1900;
    let authors = json_lines(AUTHORS)
        .stage(Stage::columns([("record", "jsonb")]).name("staged_author"))
        .after_copy("create index on staged_author ((record->>'name'))")
        .merge(
            Merge::sql(
                "insert into author (name, born, quote)
                 select distinct on (name) record->>'name' as name, (record->>'born')::int, record->>'quote'
                 from staged_author where (record->>'born')::int >= $1
                 order by name, record->>'quote' nulls last",
            )
            .params(&[&least])
            .timeout(Duration::from_secs(60)),
        )
        .run(tx)
        .await?;
    // The blank line is no row.
    assert_eq!((authors.rows, authors.copied, authors.affected), (3, 3, 2));

    let books = json_lines(BOOKS)
        .stage(Stage::columns([("record", "jsonb")]).name("staged_book"))
        .after_copy("create index on staged_book ((record->>'author'))")
        .merge(Merge::sql(
            "insert into book
             select record->>'title', author.id, record->'tags'
             from staged_book join author on author.name = record->>'author'",
        ))
        .run(tx)
        .await?;
    assert_eq!((books.copied, books.affected), (3, 2));
    let found = tx
        .query_as::<(String, String, Option<String>, Option<String>)>(
            "select title, name, quote, tags::text from book join author on author.id = author_id order by title",
            &[],
        )
        .await?;
    let quote = "\"Yes\",\n\\o/ \u{2603}".to_owned();
    assert_eq!(
        found,
        [
            ("Kate".to_owned(), "Hep".to_owned(), Some(quote), None),
            (
                "The Left Hand".to_owned(),
                "Ursula".to_owned(),
                None,
                Some("[\"sf\", \"cold\"]".to_owned())
            ),
        ]
    );
    let left: i64 = tx
        .query_scalar(
            "select count(*) from pg_class where relname in ('staged_author', 'staged_book')",
            &[],
        )
        .await?;
    assert_eq!(left, 0);
    Ok(())
}

#[aiodal::test]
async fn csv_becomes_rows_of_a_table_in_another_schema(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create schema shop;
         create table shop.shelf (code text primary key);
         insert into shop.shelf values ('A1');
         create table shop.price (
             sku text primary key, amount numeric(8,2) not null, shelf text constraint price_shelf references shop.shelf);
         insert into shop.price values ('old', 1), ('same', 2.5), ('up', 3)",
    )
    .await?;
    let file = "\u{feff}Amount,SKU,shelf,remark\r\n2.50,same,,x\r\n4,up,A1,\"y\nz\"\r\n5,new,B9,\r\n6,up,A1,again\r\n";
    let load = || {
        Load::new(Source::bytes(file).named("prices.csv"), Csv::new())
            .rename("Amount", "amount")
            .rename("SKU", "sku")
            .ignore("remark")
            .into_table("shop.price")
    };
    let merge = Merge::upsert()
        .if_changed()
        .delete_missing()
        .dedupe(Dedupe::Last)
        .orphans_of("price_shelf", Orphans::Null);
    let report = load().merge(merge.clone()).run(tx).await?;
    assert_eq!(report.copied, 4);
    assert_eq!(
        (
            report.inserted,
            report.updated,
            report.unchanged,
            report.deleted
        ),
        (1, 1, 1, 1)
    );
    assert_eq!(
        (report.duplicates, report.orphans.get("price_shelf")),
        (1, Some(&1))
    );
    let found: String = tx
        .query_scalar(
            "select string_agg(price::text, ' ' order by sku) from shop.price price",
            &[],
        )
        .await?;
    assert_eq!(found, "(new,5.00,) (same,2.50,) (up,6.00,A1)");
    let again = load().merge(merge).run(tx).await?;
    assert_eq!(
        (
            again.unchanged,
            again.inserted + again.updated + again.deleted
        ),
        (3, 0)
    );
    Ok(())
}

#[aiodal::test]
async fn what_stands_for_a_rejected_row_is_not_deleted_as_missing(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(
        "create table t (id int primary key, n int); insert into t values (1, 1), (2, 2), (3, 3)",
    )
    .await?;
    let load = || {
        let source = Source::bytes("id,n\n1,1\n2,x\n");
        Load::new(source, Csv::new())
            .into_table("t")
            .merge(Merge::upsert().delete_missing())
    };
    let mut rejects = Vec::new();
    let error = load()
        .reject_to(&mut rejects, 10)
        .run(tx)
        .await
        .expect_err("what becomes of 2?");
    assert!(
        error
            .to_string()
            .contains("1 row was rejected, and delete_missing() would delete"),
        "{error}"
    );
    let count: i64 = tx.query_scalar("select count(*) from t", &[]).await?;
    assert_eq!(count, 3);
    Ok(())
}
