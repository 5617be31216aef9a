//! A whole schedule at once, of which some flights may be refused.

use aiodal::{Result, Transaction};

use crate::flight::{FlightKey, NewFlight};
use crate::{fleet, schedule};

/// What became of an announced schedule.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// How many flights are new.
    pub added: usize,
    /// How many were there already; they were left as they are.
    pub known: usize,
    /// The flights that break a rule.
    pub refused: Vec<Refusal>,
}

/// A flight that was refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which flight it is.
    pub flight: FlightKey,
    /// The constraint it violates.
    pub constraint: String,
}

/// Records every flight of a schedule that can be recorded, and planes not heard of before.
///
/// Each flight is an attempt of its own: one that is refused takes back all it did, its plane
/// included, and the rest of the schedule goes on.
///
/// # Errors
///
/// What has nothing to do with the flights: a lost connection, for instance.
pub async fn announce(tx: &mut Transaction, schedule: &[NewFlight]) -> Result<Announced> {
    let mut announced = Announced::default();
    for flight in schedule {
        let attempt = tx.savepoint().await?;
        match record_with_plane(&attempt, flight).await {
            Ok(()) => {
                attempt.commit().await?;
                announced.added += 1;
            }
            Err(error) if error.is_unique_violation() => {
                attempt.rollback().await?;
                announced.known += 1;
            }
            Err(error) if error.is_foreign_key_violation() || error.is_check_violation() => {
                attempt.rollback().await?;
                let constraint = error.constraint().unwrap_or_default().to_owned();
                announced.refused.push(Refusal {
                    flight: flight.key.clone(),
                    constraint,
                });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(announced)
}

async fn record_with_plane(tx: &Transaction, flight: &NewFlight) -> Result<()> {
    if let Some(tailnum) = &flight.tailnum {
        fleet::register(tx, tailnum).await?;
    }
    schedule::record(tx, flight).await
}
