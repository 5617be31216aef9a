//! The variables that fill what a connection string leaves open (PostgreSQL manual 34.15).
//!
//! Only an entry point that connects reads them. Reading a string stays a function of the string.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::keyword::{KEYWORDS, Meaning, SERVER_SETTINGS};
use super::{Given, Parameters};
use crate::error::{Error, Result};

/// What the environment says of connections.
#[derive(Default)]
pub(crate) struct Environment {
    /// Those whose names begin with `PG`. One that is empty counts as not set.
    variables: HashMap<String, String>,
    home: Option<PathBuf>,
    user: Option<String>,
}

impl Environment {
    /// Reads the environment of this process.
    pub(crate) fn of_process() -> Environment {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, value)| name.starts_with("PG") && !value.is_empty())
            .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
            .collect();
        Environment {
            variables,
            home: std::env::home_dir(),
            user: whoami::username().ok(),
        }
    }

    /// The name of the user whom the operating system runs this process for.
    pub(super) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// A file in the user's home, where libpq looks for files that nobody has named.
    pub(super) fn at_home(&self, path: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(path))
    }

    /// The host that libpq goes to without being told: the socket of a local server, in the directories where packages
    /// put it, else the local machine.
    pub(super) fn default_host(port: u16) -> String {
        DEFAULT_SOCKET_DIRECTORIES
            .into_iter()
            .find(|directory| {
                cfg!(unix)
                    && Path::new(directory)
                        .join(format!(".s.PGSQL.{port}"))
                        .exists()
            })
            .unwrap_or("localhost")
            .to_owned()
    }

    /// Fills what the string has left open.
    ///
    /// # Errors
    ///
    /// A variable that asks for something not supported; to ignore it would be to connect otherwise than asked.
    pub(super) fn complete(&self, parameters: &mut Parameters) -> Result<()> {
        let names_host = ["host", "hostaddr"]
            .iter()
            .any(|name| parameters.given.contains_key(name));
        if !names_host
            && ["PGSERVICE", "PGSERVICEFILE"]
                .iter()
                .any(|name| self.variables.contains_key(*name))
        {
            return Err(Error::url(
                "it names no host, and PGSERVICE, which is set, is not supported".to_owned(),
            ));
        }
        for keyword in KEYWORDS {
            let Some((variable, value)) = keyword
                .variable
                .and_then(|variable| Some((variable, self.variables.get(variable)?)))
            else {
                continue;
            };
            // A place is one thing: half of it from here and half from there would be a third place.
            let said = parameters.given.contains_key(keyword.name)
                || (names_host && ["host", "hostaddr"].contains(&keyword.name));
            if said {
                continue;
            }
            if keyword.meaning == Meaning::Refused {
                let problem = format!("{variable} is set, and `{}` is not supported", keyword.name);
                return Err(Error::url(problem));
            }
            let given = Given {
                value: value.clone(),
                variable: Some(variable),
            };
            parameters.given.insert(keyword.name, given);
        }
        for (variable, setting) in SERVER_SETTINGS {
            if let Some(value) = self.variables.get(variable) {
                parameters.server_settings.push((setting, value.clone()));
            }
        }
        Ok(())
    }
}

/// Where packages have servers put their sockets: Debian and Red Hat, and PostgreSQL's own default.
pub(super) const DEFAULT_SOCKET_DIRECTORIES: [&str; 2] = ["/var/run/postgresql", "/tmp"];

#[cfg(test)]
impl Environment {
    /// An environment made up for a test.
    pub(crate) fn of(variables: &[(&str, &str)]) -> Environment {
        Environment {
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            home: Some("/nonexistent".into()),
            user: Some("me".to_owned()),
        }
    }
}
