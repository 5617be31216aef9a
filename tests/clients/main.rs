//! Clients of a sandbox: each has a connection of its own as far as it can tell.

mod arguments;
mod constraints;
mod copying;
mod limits;
mod notifications;
mod pipelines;
mod placement;
mod prepared;
mod raw;
mod running;
mod settings;
mod temporary;
mod terminating;
mod transactions;
mod waiting;

use std::error::Error;

use aiodal::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Returns the first cell of a query.
async fn cell(client: &Client, sql: &str) -> Result<String> {
    let messages = client.simple_query(sql).await?;
    let cell = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("null").to_owned()),
        _ => None,
    });
    Ok(cell.ok_or("no row")?)
}

/// Returns the SQLSTATE that a statement fails with.
async fn code(client: &Client, sql: &str) -> String {
    match client.batch_execute(sql).await {
        Ok(()) => "it went well".to_owned(),
        Err(error) => error.code().map_or_else(
            || error.to_string(),
            |code: &SqlState| code.code().to_owned(),
        ),
    }
}
