//! Where a schema can come from: every naming of a directory, a file, a tool and a function; and what goes wrong there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

use crate::crates::{binary, faults};
use crate::run::{Report, run};

const TEST: &str = "names_are_as_expected";

/// A child whose schema comes from `source`, and which passes if the table `log` then has `expected`.
fn child(source: &str, expected: &str) -> Command {
    let mut child = faults("migrated");
    child
        .args(["--exact", TEST])
        .envs([("CHILD_SOURCE", source), ("CHILD_EXPECTED", expected)]);
    child
}

#[track_caller]
fn assert_builds(child: &mut Command) {
    run(child).assert_failed(&[]);
}

fn failure(source: &str) -> Report {
    let report = run(&mut child(source, ""));
    report.assert_failed(&[TEST]);
    report
}

#[track_caller]
fn assert_refused(source: &str, expected: &[&str]) {
    let report = failure(source);
    report.assert_says(TEST, &["test set-up failed"]);
    report.assert_says(TEST, expected);
    assert_eq!(report.count("panicked"), 0, "a failed set-up is no panic");
}

#[test]
fn directory_of_each_tool_runs_as_the_tool_runs_it() {
    for (source, expected) in [
        ("sources/plain", "tables tables2 tables10 views"),
        ("sources/sqlx", "1 2 10 11 11"),
        ("sources/refinery", "V1 U3 V10"),
        ("sources/flyway", "V1 V1.1 V2 R"),
        ("sources/diesel", "first moved index"),
        ("sources/dbmate", "up index"),
        ("sources/goose", "up"),
    ] {
        assert_builds(&mut child(source, expected));
    }
}

#[test]
fn dump_with_rows_is_loaded() {
    assert_builds(&mut child("sources/dump.sql", "Hep it's\\a\\ttab"));
}

#[test]
fn sources_run_in_a_row() {
    let expected = "schema directory tool function";
    assert_builds(&mut child("schema, directory, tool, function", expected));
}

#[test]
fn configured_path_may_be_a_directory_or_a_file() {
    for (path, expected) in [
        ("sources/sqlx", "1 2 10 11 11"),
        ("sources/log.sql", "schema"),
    ] {
        let mut child = faults("configured_migrations");
        child.envs([("AIODAL_MIGRATIONS", path), ("CHILD_EXPECTED", expected)]);
        assert_builds(&mut child);
    }
}

#[test]
fn directory_that_no_tool_would_run_whole_is_refused() {
    let mixed = [
        "are named in two ways",
        "V1__log.sql is named as",
        "2_log.sql is not",
    ];
    assert_refused("sources/mistakes/mixed", &mixed);
    let twice = ["have the same version", "V1__one.sql", "V1__two.sql"];
    assert_refused("sources/mistakes/twice", &twice);
    let no_up = ["2024-02-01-000000_two has no up.sql", "as diesel's"];
    assert_refused("sources/mistakes/no_up", &no_up);
    let missing = ["failed to read the migrations in", "sources/none"];
    assert_refused("sources/none", &missing);
}

#[test]
fn what_a_transaction_refuses_is_told_with_the_tools_own_way_out() {
    let expected = [
        "migration sources/mistakes/concurrently/1_log.sql:3 failed",
        "> create index concurrently",
        "cannot run inside a transaction block",
        "begin the file with the line `-- no-transaction`",
    ];
    assert_refused("sources/mistakes/concurrently", &expected);
}

#[test]
fn failure_to_commit_names_the_file() {
    let expected = [
        "migration sources/mistakes/deferred/1_log.sql failed to commit",
        "violates foreign key constraint",
    ];
    assert_refused("sources/mistakes/deferred", &expected);
}

#[test]
fn script_that_leaves_a_transaction_open_is_told() {
    let expected = [
        "sources/mistakes/open.sql leaves a transaction open",
        "COMMIT",
    ];
    assert_refused("sources/mistakes/open.sql", &expected);
}

#[test]
fn line_for_psql_is_refused_where_it_stands() {
    let connect = [
        "sources/mistakes/connect.sql:2 is for psql",
        "> \\connect other",
        "--create",
    ];
    assert_refused("sources/mistakes/connect.sql", &connect);
    let included = [
        "connect.sql:2 is for psql",
        "included at sources/mistakes/includes.sql:2",
    ];
    assert_refused("sources/mistakes/includes.sql", &included);
    let circle = ["circle.sql:1 includes files in a circle"];
    assert_refused("sources/mistakes/circle.sql", &circle);
}

