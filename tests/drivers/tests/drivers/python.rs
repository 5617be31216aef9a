//! Python with the drivers that are exercised in it.

use std::path::Path;

use drivers::{Outcome, VirtualEnvironment, run};
use tokio::process::Command;

const PACKAGES: [&str; 2] = ["psycopg[binary,pool]~=3.2", "asyncpg~=0.30"];

/// Runs a script of `scripts/`, and returns what it printed; nothing, where there is no Python.
pub(crate) async fn script(name: &str, url: &str) -> Outcome<Option<String>> {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let made = tokio::task::spawn_blocking(|| VirtualEnvironment::make(cache, &PACKAGES));
    let Some(environment) = made.await?? else {
        return Ok(None);
    };
    let mut command = Command::new(environment.python());
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scripts")
        .join(name);
    command.arg("-u").arg(script);
    run(command, url).await.map(Some)
}
