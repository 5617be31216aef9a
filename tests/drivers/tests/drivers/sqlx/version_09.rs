//! sqlx 0.9.

use aiodal::{DatabaseUrl, Sandbox};
use drivers::Outcome;
use sqlx_09 as sqlx;

#[expect(
    clippy::duplicate_mod,
    reason = "the same text, with the name `sqlx` for another crate"
)]
#[path = "exercise.rs"]
mod exercise;

#[aiodal::test(isolation = "database")]
async fn sqlx_09_runs_on_a_database(url: &DatabaseUrl) -> Outcome {
    exercise::exercise(&url.connection_string()).await
}

#[aiodal::test]
async fn sqlx_09_runs_in_a_sandbox(sandbox: Sandbox) -> Outcome {
    exercise::exercise(&sandbox.url().await?).await
}

#[aiodal::test]
async fn sqlx_09_runs_in_a_sandbox_by_tcp(sandbox: Sandbox) -> Outcome {
    exercise::exercise(&sandbox.tcp_url().await?).await
}
