//! asyncpg: a protocol of its own, which prepares with Flush and looks up types that it doesn't know.

use aiodal::{DatabaseUrl, Sandbox};
use drivers::Outcome;

use crate::python;

#[aiodal::test(isolation = "database")]
async fn asyncpg_runs_on_a_database(url: &DatabaseUrl) -> Outcome {
    exercise(&url.connection_string()).await
}

#[aiodal::test]
async fn asyncpg_runs_in_a_sandbox(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.url().await?).await
}

#[aiodal::test]
async fn asyncpg_runs_in_a_sandbox_by_tcp(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.tcp_url().await?).await
}

async fn exercise(url: &str) -> Outcome {
    let said = python::script("asyncpg_exercise.py", url).await?;
    println!("{}", said.unwrap_or_default());
    Ok(())
}
