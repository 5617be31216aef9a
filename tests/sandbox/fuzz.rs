//! Bytes that nobody should send, sent: whatever comes, nothing panics, nobody waits for ever, and the next client is served.

mod bytes;
mod client;
mod memory;

use std::time::Duration;

use aiodal::{Sandbox, Transaction};

use crate::beside::place;
use crate::endpoint::Endpoint;
use crate::search::read;

#[aiodal::test]
async fn sandbox_bears_what_clients_send(sandbox: Sandbox, tx: &Transaction) -> aiodal::Result<()> {
    let endpoint = Endpoint::sandbox(&sandbox, &place(tx).await?);
    client::fuzz(&endpoint, Duration::from_millis(500)).await;
    Ok(())
}

#[aiodal::test(timeout = "100h")]
#[ignore = "it goes on for SANDBOX_SECONDS"]
async fn sandbox_bears_what_clients_send_for_long(
    sandbox: Sandbox,
    tx: &Transaction,
) -> aiodal::Result<()> {
    let endpoint = Endpoint::sandbox(&sandbox, &place(tx).await?);
    let time = Duration::from_secs(read("SANDBOX_SECONDS").unwrap_or(60));
    client::fuzz(&endpoint, time).await;
    Ok(())
}
