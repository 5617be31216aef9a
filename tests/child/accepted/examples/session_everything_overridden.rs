use aiodal::{BoxError, Fingerprint, Migrations, Session, Transaction};

pub struct Flights;

/// The schema, and a week of flights.
#[aiodal::session(crate = aiodal)]
#[cfg(not(any()))]
impl Session for Flights {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }

    fn fingerprint(inputs: &mut Fingerprint) {
        inputs.text("v2");
    }

    async fn seed(tx: &mut Transaction) -> Result<(), BoxError> {
        tx.batch_execute("insert into carriers values ('UA')")
            .await?;
        Ok(())
    }
}

fn main() {}
