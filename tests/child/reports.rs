//! What the report of a failed test shows, and that it is the same wherever the test runs.

use std::process::Command;

use crate::crates::faults;
use crate::run::{Outcome, Report, run};

const FAILED: [&str; 10] = [
    "b_panics",
    "c_fails_in_a_statement",
    "d_keeps_secrets",
    "e_runs_too_much",
    "f_runs_a_query_per_row",
    "h_runs_a_thousand",
    "i_takes_long",
    "k_should_have_panicked",
    "l_panics_without_a_statement",
    "m_echoes",
];

/// One thread and one connection, so that a test meets what the one before has left.
fn report(sql: &str) -> Report {
    let report = run(faults("reports")
        .arg("--test-threads=1")
        .env_remove("NEXTEST")
        .env("AIODAL_POOL_MAX_SIZE", "1")
        .env("AIODAL_SQL", sql));
    report.assert_failed(&FAILED);
    report
}

/// Asserts what the account of a test is, to the letter but for times.
#[track_caller]
fn assert_account(report: &Report, test: &str, expected: &str) {
    let output = report.output(test);
    let start = output
        .find(&format!("what reports::{test} ran"))
        .unwrap_or_else(|| panic!("{test} has no account:\n{output}"));
    let account = without_times(output[start..].trim_end());
    let expected = expected.trim_matches('\n');
    let dedented: Vec<&str> = expected
        .lines()
        .map(|line| line.get(8..).unwrap_or_default())
        .collect();
    assert_eq!(account, dedented.join("\n"), "of {test}");
}

