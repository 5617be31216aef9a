//! A program that exercises its driver on a database.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::Outcome;

/// Runs a program with the database's URL in `DATABASE_URL`, and returns what it has printed.
///
/// Nothing else in its environment says where a database is. The thread is not blocked meanwhile: what serves the
/// database may need it.
///
/// # Errors
///
/// It can't be started, or ends with another code than zero: then with what it said on standard error.
///
/// # Cancel safety
///
/// Dropped, it kills the program.
pub async fn run(mut command: Command, url: &str) -> Outcome<String> {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
    command
        .env("DATABASE_URL", url)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = command.output().await?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} ended with {}:\n{printed}{said}", output.status).into())
}

/// Whether a program is here and does what it is asked; `skipped` tells on standard error that it isn't.
#[must_use]
pub fn runs(program: impl AsRef<Path>, arguments: &[&str]) -> bool {
    let output = std::process::Command::new(program.as_ref())
        .args(arguments)
        .output();
    let fine = output.is_ok_and(|output| output.status.success());
    if !fine {
        let program = program.as_ref().display();
        eprintln!(
            "skipped: there is no `{program} {}` here",
            arguments.join(" ")
        );
    }
    fine
}
