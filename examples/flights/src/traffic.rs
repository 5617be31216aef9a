//! Questions about all flights.

use aiodal::{FromRow, Result, Transaction};

/// A row of the view `route_traffic`.
#[derive(Debug, Clone, PartialEq, FromRow)]
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
    tx.query_as(sql, &[&limit]).await
}

/// How late an airline leaves.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct CarrierDelay {
    /// The airline's code.
    pub carrier: String,
    /// The airline's name.
    #[aiodal(rename = "name")]
    pub airline: String,
    /// How many of its flights departed.
    pub departed: i64,
    /// Minutes, over the flights that departed; `None` if none did.
    #[aiodal(rename = "mean")]
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
    tx.query_as(sql, &[]).await
}
