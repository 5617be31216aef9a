//! What the command line takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// What the tests of a project run on: look at it, connect to it, clean it up.
#[derive(Debug, Parser)]
#[command(name = "aiodal", version)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which project is meant.
#[derive(Args, Debug)]
pub(crate) struct Place {
    /// The directory of the package [default: the current one]
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// The target directory that its tests are built into [default: what Cargo says]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) target_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say which server and database tests would use and why, how fast it is, and what to change
    Doctor(Doctor),
    /// Print the URL of the database that tests run in, starting the server if need be
    Url(Url),
    /// Run psql on the database that tests run in
    Psql(Psql),
    /// Start the server of our own and keep it for a while
    Start(Start),
    /// End the server of our own
    Stop(Stop),
    /// Drop the databases that nobody uses, and what killed servers left
    Clean(Clean),
    /// Print the schema of the database that tests run in
    Schema(Schema),
    /// Fetch PostgreSQL servers for this machine, and list those there are
    #[command(subcommand)]
    Postgres(Postgres),
}

#[derive(Args, Debug)]
pub(crate) struct Json {
    /// Print JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// Measure CREATE DATABASE on a given server, too; on one of our own it always is
    #[arg(long)]
    pub(crate) clone: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Args, Debug)]
pub(crate) struct Url {
    /// Another database on the same server
    #[arg(short, long, value_name = "NAME")]
    pub(crate) database: Option<String>,
    /// Keep a server of our own for this long, such as 30m
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) time: Option<Duration>,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Args, Debug)]
pub(crate) struct Psql {
    /// What psql is given, such as -c 'select 1', or -d NAME for another database
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) arguments: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Start {
    /// For how long, such as 30m; then it ends as ever, some time after its last session
    #[arg(long = "for", value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub(crate) time: Duration,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Args, Debug)]
pub(crate) struct Stop {
    /// End it even if somebody uses it
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Args, Debug)]
pub(crate) struct Clean {
    /// On a given server, drop the databases of other projects, too
    #[arg(long)]
    pub(crate) all: bool,
    /// Also forget the data directories that make starts fast; the next start makes them again
    #[arg(long)]
    pub(crate) cache: bool,
    /// Only say what would be done
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Args, Debug)]
pub(crate) struct Schema {
    /// Another database on the same server
    #[arg(short, long, value_name = "NAME")]
    pub(crate) database: Option<String>,
    /// The schemas to print [default: those of the search path]
    #[arg(short, long = "schema", value_name = "SCHEMA")]
    pub(crate) schemas: Vec<String>,
    /// Print JSON, for programs
    #[arg(long, group = "format")]
    pub(crate) json: bool,
    /// Print an entity relationship diagram of Mermaid
    #[arg(long, group = "format")]
    pub(crate) mermaid: bool,
    /// Print a diagram of Graphviz
    #[arg(long, group = "format")]
    pub(crate) dot: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Postgres {
    /// Fetch a server, to where tests find it from then on
    Install(Install),
    /// List the servers there are on this machine
    List(List),
    /// Remove a server that was fetched
    Remove(Remove),
}

#[derive(Args, Debug)]
pub(crate) struct Install {
    /// A major version such as 17, or a release of it such as 17.5
    #[arg(value_name = "VERSION")]
    pub(crate) version: String,
    /// The package manager to fetch it with [default: npm if it is there, else pip]
    #[arg(long)]
    pub(crate) with: Option<Source>,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Also ask which ones could be fetched
    #[arg(long)]
    pub(crate) available: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Args, Debug)]
pub(crate) struct Remove {
    /// The version, as `aiodal postgres list` shows it
    #[arg(value_name = "VERSION")]
    pub(crate) version: String,
}

/// A package manager that brings servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Source {
    Npm,
    Pip,
}

fn duration(text: &str) -> Result<Duration, String> {
    aiodal_test::cli::duration(text)
        .ok_or_else(|| "expected a duration such as 90s, 30m or 2h".to_owned())
}
