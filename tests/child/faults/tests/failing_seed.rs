//! A session whose seed fails.

use aiodal::{BoxError, Migrations, Transaction};

struct Failing;

#[aiodal::session]
impl aiodal::Session for Failing {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }

    async fn seed(tx: &mut Transaction) -> Result<(), BoxError> {
        tx.execute("insert into author (name) values (null)", &[])
            .await?;
        Ok(())
    }
}

#[aiodal::test]
async fn never_begins(_tx: &Transaction) {}
