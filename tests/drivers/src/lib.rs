//! What the exercises of the drivers share: programs that run them, and a look from outside.

mod install;
mod program;

use std::error::Error;

pub use self::install::{NodeModules, VirtualEnvironment};
pub use self::program::{run, runs};

/// What an exercise returns: drivers have an error type each.
pub type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;
