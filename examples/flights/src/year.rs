//! The files of nycflights13 as they are published: a whole year, `NA` where something is missing.

use std::path::Path;

use aiodal::bulk::{Csv, Load, LoadReport, Merge, Stage};
use aiodal::{Result, Transaction};

/// The columns of `flights.csv.gz` that are needed, as they are written there.
const STAGED: [(&str, &str); 14] = [
    ("year", "int"),
    ("month", "int"),
    ("day", "int"),
    ("sched_dep_time", "int"),
    ("dep_delay", "int"),
    ("sched_arr_time", "int"),
    ("arr_delay", "int"),
    ("carrier", "text"),
    ("flight", "int"),
    ("tailnum", "text"),
    ("origin", "text"),
    ("dest", "text"),
    ("air_time", "int"),
    ("distance", "int"),
];

// 50,094 flights of the year have a plane that the source does not describe.
const PLANES_THAT_ONLY_FLY: &str = "
    insert into planes (tailnum)
    select distinct tailnum from staged_flight where tailnum is not null
    on conflict do nothing";

// A time is written 517 for 5:17. The source has no status: a flight without a departure was cancelled, one that departed
// and has no arrival delay was diverted.
const FLIGHTS: &str = "
    insert into flights (
        day, departs, arrives,
        status,
        departure_delay, arrival_delay, carrier, number, tailnum, origin, dest, air_minutes, distance_miles)
    select
        make_date(year, month, day),
        make_time(sched_dep_time / 100, sched_dep_time % 100, 0),
        make_time(sched_arr_time / 100, sched_arr_time % 100, 0),
        (case
            when dep_delay is null then 'cancelled'
            when arr_delay is null then 'diverted'
            else 'landed'
        end)::flight_status,
        dep_delay, arr_delay, carrier, flight, tailnum, origin, dest, air_time, distance
    from staged_flight
    on conflict do nothing";

/// What became of each file.
#[derive(Debug, Clone)]
pub struct Year {
    /// `airlines.csv`.
    pub airlines: LoadReport,
    /// `airports.csv`.
    pub airports: LoadReport,
    /// `planes.csv`.
    pub planes: LoadReport,
    /// `flights.csv.gz`; how many flights are new is [`affected`](LoadReport::affected).
    pub flights: LoadReport,
}

/// Loads the files of a directory. Airports and planes that are there already are brought up to date; airlines and flights are
/// left as they are.
///
/// `with` adds to each load what the caller wants of it: progress, a timeout.
///
/// # Errors
///
/// A file that can't be read, and a row that breaks a rule.
pub async fn load<'a>(
    tx: &mut Transaction,
    directory: &Path,
    mut with: impl FnMut(Load<'a>) -> Load<'a>,
) -> Result<Year> {
    let source = |file: &str| Load::new(directory.join(file), Csv::new().null("NA"));
    let known = || Merge::upsert().if_changed();

    // To update a name, which is unique, is to lock the airline: whoever records a flight of it would wait for us.
    let airlines = source("airlines.csv")
        .into_table("airlines")
        .merge(Merge::upsert().do_nothing());
    let airports = source("airports.csv")
        .rename("faa", "code")
        .rename("lat", "latitude")
        .rename("lon", "longitude")
        .rename("alt", "altitude_ft")
        .rename("tzone", "time_zone")
        .ignore("tz")
        .ignore("dst")
        .into_table("airports")
        .merge(known());
    let planes = source("planes.csv")
        .rename("year", "built")
        .rename("type", "kind")
        .ignore("speed")
        .into_table("planes")
        .merge(known());
    let flights = source("flights.csv.gz")
        .ignore_unknown()
        .stage(Stage::columns(STAGED).name("staged_flight"))
        .after_copy(PLANES_THAT_ONLY_FLY)
        .merge(Merge::sql(FLIGHTS));
    Ok(Year {
        airlines: with(airlines).run(tx).await?,
        airports: with(airports).run(tx).await?,
        planes: with(planes).run(tx).await?,
        flights: with(flights).run(tx).await?,
    })
}
