//! `aiodal start` and `aiodal stop`: the server of our own, kept longer than tests would, and ended sooner.

use std::fmt;
use std::path::PathBuf;

use aiodal_core::DatabaseUrl;
use aiodal_test::cli::{OwnServer, Site};
use serde::Serialize;

use crate::args::{self, Place};
use crate::failure::Failure;
use crate::output;
use crate::project::Project;

#[derive(Serialize)]
struct Started {
    url: String,
    version: String,
    directory: PathBuf,
    /// Whether it has been started now.
    new: bool,
    kept_until: Option<String>,
}

#[derive(Serialize)]
struct Stopped {
    /// Whether there was one.
    stopped: bool,
    directory: Option<PathBuf>,
}

pub(crate) async fn start(place: &Place, options: &args::Start) -> Result<(), Failure> {
    let site = site(place, "nothing is to be started")?;
    let server = site.server().await?;
    server.keep(options.time).await?;
    let report = Started {
        url: server.url().to_string(),
        version: server.version().to_owned(),
        directory: server.directory().to_owned(),
        new: server.is_new(),
        kept_until: server.kept_until().await?,
    };
    output::report(&report, &options.json)
}

pub(crate) async fn stop(place: &Place, options: &args::Stop) -> Result<(), Failure> {
    let site = site(place, "it is not ours to end")?;
    let Some(server) = site.running().await? else {
        let none = Stopped {
            stopped: false,
            directory: None,
        };
        return output::report(&none, &options.json);
    };
    if !options.force {
        refuse_if_used(&server).await?;
    }
    let directory = server.directory().to_owned();
    server.end().await?;
    let report = Stopped {
        stopped: true,
        directory: Some(directory),
    };
    output::report(&report, &options.json)
}

async fn refuse_if_used(server: &OwnServer) -> Result<(), Failure> {
    let guests = server.guests().await?;
    if guests.is_empty() {
        return Ok(());
    }
    let list: Vec<_> = guests
        .iter()
        .map(|guest| {
            let name = match &*guest.application_name {
                "" => "somebody",
                name => name,
            };
            format!(
                "  {name} in {}, process {} of the server",
                guest.database, guest.pid
            )
        })
        .collect();
    let next = "it ends by itself when they have left; --force ends it under them";
    Err(Failure::new("the server is in use by", list.join("\n")).or(next))
}

/// Reads the configuration; a given server is none of ours.
fn site(place: &Place, but: &str) -> Result<Site, Failure> {
    let site = Project::find(place)?.site()?;
    match site.given()? {
        Some(url) => Err(given(&url, but)),
        None => Ok(site),
    }
}

fn given(url: &DatabaseUrl, but: &str) -> Failure {
    Failure::new(
        format!("tests use the server at {url}: {but}"),
        "leave AIODAL_DATABASE_URL, `database_url` in aiodal.toml and DATABASE_URL out for a server of our own",
    )
}

impl fmt::Display for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.new { "started" } else { "found" };
        let Started {
            url,
            version,
            directory,
            ..
        } = self;
        writeln!(f, "{verb} PostgreSQL {version} in {}", directory.display())?;
        writeln!(f, "url   {url}")?;
        if let Some(until) = &self.kept_until {
            writeln!(f, "kept  until {until}, or `aiodal stop`")?;
        }
        Ok(())
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.directory {
            Some(directory) => write!(f, "ended the server in {}", directory.display()),
            None => f.write_str("no server of this project was running"),
        }
    }
}
