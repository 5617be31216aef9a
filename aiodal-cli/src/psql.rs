//! `aiodal psql`.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use aiodal_test::cli::Site;

use crate::args::{self, Place};
use crate::database::{self, Server};
use crate::failure::Failure;
use crate::output;
use crate::project::Project;

pub(crate) async fn run(place: &Place, options: &args::Psql) -> Result<ExitCode, Failure> {
    let project = Project::find(place)?;
    let site = project.site()?;
    // psql's own option goes before ours, which need not be found then.
    let names_one =
        |argument: &String| argument.starts_with("-d") || argument.starts_with("--dbname");
    let url = if options.arguments.iter().any(names_one) {
        Server::find(&site).await?.url()
    } else {
        let chosen = database::choose(&project, &site, None).await?;
        if let Some(why) = &chosen.instead {
            output::note(why);
        }
        chosen.url
    };
    let program = find(&site).await?;
    let mut command = Command::new(&program);
    command.args(&options.arguments);
    // There no process list shows the password.
    command.env_remove("PGSERVICEFILE");
    for (name, value) in url.environment() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    // In our place, so that Ctrl-C is psql's alone. The server's linger covers the moment until psql has connected.
    let error = command.exec();
    Err(Failure::caused(
        format!("failed to run {}", program.display()),
        &error,
    ))
}

/// The one on the PATH is the user's own choice; else one that came with a server.
async fn find(site: &Site) -> Result<PathBuf, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|directory| directory.join("psql"));
    if let Some(program) = on_path.into_iter().find(|program| program.is_file()) {
        return Ok(program);
    }
    let mut installed = site.installations().await?;
    installed.sort_by_key(|installation| !installation.chosen);
    let programs = installed
        .into_iter()
        .map(|installation| installation.directory.join("psql"));
    programs
        .into_iter()
        .find(|program| program.is_file())
        .ok_or_else(|| {
            let missing = io::Error::from(io::ErrorKind::NotFound);
            Failure::caused(
                "found no psql, neither on the PATH nor with a server",
                &missing,
            )
            .or("install the client programs of PostgreSQL, or give `aiodal url` to another client")
        })
}

#[cfg(test)]
mod tests {
    use aiodal_core::DatabaseUrl;

    #[test]
    fn url_reaches_psql_by_its_environment() {
        let url: DatabaseUrl = "postgres://me:secret@a:5433,b:5434/library"
            .parse()
            .unwrap();
        let environment = url.environment();
        let value = |name| {
            environment
                .iter()
                .find(|(known, _)| *known == name)
                .unwrap()
                .1
                .clone()
        };
        assert_eq!(value("PGHOST").as_deref(), Some("a,b"));
        assert_eq!(value("PGPORT").as_deref(), Some("5433,5434"));
        assert_eq!(value("PGPASSWORD").as_deref(), Some("secret"));
        assert_eq!(value("PGDATABASE").as_deref(), Some("library"));
        assert_eq!(value("PGSERVICE"), None);
    }
}
