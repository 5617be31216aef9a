//! Real data with real dirt: every flight that left New York in 2013, as it is published.

use std::path::{Path, PathBuf};

use aiodal::Transaction;
use aiodal::bulk::{Csv, Load, LoadReport, Merge, Orphans};

const TABLES: &str = "
    create table airline (carrier text primary key, name text not null);
    create table airport (
        faa text primary key, name text not null, lat float8 not null, lon float8 not null, alt int not null,
        tz int not null, dst text not null, tzone text);
    create table plane (
        tailnum text primary key, year int, type text, manufacturer text, model text, engines int, seats int, speed int,
        engine text);
    create table weather (
        origin text references airport, year int, month int, day int, hour int, temp float8, dewp float8, humid float8,
        wind_dir int, wind_speed float8, wind_gust float8, precip float8, pressure float8, visib float8,
        time_hour timestamptz, primary key (origin, time_hour));
    create table flight (
        year int, month int, day int, dep_time int, sched_dep_time int, dep_delay int, arr_time int, sched_arr_time int,
        arr_delay int, carrier text references airline, flight int,
        tailnum text constraint flight_plane references plane,
        origin text references airport,
        dest text constraint flight_dest references airport,
        air_time int, distance int not null, hour int, minute int, time_hour timestamptz,
        primary key (year, month, day, hour, flight, carrier, origin, sched_dep_time))";

/// The directory of the data, or a word on standard error.
fn data() -> Option<PathBuf> {
    let shared = match std::env::var_os("SHARED") {
        Some(shared) => PathBuf::from(shared),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    };
    let data = shared.join("data/nycflights13");
    if data.is_dir() {
        return Some(data);
    }
    eprintln!(
        "skipped: there is no {}; SHARED says where else the data is",
        data.display()
    );
    None
}

async fn number(tx: &Transaction, query: &str) -> aiodal::Result<i64> {
    tx.query_scalar(&format!("select ({query})::int8"), &[])
        .await
}

fn written(report: &LoadReport) -> (u64, u64, u64) {
    (report.inserted, report.updated, report.unchanged)
}

#[aiodal::test]
async fn year_of_flights_loads_with_its_dirt(tx: &mut Transaction) -> aiodal::Result<()> {
    let Some(data) = data() else { return Ok(()) };
    tx.batch_execute(TABLES).await?;
    let file = |name: &str| Load::new(data.join(name), Csv::new().null("NA"));
    for (name, table, rows) in [
        ("airlines.csv", "airline", 16),
        ("airports.csv", "airport", 1458),
        ("planes.csv", "plane", 3322),
        ("weather.csv", "weather", 26_115),
    ] {
        let report = file(name).into_table(table).run(tx).await?;
        assert_eq!(
            (report.rows, report.copied, report.rejected),
            (rows, rows, 0),
            "{name}"
        );
    }
    let missing = number(tx, "select count(*) from weather where wind_gust is null").await?;
    assert_eq!(missing, 20_778);

    let merge = || {
        Merge::upsert()
            .if_changed()
            .orphans_of("flight_plane", Orphans::Null)
    };
    let load = |merge| file("flights.csv.gz").into_table("flight").merge(merge);
    let first = load(merge().orphans_of("flight_dest", Orphans::Null))
        .run(tx)
        .await?;
    assert_eq!((first.rows, written(&first)), (336_776, (336_776, 0, 0)));
    assert_eq!(first.orphans.get("flight_plane"), Some(&50_094));
    assert_eq!(first.orphans.get("flight_dest"), Some(&7602));
    for (query, expected) in [
        ("select count(*) from flight where dep_time is null", 8255),
        (
            "select count(*) from flight where tailnum is null",
            2512 + 50_094,
        ),
        ("select count(*) from flight where dest is null", 7602),
        ("select sum(distance) from flight", 350_217_607),
        ("select count(*) from flight where origin = 'EWR'", 120_835),
    ] {
        assert_eq!(number(tx, query).await?, expected, "{query}");
    }

    let mut rejects = Vec::new();
    let merge = merge().orphans_of("flight_dest", Orphans::Reject);
    let again = load(merge).reject_to(&mut rejects, 7602).run(tx).await?;
    assert_eq!(
        (again.rejected, written(&again)),
        (7602, (0, 0, 336_776 - 7602))
    );
    // Some of those that were rejected name a plane that is not there, too.
    assert_eq!(again.orphans.get("flight_plane"), Some(&(50_094 - 1401)));
    let rejects = String::from_utf8(rejects).expect("rejects are UTF-8");
    assert_eq!(rejects.lines().count(), 7602);
    for code in ["BQN", "PSE", "SJU", "STT"] {
        let reason = "key (dest) is not present in public.airport";
        let named = format!("\"value\":\"{code}\"");
        let mut lines = rejects.lines();
        assert!(
            lines.any(|line| line.contains(&named) && line.contains(reason)),
            "{code}"
        );
    }
    Ok(())
}
