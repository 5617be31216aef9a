//! CSV is what the server's own COPY makes of it.
//!
//! `PROPERTY_SEED` makes the sources of that seed again; `PROPERTY_ITERATIONS` says how many there are.

#[path = "../../aiodal-core/src/bulk/read/csv/tests/model.rs"]
mod model;
#[path = "../../aiodal-core/src/bulk/read/csv/tests/source.rs"]
mod source;

use std::fmt::Write as _;

use aiodal::bulk::{Columns, Csv, Header, Load, Source};
use aiodal::{SqlState, Transaction};

use self::model::{Fields, Read, Rules};
use self::source::{Random, number, rules, source};

const ITERATIONS: u64 = 60;

async fn seeds(tx: &Transaction) -> aiodal::Result<std::ops::Range<u64>> {
    if let Some(seed) = number("PROPERTY_SEED") {
        return Ok(seed..seed + 1);
    }
    let row = tx.query_one("select (random() * 1e15)::int8", &[]).await?;
    let first = u64::try_from(row.get::<_, i64>(0)).expect("it is positive");
    Ok(first..first + number("PROPERTY_ITERATIONS").unwrap_or(ITERATIONS))
}

fn literal(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    format!("'{}'", text.replace('\'', "''"))
}

/// What makes the server read it by itself.
fn options(rules: &Rules) -> String {
    let mut options = format!(
        "format csv, delimiter {}, quote {}, escape {}, null {}",
        literal(&[rules.delimiter]),
        literal(&[rules.quote]),
        literal(&[rules.escape]),
        literal(&rules.null),
    );
    for (wanted, option) in [
        (rules.force_null, "force_null"),
        (rules.force_not_null, "force_not_null"),
    ] {
        if wanted {
            write!(options, ", {option} (COLUMNS)").expect("a string takes everything");
        }
    }
    options
}

fn names(columns: usize) -> Vec<String> {
    (0..columns).map(|at| format!("c{at}")).collect()
}

/// Makes a table in which some columns are of numbers.
async fn table(tx: &mut Transaction, numbers: &[bool]) -> aiodal::Result<()> {
    let columns = names(numbers.len()).into_iter().zip(numbers);
    let columns =
        columns.map(|(name, number)| format!("{name} {}", if *number { "int4" } else { "text" }));
    let columns: Vec<String> = columns.collect();
    let sql = format!("create temp table t ({})", columns.join(", "));
    tx.batch_execute(&sql).await
}

/// Has the server read it by itself.
async fn server(
    tx: &mut Transaction,
    data: &[u8],
    rules: &Rules,
    columns: usize,
) -> aiodal::Result<u64> {
    let names = names(columns).join(", ");
    let options = options(rules).replace("COLUMNS", &names);
    let mut savepoint = tx.savepoint().await?;
    let sql = format!("copy t ({names}) from stdin ({options})");
    let mut copy = savepoint.copy_in(&sql).await?;
    copy.send(data.to_vec()).await?;
    let rows = copy.finish().await?;
    savepoint.commit().await?;
    Ok(rows)
}

async fn rows(tx: &Transaction, columns: usize) -> aiodal::Result<Vec<Fields>> {
    let all: Vec<String> = names(columns)
        .iter()
        .map(|name| format!("{name}::text"))
        .collect();
    let sql = format!("select {} from t order by ctid", all.join(", "));
    let rows = tx.query(&sql, &[]).await?;
    let value = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
    Ok(rows
        .iter()
        .map(|row| (0..columns).map(|at| value(row.get(at))).collect())
        .collect())
}

fn csv(rules: &Rules) -> Csv {
    let force = |all: bool| if all { Columns::All } else { Columns::None };
    Csv::new()
        .delimiter(rules.delimiter)
        .quote(rules.quote)
        .escape(rules.escape)
        .null(String::from_utf8_lossy(&rules.null))
        .header(Header::None)
        .force_null(force(rules.force_null))
        .force_not_null(force(rules.force_not_null))
}

