//! The child crates: built once per process, found by what Cargo says it has built.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::run::{Outcome, run};

const FAULTS: &str = "aiodal-child-faults";
const RENAMED: &str = "aiodal-child-renamed";
const ACCEPTED: &str = "aiodal-child-accepted";

/// Returns a command that runs one of the fault crate's test binaries.
pub(crate) fn faults(test: &str) -> Command {
    let mut command = Command::new(binary(test));
    // A child is a run of its own, whoever runs its parent and however.
    command
        .env_remove("NEXTEST_RUN_ID")
        .env_remove("RUST_TEST_THREADS");
    command
}

/// Returns the path of one of the fault crate's test binaries.
pub(crate) fn binary(test: &str) -> &'static Path {
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build(FAULTS, &[]));
    built
        .get(test)
        .unwrap_or_else(|| panic!("no test binary `{test}` among {built:?}"))
}

/// Returns the path of one of the fault crate's test binaries, built with a feature of that crate.
pub(crate) fn binary_with(test: &str, feature: &str) -> PathBuf {
    let mut built = build(FAULTS, &["--test", test, "--features", feature]);
    built
        .remove(test)
        .expect("Cargo has built what it was told to")
}

fn build(package: &str, options: &[&str]) -> BTreeMap<String, PathBuf> {
    let messages = cargo(package, &["test", "--no-run"], options);
    let built: BTreeMap<_, _> = messages.lines().filter_map(test_binary).collect();
    assert!(!built.is_empty(), "{package} has no test binary");
    built
}

/// Returns Cargo's messages of a build that succeeds.
fn cargo(package: &str, command: &[&str], options: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(command)
        .args(["--offline", "--message-format=json", "--package", package])
        .args(options)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo can be started");
    assert!(
        output.status.success(),
        "{package} does not build:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("cargo speaks JSON")
}

/// Reads the target's name and its executable from one of Cargo's messages.
fn test_binary(message: &str) -> Option<(String, PathBuf)> {
    let executable = message
        .split_once("\"executable\":\"")?
        .1
        .split_once('"')?
        .0;
    let target = message.split_once("\"target\":{")?.1;
    let name = target.split_once("\"name\":\"")?.1.split_once('"')?.0;
    Some((name.to_owned(), PathBuf::from(executable)))
}

#[test]
fn renamed_dependency_and_other_test_attributes_compose() {
    for (name, binary) in build(RENAMED, &[]) {
        let report = run(&mut Command::new(&binary));
        let failed = report.with(Outcome::Failed);
        assert!(failed.is_empty(), "{name}: {failed:?} failed\n{report:#?}");
    }
}

#[test]
fn what_the_attributes_accept_builds() {
    let messages = cargo(ACCEPTED, &["build"], &["--examples"]);
    let built: BTreeMap<_, _> = messages.lines().filter_map(test_binary).collect();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/child/accepted/examples");
    let written = std::fs::read_dir(&directory).expect("it is in the repository");
    assert_eq!(built.len(), written.count(), "{built:?}");
    for (name, binary) in built {
        let status = Command::new(binary).status().expect("it can be started");
        assert!(status.success(), "{name}: {status}");
    }
}
