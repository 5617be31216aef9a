//! The variables of libpq: who goes by them, and who doesn't.

use std::process::Command;

use aiodal::{DatabaseUrl, PoolOptions, Transaction};
use tokio_postgres::config::Host;

use super::{PASSWORD, setting};
use crate::server::config;

/// What libpq would go astray by. None of it is there.
const ASTRAY: [(&str, &str); 10] = [
    ("PGHOST", "no-such-host.invalid"),
    ("PGHOSTADDR", "192.0.2.1"),
    ("PGPORT", "1"),
    ("PGUSER", "nobody_at_all"),
    ("PGPASSWORD", PASSWORD),
    ("PGDATABASE", "no_such_database"),
    ("PGSSLMODE", "verify-full"),
    ("PGOPTIONS", "-c no_such_setting=1"),
    ("PGSERVICE", "no_such_service"),
    ("PGAPPNAME", "astray"),
];

/// Runs one of these tests in a process of its own, with these variables on top.
fn run(test: &str, variables: &[(&str, &str)]) -> std::process::Output {
    let this = std::env::current_exe().expect("a test is a program");
    let mut command = Command::new(this);
    command.args(["--exact", test, "--nocapture", "--include-ignored"]);
    command
        .envs(variables.iter().copied())
        .output()
        .expect("it runs")
}

#[test]
fn session_is_not_led_astray_by_the_variables_of_libpq() {
    let output = run(
        "connect::environment::transaction_reaches_the_sessions_server",
        &ASTRAY,
    );
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && shown.contains("1 passed"),
        "{shown}"
    );
}

#[aiodal::test]
async fn transaction_reaches_the_sessions_server(tx: &Transaction) -> aiodal::Result<()> {
    let name: String = tx
        .query_one("select current_setting('application_name')", &[])
        .await?
        .get(0);
    assert_ne!(name, "astray");
    // A place that is named is not mixed with what the variables say either.
    let url = DatabaseUrl::from(config(tx).await);
    PoolOptions::new().open(&url).await?;
    Ok(())
}

#[aiodal::test]
async fn empty_string_connects_to_where_the_environment_says(tx: &Transaction) {
    let config = config(tx).await;
    let Some(Host::Unix(socket)) = config.get_hosts().first() else {
        return;
    };
    let (socket, port) = (
        socket.display().to_string(),
        config.get_ports()[0].to_string(),
    );
    let user = config
        .get_user()
        .expect("the session has a role")
        .to_owned();
    let variables = [
        ("PGHOST", socket.as_str()),
        ("PGPORT", &port),
        ("PGUSER", &user),
        ("PGDATABASE", "postgres"),
        ("PGAPPNAME", "by environment"),
        ("PGTZ", "Asia/Tokyo"),
    ];
    let output = run("connect::environment::by_the_environment_alone", &variables);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && shown.contains("1 passed"),
        "{shown}"
    );
}

#[ignore = "run by `empty_string_connects_to_where_the_environment_says`"]
#[tokio::test]
async fn by_the_environment_alone() {
    if std::env::var("PGAPPNAME").as_deref() != Ok("by environment") {
        return;
    }
    let pool = aiodal::connect("")
        .await
        .expect("the environment says where");
    assert_eq!(setting(&pool, "application_name").await, "by environment");
    assert_eq!(setting(&pool, "TimeZone").await, "Asia/Tokyo");
}
