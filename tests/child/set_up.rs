//! What keeps a test from beginning is told once, in full, with the way out; and never as a failed assertion.

use std::process::Command;

use aiodal::Transaction;

use crate::crates::faults;
use crate::run::{Report, run};
use crate::server::{config, connect, url};

#[test]
fn broken_migration_names_file_line_statement_and_cause_once() {
    let report = run(faults("broken_migration").arg("--test-threads=1"));
    report.assert_failed(&["first", "second", "third_should_panic"]);
    let place = "migration broken_migrations/2_book.sql:2 failed";
    report.assert_says(
        "first",
        &[
            "test set-up failed",
            place,
            "references auhtor",
            "ERROR: relation \"auhtor\"",
        ],
    );
    report.assert_says(
        "second",
        &[
            "test set-up failed",
            place,
            "told in full by the first test",
        ],
    );
    assert_eq!(report.count("ERROR: relation"), 1, "the cause is told once");
    assert_eq!(report.count("panicked"), 0, "a failed set-up is no panic");
}

#[aiodal::test(flavor = "multi_thread")]
async fn session_database_between_two_connections_outlives_the_set_up_of_another(
    tx: &Transaction,
) -> aiodal::Result<()> {
    if ["AIODAL_DATABASE_URL", "DATABASE_URL"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
    {
        println!("skipped: on a given server, what nobody uses for half a second is swept");
        return Ok(());
    }
    let client = connect(&config(tx).await).await;
    let database = format!("aiodal_{:08x}_000000000000_s0", std::process::id());
    for sql in [
        format!("create database {database}"),
        format!("comment on database {database} is 'aiodal: session database'"),
    ] {
        client
            .batch_execute(&sql)
            .await
            .expect("a database of another project");
    }
    let report =
        tokio::task::block_in_place(|| run(faults("broken_migration").args(["--exact", "first"])));
    report.assert_failed(&["first"]);
    let dropped = client
        .batch_execute(&format!("drop database {database}"))
        .await;
    dropped.expect("it has been left alone");
    Ok(())
}

#[test]
fn failing_migration_is_told_once_per_run_of_nextest() {
    // nextest starts a process per test, and tells each which run it is part of.
    let id = format!("test-{}", std::process::id());
    let as_nextest_does = |test: &str| {
        run(faults("broken_migration")
            .args(["--exact", test])
            .env("NEXTEST_RUN_ID", &id))
    };
    let (first, second) = (as_nextest_does("first"), as_nextest_does("second"));
    first.assert_says(
        "first",
        &["2_book.sql:2 failed", "ERROR: relation \"auhtor\""],
    );
    second.assert_says(
        "second",
        &[
            "2_book.sql:2 failed",
            "told in full by the first test of this run",
        ],
    );
    assert_eq!(second.count("ERROR:"), 0, "the cause is told once");
    // The next run tries again, and without others to tell leaves nothing.
    let next = run(faults("broken_migration").args(["--exact", "first"]));
    next.assert_says("first", &["ERROR: relation \"auhtor\""]);
}

#[test]
fn failing_seed_names_the_session_and_the_cause() {
    let report = run(&mut faults("failing_seed"));
    report.assert_failed(&["never_begins"]);
    report.assert_says(
        "never_begins",
        &[
            "test set-up failed",
            "the seed of session Failing",
            "failing_seed.rs",
            "null value in column \"name\"",
        ],
    );
}

#[test]
fn two_sessions_are_both_named() {
    let report = run(&mut faults("two_sessions"));
    report.assert_failed(&["never_begins"]);
    report.assert_says(
        "never_begins",
        &[
            "a test binary has one session",
            "One at",
            "Other at",
            "write `#[aiodal::session(named)]`",
        ],
    );
}

#[test]
fn exhausted_pool_names_who_has_the_connection() {
    let report = run(faults("exhausted").arg("--test-threads=2").envs([
        ("AIODAL_POOL_MAX_SIZE", "1"),
        ("AIODAL_POOL_CONNECTION_TIMEOUT", "300ms"),
    ]));
    let failed = report.with(crate::run::Outcome::Failed);
    let [waiting] = failed[..] else {
        panic!("one of the two is refused: {report:#?}")
    };
    let holding = if waiting == "one" { "other" } else { "one" };
    report.assert_says(
        waiting,
        &[
            "became free within 300ms",
            "held for",
            &format!("by exhausted::{holding}"),
            "AIODAL_POOL_MAX_SIZE",
        ],
    );
}

/// The tests that need a database fail, all of them; the one that needs none passes.
const ALL: [&str; 3] = ["answers", "answers_again", "should_panic"];

#[test]
fn unreachable_server_is_named_without_its_password() {
    let report = run(faults("plain")
        .arg("--test-threads=1")
        // Port 1 is reserved and nobody listens there.
        .env(
            "AIODAL_DATABASE_URL",
            "postgres://me:hunter2@127.0.0.1:1/library",
        ));
    report.assert_failed(&ALL);
    report.assert_says(
        "answers",
        &[
            "test set-up failed",
            "failed to connect to postgres://me@127.0.0.1:1/library",
            "refused",
            "is the server running",
        ],
    );
    report.assert_keeps("hunter2");
}

#[test]
fn broken_url_is_refused_without_repeating_it() {
    let report = run(faults("plain")
        .arg("--test-threads=1")
        .env("AIODAL_DATABASE_URL", "postgres//me:hunter2@host/db"));
    report.assert_failed(&ALL);
    report.assert_says(
        "answers",
        &["the database URL is not valid", "AIODAL_DATABASE_URL"],
    );
    report.assert_keeps("hunter2");
}

#[test]
fn unknown_variable_and_bad_value_are_told_together() {
    let report = run(faults("plain").arg("--test-threads=1").envs([
        ("AIODAL_DATABSE_URL", "postgres://h/d"),
        ("AIODAL_TIMEOUT", "soon"),
    ]));
    report.assert_failed(&ALL);
    report.assert_says(
        "answers",
        &[
            "the configuration is not valid",
            "did you mean AIODAL_DATABASE_URL?",
        ],
    );
    report.assert_says(
        "answers",
        &["environment variable AIODAL_TIMEOUT: `timeout` is `soon`, expected a duration"],
    );
}

#[test]
fn missing_binaries_name_what_was_tried_and_the_ways_out() {
    let report = run(faults("plain")
        .arg("--test-threads=1")
        .env_remove("AIODAL_DATABASE_URL")
        .env_remove("DATABASE_URL")
        .env("AIODAL_PG_BIN", "/no/such/directory"));
    report.assert_failed(&ALL);
    report.assert_says(
        "answers",
        &["test set-up failed", "AIODAL_PG_BIN", "/no/such/directory"],
    );
    report.assert_says(
        "should_panic",
        &["told in full by the first test that met it"],
    );
}

/// Runs a child as a role of its own, which is dropped afterwards.
async fn run_as(tx: &Transaction, role: &str, options: &str, child: &mut Command) -> Report {
    let mut config = config(tx).await;
    let client = connect(&config).await;
    let create = format!("create role {role} login password 'hunter2' {options}");
    client
        .batch_execute(&create)
        .await
        .expect("the session's role may create roles");
    config.user(role).password("hunter2");
    let url = url(&config, config.get_dbname().unwrap_or("postgres"));
    let report = tokio::task::block_in_place(|| run(child.env("AIODAL_DATABASE_URL", url)));
    client
        .batch_execute(&format!("drop role {role}"))
        .await
        .expect("the role is unused");
    report
}

#[aiodal::test(flavor = "multi_thread")]
async fn full_connection_table_is_one_clear_error(tx: &Transaction) -> aiodal::Result<()> {
    // A role that may not connect is refused with the same words and code as everybody is by a full server.
    let role = format!("aiodal_full_{}", std::process::id());
    let mut child = faults("plain");
    child
        .arg("--test-threads=1")
        .env("AIODAL_POOL_CONNECTION_TIMEOUT", "200ms");
    let report = run_as(tx, &role, "connection limit 0", &mut child).await;
    report.assert_failed(&ALL);
    let expected = [
        "failed to connect to",
        "too many connections",
        "SQLSTATE 53300",
    ];
    report.assert_says("answers", &expected);
    report.assert_keeps("hunter2");
    Ok(())
}

#[aiodal::test(flavor = "multi_thread")]
async fn role_that_may_not_create_databases_is_told_what_it_lacks(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let role = format!("aiodal_plain_{}", std::process::id());
    let mut child = faults("escapes");
    child.args(["--exact", "a2_after_commit"]);
    let report = run_as(tx, &role, "", &mut child).await;
    let hint = format!("alter role {role} createdb");
    let expected = ["failed to create database", "permission denied", &hint];
    report.assert_says("a2_after_commit", &expected);
    Ok(())
}

#[aiodal::test(flavor = "multi_thread")]
async fn escape_in_a_database_that_is_not_ours_is_left_to_its_owner(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let config = config(tx).await;
    let client = connect(&config).await;
    let name = format!("child_given_{}", std::process::id());
    client
        .batch_execute(&format!("create database {name}"))
        .await
        .expect("the session's role may");
    let report = tokio::task::block_in_place(|| {
        run(faults("escape_unprepared").env("AIODAL_DATABASE_URL", url(&config, &name)))
    });
    client
        .batch_execute(&format!("drop database {name} with (force)"))
        .await
        .expect("it is there");
    report.assert_failed(&["commits"]);
    let expected = [
        "escaped from its transaction: `commit` ended it",
        &name,
        "is yours and was left as it is",
    ];
    report.assert_says("commits", &expected);
    Ok(())
}
