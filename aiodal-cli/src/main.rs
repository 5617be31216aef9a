//! The command `aiodal`: what the tests of a project run on, and why.
//!
//! Each subcommand is a module with one function `run`. What it found is data, printed by [`output`] for people or
//! as JSON. It ends with 0; with 1 when what was asked for could not be done, or is not well; with 2 when it was asked
//! wrongly.

mod args;
mod clean;
mod database;
mod doctor;
mod failure;
mod output;
mod postgres;
mod project;
mod psql;
mod schema;
mod serve;
mod sessions;
mod url;

use std::process::ExitCode;

use clap::Parser as _;

use self::args::{Arguments, Command};
use self::failure::Failure;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => Err(Failure::caused("failed to start a runtime", &error)),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let Arguments { place, command } = arguments;
    match command {
        Command::Doctor(options) => return doctor::run(&place, &options).await,
        Command::Url(options) => url::run(&place, &options).await?,
        Command::Psql(options) => return psql::run(&place, &options).await,
        Command::Start(options) => serve::start(&place, &options).await?,
        Command::Stop(options) => serve::stop(&place, &options).await?,
        Command::Clean(options) => clean::run(&place, &options).await?,
        Command::Schema(options) => schema::run(&place, &options).await?,
        Command::Postgres(command) => postgres::run(&place, command).await?,
    }
    Ok(ExitCode::SUCCESS)
}
