//! Fixtures of the session that write: each notes when it runs, in the file that `NOTES` names.

use std::fs::File;
use std::io::Write as _;

use aiodal::{BoxError, Fingerprint, Migrations, Transaction};
use serde::{Deserialize, Serialize};

struct Library;

#[aiodal::session]
impl aiodal::Session for Library {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }

    /// Another base, if the parent wants one.
    fn fingerprint(inputs: &mut Fingerprint) {
        inputs.text(&std::env::var("BASE").unwrap_or_default());
    }
}

/// A line is written whole, whichever processes write to the file.
fn note(line: &str) -> Result<(), BoxError> {
    if let Some(path) = std::env::var_os("NOTES") {
        let mut notes = File::options().append(true).create(true).open(path)?;
        notes.write_all(format!("{line}\n").as_bytes())?;
    }
    Ok(())
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Authors {
    first: i32,
    name: String,
    #[cfg(feature = "edited-type")]
    born: Option<i32>,
    #[cfg(feature = "edited-type")]
    books: Vec<String>,
}

/// Takes as long as `SEED_SECONDS` says.
#[cfg(not(feature = "edited"))]
#[aiodal::fixture(scope = "session")]
async fn authors(tx: &mut Transaction) -> Result<Authors, BoxError> {
    make_author(tx, "Hep").await
}

#[cfg(feature = "edited")]
#[aiodal::fixture(scope = "session")]
async fn authors(tx: &mut Transaction) -> Result<Authors, BoxError> {
    make_author(tx, "Zoë 𝄞").await
}

async fn make_author(tx: &Transaction, name: &str) -> Result<Authors, BoxError> {
    note("authors")?;
    let seconds: f64 = std::env::var("SEED_SECONDS").map_or(Ok(0.0), |text| text.parse())?;
    tx.execute("select pg_sleep($1)", &[&seconds]).await?;
    let sql = "insert into author (name) values ($1) returning id";
    let first = tx.query_scalar(sql, &[&name]).await?;
    Ok(Authors {
        first,
        name: name.to_owned(),
        #[cfg(feature = "edited-type")]
        born: None,
        #[cfg(feature = "edited-type")]
        books: Vec::new(),
    })
}

#[derive(Serialize, Deserialize)]
struct Books(usize);

#[aiodal::fixture(scope = "session")]
async fn books(tx: &mut Transaction, authors: &Authors) -> Result<Books, BoxError> {
    note("books")?;
    let sql = "create table book as select $1::int4 as author, n from generate_series(1, 3) n";
    let sql = sql.replace("$1", &authors.first.to_string());
    tx.batch_execute(&sql).await?;
    Ok(Books(3))
}

#[derive(Serialize, Deserialize)]
struct Readers(Vec<i32>);

#[aiodal::fixture(scope = "session")]
async fn readers(tx: &mut Transaction) -> Result<Readers, BoxError> {
    note("readers")?;
    tx.batch_execute("create table reader as select n as id from generate_series(1, 2) n")
        .await?;
    Ok(Readers(vec![1, 2]))
}

async fn names(tx: &Transaction) -> aiodal::Result<Vec<String>> {
    tx.query_scalars("select name from author order by id", &[])
        .await
}

async fn is_there(tx: &Transaction, table: &str) -> aiodal::Result<bool> {
    tx.query_scalar("select to_regclass($1) is not null", &[&table])
        .await
}

#[aiodal::test]
async fn without_layers_nothing_is_there(tx: &Transaction) -> aiodal::Result<()> {
    let database: String = tx
        .query_scalar("select current_database()::text", &[])
        .await?;
    println!("database {database}");
    assert_eq!(names(tx).await?, Vec::<String>::new());
    assert!(!is_there(tx, "book").await? && !is_there(tx, "reader").await?);
    Ok(())
}

#[aiodal::test]
async fn a1_author_is_there(tx: &Transaction, authors: &Authors) -> aiodal::Result<()> {
    assert_eq!(names(tx).await?, [authors.name.as_str()]);
    assert!(!is_there(tx, "book").await?);
    tx.batch_execute("delete from author").await
}

#[aiodal::test]
async fn a2_author_is_there_again(authors: Authors, tx: &mut Transaction) -> aiodal::Result<()> {
    assert_eq!(names(tx).await?, [authors.name.as_str()]);
    tx.execute("insert into author (name) values ('Ursula')", &[])
        .await?;
    Ok(())
}

#[aiodal::test]
async fn a3_value_is_the_fixtures(authors: &Authors, tx: &Transaction) -> aiodal::Result<()> {
    let id: i32 = tx
        .query_scalar("select id from author where name = $1", &[&authors.name])
        .await?;
    assert_eq!(authors.first, id);
    Ok(())
}

#[aiodal::test]
async fn b1_books_are_on_authors(books: &Books, tx: &Transaction) -> aiodal::Result<()> {
    assert_eq!(names(tx).await?.len(), 1);
    let count: i64 = tx
        .query_scalar("select count(*) from book join author on author = id", &[])
        .await?;
    assert_eq!(usize::try_from(count), Ok(books.0));
    assert!(!is_there(tx, "reader").await?);
    Ok(())
}

#[aiodal::test]
async fn c1_all_three(
    readers: &Readers,
    books: &Books,
    authors: &Authors,
    tx: &Transaction,
) -> aiodal::Result<()> {
    assert_eq!((readers.0.len(), books.0, authors.first), (2, 3, 1));
    assert!(is_there(tx, "book").await? && is_there(tx, "reader").await?);
    Ok(())
}

#[aiodal::test]
async fn c2_all_three_asked_for_in_another_order(
    tx: &Transaction,
    books: &Books,
    readers: &Readers,
) -> aiodal::Result<()> {
    assert_eq!((readers.0.len(), books.0), (2, 3));
    assert!(is_there(tx, "book").await? && is_there(tx, "reader").await?);
    Ok(())
}

/// Only run when asked for: it is set aside with its database.
#[aiodal::test]
#[ignore = "it commits"]
async fn z1_commits(_authors: &Authors, tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("delete from author; commit").await
}
