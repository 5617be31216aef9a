//! Fixtures that fail are told as failures of set-up, and what they leave to be done is done.

use crate::crates::faults;
use crate::run::{Report, run};

/// One thread, so that it is known which test meets a failure of the session first.
fn report() -> Report {
    run(faults("fixtures").arg("--test-threads=1"))
}

const ALL: [&str; 19] = [
    "a1_panic",
    "a2_err",
    "a3_timeout",
    "b1_finalizers_fail",
    "b2_finalizers_fail_after_a_panic",
    "b3_finalizers_fail_after_an_expected_panic",
    "b4_finalizer_is_never_done",
    "c1_fixture_fails",
    "c2_fixture_fails_where_a_panic_is_expected",
    "c3_fixture_panics",
    "c4_fixture_hangs",
    "d1_cycle",
    "d2_taken_and_asked_for",
    "e1_session_fixture_fails",
    "e2_session_fixture_has_failed",
    "e3_session_fixture_of_another_has_failed",
    "e4_session_fixture_is_taken",
    "e5_session_fixture_panics",
    "e6_session_fixture_has_panicked",
];

#[test]
fn tear_down_follows_every_ending() {
    let report = report();
    report.assert_failed(&ALL);
    let torn_down = [
        "the second is finalized",
        "the first is finalized",
        "the value is dropped",
    ];
    for test in ["a1_panic", "a2_err", "a3_timeout", "c1_fixture_fails"] {
        report.assert_says(test, &torn_down);
    }
    report.assert_says("a3_timeout", &["timed out"]);
    assert_eq!(report.count("the body runs"), 0);
}

#[test]
fn what_is_wrong_with_the_tear_down_is_added() {
    let report = report();
    let problems = [
        "has a finalizer that panicked",
        "the finalizer says no",
        "has a finalizer that failed",
        "the disk is full",
    ];
    for test in [
        "b1_finalizers_fail",
        "b2_finalizers_fail_after_a_panic",
        "b3_finalizers_fail_after_an_expected_panic",
    ] {
        report.assert_says(test, &["the first is finalized"]);
        report.assert_says(test, &problems);
    }
    report.assert_says(
        "b2_finalizers_fail_after_a_panic",
        &["panicked at", "the body says no"],
    );
    report.assert_says(
        "b4_finalizer_is_never_done",
        &["the first is finalized", "was not done within 200ms"],
    );
}

#[test]
fn failing_fixture_is_named_with_its_place_cause_and_chain() {
    let report = report();
    report.assert_says(
        "c1_fixture_fails",
        &[
            "test set-up failed for fixtures::c1_fixture_fails; the body did not run",
            "fixture `author` (tests/child/faults/tests/fixtures.rs:",
            ") failed",
            "ERROR: relation \"auhtor\" does not exist",
            "asked for by: posts -> author",
        ],
    );
    report.assert_says(
        "c2_fixture_fails_where_a_panic_is_expected",
        &["test set-up failed", "fixture `author`"],
    );
    report.assert_says(
        "c3_fixture_panics",
        &[
            "test set-up failed",
            "fixture `panicking` (",
            ") panicked",
            "no author",
        ],
    );
    report.assert_says(
        "c4_fixture_hangs",
        &[
            "test set-up failed",
            "fixture `hanging` (",
            "was not done within 200ms",
            "timeout = ",
        ],
    );
}

#[test]
fn plan_that_does_not_work_is_told_before_anything_is_set_up() {
    let report = report();
    report.assert_says(
        "d1_cycle",
        &[
            "test set-up failed",
            "fixtures ask for each other: hen -> egg -> hen",
            "fixture `hen` (tests/child/faults/tests/fixtures.rs:",
            "fixture `egg` (",
        ],
    );
    report.assert_says(
        "d2_taken_and_asked_for",
        &[
            "test set-up failed",
            "fixture `one` (",
            "is taken by fixture `taker` (",
            "and test fixtures::d2_taken_and_asked_for asks for it too",
            "shared reference",
        ],
    );
    assert_eq!(report.count("one is set up"), 0);
    report.assert_says(
        "e4_session_fixture_is_taken",
        &[
            "fixture `dear` (",
            "is shared by all tests of the process",
            "test fixtures::e4_session_fixture_is_taken takes it",
        ],
    );
}

#[test]
fn failure_of_a_session_fixture_is_told_once() {
    let report = report();
    report.assert_says(
        "e1_session_fixture_fails",
        &["fixture `dear` (", ") failed", "the quota is used up"],
    );
    for test in [
        "e2_session_fixture_has_failed",
        "e3_session_fixture_of_another_has_failed",
    ] {
        report.assert_says(
            test,
            &["fixture `dear` (", "told in full by the first test"],
        );
    }
    assert_eq!(report.count("the quota is used up"), 1);
    report.assert_says(
        "e5_session_fixture_panics",
        &["test set-up failed", "fixture `broken` (", "broken for all"],
    );
    report.assert_says(
        "e6_session_fixture_has_panicked",
        &["fixture `broken` (", "told in full by the first test"],
    );
}
