//! Random databases: what a reflection says of one is what was made, and enough to make it again.
//!
//! `PROPERTY_SEED` makes the database of that seed again; `PROPERTY_ITERATIONS` says how many there are.

mod emit;
mod made;
mod name;
mod random;
mod table;
mod types;

use aiodal::{Reflect, Schema, Transaction};
use serde_json::{Value, json};

use self::made::{Made, SCHEMAS};
use self::random::Random;
use crate::reflect::version;

/// What the copies of [`SCHEMAS`] are called.
const COPIES: [&str; 2] = ["Copy two.x", "copy_one"];

const ITERATIONS: u64 = 25;

#[aiodal::test]
async fn reflection_says_what_was_made_and_is_enough_to_make_it_again(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    if version(tx).await? < 150_000 {
        eprintln!("skipped: what is made has NULLS NOT DISTINCT, which this server does not know");
        return Ok(());
    }
    let (first, number) = match read("PROPERTY_SEED") {
        Some(seed) => (seed, 1),
        None => (
            chance(tx).await?,
            read("PROPERTY_ITERATIONS").unwrap_or(ITERATIONS),
        ),
    };
    for seed in first..first + number {
        tx.batch_execute("savepoint iteration").await?;
        let problems = check(tx, seed).await?;
        assert!(
            problems.is_empty(),
            "PROPERTY_SEED={seed} makes a database that is not reflected as it is:\n{}",
            problems.join("\n")
        );
        tx.batch_execute("rollback to iteration; release iteration")
            .await?;
    }
    Ok(())
}

fn read(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}

async fn chance(tx: &Transaction) -> aiodal::Result<u64> {
    let row = tx
        .query_one("select (random() * 1e12)::bigint", &[])
        .await?;
    Ok(row.get::<_, i64>(0).unsigned_abs())
}

async fn check(tx: &Transaction, seed: u64) -> aiodal::Result<Vec<String>> {
    let made = made::made(&mut Random::new(seed));
    run(tx, seed, &made.sql).await?;
    let schema = reflect(tx, SCHEMAS).await?;
    let found = json(&schema);
    let mut problems = Vec::new();
    compare("", &expected(&made, &found), &found, &mut problems);

    let statements: Vec<_> = emit::statements(&schema)
        .iter()
        .map(|sql| renamed(sql))
        .collect();
    run(tx, seed, &statements).await?;
    let copy = reflect(tx, COPIES).await?;
    let original: Value =
        serde_json::from_str(&renamed(&found.to_string())).expect("other names are JSON too");
    compare("copy", &original, &json(&copy), &mut problems);
    Ok(problems)
}

/// The names of the schemas are made of letters, dots and spaces: they are the same in SQL and JSON.
fn renamed(text: &str) -> String {
    let pairs = SCHEMAS.into_iter().zip(COPIES);
    pairs.fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

async fn run(tx: &Transaction, seed: u64, statements: &[String]) -> aiodal::Result<()> {
    for sql in statements {
        if let Err(error) = tx.batch_execute(sql).await {
            eprintln!("PROPERTY_SEED={seed}: {sql}");
            return Err(error);
        }
    }
    Ok(())
}

async fn reflect(tx: &Transaction, schemas: [&str; 2]) -> aiodal::Result<Schema> {
    let options = Reflect::new()
        .search_path(false)
        .schemas(schemas)
        .partitions(true);
    let schema = Schema::reflect(tx, &options).await?;
    // What is derived from it takes any name too.
    let texts = [
        schema.to_string(),
        schema.mermaid().to_string(),
        schema.dot().to_string(),
    ];
    assert!(texts.iter().all(|text| !text.is_empty()));
    Ok(schema)
}

/// A reflection as JSON, which comes back as it was.
fn json(schema: &Schema) -> Value {
    let json = serde_json::to_value(schema).expect("a schema is data");
    let again: Schema = serde_json::from_value(json.clone()).expect("its JSON is a schema's");
    assert_eq!(&again, schema);
    comparable(json)
}

fn expected(made: &Made, found: &Value) -> Value {
    comparable(json!({
        "server_version": found["server_version"], "search_path": found["search_path"], "schemas": SCHEMAS,
        "tables": made.tables, "types": made.types, "sequences": made.sequences, "functions": [],
    }))
}

/// Leaves out what nobody chose: OIDs, and for partitions what the server calls their indexes and keys.
fn comparable(mut schema: Value) -> Value {
    forget_oids(&mut schema);
    for table in schema["tables"].as_array_mut().expect("a list") {
        if !table["partition_of"].is_null() {
            forget_names(table);
        }
    }
    schema
}

fn forget_oids(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("oid");
            map.values_mut().for_each(forget_oids);
        }
        Value::Array(list) => list.iter_mut().for_each(forget_oids),
        _ => {}
    }
}

fn forget_names(partition: &mut Value) {
    if let Some(key) = partition["primary_key"].as_object_mut() {
        key.remove("name");
    }
    // Of these, PostgreSQL 15 copies the numbers, and a partition's columns may have others.
    for key in partition["foreign_keys"].as_array_mut().expect("a list") {
        key["on_delete_columns"].take();
    }
    for part in ["unique_constraints", "indexes"] {
        let list = partition[part].as_array_mut().expect("a list");
        for entry in list.iter_mut().filter_map(Value::as_object_mut) {
            entry.remove("name");
            if let Some(constraint) = entry.get_mut("constraint") {
                *constraint = json!(!constraint.is_null());
            }
        }
        list.sort_by_key(Value::to_string);
    }
}

/// Says where two values differ.
fn compare(place: &str, expected: &Value, found: &Value, problems: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) if expected.keys().eq(found.keys()) => {
            for (key, value) in expected {
                compare(&format!("{place}.{key}"), value, &found[key], problems);
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (at, (expected, found)) in expected.iter().zip(found).enumerate() {
                let name = expected["name"].to_string();
                compare(&format!("{place}[{at} {name}]"), expected, found, problems);
            }
        }
        _ if expected == found => {}
        _ => problems.push(format!(
            "{place}\n    made:      {expected}\n    reflected: {found}"
        )),
    }
}

/// A comment that nobody would write.
fn comment(random: &mut Random) -> String {
    let words = [
        "what it's for",
        "two\nlines",
        "\"quoted\"",
        "back\\slash",
        "%%{init}%%",
        "<i>",
        "ünï 😀",
        "a, b",
    ];
    random.some(&words, 3).join(" ")
}
