//! What the database holds when a test begins.
//!
//! The figures are not the database's: `seed/figures.py` computes them from the whole source.

use aiodal::Transaction;
use flights::{FlightKey, Status, fleet, schedule, traffic};
use jiff::civil::date;

use crate::common::{count, the_flight};

#[aiodal::test]
async fn every_day_has_all_its_flights(tx: &Transaction) -> aiodal::Result<()> {
    let mut flights = Vec::new();
    for day in 1..=7 {
        flights.push(schedule::on_day(tx, date(2013, 1, day)).await?.len());
    }
    assert_eq!(flights, [842, 943, 914, 915, 720, 832, 933]);
    Ok(())
}

#[aiodal::test]
async fn a_day_begins_with_its_earliest_flight(tx: &Transaction) -> aiodal::Result<()> {
    let new_year = schedule::on_day(tx, date(2013, 1, 1)).await?;
    assert_eq!(
        new_year[0].key,
        FlightKey::new(date(2013, 1, 1), "UA", 1545, "EWR")
    );
    assert!(new_year.is_sorted_by_key(|flight| flight.departs_at));
    Ok(())
}

#[aiodal::test]
async fn sums_are_those_of_the_source(tx: &Transaction) -> aiodal::Result<()> {
    let sql = "
        select sum(distance_miles), sum(air_minutes), sum(departure_delay), sum(arrival_delay)
        from flights";
    let sums = tx.query_one(sql, &[]).await?;
    let sums: [i64; 4] = std::array::from_fn(|column| sums.get(column));
    assert_eq!(sums, [6_368_168, 952_054, 55_794, 23_514]);
    Ok(())
}

#[aiodal::test]
async fn every_flight_is_over(tx: &Transaction) -> aiodal::Result<()> {
    let sql = "select status, count(*) from flights group by status order by status";
    let rows = tx.query(sql, &[]).await?;
    let flights: Vec<(Status, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(
        flights,
        [
            (Status::Landed, 6043),
            (Status::Diverted, 21),
            (Status::Cancelled, 35)
        ]
    );
    Ok(())
}

#[aiodal::test]
async fn only_cancelled_flights_lack_a_plane(tx: &Transaction) -> aiodal::Result<()> {
    assert_eq!(
        count(tx, "select count(*) from flights where tailnum is null").await?,
        8
    );
    let sql = "select count(*) from flights where tailnum is null and status <> 'cancelled'";
    assert_eq!(count(tx, sql).await?, 0);
    Ok(())
}

#[aiodal::test]
async fn planes_the_source_omits_are_known_by_their_tail_number(
    tx: &Transaction,
) -> aiodal::Result<()> {
    assert_eq!(count(tx, "select count(*) from planes").await?, 2048);
    assert_eq!(
        count(tx, "select count(*) from planes where model is null").await?,
        319
    );
    Ok(())
}

#[aiodal::test]
async fn airports_the_source_omits_keep_their_flights(tx: &Transaction) -> aiodal::Result<()> {
    let sql = "
        select dest, count(*) from flights
        where dest in ('BQN', 'PSE', 'SJU', 'STT') group by dest order by dest";
    let rows = tx.query(sql, &[]).await?;
    let flights: Vec<(&str, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(
        flights,
        [("BQN", 21), ("PSE", 7), ("SJU", 137), ("STT", 16)]
    );
    Ok(())
}

#[aiodal::test]
async fn departure_is_an_instant_in_new_yorks_time(tx: &Transaction) -> aiodal::Result<()> {
    let first = the_flight(tx, &FlightKey::new(date(2013, 1, 1), "UA", 1545, "EWR")).await?;
    assert_eq!(first.departs_at.to_string(), "2013-01-01T10:15:00Z");
    Ok(())
}

/// One statement, and not one for each route.
#[aiodal::test(max_queries = 1)]
async fn busiest_route_goes_from_kennedy_to_los_angeles(tx: &Transaction) -> aiodal::Result<()> {
    let routes = traffic::busiest_routes(tx, 3).await?;
    let flights: Vec<_> = routes
        .iter()
        .map(|route| (&*route.origin, &*route.dest, route.flights))
        .collect();
    assert_eq!(
        flights,
        [
            ("JFK", "LAX", 219),
            ("LGA", "ATL", 197),
            ("JFK", "SFO", 159)
        ]
    );

    assert_eq!(routes[0].cancelled, 1);
    let delay = routes[0].mean_arrival_delay.expect("219 flights");
    assert!((delay - -13.5229).abs() < 0.0001, "{delay}");
    Ok(())
}

#[aiodal::test]
async fn hawaiian_leaves_latest_and_sky_west_not_at_all(tx: &Transaction) -> aiodal::Result<()> {
    let delays = traffic::delays_by_carrier(tx).await?;
    assert_eq!(delays.len(), 16);

    let hawaiian = &delays[0];
    assert_eq!((&*hawaiian.carrier, hawaiian.departed), ("HA", 7));
    let delay = hawaiian.mean_departure_delay.expect("7 flights");
    assert!((delay - 28.4286).abs() < 0.0001, "{delay}");

    let sky_west = &delays[15];
    assert_eq!((&*sky_west.carrier, sky_west.departed), ("OO", 0));
    assert_eq!(sky_west.mean_departure_delay, None);
    Ok(())
}

/// Statements take `&self`, so what doesn't depend on one another can be asked together.
#[aiodal::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_questions_share_one_transaction(tx: &Transaction) -> aiodal::Result<()> {
    let (routes, delays, planes) = tokio::join!(
        traffic::busiest_routes(tx, 1000),
        traffic::delays_by_carrier(tx),
        fleet::register(tx, "N14228"),
    );
    assert_eq!(routes?.len(), 186);
    assert_eq!(delays?.len(), 16);
    assert!(!planes?, "N14228 is one of the seeded planes");
    Ok(())
}
