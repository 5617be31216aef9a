//! Planes, and the deferred reference that flights have to them.
//!
//! A test that ended with the reference broken would fail: its commit would have been refused.

use aiodal::Transaction;
use flights::{FlightKey, fleet, schedule};
use jiff::civil::date;

use crate::common::{count, new_flight, recorded, the_flight};

/// Has the server check now what it would check at commit.
const CHECK_PLANES: &str = "set constraints flights_tailnum_fkey immediate";

#[aiodal::test]
async fn a_plane_is_registered_once(tx: &Transaction) -> aiodal::Result<()> {
    assert!(fleet::register(tx, "N200XX").await?);
    assert!(!fleet::register(tx, "N200XX").await?);
    Ok(())
}

#[aiodal::test]
async fn the_reference_is_broken_in_between_and_whole_in_the_end(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let mut flight = new_flight(201);
    flight.tailnum = Some("N201XX".to_owned());
    schedule::record(tx, &flight).await?;

    let attempt = tx.savepoint().await?;
    let error = attempt.batch_execute(CHECK_PLANES).await.unwrap_err();
    assert!(error.is_foreign_key_violation(), "{error:?}");
    assert_eq!(error.constraint(), Some("flights_tailnum_fkey"));
    attempt.rollback().await?;

    fleet::register(tx, "N201XX").await?;
    tx.batch_execute(CHECK_PLANES).await
}

#[aiodal::test]
async fn a_plane_keeps_its_flights_under_another_tail_number(
    tx: &Transaction,
) -> aiodal::Result<()> {
    assert_eq!(fleet::reregister(tx, "N24211", "N203XX").await?, 2);
    tx.batch_execute(CHECK_PLANES).await?;
    let flight = the_flight(tx, &FlightKey::new(date(2013, 1, 1), "UA", 1714, "LGA")).await?;
    assert_eq!(flight.tailnum.as_deref(), Some("N203XX"));
    Ok(())
}

#[aiodal::test]
async fn a_tail_number_is_not_given_twice(tx: &Transaction) {
    let error = fleet::reregister(tx, "N619AA", "N804JB").await.unwrap_err();
    assert!(error.is_unique_violation(), "{error:?}");
    assert_eq!(error.constraint(), Some("planes_pkey"));
}

#[aiodal::test]
async fn a_retired_plane_leaves_what_it_would_have_flown(tx: &Transaction) -> aiodal::Result<()> {
    let last = recorded(tx, 204).await?;
    let mut next_day = new_flight(204);
    next_day.key.day = date(2013, 1, 9);
    schedule::record(tx, &next_day).await?;

    assert_eq!(fleet::retire(tx, "N14228", date(2013, 1, 9)).await?, 1);
    assert_eq!(
        the_flight(tx, &last).await?.tailnum.as_deref(),
        Some("N14228")
    );
    assert_eq!(the_flight(tx, &next_day.key).await?.tailnum, None);
    Ok(())
}

#[aiodal::test]
async fn a_retired_plane_keeps_what_it_has_flown(tx: &Transaction) -> aiodal::Result<()> {
    assert_eq!(fleet::retire(tx, "N730MQ", date(2013, 1, 1)).await?, 0);
    assert_eq!(
        count(tx, "select count(*) from flights where tailnum = 'N730MQ'").await?,
        17
    );
    Ok(())
}
