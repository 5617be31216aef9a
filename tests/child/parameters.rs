//! Functions with parameters and files of SQL: the names of their tests, and what those say that fail.

use crate::crates::faults;
use crate::run::{Outcome, run};

#[test]
fn every_case_is_a_test_with_a_name_as_rstest_makes_it() {
    let report = run(faults("parameters").arg("the_carrier_flies"));
    report.assert_failed(&[
        "the_carrier_flies::case_2_delta::n_1_1",
        "the_carrier_flies::case_2_delta::n_2_500",
    ]);
    assert_eq!(
        report.with(Outcome::Ok),
        [
            "the_carrier_flies::case_1_united::n_1_1",
            "the_carrier_flies::case_1_united::n_2_500",
            "the_carrier_flies::case_4::n_1_1",
            "the_carrier_flies::case_4::n_2_500",
        ]
    );
    assert_eq!(
        report.with(Outcome::Ignored),
        [
            "the_carrier_flies::case_3_nobody::n_1_1",
            "the_carrier_flies::case_3_nobody::n_2_500",
        ]
    );
    report.assert_says("the_carrier_flies::case_2_delta::n_2_500", &["DL 500"]);
}

#[test]
fn one_case_can_be_run_by_its_name() {
    let report =
        run(faults("parameters").args(["--exact", "the_carrier_flies::case_1_united::n_2_500"]));
    assert_eq!(
        report.with(Outcome::Ok),
        ["the_carrier_flies::case_1_united::n_2_500"]
    );
    assert_eq!(report.outcomes.len(), 1, "{report:#?}");
}

#[test]
fn case_that_fails_is_told_by_its_full_name_and_line() {
    let report = run(faults("parameters").arg("takes_long"));
    let slow = "takes_long::seconds_1_half_a_minute";
    report.assert_failed(&[slow]);
    assert_eq!(report.with(Outcome::Ok), ["takes_long::seconds_2__0_0"]);
    report.assert_says(
        slow,
        &[
            "parameters::takes_long::seconds_1_half_a_minute timed out",
            "tests/parameters.rs:",
            "pg_sleep",
        ],
    );
}

#[test]
fn case_that_should_panic_fails_if_it_returns() {
    let report = run(faults("parameters").args(["--exact", "should_panic::case_1"]));
    report.assert_failed(&["should_panic::case_1"]);
    report.assert_says("should_panic::case_1", &["did not panic as expected"]);
}

#[test]
fn broken_sql_fixture_names_file_line_statement_and_cause() {
    let report = run(faults("parameters").args(["--exact", "syntax", "violation"]));
    report.assert_failed(&["syntax", "violation"]);
    report.assert_says(
        "syntax",
        &[
            "test set-up failed for parameters::syntax",
            "SQL fixture tests/child/faults/tests/fixtures/broken.sql:5 failed",
            "| insert into people",
            ">     valeus ('Grace')",
            "ERROR: syntax error at or near \"valeus\" (SQLSTATE 42601)",
        ],
    );
    report.assert_says(
        "violation",
        &[
            "test set-up failed for parameters::violation",
            "fixtures/violation.sql:4 failed",
            "> insert into people",
            "| values ('Ada')",
            "duplicate key value violates unique constraint",
            "detail: Key (name)=(Ada) already exists.",
        ],
    );
    assert_eq!(report.count("current transaction is aborted"), 0);
    assert_eq!(report.count("the body must not run"), 0);
}

#[test]
fn sql_fixture_that_commits_is_an_escape() {
    let report = run(faults("parameters").args(["--exact", "commits"]));
    report.assert_failed(&["commits"]);
    report.assert_says(
        "commits",
        &["escaped from its transaction", "`commit` ended it"],
    );
}

#[test]
fn row_of_a_copy_that_is_refused_is_told_by_file_and_line() {
    let report = run(faults("parameters")
        .args(["--test-threads=1", "--exact"])
        .args(["bad_row", "missing_table", "good"])
        .env("AIODAL_POOL_MAX_SIZE", "1"));
    report.assert_failed(&["bad_row", "missing_table"]);
    report.assert_says(
        "bad_row",
        &[
            "test set-up failed for parameters::bad_row",
            "SQL fixture tests/child/faults/tests/fixtures/row.sql:4 failed",
            "| Pequod\t3",
            "> Nautilus\tnone",
            "| Rachel\t3",
            "invalid input syntax for type integer: \"none\"",
        ],
    );
    report.assert_says(
        "missing_table",
        &[
            "fixtures/missing_table.sql:2 failed",
            "> copy",
            "relation \"no_such_table\" does not exist",
        ],
    );
    assert_eq!(report.count("the body must not run"), 0);
}

#[test]
fn line_for_psql_is_refused_with_file_line_and_what_to_do() {
    let report = run(faults("parameters").args(["--exact", "for_psql"]));
    report.assert_failed(&["for_psql"]);
    report.assert_says(
        "for_psql",
        &[
            "test set-up failed for parameters::for_psql",
            "SQL fixture tests/child/faults/tests/fixtures/psql.sql:3 is for psql",
            "> \\copy people from 'people.csv'",
            "rows go behind `COPY .. FROM STDIN;`",
        ],
    );
    assert_eq!(report.count("the body must not run"), 0);
}

#[test]
fn sql_fixture_that_nobody_sees_is_a_failure_to_set_up() {
    let report = run(faults("parameters").args(["--exact", "nobody_sees"]));
    report.assert_failed(&["nobody_sees"]);
    report.assert_says(
        "nobody_sees",
        &[
            "test set-up failed for parameters::nobody_sees",
            "nothing that it asks for sees what they write",
            "ask for `tx: &Transaction`",
        ],
    );
    assert_eq!(report.count("the body must not run"), 0);
}
