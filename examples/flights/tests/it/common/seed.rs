//! A week of real flights, loaded from `seed/`.

use aiodal::{BoxError, Transaction};

use super::csv::Csv;

/// Loads the first week of January 2013, a statement for each file.
pub(super) async fn week(tx: &Transaction) -> Result<(), BoxError> {
    airlines(tx).await?;
    airports(tx).await?;
    planes(tx).await?;
    flights(tx).await
}

async fn airlines(tx: &Transaction) -> Result<(), BoxError> {
    let file = Csv::read("seed/airlines.csv")?;
    let sql = "insert into airlines (carrier, name) select * from unnest($1::text[], $2::text[])";
    tx.execute(sql, &[&file.text("carrier")?, &file.text("name")?])
        .await?;
    Ok(())
}

async fn airports(tx: &Transaction) -> Result<(), BoxError> {
    let file = Csv::read("seed/airports.csv")?;
    let sql = "
        insert into airports (code, name, latitude, longitude, altitude_ft, time_zone)
        select * from unnest(
            $1::text[], $2::text[], $3::float8[], $4::float8[], $5::int[], $6::text[])";
    tx.execute(
        sql,
        &[
            &file.text("faa")?,
            &file.text("name")?,
            &file.numbers::<f64>("lat")?,
            &file.numbers::<f64>("lon")?,
            &file.numbers::<i32>("alt")?,
            &file.text("tzone")?,
        ],
    )
    .await?;
    Ok(())
}

async fn planes(tx: &Transaction) -> Result<(), BoxError> {
    let file = Csv::read("seed/planes.csv")?;
    let sql = "
        insert into planes (tailnum, built, kind, manufacturer, model, engines, seats, engine)
        select * from unnest(
            $1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[],
            $8::text[])";
    tx.execute(
        sql,
        &[
            &file.text("tailnum")?,
            &file.numbers::<i32>("year")?,
            &file.text("type")?,
            &file.text("manufacturer")?,
            &file.text("model")?,
            &file.numbers::<i32>("engines")?,
            &file.numbers::<i32>("seats")?,
            &file.text("engine")?,
        ],
    )
    .await?;
    Ok(())
}

async fn flights(tx: &Transaction) -> Result<(), BoxError> {
    let file = Csv::read("seed/flights.csv")?;
    let tailnums = file.text("tailnum")?;
    let sql = "
        insert into planes (tailnum)
        select distinct tailnum from unnest($1::text[]) as t (tailnum) where tailnum is not null
        on conflict do nothing";
    tx.execute(sql, &[&tailnums]).await?;

    // A time is written 517 for 5:17. The source has no status: a flight without a departure was
    // cancelled, one that departed and has no arrival delay was diverted.
    let sql = "
        insert into flights (
            day, departs, arrives,
            status,
            departure_delay, arrival_delay, carrier, number, tailnum, origin, dest,
            air_minutes, distance_miles)
        select
            make_date(year, month, day),
            make_time(dep / 100, dep % 100, 0), make_time(arr / 100, arr % 100, 0),
            (case
                when dep_delay is null then 'cancelled'
                when arr_delay is null then 'diverted'
                else 'landed'
            end)::flight_status,
            dep_delay, arr_delay, carrier, flight, tailnum, origin, dest,
            air_time, distance
        from unnest(
            $1::int[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[],
            $8::text[], $9::int[], $10::text[], $11::text[], $12::text[], $13::int[], $14::int[])
            as t (year, month, day, dep, dep_delay, arr, arr_delay,
                  carrier, flight, tailnum, origin, dest, air_time, distance)";
    tx.execute(
        sql,
        &[
            &file.numbers::<i32>("year")?,
            &file.numbers::<i32>("month")?,
            &file.numbers::<i32>("day")?,
            &file.numbers::<i32>("sched_dep_time")?,
            &file.numbers::<i32>("dep_delay")?,
            &file.numbers::<i32>("sched_arr_time")?,
            &file.numbers::<i32>("arr_delay")?,
            &file.text("carrier")?,
            &file.numbers::<i32>("flight")?,
            &tailnums,
            &file.text("origin")?,
            &file.text("dest")?,
            &file.numbers::<i32>("air_time")?,
            &file.numbers::<i32>("distance")?,
        ],
    )
    .await?;
    Ok(())
}
