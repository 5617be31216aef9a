//! Contestant: `#[aiodal::test(isolation = "database")]`, three hundred times one inserted row and one count, and how long
//! a test waits for its database.
#![cfg(test)]

use std::process::{ExitCode, Termination};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use aiodal::{Migrations, Session, Transaction};

struct Bench;

#[aiodal::session]
impl Session for Bench {
    fn migrations() -> Migrations {
        Migrations::dir(variable("BENCH_MIGRATIONS"))
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).expect("the runner says where the migrations are and how long to pause")
}

async fn insert_and_count(tx: &Transaction) -> aiodal::Result<()> {
    tx.execute("insert into item (name) values ($1)", &[&"lamp"])
        .await?;
    let row = tx.query_one("select count(*) from item", &[]).await?;
    assert_eq!(row.get::<_, i64>(0), 1);
    Ok(())
}

peer_cases::three_hundred! {
    #[aiodal::test(isolation = "database")]
    async fn inserts_and_counts(tx: &mut Transaction) -> aiodal::Result<()> {
        insert_and_count(tx).await
    }
}

/// When the last body began.
static BEGUN: Mutex<Option<Instant>> = Mutex::new(None);

#[aiodal::test(isolation = "database")]
#[ignore = "the part of `waits` that is measured"]
async fn begins(tx: &mut Transaction) -> aiodal::Result<()> {
    *BEGUN.lock().expect("nobody panics") = Some(Instant::now());
    insert_and_count(tx).await
}

/// Prints the microseconds between the call of a test and its body, where it can have its database ready.
#[test]
#[ignore = "run by name"]
fn waits() {
    let pause = Duration::from_millis(variable("BENCH_PAUSE").parse().expect("milliseconds"));
    for _ in 0..21 {
        let called = Instant::now();
        assert!(begins().report() == ExitCode::SUCCESS);
        let begun = BEGUN.lock().expect("nobody panics").take();
        let waited = begun.expect("it has begun") - called;
        println!("\nwait {}", waited.as_micros());
        std::thread::sleep(pause);
    }
}
