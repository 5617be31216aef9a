//! Fixtures of the session that write: run once per change of theirs, and seen by those who ask.

use std::process::{Child, Stdio};

use aiodal::Transaction;

use tokio_postgres::Client;

use crate::crates::{binary_with, faults};
use crate::run::{Outcome, Report, run};
use crate::scope::Scope;
use crate::server::{config, connect, url};

/// All but the one that commits.
const TESTS: [&str; 7] = [
    "a1_author_is_there",
    "a2_author_is_there_again",
    "a3_value_is_the_fixtures",
    "b1_books_are_on_authors",
    "c1_all_three",
    "c2_all_three_asked_for_in_another_order",
    "without_layers_nothing_is_there",
];

/// A directory of its own, in which the fixtures note that they have run.
fn scope(name: &str) -> Scope {
    let scope = Scope::new(name, "layers").with("AIODAL_PG_LINGER", "10s");
    let notes = scope.path("notes").display().to_string();
    scope.with("NOTES", notes)
}

/// What has been run since the last time.
fn notes(scope: &Scope) -> Vec<String> {
    let path = scope.path("notes");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    // Not there if nothing was noted.
    let _gone = std::fs::remove_file(&path);
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[track_caller]
fn assert_all_pass(report: &Report) {
    assert_eq!(report.with(Outcome::Ok), TESTS, "{report:#?}");
}

/// Runs each test in a process of its own, all at once, as nextest does.
#[track_caller]
fn assert_each_passes(scope: &Scope) {
    let children: Vec<(_, Child)> = TESTS
        .iter()
        .map(|test| {
            let mut command = scope.command();
            command
                .args(["--exact", test, "--nocapture"])
                .env("NEXTEST_RUN_ID", "as-nextest-does")
                .stdin(Stdio::null())
                .stdout(Stdio::null());
            (test, command.spawn().expect("the child can be started"))
        })
        .collect();
    for (test, mut child) in children {
        let status = child.wait().expect("it has run");
        assert!(status.success(), "{test} failed");
    }
}

/// `authors` lies below `books`; `readers` on its own is asked for by nobody. A layer that lies on others is another one:
/// where all three are asked for, `readers` lies on `authors`, and `books` on both.
const ONCE: [&str; 4] = ["authors", "books", "books", "readers"];

#[test]
fn seed_runs_once_per_change_and_not_per_process_or_run() {
    let scope = scope("layers");
    assert_each_passes(&scope);
    assert_eq!(notes(&scope), ONCE, "processes share what one has made");
    assert_each_passes(&scope);
    assert_all_pass(&run(&mut scope.command()));
    assert_eq!(notes(&scope), [""; 0], "runs share what one has made");

    // Another base is another database, with layers of its own.
    let scope = scope.with("BASE", "other");
    assert_all_pass(&run(&mut scope.command()));
    assert_eq!(notes(&scope), ONCE);
}

#[test]
fn edited_fixture_is_run_again_with_what_lies_on_it() {
    let scope = scope("layers-edited");
    assert_all_pass(&run(&mut scope.command()));
    notes(&scope);
    scope.link(&binary_with("layers", "edited"), "edited");
    assert_all_pass(&run(&mut scope.command_of("edited")));
    assert_eq!(notes(&scope), ONCE);
    assert_all_pass(&run(&mut scope.command_of("edited")));
    assert_eq!(notes(&scope), [""; 0]);
}

#[test]
fn value_that_the_fixture_of_today_cannot_read_is_made_again() {
    let scope = scope("layers-type");
    assert_all_pass(&run(&mut scope.command()));
    notes(&scope);
    // The fixture is the same, the type that it returns has another field.
    scope.link(&binary_with("layers", "edited-type"), "edited");
    assert_all_pass(&run(&mut scope.command_of("edited")));
    assert_eq!(notes(&scope), ONCE);
    assert_all_pass(&run(&mut scope.command_of("edited")));
    assert_eq!(notes(&scope), [""; 0]);
}

#[test]
fn test_that_commits_to_a_layer_harms_no_other() {
    let scope = scope("layers-escape");
    let report = run(scope
        .command()
        .args(["--include-ignored", "--test-threads=1"]));
    report.assert_failed(&["z1_commits"]);
    report.assert_says(
        "z1_commits",
        &["escaped from its transaction", "the database was set aside"],
    );
    assert_eq!(notes(&scope), ONCE);
    assert_all_pass(&run(&mut scope.command()));
    assert_eq!(notes(&scope), [""; 0], "rows are restored from the layer");
}

#[test]
fn failure_of_a_layer_names_the_fixture_and_the_cause_once() {
    let report = run(faults("failing_layers").arg("--test-threads=1"));
    report.assert_failed(&[
        "a1_fails",
        "a2_fails_too",
        "a3_fails_with_what_is_below",
        "b1_failed_transaction",
        "b2_refused_commit",
        "b3_panic",
        "b4_one_way",
    ]);
    let fixture = "fixture `nameless` (tests/child/faults/tests/failing_layers.rs:";
    report.assert_says(
        "a1_fails",
        &[
            "test set-up failed",
            fixture,
            "null value in column \"name\"",
        ],
    );
    report.assert_says("a2_fails_too", &[fixture, "told in full by the first test"]);
    report.assert_says("a3_fails_with_what_is_below", &[fixture]);
    assert_eq!(
        report.count("ERROR: null value"),
        1,
        "the cause is told once"
    );
    report.assert_says(
        "b1_failed_transaction",
        &[
            "fixture `unheeding`",
            "could not be committed",
            "SQLSTATE 25P02",
        ],
    );
    report.assert_says(
        "b2_refused_commit",
        &[
            "fixture `deferring`",
            "could not be committed",
            "violates foreign key",
        ],
    );
    report.assert_says(
        "b3_panic",
        &["fixture `panicking`", "panicked", "on purpose"],
    );
    report.assert_says(
        "b4_one_way",
        &[
            "fixture `one_way`",
            "missing field `_lost`",
            "`Serialize` and `Deserialize`",
        ],
    );
}

#[test]
fn failing_layer_is_told_once_per_run_of_nextest() {
    let id = format!("layers-{}", std::process::id());
    let as_nextest_does = |test: &str| {
        run(faults("failing_layers")
            .args(["--exact", test])
            .env("NEXTEST_RUN_ID", &id))
    };
    let (first, second) = (as_nextest_does("a1_fails"), as_nextest_does("a2_fails_too"));
    first.assert_says("a1_fails", &["fixture `nameless`", "ERROR: null value"]);
    second.assert_says(
        "a2_fails_too",
        &[
            "fixture `nameless`",
            "told in full by the first test of this run",
        ],
    );
}

#[aiodal::test(flavor = "multi_thread")]
async fn layers_on_a_given_server_stay_until_they_are_out_of_date(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let config = config(tx).await;
    let client = connect(&config).await;
    let server = url(&config, config.get_dbname().unwrap_or("postgres"));
    let scope = scope("layers-given").with_server(server);
    let prefix = tokio::task::block_in_place(|| {
        assert_each_passes(&scope);
        assert_eq!(notes(&scope), ONCE);
        project(&scope)
    });
    // The base, and the layers that were noted.
    assert_eq!(templates(&client, &prefix).await.len(), 5);
    tokio::task::block_in_place(|| {
        assert_all_pass(&run(&mut scope.command()));
        assert_eq!(notes(&scope), [""; 0]);
        scope.link(&binary_with("layers", "edited"), "edited");
        assert_all_pass(&run(&mut scope.command_of("edited")));
    });
    assert_eq!(
        templates(&client, &prefix).await.len(),
        5,
        "the old ones are gone"
    );
    remove(&client, &prefix).await;
    Ok(())
}

/// What the names of a scope's databases begin with.
fn project(scope: &Scope) -> String {
    let mut command = scope.command();
    command.args(["--exact", "without_layers_nothing_is_there", "--nocapture"]);
    let output = command.output().expect("the child can be started");
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let name = output.split_once("database aiodal_").expect("it says so").1;
    format!("aiodal_{}", name.split('_').next().unwrap_or_default())
}

async fn templates(client: &Client, prefix: &str) -> Vec<String> {
    let sql = "select datname::text from pg_database where starts_with(datname::text, $1) and datistemplate";
    let rows = client.query(sql, &[&prefix]).await.expect("it is a query");
    rows.iter().map(|row| row.get(0)).collect()
}

/// Drops what stays on a given server for a next run.
async fn remove(client: &Client, prefix: &str) {
    for template in templates(client, prefix).await {
        let unmark = format!("alter database {template} is_template false");
        client.batch_execute(&unmark).await.expect("it is ours");
    }
    let sql = "select datname::text from pg_database where starts_with(datname::text, $1)";
    for row in client.query(sql, &[&prefix]).await.expect("it is a query") {
        let name: String = row.get(0);
        let drop = format!("drop database {name} with (force)");
        client.batch_execute(&drop).await.expect("it is ours");
    }
}

#[test]
fn connections_are_not_kept_idle_for_every_set_of_layers() {
    let scope = Scope::new("layers-many", "many_layers");
    let report = run(scope.command().arg("--test-threads=2"));
    report.assert_failed(&[]);
}
