//! A database of a test's own is gone after it, unless it failed; whoever is killed leaves it to others to drop.

use aiodal::Transaction;
use tokio_postgres::{Client, Config};

use crate::kills::{drop_template, wait_until_dropped};
use crate::run::Outcome;
use crate::scope::{Scope, wait_until};
use crate::server::{config, connect, url};

const LEFT: &str = "left its database to be looked at: ";

fn given(name: &str, config: &Config) -> Scope {
    Scope::new(name, "databases")
        .with_server(url(config, config.get_dbname().unwrap_or("postgres")))
}

/// The name of the database that a test has left, by what it said.
fn left(output: &str) -> &str {
    let (_, url) = output.split_once(LEFT).expect("it has left its database");
    let (_, path) = url
        .trim_start_matches("postgres://")
        .split_once('/')
        .expect("a URL has a path");
    path.split(['?', '\n']).next().unwrap_or_default()
}

/// The clones that are of the same template as `clone`.
async fn clones(client: &Client, clone: &str) -> Vec<String> {
    let (template, _) = clone.rsplit_once("_d").expect("it is a clone");
    let sql =
        "select datname::text from pg_database where starts_with(datname::text, $1) order by 1";
    let rows = client
        .query(sql, &[&format!("{template}_d")])
        .await
        .expect("the server answers");
    rows.iter().map(|row| row.get(0)).collect()
}

/// The janitor drops what nobody wants; so that nothing is left of the others, either.
fn wait_until_left(client: &Client, clone: &str, expected: &[&str]) {
    let runtime = tokio::runtime::Handle::current();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    tokio::task::block_in_place(|| {
        wait_until(&format!("{expected:?} are left"), || {
            runtime.block_on(clones(client, clone)) == expected
        });
    });
}

#[aiodal::test(flavor = "multi_thread")]
async fn failed_test_leaves_its_database_until_it_runs_again(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let config = config(tx).await;
    let client = connect(&config).await;
    let scope = given("kept", &config);
    let report = tokio::task::block_in_place(|| scope.run_all());
    let failed = [
        "does_not_panic_as_it_should",
        "panics",
        "returns_an_error",
        "times_out",
    ];
    report.assert_failed(&failed);
    let said = [LEFT, "psql 'postgres://", "until the test runs again"];
    for test in failed {
        report.assert_says(test, &said);
    }
    let kept = failed.map(|test| left(report.output(test)));
    // Somebody who looks finds what the test had committed.
    let mut look = config.clone();
    look.dbname(kept[1]);
    let row = connect(&look)
        .await
        .query_one("select name from author", &[])
        .await;
    assert_eq!(row.expect("it can be looked at").get::<_, &str>(0), "left");
    wait_until_left(&client, kept[0], &kept);

    let scope = scope.with("AIODAL_KEEP", "never");
    let report = tokio::task::block_in_place(|| scope.run("panics"));
    assert!(!report.output("panics").contains(LEFT));
    wait_until_left(&client, kept[0], &[kept[0], kept[2], kept[3]]);

    let scope = scope.with("AIODAL_KEEP", "always");
    let report = tokio::task::block_in_place(|| scope.run_aloud("passes"));
    assert_eq!(report.with(Outcome::Failed), Vec::<&str>::new());
    let passed = left(report.whole());
    assert!(
        clones(&client, kept[0])
            .await
            .iter()
            .any(|name| name == passed)
    );
    for database in clones(&client, kept[0]).await {
        let sql = format!("drop database {database} with (force)");
        client.batch_execute(&sql).await.expect("it is ours");
    }
    drop_template(&client, kept[0]).await;
    Ok(())
}

#[aiodal::test(flavor = "multi_thread")]
async fn clone_of_a_killed_process_is_dropped(tx: &Transaction) -> aiodal::Result<()> {
    let config = config(tx).await;
    let client = connect(&config).await;
    let scope = given("killed", &config);
    let database = tokio::task::block_in_place(|| {
        let hanging = scope.hang();
        let database = hanging.database.clone();
        hanging.kill();
        database
    });
    wait_until_dropped(&client, &database);
    wait_until_left(&client, &database, &[]);
    drop_template(&client, &database).await;
    Ok(())
}

#[aiodal::test(flavor = "multi_thread")]
async fn spare_clone_is_adopted_by_the_next_process(tx: &Transaction) -> aiodal::Result<()> {
    let config = config(tx).await;
    let client = connect(&config).await;
    let scope = given("adopted", &config)
        .with("NEXTEST_EXECUTION_MODE", "process-per-test")
        .with("AIODAL_PG_LINGER", "3s");
    let run = || {
        let report = scope.run_aloud("passes");
        assert_eq!(report.with(Outcome::Failed), Vec::<&str>::new());
        report.behind("ready - ").to_owned()
    };
    // One is made ahead beside the test, unless the process has ended before.
    let mut spares = Vec::new();
    let mut first = String::new();
    for _ in 0..20 {
        first = tokio::task::block_in_place(run);
        // What it has had is dropped, even though its process has ended; what it has made ahead is left.
        wait_until_dropped(&client, &first);
        spares = clones(&client, &first).await;
        if !spares.is_empty() {
            break;
        }
    }
    let second = tokio::task::block_in_place(run);
    assert!(spares.contains(&second), "{second} is none of {spares:?}");
    wait_until_left(&client, &first, &[]);
    drop_template(&client, &first).await;
    Ok(())
}

#[test]
fn server_of_our_own_says_how_long_it_stays() {
    let scope = Scope::new("stays", "databases").with("CI", "1");
    let report = scope.run("panics");
    let said = [
        LEFT,
        "at most for 300ms after the last session on the server",
    ];
    report.assert_says("panics", &said);
    let report = scope.run("passes");
    assert_eq!(report.with(Outcome::Ok), ["passes"]);
}
