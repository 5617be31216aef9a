//! The suites, by name.

mod build;
mod bulk;
mod database;
mod isolation;
mod provision;
mod query;
mod reflect;
mod sandbox;

use std::fmt;

use crate::Result;
use crate::report::Report;

/// A suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suite {
    Isolation,
    Provision,
    Build,
    Query,
    Reflect,
    Bulk,
    Database,
    Sandbox,
}

const SUITES: [Suite; 8] = [
    Suite::Isolation,
    Suite::Provision,
    Suite::Build,
    Suite::Query,
    Suite::Reflect,
    Suite::Bulk,
    Suite::Database,
    Suite::Sandbox,
];

impl Suite {
    pub(crate) fn named(name: &str) -> Option<Suite> {
        SUITES.into_iter().find(|suite| suite.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Suite::Isolation => "isolation",
            Suite::Provision => "provision",
            Suite::Build => "build",
            Suite::Query => "query",
            Suite::Reflect => "reflect",
            Suite::Bulk => "bulk",
            Suite::Database => "database",
            Suite::Sandbox => "sandbox",
        }
    }

    /// Runs the suite.
    ///
    /// # Errors
    ///
    /// A contestant cannot be built, started or trusted.
    pub(crate) fn run(self, quick: bool) -> Result<Report> {
        match self {
            Suite::Isolation => isolation::run(quick),
            Suite::Provision => provision::run(quick),
            Suite::Build => build::run(quick),
            Suite::Query => query::run(quick),
            Suite::Reflect => reflect::run(quick),
            Suite::Bulk => bulk::run(quick),
            Suite::Database => database::run(quick),
            Suite::Sandbox => sandbox::run(quick),
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
