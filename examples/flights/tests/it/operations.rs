//! The life of one flight.

use std::time::Duration;

use aiodal::Transaction;
use flights::watch::wait_until_departed;
use flights::{FlightKey, Status, schedule};
use tokio::time::{Instant, sleep};

use crate::common::{THE_DAY_AFTER, recorded, the_flight};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

#[aiodal::test]
async fn a_recorded_flight_is_scheduled(tx: &Transaction) -> aiodal::Result<()> {
    let key = recorded(tx, 401).await?;
    let flight = the_flight(tx, &key).await?;
    assert_eq!(flight.status, Status::Scheduled);
    assert_eq!(flight.departure_delay, None);
    Ok(())
}

#[aiodal::test]
async fn a_flight_departs_and_lands(tx: &Transaction) -> aiodal::Result<()> {
    let key = recorded(tx, 402).await?;
    assert!(schedule::depart(tx, &key, -2).await?);
    assert_eq!(the_flight(tx, &key).await?.status, Status::Departed);
    assert!(schedule::land(tx, &key, 11, 227).await?);

    let landed = the_flight(tx, &key).await?;
    assert_eq!(landed.status, Status::Landed);
    assert_eq!(
        (landed.departure_delay, landed.arrival_delay),
        (Some(-2), Some(11))
    );
    Ok(())
}

#[aiodal::test]
async fn a_flight_is_cancelled_once(tx: &Transaction) -> aiodal::Result<()> {
    let key = recorded(tx, 403).await?;
    assert!(schedule::cancel(tx, &key).await?);
    assert!(!schedule::cancel(tx, &key).await?);
    assert_eq!(the_flight(tx, &key).await?.status, Status::Cancelled);
    Ok(())
}

#[aiodal::test]
async fn a_flight_in_the_air_is_not_cancelled(tx: &Transaction) -> aiodal::Result<()> {
    let key = recorded(tx, 404).await?;
    schedule::depart(tx, &key, 0).await?;
    assert!(!schedule::cancel(tx, &key).await?);
    assert_eq!(the_flight(tx, &key).await?.status, Status::Departed);
    Ok(())
}

/// The limit is for the whole test; without one it is what `aiodal.toml` or `AIODAL_TIMEOUT` says.
#[aiodal::test(timeout = "5s")]
async fn a_flight_is_rerouted_before_it_leaves(tx: &Transaction) -> aiodal::Result<()> {
    let key = recorded(tx, 405).await?;
    assert!(schedule::reroute(tx, &key, "SJU", 1608).await?);
    assert_eq!(the_flight(tx, &key).await?.dest, "SJU");

    schedule::depart(tx, &key, 0).await?;
    assert!(!schedule::reroute(tx, &key, "IAH", 1400).await?);
    assert_eq!(the_flight(tx, &key).await?.dest, "SJU");
    Ok(())
}

#[aiodal::test]
#[should_panic(expected = "there is no flight UA 9999 from EWR on 2013-01-08")]
async fn a_missing_flight_is_named(tx: &Transaction) {
    let key = FlightKey::new(THE_DAY_AFTER, "UA", 9999, "EWR");
    the_flight(tx, &key).await.unwrap();
}

/// The clock stands still but for the sleeps, which take no time.
#[aiodal::test(start_paused = true)]
async fn patience_ends_after_an_hour(tx: &Transaction) -> aiodal::Result<()> {
    let key = recorded(tx, 406).await?;
    let began = Instant::now();
    assert!(!wait_until_departed(tx, &key, MINUTE, HOUR).await?);
    assert_eq!(began.elapsed(), HOUR);
    Ok(())
}

#[aiodal::test(start_paused = true)]
async fn a_departure_ends_the_wait(tx: &Transaction) -> aiodal::Result<()> {
    let key = recorded(tx, 407).await?;
    let began = Instant::now();
    let depart = async {
        sleep(10 * MINUTE).await;
        schedule::depart(tx, &key, 10).await
    };
    let (waited, departed) = tokio::join!(wait_until_departed(tx, &key, MINUTE, HOUR), depart);
    assert!(departed?);
    assert!(waited?);
    assert!(began.elapsed() < HOUR, "{:?}", began.elapsed());
    Ok(())
}