#[test]
fn row_of_a_dump_that_is_refused_is_named_by_its_line() {
    let expected = [
        "migration sources/mistakes/copy.sql:5 failed",
        "| Hep\t1907",
        "> Lovelace\tnever",
        "invalid input syntax for type integer",
    ];
    assert_refused("sources/mistakes/copy.sql", &expected);
}

#[test]
fn role_that_a_dump_names_and_nobody_made_comes_with_the_option_that_leaves_it_out() {
    let expected = [
        "owner.sql:2 failed",
        "aiodal_nobody_of_that_name",
        "--no-owner",
    ];
    assert_refused("sources/mistakes/owner.sql", &expected);
}

#[test]
fn function_that_fails_panics_or_hangs_fails_the_set_up() {
    for (source, said) in [
        ("a function that fails", "there is no such table"),
        ("a function that panics", "it panicked: assertion"),
        ("a function that hangs", "it took longer than 50ms"),
    ] {
        let report = failure(source);
        let expected = ["test set-up failed", "migration `by hand` failed", said];
        report.assert_says(TEST, &expected);
    }
}

/// A directory of this test's own, with one file in it.
fn directory() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("aiodal-migrations-{}-{number}", std::process::id());
    let path = env::temp_dir().join(name);
    fs::create_dir(&path).expect("the name is free");
    fs::write(path.join("input"), "1").expect("the directory is writable");
    path
}

/// A child that runs `line`, and whose input is `directory`.
fn with_command(line: &str, directory: &Path, expected: &str) -> Command {
    let mut child = child(&format!("command {line}"), expected);
    child.env("CHILD_INPUT", directory);
    child
}

/// The line that has the child's binary build the schema by `PG*`, after `first`.
fn writing(first: &str) -> String {
    let binary = binary("migrated").display();
    format!("sh -c '{first} \"{binary}\" --ignored --exact writes_by_variables'")
}

#[test]
fn command_runs_once_per_change_of_what_it_reads() {
    let directory = directory();
    let runs = directory.with_extension("runs");
    let line = writing(&format!("echo run >> \"{}\";", runs.display()));
    let count = || {
        fs::read_to_string(&runs)
            .expect("it has run")
            .lines()
            .count()
    };
    let build = || assert_builds(&mut with_command(&line, &directory, "variables"));
    build();
    build();
    assert_eq!(count(), 1, "nothing has changed");
    fs::write(directory.join("input"), "2").expect("the directory is writable");
    build();
    assert_eq!(count(), 2, "the input has changed");
    fs::remove_dir_all(&directory).expect("it is ours");
    fs::remove_file(&runs).expect("it is ours");
}

#[test]
fn command_that_fails_shows_its_status_and_what_it_said() {
    let directory = directory();
    let run_line = |line: &str| {
        let report = run(&mut with_command(line, &directory, ""));
        report.assert_failed(&[TEST]);
        report
    };
    let line = "sh -c 'echo to stdout; echo to stderr >&2; exit 3'";
    let status = [
        "failed: exit status: 3",
        "it said:",
        "to stdout",
        "to stderr",
        "it ran in",
    ];
    run_line(line).assert_says(TEST, &status);
    let missing = ["`no-such-tool up` can't be started", "No such file", "PATH"];
    run_line("no-such-tool up").assert_says(TEST, &missing);
    let shell = [
        "`tool && other` can't be run",
        "`&` is for a shell",
        "sh -c",
    ];
    run_line("tool && other").assert_says(TEST, &shell);
    fs::remove_dir_all(&directory).expect("it is ours");
}

#[test]
fn command_that_hangs_is_killed() {
    let directory = directory();
    let line = "sh -c 'echo waiting; exec sleep 600'";
    let report = run(with_command(line, &directory, "").env("CHILD_LIMIT", "1"));
    report.assert_says(TEST, &["was killed after 1s", "waiting", ".timeout("]);
    fs::remove_dir_all(&directory).expect("it is ours");
}
