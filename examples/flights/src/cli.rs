//! The command line: what its commands take and print.
//!
//! Like all else here they take a transaction and never end it, so that tests run them and nothing stays.

mod export;
mod load;
mod stats;

use std::io::Write;

use aiodal::{BoxError, Transaction};
use clap::{Parser, Subcommand};

pub use export::Export;
pub use load::Load;
pub use stats::Stats;

/// Departures from New York.
#[derive(Debug, Parser)]
#[command(name = "flights", version, about)]
pub struct Flights {
    /// Where the database is, as libpq reads it. What it leaves open comes from the PG* variables.
    #[arg(
        long,
        global = true,
        env = "DATABASE_URL",
        hide_env_values = true,
        default_value = ""
    )]
    pub database: String,
    /// What to do there.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Load a year of flights, all of it or nothing.
    Load(Load),
    /// Export a table, or what a query returns, into a file.
    Export(Export),
    /// Show the busiest routes, and how late the airlines leave.
    Stats(Stats),
}

impl Command {
    /// Does it, and prints what has been done.
    ///
    /// # Errors
    ///
    /// What the server refused, and what is wrong with a file or with `out`.
    pub async fn run(
        &self,
        tx: &mut Transaction,
        out: &mut (impl Write + Send),
    ) -> Result<(), BoxError> {
        match self {
            Command::Load(load) => load.run(tx, out).await,
            Command::Export(export) => export.run(tx, out).await,
            Command::Stats(stats) => stats.run(tx, out).await,
        }
    }
}