/// Puts the same time for all that was taken.
fn without_times(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let Some(at) = line.find(" ms  ") else {
            return line.to_owned();
        };
        let number = line[..at].rfind(' ').map_or(0, |blank| blank + 1);
        let known = line[number..at].parse::<f64>().is_ok();
        // The column is eight wide.
        let column = at.saturating_sub(8);
        if known {
            format!("{}   0.000{}", &line[..column], &line[at..])
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn account_of_a_panic_has_statements_and_the_rows_of_this_test_alone() {
    assert_account(
        &report("failed"),
        "b_panics",
        r#"
        what reports::b_panics ran: 4 statements
             1     0.000 ms  1 row    insert into author (name) values ($1)  -- $1 = "b1"
             2     0.000 ms  1 row    insert into author (name) values ($1)  -- $1 = "b2"
             3     0.000 ms  1 row    insert into author (name) values ($1)  -- $1 = "b3"
             4     0.000 ms           update author set name = 'b' where name = 'b1'; delete from author where name = 'b2'
        rows that it gained, changed or lost in tables
          author: gained 3, changed 1, lost 1
        to keep its database and open it with psql, run: AIODAL_ISOLATION=database AIODAL_KEEP=failed cargo test -- --exact b_panics
"#,
    );
}

#[test]
fn failed_statement_is_told_with_its_place_behind_its_savepoints() {
    let report = report("failed");
    assert_account(
        &report,
        "c_fails_in_a_statement",
        r#"
        what reports::c_fails_in_a_statement ran: 7 statements
             1     0.000 ms           savepoint aiodal_1
             2     0.000 ms  1 row      insert into author (name) values ($1)  -- $1 = "c"
             3     0.000 ms             savepoint aiodal_2
             4     0.000 ms  23505        insert into author (name) values ($1)  -- $1 = "c"
             5         sent             rollback to aiodal_2; release aiodal_2
             6     0.000 ms           release aiodal_1
             7     0.000 ms  42703    select nmae from author where id > $1  -- $1 = 7
                ERROR: column "nmae" does not exist (SQLSTATE 42703)
                  at line 1, column 8:
                  | select nmae
                  |        ^
                  hint: Perhaps you meant to reference the column "author.name".
        rows that it gained, changed or lost in tables
          not known: the transaction had failed, and the server answers nothing in it
        to keep its database and open it with psql, run: AIODAL_ISOLATION=database AIODAL_KEEP=failed cargo test -- --exact c_fails_in_a_statement
"#,
    );
}

#[test]
fn secrets_are_in_no_report() {
    let report = report("failed");
    assert_account(
        &report,
        "d_keeps_secrets",
        "
        what reports::d_keeps_secrets ran: 3 statements
             1     0.000 ms           create temp table account (name text, password text unique)
             2     0.000 ms           insert into account (name, password) values ('…', '…')
             3     0.000 ms  23505    insert into account (name, password) values ($1, $2)  -- parameters hidden
                SQLSTATE 23505, constraint account_password_key; what the server said may repeat a secret, and is hidden
        rows that it gained, changed or lost in tables
          not known: the transaction had failed, and the server answers nothing in it
        to keep its database and open it with psql, run: AIODAL_ISOLATION=database AIODAL_KEEP=failed cargo test -- --exact d_keeps_secrets
",
    );
    report.assert_keeps("hunter2");
}

#[test]
fn test_over_its_limit_of_statements_fails_and_shows_them() {
    let report = report("failed");
    report.assert_says(
        "e_runs_too_much",
        &["ran 3 statements, and `max_queries = 2` allows 2"],
    );
    assert_account(
        &report,
        "e_runs_too_much",
        "
        what reports::e_runs_too_much ran: 5 statements
             1     0.000 ms           savepoint aiodal_1
             2     0.000 ms  1 row      select 1
             3     0.000 ms  1 row      select 2
             4     0.000 ms           release aiodal_1
             5     0.000 ms  1 row    select 3
        to keep its database and open it with psql, run: AIODAL_ISOLATION=database AIODAL_KEEP=failed cargo test -- --exact e_runs_too_much
",
    );
    report.assert_says(
        "f_runs_a_query_per_row",
        &[
            "ran the same statement 4 times, and `max_repeats = 2` allows 2: select name from author where id = $1",
            "(N+1)",
            "what reports::f_runs_a_query_per_row ran: 4 statements",
            "-- $1 = 4",
        ],
    );
}

#[test]
fn long_account_has_its_beginning_and_its_end() {
    let report = report("failed");
    report.assert_says(
        "h_runs_a_thousand",
        &[
            "ran: 1001 statements",
            "-- $1 = 8\n",
            "… 961 more …\n",
            " 970 ",
            "-- $1 = 970\n",
            "-- $1 = 1000\n",
            "22012    select 1 / 0\n",
            "ERROR: division by zero",
        ],
    );
    assert_eq!(
        report.output("h_runs_a_thousand").matches(" ms  ").count(),
        40
    );
}

#[test]
fn account_of_a_test_that_took_too_long_has_the_statement_without_an_answer() {
    report("failed").assert_says(
        "i_takes_long",
        &[
            "timed out: it may take 2s",
            "what reports::i_takes_long ran: 2 statements",
            "  no answer           select pg_sleep(600)\n",
        ],
    );
}

#[test]
fn account_is_given_where_a_test_fails_and_only_there() {
    let report = report("failed");
    report.assert_says("k_should_have_panicked", &["author: gained 1"]);
    assert!(
        !report
            .output("l_panics_without_a_statement")
            .contains("ran:")
    );
    assert_eq!(report.count("what reports::j_panics_as_it_should"), 0);
    assert_eq!(report.count("what reports::g_stays_within_its_limits"), 0);
    report.assert_says(
        "m_echoes",
        &[
            "[sql ",
            "0 rows] select $1::text where '…' = '…'  -- parameters hidden",
            "error 22012] select 1 / $1  -- $1 = 0",
            "set `isolation = \"database\"` on the test, and run: AIODAL_KEEP=failed cargo test",
        ],
    );
}

#[test]
fn account_can_be_had_of_every_test_or_of_none() {
    let never = report("never");
    assert_eq!(never.count("what reports::"), 0);
    assert_eq!(never.count("author: gained"), 0);
    let always = run(faults("reports")
        .args(["--exact", "g_stays_within_its_limits", "--show-output"])
        .env("AIODAL_SQL", "always"));
    assert_eq!(always.with(Outcome::Ok).len(), 1);
    assert_eq!(
        always.count("what reports::g_stays_within_its_limits ran: 4 statements"),
        1
    );
    assert_eq!(always.count("to keep its database"), 0, "nothing is wrong");
}

#[test]
fn report_is_the_same_under_nextest() {
    let report = report("failed");
    let output = Command::new(env!("CARGO"))
        .args([
            "nextest",
            "run",
            "--offline",
            "--no-fail-fast",
            "--color=never",
        ])
        .args(["--package", "aiodal-child-faults", "--test", "reports"])
        .args([
            "--failure-output=final",
            "--status-level=none",
            "--final-status-level=fail",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("NEXTEST_RUN_ID")
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("cargo can be started");
    let nextest = String::from_utf8_lossy(&output.stderr);
    assert!(
        nextest.contains("Summary"),
        "cargo-nextest is installed and runs:\n{nextest}"
    );
    for test in FAILED {
        let output = report.output(test);
        let Some(start) = output.find("what reports::") else {
            continue;
        };
        // The line that says how to run it again names the runner.
        let account = without_times(output[start..].trim_end());
        let account = account
            .split("\nto keep its database")
            .next()
            .expect("split has a first part");
        let indented: Vec<String> = account.lines().map(|line| format!("    {line}")).collect();
        let shown = without_times(&nextest);
        assert!(
            shown.contains(&indented.join("\n")),
            "nextest does not show of {test}:\n{account}\nbut:\n{shown}"
        );
        assert!(nextest.contains(&format!("cargo nextest run -E 'test(={test})'")));
    }
}
