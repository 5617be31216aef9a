//! Rows that can't be loaded are rejected one by one, and the others load.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use aiodal::Transaction;
use aiodal::bulk::{Csv, JsonLines, Load, LoadReport, Source};
use serde_json::{Value, json};

/// What is written stays readable.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics").write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn rows(&self) -> Vec<Value> {
        let written = self.0.lock().expect("nobody panics");
        let lines = String::from_utf8(written.clone()).expect("it is UTF-8");
        let rows = lines.lines().map(serde_json::from_str);
        rows.collect::<Result<_, _>>().expect("it is JSON")
    }
}

/// Loads with rejects, and returns them.
async fn sift(
    tx: &mut Transaction,
    load: Load<'_>,
    limit: u64,
) -> aiodal::Result<(LoadReport, Vec<Value>)> {
    let written = Written::default();
    let report = load.reject_to(written.clone(), limit).run(tx).await?;
    let rows = written.rows();
    assert_eq!(report.rejected, rows.len() as u64);
    assert_eq!(report.rows, report.copied + report.rejected);
    Ok((report, rows))
}

fn csv<'a>(text: &str) -> Load<'a> {
    let source = Source::bytes(text.to_owned()).named("author.csv");
    Load::new(source, Csv::new()).into_table("author")
}

async fn ids(tx: &Transaction) -> aiodal::Result<Vec<i32>> {
    let rows = tx.query("select id from author order by id", &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

#[aiodal::test]
async fn bad_rows_are_rejected_and_the_others_load(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table author (id int primary key, name varchar(5) not null)")
        .await?;
    let text = "id,name\r\n1,a\r\nx,b\r\n3,\"c\nc\"\r\n1,d\r\n4,\r\n5,abcdef\r\n6,f,g\r\n7,\"g\r\ng\"\r\n7,h\r\n8,i\r\n";
    for server in [false, true] {
        let load = if server {
            csv(text).server_parser()
        } else {
            csv(text)
        };
        let (report, rows) = sift(tx, load, 100).await?;
        assert_eq!(ids(tx).await?, [1, 3, 7, 8], "{rows:#?}");
        assert_eq!(report.copied, 4);
        let told: Vec<Value> = rows
            .iter()
            .map(|row| {
                json!([
                    row["line"],
                    row["record"],
                    row["column"],
                    row["code"],
                    row["row"]
                ])
            })
            .collect();
        assert_eq!(
            told,
            [
                json!([3, 2, "id", "22P02", "x,b"]),
                json!([6, 4, null, "23505", "1,d"]),
                json!([7, 5, "name", "23502", "4,"]),
                json!([8, 6, "name", "22001", "5,abcdef"]),
                json!([9, 7, null, "22P04", "6,f,g"]),
                json!([12, 9, null, "23505", "7,h"]),
            ],
            "server: {server}"
        );
        assert_eq!(rows[0]["source"], "author.csv");
        assert_eq!(rows[0]["value"], "x");
        assert_eq!(rows[1]["constraint"], "author_pkey");
        tx.batch_execute("delete from author").await?;
    }
    Ok(())
}

#[aiodal::test]
async fn row_that_the_server_does_not_name_is_found_by_halves(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(
        "create temp table teacher (id int primary key);
         insert into teacher select generate_series(0, 9);
         create temp table author (id int primary key, teacher int references teacher)",
    )
    .await?;
    let mut text = "id,teacher\n".to_owned();
    for id in 0..1000 {
        let teacher = if id % 250 == 7 { 99 } else { id % 10 };
        writeln!(text, "{id},{teacher}").expect("memory takes it");
    }
    let (report, rows) = sift(tx, csv(&text), 4).await?;
    assert_eq!(report.copied, 996);
    let found: Vec<&Value> = rows.iter().map(|row| &row["line"]).collect();
    assert_eq!(found, [9, 259, 509, 759]);
    assert_eq!(rows[0]["code"], "23503");
    assert_eq!(rows[0]["row"], "7,99");
    assert!(!ids(tx).await?.contains(&7));
    Ok(())
}

#[aiodal::test]
async fn one_row_more_than_the_limit_fails_the_load(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table author (id int)")
        .await?;
    let written = Written::default();
    let load = csv("id\n1\nx\n2\ny\n3\nz\n").reject_to(written.clone(), 2);
    let error = load.run(tx).await.expect_err("three are bad");
    let told = error.to_string();
    assert!(
        told.contains("one row more is bad than the 2 that may be rejected"),
        "{told}"
    );
    assert!(
        told.contains("author.csv:7, column id, value `z`"),
        "{told}"
    );
    assert_eq!(written.rows().len(), 2);
    assert!(ids(tx).await?.is_empty());
    Ok(())
}

#[aiodal::test]
async fn what_is_no_row_s_fault_is_no_reject(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create temp table author (id int);
         create function pg_temp.full() returns trigger language plpgsql as
             $$ begin raise exception 'full' using errcode = '53100'; end $$;
         create trigger full_disk before insert on author for each row execute function pg_temp.full()",
    )
    .await?;
    let written = Written::default();
    let load = csv("id\n1\n").reject_to(written.clone(), 9);
    let error = load.run(tx).await.expect_err("the disk is full");
    assert_eq!(error.code().map(aiodal::SqlState::code), Some("53100"));
    assert!(written.rows().is_empty());
    Ok(())
}

#[aiodal::test]
async fn typed_rows_are_rejected_too(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table author (id int primary key, name text)")
        .await?;
    let rows = vec![(1, "a"), (1, "b"), (2, "c"), (3, "d\0")];
    let load = Load::rows(rows).into_table("author");
    let (_, rows) = sift(tx, load, 9).await?;
    assert_eq!(ids(tx).await?, [1, 2]);
    let told: Vec<Value> = rows
        .iter()
        .map(|row| json!([row["line"], row["record"], row["row"]]))
        .collect();
    assert_eq!(told, [json!([null, 2, null]), json!([null, 4, null])]);
    Ok(())
}

#[aiodal::test]
async fn lines_of_json_are_rejected_too(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create temp table author (id int primary key, name text)")
        .await?;
    let text = "{\"id\": 1, \"name\": \"a\"}\n\n{\"id\": 2, \"name\": \"b\\nb\"\n{\"id\": \"x\", \"name\": \"c\\nc\"}\n\
                {\"id\": 4, \"nmae\": \"d\"}\n{\"id\": 4, \"name\": \"e\\ne\"}\n{\"id\": 1, \"name\": \"f\"}\n";
    let source = Source::bytes(text).named("author.jsonl");
    let load = Load::new(source, JsonLines::new())
        .into_table("author")
        .columns(["id", "name"]);
    let (_, rows) = sift(tx, load, 9).await?;
    let told: Vec<Value> = rows
        .iter()
        .map(|row| json!([row["line"], row["record"], row["column"], row["code"]]))
        .collect();
    assert_eq!(ids(tx).await?, [1, 4]);
    assert_eq!(
        told,
        [
            json!([3, 2, null, "22P02"]),
            json!([4, 3, "id", "22P02"]),
            json!([6, 5, null, "23505"]),
            json!([7, 6, null, "23505"]),
        ],
        "{rows:#?}"
    );
    Ok(())
}

/// Deterministic, and no better than it has to be (Numerical Recipes' `ranqd1`).
fn random(state: &mut u32) -> u32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    *state >> 8
}

