//! `aiodal clean`.
//!
//! What a connection or a living process holds is left alone. On a server of our own the rest is this project's, and
//! goes. On a given one others may have theirs: then only what this workspace's packages have made goes.

use std::fmt;
use std::path::PathBuf;

use aiodal_core::DatabaseUrl;
use aiodal_test::cli::{Database, Databases, OwnServer, Site};
use serde::Serialize;

use crate::args::{self, Place};
use crate::failure::Failure;
use crate::output;
use crate::project::Project;
use crate::sessions::{self, Known};

#[derive(Default, Serialize)]
struct Report {
    dry_run: bool,
    /// Where databases were looked for; none if no server runs.
    server: Option<String>,
    dropped: Vec<String>,
    in_use: Vec<String>,
    /// What others made, on a server that is shared.
    of_others: Vec<String>,
    failed: Vec<Failed>,
    /// Cached data directories that were removed.
    forgotten: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Failed {
    database: String,
    problem: String,
}

pub(crate) async fn run(place: &Place, options: &args::Clean) -> Result<(), Failure> {
    let project = Project::find(place)?;
    let site = project.site()?;
    let mut report = Report {
        dry_run: options.dry_run,
        ..Report::default()
    };
    // Held until the databases are dropped.
    let own = running(&site).await?;
    let given = site.given()?;
    let server: Option<DatabaseUrl> = given.clone().or(own.as_ref().map(OwnServer::url));
    if let Some(url) = server {
        site.refuse_production()?;
        let mine = sessions::of_workspace(&project, &site);
        let all = given.is_none() || options.all;
        databases(&url, |database| all || is_of(&mine, database), &mut report).await?;
    }
    drop(own);
    if options.dry_run {
        if options.cache {
            report.forgotten = site.clusters()?;
        }
    } else {
        site.tidy().await?;
        if options.cache {
            report.forgotten = site.forget_clusters().await?;
        }
    }
    output::report(&report, &options.json)?;
    match report.failed.len() {
        0 => Ok(()),
        _ => Err(Failure::new(
            "not all databases could be dropped",
            "the server's reasons are above",
        )),
    }
}

async fn running(site: &Site) -> Result<Option<OwnServer>, Failure> {
    Ok(match site.given()? {
        Some(_) => None,
        None => site.running().await?,
    })
}

fn is_of(mine: &[Known], database: &Database) -> bool {
    mine.iter()
        .any(|known| database.name.starts_with(&known.prefix))
}

async fn databases(
    url: &DatabaseUrl,
    is_ours: impl Fn(&Database) -> bool,
    report: &mut Report,
) -> Result<(), Failure> {
    report.server = Some(url.to_string());
    let connection = Databases::connect(url).await?;
    let (ours, others): (Vec<_>, Vec<_>) = connection.list().await?.into_iter().partition(is_ours);
    report.of_others = others.into_iter().map(|database| database.name).collect();
    let (unused, used): (Vec<_>, Vec<_>) = ours.into_iter().partition(|found| !found.is_used);
    report.in_use = used.into_iter().map(|database| database.name).collect();
    let unused: Vec<String> = unused.into_iter().map(|database| database.name).collect();
    if report.dry_run {
        report.dropped = unused;
        return Ok(());
    }
    for (database, result) in connection.drop_unused(&unused).await? {
        match result {
            Ok(()) => report.dropped.push(database),
            Err(error) => report.failed.push(Failed {
                database,
                problem: error.to_string(),
            }),
        }
    }
    Ok(())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (drop, forget) = if self.dry_run {
            ("would drop", "would remove")
        } else {
            ("dropped", "removed")
        };
        match &self.server {
            Some(server) => writeln!(f, "server  {server}")?,
            None => writeln!(f, "no server of this project is running")?,
        }
        for name in &self.dropped {
            writeln!(f, "{drop}  {name}")?;
        }
        for name in &self.in_use {
            writeln!(f, "in use, left  {name}")?;
        }
        for name in &self.of_others {
            writeln!(f, "of another project, left (--all)  {name}")?;
        }
        for Failed { database, problem } in &self.failed {
            writeln!(f, "not dropped  {database}: {problem}")?;
        }
        for directory in &self.forgotten {
            writeln!(f, "{forget}  {}", directory.display())?;
        }
        if self.dropped.is_empty() && self.failed.is_empty() && self.forgotten.is_empty() {
            f.write_str("nothing to clean up")?;
        }
        Ok(())
    }
}
