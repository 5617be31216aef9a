//! `flights stats`.

use std::io::Write;

use aiodal::{BoxError, Transaction};
use clap::Args;

use crate::traffic;

/// What `flights stats` takes.
#[derive(Debug, Args)]
pub struct Stats {
    /// How many routes to show.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32))]
    routes: u32,
}

impl Stats {
    pub(super) async fn run(
        &self,
        tx: &Transaction,
        out: &mut (impl Write + Send),
    ) -> Result<(), BoxError> {
        writeln!(out, "route     flights  cancelled  mean delay on arrival")?;
        for route in traffic::busiest_routes(tx, i64::from(self.routes)).await? {
            writeln!(
                out,
                "{}-{}  {:8}  {:9}  {}",
                route.origin,
                route.dest,
                route.flights,
                route.cancelled,
                minutes(route.mean_arrival_delay)
            )?;
        }
        writeln!(out)?;
        writeln!(out, "airline  departed  mean delay on departure")?;
        for delay in traffic::delays_by_carrier(tx).await? {
            writeln!(
                out,
                "{:7}  {:8}  {}  {}",
                delay.carrier,
                delay.departed,
                minutes(delay.mean_departure_delay),
                delay.airline
            )?;
        }
        Ok(())
    }
}

fn minutes(mean: Option<f64>) -> String {
    match mean {
        Some(mean) => format!("{mean:5.1} min"),
        None => "        -".to_owned(),
    }
}