#[aiodal::test(timeout = "120s")]
async fn every_row_is_either_there_or_rejected(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create temp table author (id int primary key, name varchar(8), even int check (even % 2 = 0))",
    )
    .await?;
    for seed in 1..=8 {
        let mut state = seed;
        let end = if seed % 2 == 0 { "\n" } else { "\r\n" };
        let mut text = format!("id,name,even{end}");
        let mut good = Vec::new();
        // More than a batch.
        let rows = 20_000 + random(&mut state) % 20_000;
        for id in 0..rows {
            let name = match random(&mut state) % 5 {
                0 => "\"a\nb\"",
                1 => "\"a\r\nb\"",
                2 => "\"x,\"\"y\"",
                _ => "plain",
            };
            let (id_text, name, even) = match random(&mut state) % 2000 {
                0 => (format!("{id}x"), name, "2"),
                1 => (id.to_string(), "much too long", "2"),
                2 => (id.to_string(), name, "3"),
                3 => (id.to_string(), name, "2,more"),
                4 => (format!("{}", id / 2), name, "4"),
                5 => (format!(" {id} "), name, "4"),
                _ => (id.to_string(), name, "6"),
            };
            write!(text, "{id_text},{name},{even}{end}").expect("memory takes it");
            good.push(id_text);
        }
        let load = if seed % 3 == 0 {
            csv(&text).server_parser()
        } else {
            csv(&text)
        };
        let (report, rejects) = sift(tx, load, 1000).await?;
        assert_eq!(report.rows, u64::from(rows), "seed {seed}");
        assert!(!rejects.is_empty(), "seed {seed}");
        let there = ids(tx).await?;
        assert_eq!(there.len() as u64, report.copied, "seed {seed}");
        for reject in &rejects {
            // Its number leads to its text: what is rejected is what is bad.
            let record = reject["record"].as_u64().expect("it is known");
            let record = usize::try_from(record).expect("it is small");
            let raw = reject["row"].as_str().expect("it is known");
            assert!(
                raw.starts_with(&format!("{},", good[record - 1])),
                "seed {seed}: {reject}"
            );
        }
        tx.batch_execute("delete from author").await?;
    }
    Ok(())
}
