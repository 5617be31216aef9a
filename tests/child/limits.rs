//! A test that does what its transaction can't is told what can.

use crate::crates::faults;
use crate::run::run;

#[test]
fn limit_of_a_transaction_is_told_with_the_way_out() {
    let report = run(&mut faults("limits"));
    report.assert_failed(&[
        "asks_for_the_url",
        "commits_in_a_procedure",
        "fails_for_another_reason",
        "listens",
        "makes_its_transaction_read_only",
        "vacuums",
        "writes_without_isolation",
    ]);
    let database = "#[aiodal::test(isolation = \"database\")]";
    for (test, expected) in [
        (
            "vacuums",
            [
                "`vacuum pg_class`",
                "(25001)",
                "a database of its own",
                database,
            ],
        ),
        (
            "commits_in_a_procedure",
            [
                "call commits()`",
                "(2D000)",
                "a database of its own",
                database,
            ],
        ),
        (
            "listens",
            [
                "nothing was heard",
                "`listen arrivals`",
                "a database of its own",
                database,
            ],
        ),
        (
            "writes_without_isolation",
            [
                "`create table t (n int)`",
                "(25006)",
                "a transaction that may write",
                "#[aiodal::test(isolation = \"rollback\")]",
            ],
        ),
        (
            "asks_for_the_url",
            [
                "test set-up failed",
                "no database that others could connect to",
                "a database of its own",
                database,
            ],
        ),
    ] {
        report.assert_says(test, &expected);
    }
    for test in [
        "fails_for_another_reason",
        "makes_its_transaction_read_only",
    ] {
        let output = report.output(test);
        assert!(!output.contains("limit of its transaction"), "{output}");
    }
}
