//! `flights --help` says what it does.

use std::io;
use std::process::ExitCode;

use aiodal::{BoxError, DataAccessLayer, Error};
use clap::Parser;
use flights::cli::Flights;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Flights::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let said = match error.downcast_ref::<Error>() {
                Some(error) => error.one_line(),
                None => error.to_string(),
            };
            eprintln!("error: {said}");
            ExitCode::FAILURE
        }
    }
}

/// A command is a transaction: what it does is done when that is committed.
async fn run(flights: Flights) -> Result<(), BoxError> {
    let dal = DataAccessLayer::connect(&flights.database).await?;
    let mut tx = dal.transaction().await?;
    flights.command.run(&mut tx, &mut io::stdout()).await?;
    tx.commit().await?;
    Ok(())
}
