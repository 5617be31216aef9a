//! Waiting for a flight to leave.

use std::time::Duration;

use aiodal::{Result, Transaction};
use tokio::time::{Instant, sleep};

use crate::flight::FlightKey;
use crate::schedule;

/// Looks at a flight every so often; says whether it departed before `patience` ran out.
///
/// A flight that isn't there, or is cancelled, does not depart. A departure committed meanwhile by
/// another transaction is seen at READ COMMITTED, PostgreSQL's default, and at no higher level.
///
/// # Errors
///
/// What the server refused.
pub async fn wait_until_departed(
    tx: &Transaction,
    key: &FlightKey,
    every: Duration,
    patience: Duration,
) -> Result<bool> {
    let give_up = Instant::now() + patience;
    loop {
        let flight = schedule::find(tx, key).await?;
        if flight.is_some_and(|flight| flight.departure_delay.is_some()) {
            return Ok(true);
        }
        if Instant::now() >= give_up {
            return Ok(false);
        }
        sleep(every).await;
    }
}
