//! What the kinds of isolation promise, tested on a real PostgreSQL: in a database with migrations, so that it can be
//! cloned on a given server too.

use aiodal::{Migrations, Transaction};

mod fixtures;
mod own;
mod transaction;

struct Authors;

#[aiodal::session]
impl aiodal::Session for Authors {
    fn migrations() -> Migrations {
        Migrations::dir("tests/database/migrations")
    }
}

async fn count(tx: &Transaction) -> aiodal::Result<i64> {
    let row = tx.query_one("select count(*) from author", &[]).await?;
    Ok(row.get(0))
}
