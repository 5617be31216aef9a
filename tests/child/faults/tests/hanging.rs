//! A test that waits to be killed, and one that doesn't; both in a database with migrations.

use std::io::Write;

use aiodal::{Migrations, Transaction};

struct Prepared;

#[aiodal::session]
impl aiodal::Session for Prepared {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }
}

#[aiodal::test]
async fn hangs(tx: &Transaction) -> aiodal::Result<()> {
    // Unique, or several of these at once would wait for the first.
    let name = std::process::id().to_string();
    tx.execute("insert into author (name) values ($1)", &[&name])
        .await?;
    let sql = "select current_setting('data_directory'), current_database()::text";
    let row = tx.query_one(sql, &[]).await?;
    let (data, database): (&str, &str) = (row.get(0), row.get(1));
    println!("\nready {data} {database}");
    std::io::stdout().flush().expect("somebody reads it");
    tx.execute("select pg_sleep(600)", &[]).await?;
    Ok(())
}

#[aiodal::test]
async fn passes(tx: &Transaction) -> aiodal::Result<()> {
    let authors: i64 = tx
        .query_one("select count(*) from author", &[])
        .await?
        .get(0);
    assert_eq!(authors, 0);
    Ok(())
}
