//! A test that waits for another one's lock fails, and names the other, the statement and the key.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::run::{Outcome, Report, run};
use crate::scope::Scope;

/// Runs two tests at once. The statements that wait shall be cancelled after `limit`.
fn run_both(name: &str, limit: &str, tests: [&str; 2]) -> Report {
    let scope = Scope::new(name, "locks").with("AIODAL_LOCK_WAIT", limit);
    run(scope
        .command()
        .args(["--test-threads=2", "--exact"])
        .args(tests))
}

#[test]
fn wait_for_a_key_fails_and_names_test_statement_and_index() {
    let report = run_both("key", "700ms", ["holds", "waits_for_a_key"]);
    report.assert_failed(&["waits_for_a_key"]);
    report.assert_says(
        "waits_for_a_key",
        &[
            "SQLSTATE 57014",
            "test locks::waits_for_a_key (tests/child/faults/tests/locks.rs:",
            "for a lock, longer than `lock_wait` allows (700ms); its statement was cancelled",
            "statement: insert into account (id, email) values ($1, $2)",
            "the key of unique index account_email on account (lower(email))",
            "while inserting index tuple",
            "held by test locks::holds (tests/child/faults/tests/locks.rs:",
            "its last statement was: insert into account (id, email) values ($1, $2)",
            "tx.unique(",
            "isolation = \"database\"",
        ],
    );
}

#[test]
fn wait_that_the_test_takes_no_notice_of_fails_it_too() {
    let report = run_both("notice", "300ms", ["holds", "waits_and_takes_no_notice"]);
    report.assert_failed(&["waits_and_takes_no_notice"]);
    report.assert_says(
        "waits_and_takes_no_notice",
        &[
            "longer than `lock_wait` allows (300ms)",
            "held by test locks::holds",
        ],
    );
}

#[test]
fn wait_for_a_row_names_its_table() {
    let report = run_both("row", "300ms", ["updates", "waits_for_a_row"]);
    report.assert_failed(&["waits_for_a_row"]);
    report.assert_says(
        "waits_for_a_row",
        &[
            "statement: delete from account where id = 1 and owner <> '…'",
            "waiting for: a row of account that the other has changed or locked",
            "held by test locks::updates",
            "its last statement was: update account",
        ],
    );
}

#[test]
fn wait_for_a_table_names_it_and_the_mode() {
    let report = run_both("table", "300ms", ["updates", "waits_for_a_table"]);
    report.assert_failed(&["waits_for_a_table"]);
    report.assert_says(
        "waits_for_a_table",
        &[
            "statement: alter table account",
            "waiting for: account, as a whole, for a lock of mode AccessExclusiveLock",
            "held by test locks::updates",
        ],
    );
}

#[test]
fn test_that_runs_out_of_its_own_time_is_told_whose_lock_it_waited_for() {
    let report = run_both("limit", "10m", ["holds", "waits_until_its_own_limit"]);
    report.assert_failed(&["waits_until_its_own_limit"]);
    report.assert_says(
        "waits_until_its_own_limit",
        &[
            "was waiting for a lock",
            "one of the unique indexes account_email on account (lower(email)) and account_pkey on account (id)",
            "held by test locks::holds",
            "it may take 1.2s",
        ],
    );
}

