//! The configuration: what comes before what, and what it does.

use std::process::Command;

use crate::crates::faults;
use crate::run::{Outcome, run};

#[track_caller]
fn assert_work_mem(mut child: Command, expected: &str) {
    let report = run(child
        .args(["--exact", "work_mem_is_as_expected"])
        .env("EXPECTED_WORK_MEM", expected));
    assert_eq!(report.with(Outcome::Ok).len(), 1, "{report:#?}");
}

#[test]
fn file_is_read_and_the_environment_and_code_come_before_it() {
    assert_work_mem(faults("configured"), "5MB");
    let mut child = faults("configured");
    child.env("AIODAL_SETTINGS", "work_mem=6MB");
    assert_work_mem(child, "6MB");
    let mut child = faults("configured_in_code");
    child.env("AIODAL_SETTINGS", "work_mem=6MB");
    assert_work_mem(child, "7MB");
}

#[test]
fn configured_timeout_is_for_tests_without_one_of_their_own() {
    let report = run(faults("configured")
        .args(["--exact", "takes_long"])
        .env("AIODAL_TIMEOUT", "100ms"));
    report.assert_says("takes_long", &["it may take 100ms", "pg_sleep(600)"]);
    let report = run(faults("endings")
        .args(["--exact", "d1_timeout"])
        .env("AIODAL_TIMEOUT", "10m"));
    report.assert_says("d1_timeout", &["it may take 300ms"]);
}

#[test]
fn echo_logs_statements_with_their_times_to_the_output_of_their_test() {
    let report = run(faults("endings")
        .args([
            "--exact",
            "c1_err",
            "g1_failed_statement_that_the_test_expects",
        ])
        .env("AIODAL_ECHO", "true"));
    // Of the test that failed; what the other has logged is captured with it.
    report.assert_says(
        "c1_err",
        &[
            "[sql ",
            " ms  1 row] select pg_backend_pid()",
            "error 42P01] insert into no_such_table",
        ],
    );
    assert_eq!(
        report.count("no_such_table values (1)"),
        0,
        "the output of a passing test is not shown"
    );
}
