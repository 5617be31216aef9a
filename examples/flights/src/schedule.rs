//! The life of one flight: recorded, changed, cancelled or flown.

use aiodal::bulk::Load;
use aiodal::types::ToSql;
use aiodal::{Result, Transaction};
use jiff::civil::Date;

use crate::flight::{Flight, FlightKey, NewFlight};

// The driver sends a string to a parameter of type text, not to one of a domain. The cast says text,
// and the server takes the step from there to `airport_code`, rule included.
const RECORD: &str = "
    insert into flights
        (day, carrier, number, origin, dest, tailnum, departs, arrives, distance_miles)
    values ($1, $2, $3, $4::text, $5::text, $6, $7, $8, $9)";

fn record_params(flight: &NewFlight) -> [&(dyn ToSql + Sync); 9] {
    let FlightKey {
        day,
        carrier,
        number,
        origin,
    } = &flight.key;
    let NewFlight {
        key: _,
        dest,
        tailnum,
        departs,
        arrives,
        distance_miles,
    } = flight;
    [
        day,
        carrier,
        number,
        origin,
        dest,
        tailnum,
        departs,
        arrives,
        distance_miles,
    ]
}

/// Records a flight as scheduled.
///
/// Its plane need not be registered yet, as long as it is when the transaction commits.
///
/// # Errors
///
/// A flight with this key exists (`is_unique_violation`), an airport or the airline does not
/// (`is_foreign_key_violation`), or a rule of the table is broken (`is_check_violation`).
pub async fn record(tx: &Transaction, flight: &NewFlight) -> Result<()> {
    tx.execute(RECORD, &record_params(flight)).await?;
    Ok(())
}

/// Records all flights of a schedule as scheduled, or none of them; returns how many there are.
///
/// # Errors
///
/// Those of [`record`], of whichever flight comes first.
pub async fn record_all(tx: &mut Transaction, schedule: &[NewFlight]) -> Result<u64> {
    let load = Load::rows(schedule).into_table("flights");
    Ok(load.run(tx).await?.inserted)
}

/// Returns a flight, or `None` if it isn't there.
///
/// # Errors
///
/// What the server refused.
pub async fn find(tx: &Transaction, key: &FlightKey) -> Result<Option<Flight>> {
    let sql = "select * from flights where (day, carrier, number, origin) = ($1, $2, $3, $4)";
    tx.query_opt_as(sql, &key.params()).await
}

/// Returns the flights of a day in the order in which they are scheduled to leave.
///
/// # Errors
///
/// What the server refused.
pub async fn on_day(tx: &Transaction, day: Date) -> Result<Vec<Flight>> {
    let sql = "select * from flights where day = $1 order by departs, carrier, number, origin";
    tx.query_as(sql, &[&day]).await
}

/// Sends a flight that has not left yet somewhere else; says whether there was one.
///
/// # Errors
///
/// There is no such airport (`is_foreign_key_violation`).
pub async fn reroute(
    tx: &Transaction,
    key: &FlightKey,
    dest: &str,
    distance_miles: i32,
) -> Result<bool> {
    let sql = "
        update flights set dest = $5::text, distance_miles = $6
        where (day, carrier, number, origin) = ($1, $2, $3, $4) and status = 'scheduled'";
    change(tx, sql, key, &[&dest, &distance_miles]).await
}

/// Gives a flight that has not left yet a plane, or none; says whether there was one.
///
/// # Errors
///
/// What the server refused; that there is no such plane, when the transaction commits.
pub async fn assign(tx: &Transaction, key: &FlightKey, tailnum: Option<&str>) -> Result<bool> {
    let sql = "
        update flights set tailnum = $5
        where (day, carrier, number, origin) = ($1, $2, $3, $4) and status = 'scheduled'";
    change(tx, sql, key, &[&tailnum]).await
}

/// Cancels a flight that has not left yet; says whether there was one.
///
/// # Errors
///
/// What the server refused.
pub async fn cancel(tx: &Transaction, key: &FlightKey) -> Result<bool> {
    let sql = "
        update flights set status = 'cancelled'
        where (day, carrier, number, origin) = ($1, $2, $3, $4) and status = 'scheduled'";
    change(tx, sql, key, &[]).await
}

/// Records that a scheduled flight left `delay` minutes late; says whether there was one.
///
/// # Errors
///
/// It has no plane (`is_check_violation`).
pub async fn depart(tx: &Transaction, key: &FlightKey, delay: i32) -> Result<bool> {
    let sql = "
        update flights set status = 'departed', departure_delay = $5
        where (day, carrier, number, origin) = ($1, $2, $3, $4) and status = 'scheduled'";
    change(tx, sql, key, &[&delay]).await
}

/// Records that a flight in the air arrived `delay` minutes late; says whether there was one.
///
/// # Errors
///
/// `air_minutes` is not positive (`is_check_violation`).
pub async fn land(tx: &Transaction, key: &FlightKey, delay: i32, air_minutes: i32) -> Result<bool> {
    let sql = "
        update flights set status = 'landed', arrival_delay = $5, air_minutes = $6
        where (day, carrier, number, origin) = ($1, $2, $3, $4) and status = 'departed'";
    change(tx, sql, key, &[&delay, &air_minutes]).await
}

async fn change(
    tx: &Transaction,
    sql: &str,
    key: &FlightKey,
    more: &[&(dyn ToSql + Sync)],
) -> Result<bool> {
    let params = [&key.params()[..], more].concat();
    Ok(tx.execute(sql, &params).await? == 1)
}