#[aiodal::test]
async fn model_of_copy_is_what_the_server_does(tx: &mut Transaction) -> aiodal::Result<()> {
    for seed in seeds(tx).await? {
        let mut random = Random(seed);
        let rules = Rules {
            strict: true,
            ..rules(&mut random)
        };
        let width = 1 + random.below(4);
        let mut data = source(&mut random, &rules, &vec![false; width]);
        // Encodings are not the model's.
        data.retain(|byte| *byte != 0 && *byte != 0xFF);
        let mut savepoint = tx.savepoint().await?;
        table(&mut savepoint, &vec![false; width]).await?;
        let loaded = server(&mut savepoint, &data, &rules, width).await;
        let expected = model::read(&data, &rules).into_iter();
        let expected: Option<Vec<Fields>> = expected
            .map(|read| match read {
                Read::Record(fields) if fields.len() == width => Some(fields),
                _ => None,
            })
            .collect();
        let source = data.escape_ascii();
        match (loaded, expected) {
            (Ok(_), Some(expected)) => {
                let rows = rows(&savepoint, width).await?;
                assert_eq!(rows, expected, "PROPERTY_SEED={seed}: {source} {rules:?}");
            }
            (Err(error), None) => assert_eq!(
                error.code(),
                Some(&SqlState::BAD_COPY_FILE_FORMAT),
                "PROPERTY_SEED={seed}: {error:?}"
            ),
            (loaded, expected) => {
                panic!("PROPERTY_SEED={seed}: {expected:?}, {loaded:?}: {source} {rules:?}")
            }
        }
        savepoint.rollback().await?;
    }
    Ok(())
}

#[aiodal::test]
async fn source_is_stored_or_refused_as_by_the_servers_own_copy(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let mut both = [0, 0, 0];
    for seed in seeds(tx).await? {
        let mut random = Random(seed);
        let rules = rules(&mut random);
        let numbers: Vec<bool> = (0..=random.below(4)).map(|_| random.one_in(2)).collect();
        let data = source(&mut random, &rules, &numbers);
        let strict = Rules {
            strict: true,
            ..rules.clone()
        };
        let read = model::read(&data, &strict);
        let ours = model::read(&data, &rules);
        let refused = ours.iter().position(|read| *read == Read::Refused);
        let upto = refused.map_or(ours.len(), |at| at + 1);
        if read != ours[..upto] {
            // Mixed line ends, or a line of `\.`: there we differ from it.
            both[2] += 1;
            continue;
        }
        let width = numbers.len();
        let mut savepoint = tx.savepoint().await?;
        table(&mut savepoint, &numbers).await?;
        let expected = match server(&mut savepoint, &data, &rules, width).await {
            Ok(_) => Ok(rows(&savepoint, width).await?),
            Err(error) => Err(error),
        };
        savepoint.batch_execute("delete from t").await?;
        let load = Load::new(Source::bytes(data.clone()).named("random.csv"), csv(&rules))
            .into_table("t")
            .columns(names(width));
        let load = if random.one_in(3) {
            load.server_parser()
        } else {
            load
        };
        let source = data.escape_ascii();
        match (expected, load.run(&mut savepoint).await) {
            (Ok(expected), Ok(report)) => {
                let rows = rows(&savepoint, width).await?;
                assert_eq!(rows, expected, "PROPERTY_SEED={seed}: {source} {rules:?}");
                assert_eq!(report.copied, rows.len() as u64, "PROPERTY_SEED={seed}");
                both[0] += 1;
            }
            (Err(expected), Err(error)) => {
                // A source with two faults may be refused for either.
                let ours =
                    error.code() == Some(&SqlState::BAD_COPY_FILE_FORMAT) && refused.is_some();
                assert!(
                    ours || error.code() == expected.code(),
                    "PROPERTY_SEED={seed}: {expected:?}, {error:?}: {source} {rules:?}"
                );
                both[1] += 1;
            }
            (expected, loaded) => {
                panic!("PROPERTY_SEED={seed}: {expected:?}, {loaded:?}: {source} {rules:?}")
            }
        }
        savepoint.rollback().await?;
    }
    eprintln!("{both:?} sources were stored, refused, and left out");
    Ok(())
}
