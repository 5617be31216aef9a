//! psycopg 3: libpq underneath, pipelines, cursors of the server, and a pool of threads.

use aiodal::{DatabaseUrl, Sandbox};
use drivers::Outcome;

use crate::python;

#[aiodal::test(isolation = "database")]
async fn psycopg_runs_on_a_database(url: &DatabaseUrl) -> Outcome {
    exercise(&url.connection_string()).await
}

#[aiodal::test]
async fn psycopg_runs_in_a_sandbox(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.url().await?).await
}

#[aiodal::test]
async fn psycopg_runs_in_a_sandbox_by_tcp(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.tcp_url().await?).await
}

async fn exercise(url: &str) -> Outcome {
    let said = python::script("psycopg_exercise.py", url).await?;
    println!("{}", said.unwrap_or_default());
    Ok(())
}
