//! Where a database is; the only place that reads a URL, and one that never prints its password.

use std::fmt;
use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::error::{Error, Result};

/// Where a database is, and as whom to connect.
///
/// Parsed from a URI (`postgres://user:password@host:port/database?option=value`) or from key-value form
/// (`host=localhost user=me`), PostgreSQL manual 34.1.1. `Display` and `Debug` leave the password out.
///
/// ```
/// let url: aiodal_core::DatabaseUrl = "postgres://me:secret@localhost:5433/library".parse()?;
/// assert_eq!(url.database(), "library");
/// assert_eq!(url.to_string(), "postgres://me@localhost:5433/library");
/// # Ok::<(), aiodal_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Config);

/// Keywords of libpq that tokio-postgres doesn't know: worth naming, where an arbitrary word of a broken
/// string might be half a password.
const UNSUPPORTED: [&str; 8] = [
    "sslcert",
    "sslkey",
    "sslrootcert",
    "sslcrl",
    "passfile",
    "service",
    "gssencmode",
    "client_encoding",
];

impl DatabaseUrl {
    /// Returns the driver's form of it.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0
    }

    /// Returns the name of the database: the one given, else the user's name, as libpq does it.
    #[must_use]
    pub fn database(&self) -> &str {
        self.0
            .get_dbname()
            .or_else(|| self.0.get_user())
            .unwrap_or("postgres")
    }

    /// Returns the same place with another database.
    #[must_use]
    pub fn with_database(&self, name: &str) -> DatabaseUrl {
        let mut config = self.0.clone();
        config.dbname(name);
        DatabaseUrl(config)
    }

    /// Returns the same place with `name` as the `application_name` that `pg_stat_activity` shows.
    #[must_use]
    pub fn with_application_name(&self, name: &str) -> DatabaseUrl {
        let mut config = self.0.clone();
        config.application_name(name);
        DatabaseUrl(config)
    }
}

impl From<Config> for DatabaseUrl {
    fn from(config: Config) -> DatabaseUrl {
        DatabaseUrl(config)
    }
}

impl FromStr for DatabaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<DatabaseUrl> {
        let config: Config = text.parse().map_err(|error| Error::url(reason(&error)))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(Error::url(
                "it names no host; write `postgres://user@host:port/database`, \
                 or `host=/directory/of/the/socket user=me dbname=mine`"
                    .to_owned(),
            ));
        }
        if config.get_ssl_mode() == SslMode::Require {
            return Err(Error::url(
                "`sslmode=require` needs TLS, which this version cannot speak".to_owned(),
            ));
        }
        Ok(DatabaseUrl(config))
    }
}

/// Says what is wrong without quoting the string: its words may be pieces of a password.
fn reason(error: &tokio_postgres::Error) -> String {
    let text =
        std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    if text.starts_with("invalid value for option") {
        return text;
    }
    match UNSUPPORTED
        .iter()
        .find(|option| text.contains(&format!("`{option}`")))
    {
        Some(option) => format!("option `{option}` is not supported"),
        None if text.starts_with("unknown option") => {
            "it has an option that does not exist".to_owned()
        }
        None => {
            "it is neither `postgres://user:password@host:port/database` nor `key=value` pairs; \
                 percent-encode special characters of a password in a URI"
                .to_owned()
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = &self.0;
        let ports = config.get_ports();
        let mut socket = None;
        write!(f, "postgres://")?;
        if let Some(user) = config.get_user() {
            write!(f, "{user}@")?;
        }
        for (index, host) in config.get_hosts().iter().enumerate() {
            let port = ports
                .get(index)
                .or_else(|| ports.first())
                .copied()
                .unwrap_or(5432);
            match host {
                Host::Tcp(name) => {
                    let comma = if index > 0 { "," } else { "" };
                    write!(f, "{comma}{name}:{port}")?;
                }
                #[cfg(unix)]
                Host::Unix(path) => socket = Some((path, port)),
            }
        }
        write!(f, "/{}", self.database())?;
        match socket {
            Some((path, port)) => write!(f, "?host={}&port={port}", path.display()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Result<DatabaseUrl> {
        text.parse()
    }

    #[test]
    fn password_is_never_printed() {
        for text in [
            "postgres://me:hunter2@h/d",
            "host=h user=me password=hunter2 dbname=d",
        ] {
            let url = url(text).unwrap();
            assert_eq!(url.to_string(), "postgres://me@h:5432/d");
            assert!(!format!("{url:?}").contains("hunter2"));
        }
    }

    #[test]
    fn broken_url_is_refused_without_quoting_it() {
        for text in [
            "postgres://me:hunter2@h:port/d",
            "hunter2",
            "host=h pass hunter2",
            "postgres://me:hunter2@h/d?x=y",
        ] {
            let message = url(text).unwrap_err().to_string();
            assert!(!message.contains("hunter2"), "{message}");
            assert!(message.contains("is not valid"), "{message}");
        }
    }

    #[test]
    fn socket_directory_is_shown_as_libpq_writes_it() {
        let url = url("host=/tmp/s port=5433 user=me dbname=d").unwrap();
        assert_eq!(url.to_string(), "postgres://me@/d?host=/tmp/s&port=5433");
    }

    #[test]
    fn what_cannot_work_is_refused_early() {
        assert!(
            url("user=me")
                .unwrap_err()
                .to_string()
                .contains("names no host")
        );
        assert!(
            url("postgres://h/d?sslmode=require")
                .unwrap_err()
                .to_string()
                .contains("TLS")
        );
        assert!(
            url("host=h sslrootcert=/x")
                .unwrap_err()
                .to_string()
                .contains("`sslrootcert` is not supported")
        );
    }
}
