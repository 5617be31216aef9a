//! `aiodal doctor`: what tests would use and why, how fast it is, and what to change.

mod advice;
mod facts;
mod measure;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use aiodal_test::cli::{Databases, Site};
use serde::Serialize;

use self::facts::Facts;
use self::measure::{Attach, Speed};
use crate::args::{self, Place};
use crate::database::Server;
use crate::failure::Failure;
use crate::output;
use crate::project::Project;
use crate::sessions;

/// All that there is to say.
#[derive(Debug, Serialize)]
struct Report {
    package: PathBuf,
    target: PathBuf,
    config_file: Option<PathBuf>,
    /// What is configured, with its place; no password is in it.
    configuration: Vec<String>,
    /// The names of the variables that have a say.
    environment: Vec<String>,
    installations: Vec<Installation>,
    /// What is wrong, if there is no server that tests could use.
    problem: Option<String>,
    #[serde(flatten)]
    found: Option<Found>,
    advice: Vec<String>,
}

/// A PostgreSQL on this machine.
#[derive(Debug, Serialize)]
struct Installation {
    directory: PathBuf,
    source: &'static str,
    version: Option<String>,
    problem: Option<String>,
    chosen: bool,
}

/// What is there, once somebody answers.
#[derive(Debug, Serialize)]
struct Found {
    server: About,
    facts: Facts,
    databases: Vec<Database>,
    speed: Speed,
}

/// Which server it is.
#[derive(Debug, Serialize)]
struct About {
    /// `own` or `given`.
    kind: &'static str,
    url: String,
    /// Why this one.
    because: String,
    /// Of one of our own.
    directory: Option<PathBuf>,
    linger_seconds: Option<f64>,
    kept_until: Option<String>,
}

#[derive(Debug, Serialize)]
struct Database {
    name: String,
    /// `template`, `tests`, or what is written on it.
    kind: String,
    /// Whose it is, where that is known.
    of: Option<String>,
    sessions: i64,
}

pub(crate) async fn run(place: &Place, options: &args::Doctor) -> Result<ExitCode, Failure> {
    let project = Project::find(place)?;
    let site = project.site()?;
    let mut report = Report {
        config_file: project.config_file(),
        configuration: configuration(&site),
        environment: variables(),
        installations: installations(&site).await?,
        problem: None,
        found: None,
        advice: Vec::new(),
        package: project.package.clone(),
        target: project.target.clone(),
    };
    match examine(&project, &site, options).await {
        Ok((found, advice)) => {
            report.found = Some(found);
            report.advice = advice;
        }
        Err(failure) => report.problem = Some(failure.to_string()),
    }
    output::report(&report, &options.json)?;
    Ok(if report.problem.is_none() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn installations(site: &Site) -> Result<Vec<Installation>, Failure> {
    let found = site.installations().await?;
    let shown = found.into_iter().map(|found| Installation {
        directory: found.directory,
        source: found.source,
        problem: found.version.as_ref().err().cloned(),
        version: found.version.ok(),
        chosen: found.chosen,
    });
    Ok(shown.collect())
}

async fn examine(
    project: &Project,
    site: &Site,
    options: &args::Doctor,
) -> Result<(Found, Vec<String>), Failure> {
    site.refuse_production()?;
    let made = site.clusters()?;
    let begun = Instant::now();
    let server = Server::find(site).await?;
    let attach = begun.elapsed();
    let is_first = site
        .clusters()?
        .iter()
        .any(|cluster| !made.contains(cluster));
    let url = server.url();
    let connection = Databases::connect(&url).await?;
    let known = sessions::of_workspace(project, site);
    let databases = connection.list().await?.into_iter().map(|found| {
        let of = known
            .iter()
            .find(|known| found.name.starts_with(&known.prefix));
        Database {
            kind: match (&found.mark, found.is_template) {
                (_, true) => "template".to_owned(),
                _ if found.is_ready => "tests".to_owned(),
                (Some(mark), _) => mark.trim_start_matches("aiodal: ").to_owned(),
                (None, _) => "unfinished".to_owned(),
            },
            of: of.map(sessions::Known::label),
            sessions: found.sessions,
            name: found.name,
        }
    });
    let databases = databases.collect();
    drop(connection);
    let facts = facts::read(&url).await?;
    facts.check_version()?;
    let is_own = matches!(server, Server::Own(_));
    let clone = (is_own || options.clone).then_some(facts.can_copy_files() && is_own);
    let speed = measure::measure(&url, clone).await?;
    let about = about(&server, site).await?;
    let started = match &server {
        Server::Own(_) if is_first => Some((attach, Attach::First)),
        Server::Own(server) if server.is_new() => Some((attach, Attach::Started)),
        Server::Own(_) => Some((attach, Attach::Joined)),
        Server::Given(_) => None,
    };
    let advice = advice::advice(&advice::Patient {
        facts: &facts,
        speed: &speed,
        own: about.directory.as_deref(),
        password: url.config().get_password().is_some(),
        optimised: advice::is_scram_optimised(&project.root),
    });
    let speed = speed.attached(started);
    Ok((
        Found {
            server: about,
            facts,
            databases,
            speed,
        },
        advice,
    ))
}

async fn about(server: &Server, site: &Site) -> Result<About, Failure> {
    let url = server.url().to_string();
    Ok(match server {
        Server::Given(_) => About {
            kind: "given",
            url,
            because: format!(
                "{} names it",
                site.config.origin("database_url").unwrap_or("nobody")
            ),
            directory: None,
            linger_seconds: None,
            kept_until: None,
        },
        Server::Own(own) => About {
            kind: "own",
            url,
            because: "no URL is set".to_owned(),
            directory: Some(own.directory().to_owned()),
            linger_seconds: Some(site.linger().as_secs_f64()),
            kept_until: own.kept_until().await?,
        },
    })
}

/// What is configured, and where: a line each, without what is at its default.
fn configuration(site: &Site) -> Vec<String> {
    let lines = site.config.explain();
    let lines = lines.lines().filter(|line| !line.ends_with("  default"));
    lines.map(str::to_owned).collect()
}

fn variables() -> Vec<String> {
    let mut names: Vec<_> = std::env::vars_os()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("AIODAL_") || name == "DATABASE_URL" || name == "CI")
        .collect();
    names.sort();
    names
}
