//! `aiodal postgres`: servers for machines that have none, and a list of those there are.

mod install;
mod npm;
mod pip;
mod program;
mod release;
mod unpacked;

use std::fmt;
use std::fs;
use std::path::PathBuf;

use aiodal_test::cli::{Installation, Site};
use serde::Serialize;

use crate::args::{self, Place, Postgres};
use crate::failure::Failure;
use crate::output;
use crate::project::Project;

#[derive(Serialize)]
struct List {
    installed: Vec<Installed>,
    /// What could be fetched, the newest first; only if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Installed {
    version: Option<String>,
    directory: PathBuf,
    source: &'static str,
    problem: Option<String>,
    /// Whether a server is started from it.
    chosen: bool,
}

pub(crate) async fn run(place: &Place, command: Postgres) -> Result<(), Failure> {
    let site = Project::find_or_bare(place)?.site()?;
    match command {
        Postgres::Install(options) => install::run(&site, &options).await,
        Postgres::List(options) => list(&site, &options).await,
        Postgres::Remove(options) => remove(&site, &options),
    }
}

async fn list(site: &Site, options: &args::List) -> Result<(), Failure> {
    let installed = site.installations().await?;
    let available = if options.available {
        let releases = npm::releases()?;
        Some(releases.iter().map(ToString::to_string).collect())
    } else {
        None
    };
    let report = List {
        installed: installed.into_iter().map(Installed::from).collect(),
        available,
    };
    output::report(&report, &options.json)
}

fn remove(site: &Site, options: &args::Remove) -> Result<(), Failure> {
    let (_, fetched) = site.caches()?;
    let version = &options.version;
    let directory = fetched.join(version);
    // A name, not a path to anywhere.
    let is_name = !version.starts_with('.') && !version.contains('/');
    if !is_name || !directory.join("bin").is_dir() {
        return Err(Failure::new(
            format!("no PostgreSQL {version} was fetched by aiodal"),
            format_args!(
                "`aiodal postgres list` shows those in {}",
                fetched.display()
            ),
        ));
    }
    fs::remove_dir_all(&directory).map_err(|error| {
        Failure::caused(format!("failed to remove {}", directory.display()), &error)
    })?;
    output::text(&format_args!("removed {}", directory.display()))
}

impl From<Installation> for Installed {
    fn from(found: Installation) -> Installed {
        Installed {
            problem: found.version.as_ref().err().cloned(),
            version: found.version.ok(),
            directory: found.directory,
            source: found.source,
            chosen: found.chosen,
        }
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for installed in &self.installed {
            let mark = if installed.chosen { '*' } else { ' ' };
            let version = installed.version.as_deref().unwrap_or("?");
            let (directory, source) = (installed.directory.display(), installed.source);
            write!(f, "{mark} {version:<8} {directory} ({source})")?;
            match &installed.problem {
                Some(problem) => writeln!(f, ": {problem}")?,
                None => writeln!(f)?,
            }
        }
        if self.installed.is_empty() {
            writeln!(
                f,
                "no PostgreSQL on this machine; `aiodal postgres install 17` fetches one"
            )?;
        }
        let Some(available) = &self.available else {
            return Ok(());
        };
        writeln!(f, "`aiodal postgres install` can fetch")?;
        let major = |release: &String| release.split('.').next().map(str::to_owned);
        for releases in available.chunk_by(|one, other| major(one) == major(other)) {
            writeln!(f, "  {}", releases.join(" "))?;
        }
        Ok(())
    }
}
