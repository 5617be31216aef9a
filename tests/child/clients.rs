//! What a sandbox has to say of its clients, on the failing test's own output.

use std::time::{Duration, Instant};

use crate::run::{Report, run};
use crate::scope::Scope;

fn run_one(name: &str, tests: &[&str]) -> Report {
    let scope = Scope::new(name, "clients").with("AIODAL_SANDBOX_WAIT", "300ms");
    run_in(&scope, tests)
}

fn run_in(scope: &Scope, tests: &[&str]) -> Report {
    run(scope
        .command()
        .args(["--test-threads=1", "--exact"])
        .args(tests))
}

#[test]
fn client_that_waits_for_an_idle_one_is_refused_by_name_and_its_test_fails() {
    let report = run_one("stalled", &["wait_that_nobody_notices"]);
    report.assert_failed(&["wait_that_nobody_notices"]);
    report.assert_says(
        "wait_that_nobody_notices",
        &[
            "has clients of its sandbox that wait for each other: client 2 waits to run \
             `select count(*) from parcel where id = 7` while client 1 holds an open transaction, idle for",
            "after `begin; create table parcel (id int)`",
            "isolation = \"database\"",
            "`sandbox_wait` says how long a client may wait",
        ],
    );
}

#[test]
fn backend_that_dies_fails_its_test_and_no_other() {
    let report = run_one("dies", &["backend_that_dies", "after_that_another"]);
    report.assert_failed(&["backend_that_dies"]);
    report.assert_says(
        "backend_that_dies",
        &["terminating connection due to administrator command (57P01)"],
    );
}

#[test]
fn test_ends_at_once_whatever_its_clients_are_doing() {
    let begun = Instant::now();
    let report = run_one(
        "busy",
        &["ends_with_clients_still_busy", "after_that_another"],
    );
    report.assert_failed(&[]);
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn failing_test_is_told_what_its_sandbox_does_not_have() {
    let report = run_one("isolation", &["isolation_that_a_sandbox_does_not_have"]);
    report.assert_failed(&["isolation_that_a_sandbox_does_not_have"]);
    report.assert_says(
        "isolation_that_a_sandbox_does_not_have",
        &[
            "VACUUM cannot run inside a transaction block",
            "vacuum",
            "has asked for an isolation level that its sandbox does not have",
            "has used an advisory lock",
            "makes a temporary table `stage`, which client 1 has as well",
            "isolation = \"database\"",
        ],
    );
}

#[test]
fn time_limit_of_a_test_ends_what_its_clients_run() {
    let report = run_one(
        "limit",
        &["test_that_blocks_its_own_sandbox", "after_that_another"],
    );
    report.assert_failed(&["test_that_blocks_its_own_sandbox"]);
    report.assert_says(
        "test_that_blocks_its_own_sandbox",
        &["timed out", "select pg_sleep(60)"],
    );
}

#[test]
fn echo_of_clients_is_in_the_output_of_their_test_and_no_other() {
    let tests = [
        "echo_1_passes",
        "echo_2_fails",
        "echo_3_passes_on_several_threads",
        "echo_4_panics_on_several_threads",
    ];
    // The account of what a failed test ran would say the same again.
    let scope = Scope::new("echo", "clients")
        .with("AIODAL_ECHO", "true")
        .with("AIODAL_SQL", "never");
    let report = run_in(&scope, &tests);
    report.assert_failed(&["echo_2_fails", "echo_4_panics_on_several_threads"]);
    for silent in ["first", "third", "[sql"] {
        let of_failed = report.output(tests[1]).to_owned() + report.output(tests[3]);
        assert_eq!(
            report.count(silent),
            of_failed.matches(silent).count(),
            "{report:#?}"
        );
    }
    for (test, name) in [(tests[1], "second"), (tests[3], "fourth")] {
        let lines = [
            "on the test''s runtime",
            "number 1",
            "number 2",
            "number 3",
            "after that",
            "blocking",
        ];
        let lines = lines.map(|line| format!("1 row] select '{name}, {line}'"));
        report.assert_says(test, &lines.each_ref().map(String::as_str));
        let echoed = report.output(test).matches("1 row] select").count();
        assert_eq!(echoed, lines.len(), "each once: {report:#?}");
    }
}
