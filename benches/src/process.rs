//! Contestants as processes: built once, then run, timed and checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde_json::Value;

use crate::{Result, interrupt};

/// Variables of whoever runs the benches that would change what a contestant does.
const NOT_INHERITED: [&str; 5] = ["AIODAL_", "DATABASE_URL", "PG", "RUST_TEST_", "NEXTEST"];

/// The test binaries of the peers, by the name of their package.
#[derive(Debug)]
pub(crate) struct Peers(BTreeMap<String, PathBuf>);

/// A process that ended well.
#[derive(Debug)]
pub(crate) struct Run {
    /// From its start to its end.
    pub(crate) wall: Duration,
    /// What it and the processes it waited for had of the processors.
    pub(crate) cpu: Duration,
    pub(crate) stdout: String,
}

impl Peers {
    /// Builds the test binaries of packages of this workspace, with optimisation.
    ///
    /// # Errors
    ///
    /// One does not build; cargo has printed why.
    pub(crate) fn build(packages: &[&str]) -> Result<Peers> {
        eprintln!("building {}", packages.join(", "));
        let mut command = cargo();
        command.args([
            "test",
            "--release",
            "--locked",
            "--no-run",
            "--message-format=json",
        ]);
        for package in packages {
            command.args(["-p", package]);
        }
        let output = command
            .stderr(Stdio::inherit())
            .output()
            .map_err(not_run(&command))?;
        if !output.status.success() {
            return Err(
                "the peers do not build: see above; the first build needs the registry".into(),
            );
        }
        let binaries = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(test_binary)
            .collect();
        Ok(Peers(binaries))
    }

    /// The test binary of a package.
    ///
    /// # Panics
    ///
    /// It was not among those built.
    pub(crate) fn binary(&self, package: &str) -> &PathBuf {
        self.0
            .get(package)
            .unwrap_or_else(|| panic!("a peer is built before it runs: {package}"))
    }
}

/// The package and the executable that a line of cargo's JSON speaks of.
fn test_binary(line: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let path = PathBuf::from(message["executable"].as_str()?);
    let target = message["target"]["name"].as_str()?;
    // A library's target is its package's name with underscores.
    Some((target.replace('_', "-"), path))
}

/// The cargo that runs this, for the workspace of the benches.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// A command that inherits nothing that could favour or hamper it.
pub(crate) fn contestant(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if NOT_INHERITED.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a process to its end and times it.
///
/// # Errors
///
/// It cannot be started or fails; with the end of what it said.
pub(crate) fn timed(command: &mut Command) -> Result<Run> {
    interrupt::check()?;
    let before = cpu_of_children()?;
    let begun = Instant::now();
    let output = command.output();
    let wall = begun.elapsed();
    let output = output.map_err(not_run(command))?;
    let cpu = cpu_of_children()?.saturating_sub(before);
    interrupt::check()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed ({})\n{}", output.status, tail(&output)).into());
    }
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(Run { wall, cpu, stdout })
}

/// What all processes that this one has waited for had of the processors.
fn cpu_of_children() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let time = usage.user_time() + usage.system_time();
    Ok(Duration::from_micros(time.num_microseconds().try_into()?))
}

/// Runs a process that leaves others behind, which would hold on to its output, and times it.
///
/// # Errors
///
/// It cannot be started or fails.
pub(crate) fn timed_silently(command: &mut Command) -> Result<Duration> {
    interrupt::check()?;
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let status = command.status();
    let wall = begun.elapsed();
    let status = status.map_err(not_run(command))?;
    if !status.success() {
        return Err(format!("{command:?} failed ({status})").into());
    }
    Ok(wall)
}

/// Runs the tests of a libtest binary, and makes sure that as many passed as should.
///
/// # Errors
///
/// What [`timed`] says, and another number of tests.
pub(crate) fn tests(command: &mut Command, expected: usize) -> Result<Run> {
    let run = timed(command)?;
    if !run
        .stdout
        .contains(&format!("test result: ok. {expected} passed"))
    {
        return Err(format!(
            "{command:?} was to run {expected} tests, and says\n{}",
            run.stdout
        )
        .into());
    }
    Ok(run)
}

fn not_run(command: &Command) -> impl FnOnce(std::io::Error) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    move |error| format!("failed to run {program}: {error}")
}

fn tail(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_binary_is_found_among_the_messages_of_cargo() {
        let built = r#"{"reason":"compiler-artifact","target":{"name":"peer_aiodal_one"},"executable":"/t/x"}"#;
        let library = r#"{"reason":"compiler-artifact","target":{"name":"nix"},"executable":null}"#;
        assert_eq!(
            test_binary(built),
            Some(("peer-aiodal-one".to_owned(), "/t/x".into()))
        );
        assert_eq!(test_binary(library), None);
        assert_eq!(test_binary("warning"), None);
    }
}
