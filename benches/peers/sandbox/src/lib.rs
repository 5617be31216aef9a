//! Contestants: clients of a sandbox, and the same clients without one, in turn within one process.
//!
//! Both tests print `sample <work> <contestant> <microseconds>` for the runner.
#![cfg(test)]

mod contestant;
mod work;

use std::error::Error;

use aiodal::{Migrations, PoolOptions, Sandbox, Session};

use self::contestant::Contestant;
use self::work::WORKS;

type BoxError = Box<dyn Error + Send + Sync>;
type Result<T, E = BoxError> = std::result::Result<T, E>;

struct Bench;

#[aiodal::session]
impl Session for Bench {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).expect("the runner says where the server is and how many rounds there are")
}

/// The engine is on this test's runtime.
#[aiodal::test]
#[ignore = "run by name"]
async fn in_process(sandbox: Sandbox) -> Result<()> {
    let url = variable("BENCH_URL");
    let pool = sandbox.pool_with(PoolOptions::new().max_size(1)).await?;
    let mut all = [
        ("bare", Contestant::bare(&url).await?),
        ("client", Contestant::client(&sandbox).await?),
        ("pool", Contestant::pool(pool).await?),
    ];
    measure(&mut all).await
}

/// The engine is on the session's thread: the sandbox is there from its first URL on.
#[aiodal::test]
#[ignore = "run by name"]
async fn by_socket(sandbox: Sandbox) -> Result<()> {
    let url = variable("BENCH_URL");
    let mut all = [
        ("thread", Contestant::on_thread(&url).await?),
        ("url", Contestant::bare(&sandbox.url().await?).await?),
    ];
    measure(&mut all).await
}

async fn measure(all: &mut [(&str, Contestant)]) -> Result<()> {
    let rounds: u32 = variable("BENCH_ROUNDS").parse()?;
    // For a profiler: `select client`.
    let only = std::env::var("BENCH_ONLY").unwrap_or_default();
    println!();
    // The first warms up.
    for round in 0..=rounds {
        for work in WORKS.iter().filter(|work| round.is_multiple_of(work.every)) {
            for (name, contestant) in &mut *all {
                if !format!("{} {name}", work.name).contains(&only) {
                    continue;
                }
                let Some(took) = contestant.run(work).await? else {
                    continue;
                };
                if round > 0 {
                    let micros = took.as_secs_f64() * 1e6 / f64::from(work.times);
                    println!("sample {} {name} {micros}", work.name);
                }
            }
        }
    }
    Ok(())
}
