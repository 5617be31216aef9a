//! What everybody else finds in the session's database once the exercises have been through it: nothing.
//!
//! `cargo test` runs this binary after `drivers`, whose database it shares.

use aiodal::{Migrations, Transaction};

struct Items;

#[aiodal::session]
impl aiodal::Session for Items {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }
}

#[aiodal::test]
async fn nothing_was_committed(tx: &Transaction) -> aiodal::Result<()> {
    for table in ["item", "line", "sample"] {
        let sql = format!("select count(*) from {table}");
        let count: i64 = tx.query_one(&sql, &[]).await?.get(0);
        assert_eq!(count, 0, "rows of {table}");
    }
    Ok(())
}
