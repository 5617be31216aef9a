//! Which database is meant: the one that tests run in, unless another is named.

use aiodal_core::DatabaseUrl;
use aiodal_test::cli::{Database, Databases, OwnServer, Site};

use crate::failure::Failure;
use crate::project::Project;
use crate::sessions::{self, Known};

/// The server that tests would use. One of our own stays at least as long as this value.
#[derive(Debug)]
pub(crate) enum Server {
    Given(DatabaseUrl),
    Own(OwnServer),
}

/// A database, and its server.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) url: DatabaseUrl,
    pub(crate) server: Server,
    /// Why it is not one that tests run in, if it is not, and nobody asked for it by name.
    pub(crate) instead: Option<String>,
}

impl Server {
    /// Returns the server that is configured, or one of our own, starting it if need be.
    pub(crate) async fn find(site: &Site) -> Result<Server, Failure> {
        Ok(match site.given()? {
            Some(url) => Server::Given(url),
            None => Server::Own(site.server().await?),
        })
    }

    /// Returns its maintenance database.
    pub(crate) fn url(&self) -> DatabaseUrl {
        match self {
            Server::Given(url) => url.clone(),
            Server::Own(server) => server.url(),
        }
    }
}

/// Finds the database that tests run in, or the one that is named.
pub(crate) async fn choose(
    project: &Project,
    site: &Site,
    named: Option<&str>,
) -> Result<Chosen, Failure> {
    let server = Server::find(site).await?;
    if let Some(name) = named {
        let url = server.url().with_database(name);
        return Ok(Chosen {
            url,
            server,
            instead: None,
        });
    }
    let sessions = sessions::of_package(&project.package, site);
    // Without a session in code, the configuration says it all.
    if sessions.iter().all(|known| known.session.is_empty())
        && let Some(url) = site.test_database()?
    {
        return Ok(Chosen {
            url,
            server,
            instead: None,
        });
    }
    let found = Databases::connect(&server.url()).await?.list().await?;
    match &*test_databases(&found, &sessions) {
        [(database, _)] => Ok(Chosen {
            url: server.url().with_database(&database.name),
            server,
            instead: None,
        }),
        [] => Ok(Chosen {
            url: server.url(),
            server,
            instead: Some(NONE_YET.to_owned()),
        }),
        several => {
            let list: Vec<_> = several
                .iter()
                .map(|(database, known)| format!("  {} ({})", database.name, known.label()))
                .collect();
            Err(Failure::new(
                "the tests of this package run in more than one database",
                list.join("\n"),
            )
            .or("name the one that is meant with -d"))
        }
    }
}

/// What to do about it, too.
const NONE_YET: &str = "there is no database of this package's tests: its session is in code, which only \
    the tests run; `aiodal start` keeps the server, and after `cargo test` the database is there";

/// The databases that tests of these may run in.
fn test_databases<'a>(
    found: &'a [Database],
    sessions: &'a [Known],
) -> Vec<(&'a Database, &'a Known)> {
    let owner = |database: &Database| {
        sessions
            .iter()
            .find(|known| database.name.starts_with(&known.prefix))
    };
    found
        .iter()
        .filter(|database| database.is_ready)
        .filter_map(|database| Some((database, owner(database)?)))
        .collect()
}
