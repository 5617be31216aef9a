//! What a crate with one test has to compile before its first `cargo test` can say anything.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::{Run, cargo, timed};
use crate::report::Report;
use crate::stats::Samples;
use crate::{Result, interrupt};

const CONTESTANTS: [(&str, &str); 2] = [("aiodal", "peer-aiodal-one"), ("sqlx", "peer-sqlx-one")];

const ABOUT: &str = "
Each contestant is a crate with one test and one dependency:
  aiodal  with its default features
  sqlx    with postgres, runtime-tokio, macros and migrate, and without its default features
Crates are what a normal and a build dependency pull in on this platform, the crate itself not counted.
A cold build is `cargo test --no-run` with two jobs into an empty target directory, the sources there, in turn.
On a busy machine its CPU time says more than its wall time.";

/// Runs the suite.
///
/// # Errors
///
/// Sources that are not there and cannot be fetched, and a crate that does not build.
pub(crate) fn run(quick: bool) -> Result<Report> {
    let rounds = if quick { 1 } else { 3 };
    timed(cargo().args(["fetch", "--locked"]))?;
    let mut report = Report::new("build", vec![ABOUT.to_owned()]);
    for (name, package) in CONTESTANTS {
        let crates = [crates(package)?].into_iter().collect();
        report.figure(format!("{name}, crates"), "crates", crates);
    }
    let mut walls = CONTESTANTS.map(|_| Samples::default());
    let mut cpus = walls.clone();
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/cold");
    for round in 1..=rounds {
        for (index, (name, package)) in CONTESTANTS.into_iter().enumerate() {
            eprintln!("round {round} of {rounds}: {name}");
            let built = cold(package, &target)?;
            walls[index].push(built.wall.as_secs_f64());
            cpus[index].push(built.cpu.as_secs_f64());
        }
    }
    for (samples, what) in [(walls, "cold build"), (cpus, "cold build, CPU time")] {
        for ((name, _), samples) in CONTESTANTS.into_iter().zip(samples) {
            report.figure(format!("{name}, {what}"), "s", samples);
        }
    }
    report.ratio("sqlx, crates", "aiodal, crates", None);
    report.ratio("sqlx, cold build", "aiodal, cold build", None);
    report.ratio(
        "sqlx, cold build, CPU time",
        "aiodal, cold build, CPU time",
        None,
    );
    Ok(report)
}

/// Counts the crates that a package depends on.
#[expect(clippy::cast_precision_loss, reason = "they are hundreds at most")]
fn crates(package: &str) -> Result<f64> {
    let mut tree = cargo();
    tree.args(["tree", "--offline", "--locked", "--edges", "normal,build"]);
    tree.args(["--prefix", "none", "--no-dedupe", "-p", package]);
    let listed = timed(&mut tree)?.stdout;
    let distinct: BTreeSet<_> = listed.lines().filter(|line| !line.is_empty()).collect();
    Ok((distinct.len() - 1) as f64)
}

/// Builds a package into an empty directory.
fn cold(package: &str, target: &Path) -> Result<Run> {
    interrupt::check()?;
    clear(target)?;
    let mut compile: Command = cargo();
    compile.args([
        "test",
        "--no-run",
        "--offline",
        "--locked",
        "--jobs",
        "2",
        "-p",
        package,
    ]);
    let built = timed(compile.arg("--target-dir").arg(target));
    clear(target)?;
    built
}

fn clear(target: &Path) -> Result<()> {
    if target.exists() {
        fs::remove_dir_all(target)
            .map_err(|error| format!("failed to remove {}: {error}", target.display()))?;
    }
    Ok(())
}
