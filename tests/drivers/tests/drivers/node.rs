//! node-postgres, with its pool, cursors and streams of COPY.

use std::path::Path;

use aiodal::{DatabaseUrl, Sandbox};
use drivers::{NodeModules, Outcome, run};
use tokio::process::Command;

const PACKAGES: [&str; 3] = ["pg@8", "pg-cursor@2", "pg-copy-streams@7"];

#[aiodal::test(isolation = "database")]
async fn node_postgres_runs_on_a_database(url: &DatabaseUrl) -> Outcome {
    exercise(&url.connection_string()).await
}

#[aiodal::test]
async fn node_postgres_runs_in_a_sandbox(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.url().await?).await
}

#[aiodal::test]
async fn node_postgres_runs_in_a_sandbox_by_tcp(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.tcp_url().await?).await
}

async fn exercise(url: &str) -> Outcome {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let made = tokio::task::spawn_blocking(|| NodeModules::make(cache, &PACKAGES));
    let Some(modules) = made.await?? else {
        return Ok(());
    };
    let mut command = Command::new("node");
    command
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/scripts/node_exercise.js"
        ))
        .env("NODE_PATH", modules.path());
    println!("{}", run(command, url).await?);
    Ok(())
}
