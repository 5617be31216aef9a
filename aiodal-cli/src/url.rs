//! `aiodal url`.

use std::fmt;

use serde::Serialize;

use crate::args::{self, Place};
use crate::database::{self, Server};
use crate::failure::Failure;
use crate::output;
use crate::project::Project;

#[derive(Serialize)]
struct Report {
    url: String,
    database: String,
    /// `own` or `given`.
    server: &'static str,
    /// Whether tests run in it.
    of_tests: bool,
    kept_until: Option<String>,
}

pub(crate) async fn run(place: &Place, options: &args::Url) -> Result<(), Failure> {
    let project = Project::find(place)?;
    let site = project.site()?;
    let chosen = database::choose(&project, &site, options.database.as_deref()).await?;
    if let Some(why) = &chosen.instead {
        output::note(why);
    }
    let kept_until = match &chosen.server {
        Server::Own(server) => {
            if let Some(time) = options.time {
                server.keep(time).await?;
            }
            let kept = server.kept_until().await?;
            if kept.is_none() {
                let linger = site.linger();
                output::note(format_args!(
                    "the server ends {linger:?} after its last session; --for 1h keeps it"
                ));
            }
            kept
        }
        Server::Given(url) => {
            if url.config().get_password().is_some() {
                output::note("the password is left out; psql, run by `aiodal psql`, is given it");
            }
            None
        }
    };
    let report = Report {
        url: chosen.url.to_string(),
        database: chosen.url.database().to_owned(),
        server: match chosen.server {
            Server::Own(_) => "own",
            Server::Given(_) => "given",
        },
        of_tests: chosen.instead.is_none() && options.database.is_none(),
        kept_until,
    };
    output::report(&report, &options.json)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}
