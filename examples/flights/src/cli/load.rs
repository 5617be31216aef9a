//! `flights load`.

use std::io::{self, Write};
use std::path::PathBuf;

use aiodal::bulk::LoadReport;
use aiodal::{BoxError, Transaction};
use clap::Args;

use crate::year::{self, Year};

/// What `flights load` takes.
#[derive(Debug, Args)]
pub struct Load {
    /// Where airlines.csv, airports.csv, planes.csv and flights.csv.gz are.
    directory: PathBuf,
    /// Show no progress. Where the standard error is no terminal, none is shown anyway.
    #[arg(long, short)]
    quiet: bool,
}

impl Load {
    pub(super) async fn run(
        &self,
        tx: &mut Transaction,
        out: &mut (impl Write + Send),
    ) -> Result<(), BoxError> {
        let quiet = self.quiet;
        let year = year::load(tx, &self.directory, |load| {
            if quiet { load } else { load.progress_bar() }
        })
        .await?;
        let Year {
            airlines,
            airports,
            planes,
            flights,
        } = year;
        told(out, "airlines", &airlines, airlines.inserted)?;
        told(out, "airports", &airports, airports.inserted)?;
        told(out, "planes", &planes, planes.inserted)?;
        told(out, "flights", &flights, flights.affected)?;
        Ok(())
    }
}

fn told(out: &mut impl Write, what: &str, report: &LoadReport, new: u64) -> io::Result<()> {
    let LoadReport {
        rows,
        updated,
        elapsed,
        ..
    } = report;
    writeln!(
        out,
        "{what:9} {rows:7} read, {new} new, {updated} updated, in {elapsed:.1?}"
    )
}
