//! Questions about all flights.

use aiodal::{Result, Transaction};

/// A row of the view `route_traffic`.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The code of the airport it leaves from.
    pub origin: String,
    /// The code of the airport it goes to.
    pub dest: String,
    /// How many flights there are, cancelled ones included.
    pub flights: i64,
    /// How many were cancelled.
    pub cancelled: i64,
    /// Minutes, over the flights that landed.
    pub mean_arrival_delay: Option<f64>,
}

/// Returns the routes with the most flights, busiest first.
///
/// # Errors
///
/// What the server refused.
pub async fn busiest_routes(tx: &Transaction, limit: i64) -> Result<Vec<Route>> {
    let sql = "select * from route_traffic order by flights desc, origin, dest limit $1";
    let rows = tx.query(sql, &[&limit]).await?;
    let route = |row: &aiodal::Row| Route {
        origin: row.get("origin"),
        dest: row.get("dest"),
        flights: row.get("flights"),
        cancelled: row.get("cancelled"),
        mean_arrival_delay: row.get("mean_arrival_delay"),
    };
    Ok(rows.iter().map(route).collect())
}

/// How late an airline leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct CarrierDelay {
    /// The airline's code.
    pub carrier: String,
    /// The airline's name.
    pub airline: String,
    /// How many of its flights departed.
    pub departed: i64,
    /// Minutes, over the flights that departed; `None` if none did.
    pub mean_departure_delay: Option<f64>,
}

/// Returns every airline's delay, the latest first and those that did not fly last.
///
/// # Errors
///
/// What the server refused.
pub async fn delays_by_carrier(tx: &Transaction) -> Result<Vec<CarrierDelay>> {
    let sql = "
        select carrier, name, count(departure_delay) as departed,
            avg(departure_delay)::double precision as mean
        from airlines left join flights using (carrier)
        group by carrier
        order by mean desc nulls last, carrier";
    let rows = tx.query(sql, &[]).await?;
    let delay = |row: &aiodal::Row| CarrierDelay {
        carrier: row.get("carrier"),
        airline: row.get("name"),
        departed: row.get("departed"),
        mean_departure_delay: row.get("mean"),
    };
    Ok(rows.iter().map(delay).collect())
}
