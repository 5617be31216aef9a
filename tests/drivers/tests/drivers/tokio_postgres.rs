//! tokio-postgres, by itself.

use aiodal::{DatabaseUrl, Sandbox};
use drivers::Outcome;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, NoTls};

mod bulk;
mod cancel;
mod errors;
mod statements;
mod transactions;
mod types;

const ADD: &str = "insert into item (name) values ($1)";

#[aiodal::test(isolation = "database")]
async fn tokio_postgres_runs_on_a_database(url: &DatabaseUrl) -> Outcome {
    exercise(&url.connection_string()).await
}

#[aiodal::test]
async fn tokio_postgres_runs_in_a_sandbox(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.url().await?).await
}

#[aiodal::test]
async fn tokio_postgres_runs_in_a_sandbox_by_tcp(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.tcp_url().await?).await
}

async fn exercise(url: &str) -> Outcome {
    transactions::exercise(url).await?;
    errors::exercise(url).await?;
    statements::exercise(url).await?;
    bulk::exercise(url).await?;
    cancel::exercise(url).await?;
    types::exercise(url).await
}

async fn connect(url: &str) -> Result<Client, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn count(client: &Client, name: &str) -> Result<i64, Error> {
    let sql = "select count(*) from item where name = $1";
    Ok(client.query_one(sql, &[&name]).await?.get(0))
}

/// Asserts that a statement has failed, and how.
#[track_caller]
fn assert_fails<T>(result: Result<T, Error>, code: &SqlState) {
    match result {
        Ok(_) => panic!("it should have failed with {code:?}"),
        Err(error) => assert_eq!(error.code(), Some(code), "{error:?}"),
    }
}
