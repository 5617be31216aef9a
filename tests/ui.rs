//! What a user reads whom the attributes do not understand.
//!
//! What they accept is in `tests/child/accepted`: beside such cases trybuild would call Cargo twice for each mistake, and build
//! all dependencies anew to link them.

use std::process::Command;

/// The wording around our messages is rustc's, and changes from one version to the next.
const BLESSED_WITH: &str = "rustc 1.95.";

#[test]
fn mistakes_are_explained_where_they_are() {
    let version = rustc_version();
    if !version.starts_with(BLESSED_WITH) {
        eprintln!(
            "skipped: the expected messages are those of {BLESSED_WITH}*, and this is {version}"
        );
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*/fail/*.rs");
}

fn rustc_version() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    let output = output.expect("rustc runs: it has just compiled this test");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
