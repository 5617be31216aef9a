//! `kill -9` of whatever takes part: the next run passes, and nothing is left.

use std::fs;
use std::path::Path;
use std::process::Command;

use aiodal::Transaction;
use tokio_postgres::Client;

use crate::run::Outcome;
use crate::scope::{Scope, wait_until, wait_until_gone};
use crate::server::{config, connect, url};

#[track_caller]
fn assert_passes(scope: &Scope) {
    let report = scope.run("passes");
    assert_eq!(report.with(Outcome::Ok), ["passes"], "{report:#?}");
}

fn kill_9(pid: &str) {
    let killed = Command::new("kill")
        .args(["-9", pid])
        .status()
        .expect("there is a kill command");
    assert!(killed.success(), "process {pid} can be killed");
}

fn postmaster(data: &Path) -> String {
    let file = fs::read_to_string(data.join("postmaster.pid")).expect("the server runs");
    file.lines()
        .next()
        .expect("its first line is the pid")
        .to_owned()
}

#[test]
fn killed_test_process_leaves_nothing_and_the_next_passes() {
    let scope = Scope::new("one", "hanging");
    let hanging = scope.hang();
    let directory = hanging.run_directory();
    hanging.kill();
    // It is rolled back: the row that it had inserted is not seen.
    assert_passes(&scope);
    wait_until_gone(&directory);
}

#[test]
fn all_test_processes_killed_at_once_leave_nothing() {
    let scope = Scope::new("all", "hanging");
    let hanging = [scope.hang(), scope.hang(), scope.hang()];
    let directory = hanging[0].run_directory();
    for child in hanging {
        child.kill();
    }
    wait_until_gone(&directory);
    assert_passes(&scope);
}

#[test]
fn killed_postmaster_fails_the_test_and_the_next_run_passes() {
    let scope = Scope::new("postmaster", "hanging");
    let hanging = scope.hang();
    let directory = hanging.run_directory();
    kill_9(&postmaster(&hanging.data));
    assert!(!hanging.wait(), "a test without a server cannot pass");
    assert_passes(&scope);
    wait_until_gone(&directory);
}

#[aiodal::test(flavor = "multi_thread")]
async fn killed_test_process_leaves_no_session_database_on_a_given_server(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let config = config(tx).await;
    let client = connect(&config).await;
    let scope = Scope::new("given", "hanging")
        .with_server(url(&config, config.get_dbname().unwrap_or("postgres")));
    let database = tokio::task::block_in_place(|| {
        let hanging = scope.hang();
        let database = hanging.database.clone();
        hanging.kill();
        database
    });
    wait_until_dropped(&client, &database);
    tokio::task::block_in_place(|| assert_passes(&scope));
    wait_until_dropped(&client, &database);
    drop_template(&client, &database).await;
    Ok(())
}

#[aiodal::test(flavor = "multi_thread")]
async fn lost_janitor_is_replaced_by_the_next_run(tx: &Transaction) -> aiodal::Result<()> {
    let config = config(tx).await;
    let client = connect(&config).await;
    let scope = Scope::new("janitor", "hanging")
        .with_server(url(&config, config.get_dbname().unwrap_or("postgres")));
    let hanging = tokio::task::block_in_place(|| scope.hang());
    let database = hanging.database.clone();
    let janitor =
        "from pg_stat_activity where datname = $1 and application_name = 'aiodal-janitor'";
    let terminate = format!("select pg_terminate_backend(pid) {janitor}");
    let terminated = client
        .query(&terminate, &[&database])
        .await
        .expect("the server answers");
    assert_eq!(terminated.len(), 1, "a session database has one janitor");
    wait_until_false(
        &client,
        &format!("select exists (select {janitor})"),
        &database,
    );
    tokio::task::block_in_place(|| {
        assert_passes(&scope);
        hanging.kill();
    });
    wait_until_dropped(&client, &database);
    drop_template(&client, &database).await;
    Ok(())
}

pub(crate) fn wait_until_dropped(client: &Client, database: &str) {
    wait_until_false(
        client,
        "select exists (select from pg_database where datname = $1)",
        database,
    );
}

fn wait_until_false(client: &Client, query: &str, database: &str) {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        wait_until(&format!("`{query}` is false for {database}"), || {
            let row = runtime
                .block_on(client.query_one(query, &[&database]))
                .expect("the server answers");
            !row.get::<_, bool>(0)
        });
    });
}

/// A template stays, for the next run of its project; this project has no next run.
pub(crate) async fn drop_template(client: &Client, session_database: &str) {
    let (template, _) = session_database
        .rsplit_once('_')
        .expect("it is one of ours");
    client
        .batch_execute(&format!("alter database {template} is_template false"))
        .await
        .expect("it is there");
    client
        .batch_execute(&format!("drop database {template}"))
        .await
        .expect("nobody uses it");
}
