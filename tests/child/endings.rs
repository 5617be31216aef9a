//! However a test ends, its transaction is rolled back, it says why, and the connection it leaves is clean.

use crate::crates::faults;
use crate::run::{Outcome, Report, run};

/// One thread and one connection, so that each test meets what the one before has left.
fn report() -> Report {
    run(faults("endings")
        .arg("--test-threads=1")
        .env("AIODAL_POOL_MAX_SIZE", "1"))
}

#[test]
fn every_ending_rolls_back_and_leaves_the_connection_clean() {
    let report = report();
    // All those whose name says "after" are among the others, which passed.
    report.assert_failed(&[
        "b1_panic",
        "c1_err",
        "d1_timeout",
        "h1_commit_is_refused",
        "i1_deferred_constraint",
        "m1_backend_killed",
        "n1_second_transaction",
    ]);
    assert_eq!(report.with(Outcome::Ok).len(), 21);
}

#[test]
fn every_failure_says_what_happened() {
    let report = report();
    report.assert_says("b1_panic", &["panicked at", "the body says no"]);
    report.assert_says(
        "c1_err",
        &[
            "failed to run `insert into no_such_table values ($1)`",
            "ERROR: relation",
            "(SQLSTATE 42P01)",
        ],
    );
    report.assert_says(
        "d1_timeout",
        &[
            "timed out: it may take 300ms",
            "select pg_sleep(600)",
            "was rolled back",
        ],
    );
    report.assert_says(
        "h1_commit_is_refused",
        &[
            "refused to commit",
            "h1_commit_is_refused",
            "`&mut Transaction`",
        ],
    );
    report.assert_says(
        "i1_deferred_constraint",
        &[
            "would not have been allowed to commit",
            "violates foreign key constraint",
            "detail: Key (parent)=(42)",
        ],
    );
    report.assert_says(
        "m1_backend_killed",
        &["SQLSTATE 57P01", "its connection was closed"],
    );
    report.assert_says(
        "n1_second_transaction",
        &[
            "test set-up failed",
            "one transaction, and this one asks for a second",
        ],
    );
}

#[test]
fn request_to_cancel_what_a_test_left_running_hits_no_later_test() {
    for _ in 0..5 {
        let report = run(faults("left_running")
            .arg("--test-threads=1")
            .env("AIODAL_POOL_MAX_SIZE", "1"));
        report.assert_failed(&[]);
        assert_eq!(report.with(Outcome::Ok).len(), 60);
    }
}
