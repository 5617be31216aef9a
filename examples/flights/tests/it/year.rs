//! The whole year, loaded in a transaction that is rolled back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aiodal::Transaction;
use aiodal::bulk::{Export, Load};
use flights::{FlightKey, Status, schedule, traffic, year};
use jiff::civil::date;

use crate::common::{THE_DAY_AFTER, count, new_flight, the_flight};

/// Where the source is: `NYCFLIGHTS13_DIR`, or `shared/data/nycflights13` beside the workspace. `None`, and why, if it is not.
fn source() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/nycflights13");
    let source = std::env::var_os("NYCFLIGHTS13_DIR").map_or(beside, PathBuf::from);
    if source.is_dir() {
        return Some(source);
    }
    println!("skipped: {} is not there", source.display());
    None
}

#[aiodal::test(timeout = "5m")]
async fn the_year_is_added_to_its_first_week(tx: &mut Transaction) -> aiodal::Result<()> {
    let Some(source) = source() else {
        return Ok(());
    };
    let first = FlightKey::new(date(2013, 1, 1), "UA", 1545, "EWR");
    let before = the_flight(tx, &first).await?;

    let year = year::load(tx, &source, |load| load.timeout(Duration::from_secs(240))).await?;

    assert_eq!((year.airlines.rows, year.airlines.unchanged), (16, 16));
    assert_eq!(year.airports.rows, 1458);
    assert_eq!(year.planes.rows, 3322);
    assert_eq!(
        year.planes.inserted + year.planes.updated + year.planes.unchanged,
        3322
    );
    assert_eq!(year.flights.rows, 336_776);
    assert_eq!(year.flights.affected, 336_776 - 6099);

    assert_eq!(count(tx, "select count(*) from flights").await?, 336_776);
    assert_eq!(count(tx, "select count(*) from airports").await?, 1458 + 4);
    let sql = "select count(*) from flights where tailnum is null";
    assert_eq!(count(tx, sql).await?, 2512);
    let sql = "select count(*) from flights where dest in ('BQN', 'PSE', 'SJU', 'STT')";
    assert_eq!(count(tx, sql).await?, 7602);
    // Those that the source does not describe are tail numbers and nothing else.
    let sql = "select count(*) from flights join planes using (tailnum) where kind is null";
    assert_eq!(count(tx, sql).await?, 50_094);
    assert_eq!(the_flight(tx, &first).await?, before);
    let busiest = traffic::busiest_routes(tx, 1).await?;
    assert_eq!(
        (busiest[0].origin.as_str(), busiest[0].dest.as_str()),
        ("JFK", "LAX")
    );
    assert_eq!(busiest[0].flights, 11_262);
    Ok(())
}

#[aiodal::test]
async fn a_missing_file_is_named_and_nothing_is_loaded(tx: &mut Transaction) -> aiodal::Result<()> {
    let before = count(tx, "select count(*) from airlines").await?;
    let error = year::load(tx, Path::new("/nowhere"), |load| load)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("/nowhere/airlines.csv"),
        "{error}"
    );
    assert_eq!(count(tx, "select count(*) from airlines").await?, before);
    Ok(())
}

#[aiodal::test]
async fn a_schedule_is_recorded_whole(tx: &mut Transaction) -> aiodal::Result<()> {
    let flights: Vec<_> = (7000..7500).map(new_flight).collect();
    assert_eq!(schedule::record_all(tx, &flights).await?, 500);
    let flight = the_flight(tx, &flights[3].key).await?;
    assert_eq!(flight.status, Status::Scheduled);
    assert_eq!(flight.departs_at.to_string(), "2013-01-08T13:15:00Z");

    let mut worse: Vec<_> = (7500..8000).map(new_flight).collect();
    worse[499].dest = "EWR".to_owned();
    let error = schedule::record_all(tx, &worse).await.unwrap_err();
    assert_eq!(
        error.constraint(),
        Some("flights_go_somewhere"),
        "{error:?}"
    );
    assert_eq!(error.bad_row().and_then(|row| row.record), Some(500));
    assert_eq!(schedule::on_day(tx, THE_DAY_AFTER).await?.len(), 500);
    Ok(())
}

#[aiodal::test]
async fn what_is_exported_can_be_loaded(tx: &mut Transaction) -> aiodal::Result<()> {
    let mut csv = Vec::new();
    let params: [&(dyn aiodal::types::ToSql + Sync); 1] = [&"UA"];
    let sql =
        "select * from planes where tailnum in (select tailnum from flights where carrier = $1)";
    let exported = Export::query(sql, &params)
        .to_callback(|chunk| {
            csv.extend_from_slice(&chunk);
            Ok::<_, std::io::Error>(())
        })
        .run(tx)
        .await?;
    tx.batch_execute("create temp table kept (like planes)")
        .await?;
    let loaded = Load::new(aiodal::bulk::Source::bytes(csv), aiodal::bulk::Csv::new())
        .into_table("kept")
        .run(tx)
        .await?;
    assert_eq!(loaded.rows, exported.rows);
    assert!(loaded.rows > 0);
    let sql = "select count(*) from (table kept except table planes) as changed";
    assert_eq!(count(tx, sql).await?, 0);
    Ok(())
}
