//! A test that ends its own transaction fails and names the statement, and the next sees nothing of it.

use crate::crates::faults;
use crate::run::run;

#[test]
fn every_escape_is_named_and_the_next_test_does_not_see_it() {
    let report = run(faults("escapes").arg("--test-threads=1"));
    report.assert_failed(&[
        "a1_commit",
        "b1_commit_and_begin",
        "c1_commit_and_chain",
        "d1_commit_then_failure",
        "e1_rollback",
        "f1_should_panic_and_commit",
    ]);
    let statements = [
        ("a1_commit", "`COMMIT`"),
        ("b1_commit_and_begin", "`commit`"),
        ("c1_commit_and_chain", "`commit and chain`"),
        ("d1_commit_then_failure", "`commit and chain`"),
        ("e1_rollback", "`rollback`"),
        ("f1_should_panic_and_commit", "`commit`"),
    ];
    for (test, statement) in statements {
        let expected = [
            "escaped from its transaction",
            statement,
            "run in a fresh one",
            "remove the statement",
        ];
        report.assert_says(test, &expected);
    }
}
