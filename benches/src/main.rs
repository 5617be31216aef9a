//! What the project claims of its speed, measured beside its peers.
//!
//! ```text
//! cargo run --release --manifest-path benches/Cargo.toml -- isolation --quick --json isolation.json
//! ```

mod arguments;
mod interrupt;
mod one_core;
mod postgres;
mod process;
mod python;
mod report;
mod scratch;
mod server;
mod stats;
mod suites;

use std::error::Error;
use std::process::ExitCode;

use crate::arguments::{Arguments, USAGE};

/// An error that is only ever printed.
type BoxError = Box<dyn Error + Send + Sync>;
type Result<T, E = BoxError> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("suite `{}` failed: {error}", arguments.suite);
            // tokio-postgres says only "db error" itself.
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    interrupt::listen()?;
    let report = arguments.suite.run(arguments.quick)?;
    print!("{report}");
    match &arguments.json {
        Some(path) => report.write_json(path),
        None => Ok(()),
    }
}
