//! The session of these tests, and what several of them need.

mod csv;
mod seed;

use aiodal::{BoxError, Fingerprint, Migrations, Session, Transaction};
use flights::{Flight, FlightKey, NewFlight, schedule};
use jiff::civil::{Date, date, time};

struct Flights;

#[aiodal::session]
impl Session for Flights {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }

    /// The template database is built anew when one of these changes, a migration, or this `impl`.
    fn fingerprint(inputs: &mut Fingerprint) {
        for data in ["airlines", "airports", "planes", "flights"] {
            inputs.file(format!("seed/{data}.csv"));
        }
        for loader in ["seed", "csv"] {
            inputs.file(format!("tests/it/common/{loader}.rs"));
        }
    }

    async fn seed(tx: &mut Transaction) -> Result<(), BoxError> {
        seed::week(tx).await
    }
}

/// The day after the seeded week: whatever flies then, a test has put there.
pub(crate) const THE_DAY_AFTER: Date = date(2013, 1, 8);

/// A flight from Newark to Houston on the day after the seeded week, with one of the seeded planes.
///
/// Each test has numbers of its own. Tests run side by side, and one that inserts a key which
/// another has inserted waits for that one's rollback; two keys in opposite order are a deadlock.
pub(crate) fn new_flight(number: i32) -> NewFlight {
    NewFlight {
        key: FlightKey::new(THE_DAY_AFTER, "UA", number, "EWR"),
        dest: "IAH".to_owned(),
        tailnum: Some("N14228".to_owned()),
        departs: time(8, 15, 0, 0),
        arrives: time(11, 19, 0, 0),
        distance_miles: 1400,
    }
}

/// Records [`new_flight`] and returns its key.
pub(crate) async fn recorded(tx: &Transaction, number: i32) -> aiodal::Result<FlightKey> {
    let flight = new_flight(number);
    schedule::record(tx, &flight).await?;
    Ok(flight.key)
}

/// Finds a flight that must be there.
///
/// # Panics
///
/// It isn't.
pub(crate) async fn the_flight(tx: &Transaction, key: &FlightKey) -> aiodal::Result<Flight> {
    let flight = schedule::find(tx, key).await?;
    Ok(flight.unwrap_or_else(|| panic!("there is no flight {key}")))
}

/// The only value of the only row.
pub(crate) async fn count(tx: &Transaction, sql: &str) -> aiodal::Result<i64> {
    Ok(tx.query_one(sql, &[]).await?.get(0))
}
