//! Sessions beside that of the binary.

use crate::crates::faults;
use crate::run::run;

#[test]
fn test_belongs_to_the_session_it_names_and_a_broken_one_breaks_no_other() {
    let report = run(faults("named_sessions").arg("--test-threads=1"));
    report.assert_failed(&["x1_broken", "x2_broken_otherwise"]);
    report.assert_says("x1_broken", &["test set-up failed", "2_book.sql:2 failed"]);
    report.assert_says(
        "x2_broken_otherwise",
        &["test set-up failed", "no_such_migrations"],
    );
}