#[test]
fn lock_of_a_test_in_another_process_is_named_too() {
    let scope = Scope::new("process", "locks").with("AIODAL_LOCK_WAIT", "300ms");
    let mut holding = scope
        .command()
        .args(["--exact", "holds_for_another_process", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the child can be started");
    let output = BufReader::new(holding.stdout.take().expect("it is piped"));
    let mut lines = output.lines().map_while(Result::ok);
    assert!(
        lines.any(|line| line == "ready"),
        "the child does not come to its lock"
    );
    let report = scope.run("waits_for_another_process");
    drop(holding.stdin.take());
    // It is read to its end, or the child could not write.
    let rest: Vec<String> = lines.collect();
    assert!(holding.wait().expect("it has run").success(), "{rest:#?}");
    report.assert_failed(&["waits_for_another_process"]);
    report.assert_says(
        "waits_for_another_process",
        &[
            "longer than `lock_wait` allows (300ms)",
            "unique index account_email",
            "held by test locks::holds_for_another_process of another process",
            "its last statement was: insert into account",
        ],
    );
}

#[test]
fn deadlock_names_the_other_test() {
    let report = run_both("deadlock", "10m", ["deadlock_one", "deadlock_two"]);
    let failed = report.with(Outcome::Failed);
    let [victim] = failed[..] else {
        panic!("the server ends one of the two: {report:#?}")
    };
    let other = if victim == "deadlock_one" {
        "deadlock_two"
    } else {
        "deadlock_one"
    };
    report.assert_says(
        victim,
        &[
            "was in a deadlock",
            "statement: update account set owner = 'you' where id = $1",
            "a row of account",
            &format!("test locks::{other} (tests/child/faults/tests/locks.rs:"),
            "SQLSTATE 40P01",
        ],
    );
}

/// Runs a test that has a database of its own. The statements that wait shall be cancelled after `limit`.
fn run_in_its_own_database(name: &str, limit: &str, test: &str) -> Report {
    Scope::new(name, "locks")
        .with("AIODAL_LOCK_WAIT", limit)
        // The server goes with the child.
        .with("AIODAL_KEEP", "never")
        .run(test)
}

#[test]
fn wait_for_another_connection_of_the_same_test_is_told_in_its_own_database() {
    let report = run_in_its_own_database("itself", "700ms", "waits_for_itself");
    report.assert_failed(&["waits_for_itself"]);
    report.assert_says(
        "waits_for_itself",
        &[
            "SQLSTATE 57014",
            "test locks::waits_for_itself (tests/child/faults/tests/locks.rs:",
            "for a lock, longer than `lock_wait` allows (700ms); its statement was cancelled",
            "statement: insert into account (id, email) values ($1, $2)",
            "the key of unique index account_email on account (lower(email))",
            "held by another connection to this test's database (the server's process ",
            "its last statement was: insert into account (id, email) values ($1, $2)",
            "end the one transaction before",
        ],
    );
    let report = run_in_its_own_database(
        "itself-limit",
        "10m",
        "waits_for_itself_until_its_own_limit",
    );
    report.assert_says(
        "waits_for_itself_until_its_own_limit",
        &[
            "was waiting for a lock",
            "statement: lock table account in exclusive mode",
            "waiting for: account, as a whole, for a lock of mode ExclusiveLock",
            "held by another connection to this test's database",
            "it may take 1.2s",
        ],
    );
}

#[test]
fn deadlock_of_a_test_with_itself_is_told_as_one() {
    let report = run_in_its_own_database("deadlock-itself", "10m", "deadlock_with_itself");
    report.assert_failed(&["deadlock_with_itself"]);
    report.assert_says(
        "deadlock_with_itself",
        &[
            "was in a deadlock: two of its transactions waited for each other",
            "statement: update account set owner = 'you' where id = $1",
            "end the one transaction before",
        ],
    );
}

#[test]
fn statement_that_takes_long_in_its_own_database_is_left_alone() {
    let report =
        run_in_its_own_database("long-itself", "100ms", "works_for_long_in_its_own_database");
    let passed = report.with(Outcome::Ok);
    assert_eq!(
        passed,
        ["works_for_long_in_its_own_database"],
        "{report:#?}"
    );
}

#[test]
fn statement_that_takes_long_without_waiting_is_left_alone() {
    let scope = Scope::new("long", "locks").with("AIODAL_LOCK_WAIT", "100ms");
    let report = scope.run("works_for_long");
    assert_eq!(report.with(Outcome::Ok), ["works_for_long"], "{report:#?}");
}
