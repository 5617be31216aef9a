//! On whichever runtime the engine is, and whatever the test does to its own.

use std::process::Command;
use std::time::Duration;

use aiodal::Sandbox;

use super::{Result, cell};

#[aiodal::test(flavor = "multi_thread", worker_threads = 2)]
async fn test_with_several_threads_has_a_sandbox(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    assert_eq!(cell(&one, "select 1").await?, "1");
    Ok(())
}

#[aiodal::test(start_paused = true)]
async fn test_with_a_stopped_clock_has_a_sandbox(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("begin; create table plac_1 (a int)")
        .await?;
    let waiting = sandbox.client().await?;
    let waiting = tokio::spawn(async move {
        cell(&waiting, "select count(*) from plac_1")
            .await
            .map_err(|error| error.to_string())
    });
    // The clock of the test jumps; that of the sandbox does not.
    tokio::time::sleep(Duration::from_secs(3600)).await;
    one.batch_execute("commit").await?;
    assert_eq!(waiting.await?, Ok("0".to_owned()));
    Ok(())
}

#[aiodal::test]
async fn program_that_blocks_the_test_has_its_answers(sandbox: Sandbox) -> Result {
    let before = sandbox.client().await?;
    before.batch_execute("create table plac_2 (a int)").await?;
    for url in [sandbox.url().await?, sandbox.tcp_url().await?] {
        let mut psql = Command::new("psql");
        psql.arg(&url)
            .args(["-XAtq", "-c", "insert into plac_2 values (1)"]);
        match psql.output() {
            Ok(output) => assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            ),
            Err(error) => {
                eprintln!("skipped: there is no psql: {error}");
                return Ok(());
            }
        }
    }
    assert_eq!(cell(&before, "select count(*) from plac_2").await?, "2");
    Ok(())
}

#[aiodal::test]
async fn stranger_without_the_password_is_refused(sandbox: Sandbox) -> Result {
    let mut config: tokio_postgres::Config = sandbox.tcp_url().await?.parse()?;
    config.password("guess");
    let error = config
        .connect(tokio_postgres::NoTls)
        .await
        .err()
        .ok_or("let in")?;
    assert_eq!(error.code().unwrap().code(), "28P01");
    Ok(())
}
