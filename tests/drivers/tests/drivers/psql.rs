//! psql, with a script that is read as by `psql -f`, and with commands.

use std::path::PathBuf;

use aiodal::{DatabaseUrl, Sandbox};
use drivers::{Outcome, run, runs};
use tokio::process::Command;

#[aiodal::test(isolation = "database")]
async fn psql_runs_on_a_database(url: &DatabaseUrl) -> Outcome {
    exercise(&url.connection_string()).await
}

#[aiodal::test]
async fn psql_runs_in_a_sandbox(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.url().await?).await
}

#[aiodal::test]
async fn psql_runs_in_a_sandbox_by_tcp(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.tcp_url().await?).await
}

async fn exercise(url: &str) -> Outcome {
    if !runs("psql", &["--version"]) {
        return Ok(());
    }
    script(url).await?;
    commands(url).await
}

fn file(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts/psql");
    directory.join(name)
}

async fn psql(url: &str, arguments: &[&str]) -> Outcome<String> {
    let mut command = Command::new("psql");
    command
        .args(["-X", "-q", "-d", url])
        .args(arguments)
        .current_dir(file(""));
    run(command, url).await
}

/// Errors are told among the rows, so that what is printed says what has happened after what.
async fn script(url: &str) -> Outcome {
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            r#"exec psql -X -q -d "$DATABASE_URL" -f script.sql 2>&1"#,
        ])
        .env("PGCLIENTENCODING", "UTF8")
        .env("LC_ALL", "C")
        .current_dir(file(""));
    let printed = run(command, url).await?;
    let expected = std::fs::read_to_string(file("script.out"))?;
    for (number, (printed, expected)) in printed.lines().zip(expected.lines()).enumerate() {
        assert_eq!(printed, expected, "line {} of script.out", number + 1);
    }
    assert_eq!(printed.lines().count(), expected.lines().count());
    Ok(())
}

async fn commands(url: &str) -> Outcome {
    let add = "insert into item (name) values ('single')";
    let count = "select count(*) from item where name = 'single'";
    // One transaction: all or nothing.
    psql(url, &["-1", "-c", add, "-c", add]).await?;
    let stop = [
        "-v",
        "ON_ERROR_STOP=1",
        "-1",
        "-c",
        add,
        "-c",
        "select 1 / 0",
    ];
    let error = psql(url, &stop).await.expect_err("it divides by zero");
    assert!(error.to_string().contains("division by zero"), "{error}");
    assert_eq!(psql(url, &["-At", "-c", count]).await?, "2\n");

    // A script that ends in the middle of a transaction.
    psql(url, &["-c", "begin", "-c", add]).await?;
    assert_eq!(psql(url, &["-At", "-c", count]).await?, "2\n");
    Ok(())
}
