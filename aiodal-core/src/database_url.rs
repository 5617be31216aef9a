//! Where a database is; the only place that reads a URL, and one that never prints its password.

mod connection_string;
mod environment;

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::config::{Environment, Parameters, Settings};
use crate::error::{Error, Result};

/// Where a database is, and as whom to connect.
///
/// Read from either form that libpq takes: a URI, `postgres://user:password@host:port/database?option=value`, or
/// pairs, `host=localhost user=me` (PostgreSQL manual 34.1.1). The options are those of manual 34.1.2; one that is
/// not supported is an error that says so. `Display` and `Debug` leave the password out, and no error repeats a word of
/// a string that can't be read.
///
/// [`parse`](str::parse) goes by the string alone. [`resolve`](DatabaseUrl::resolve), which is what connecting by string
/// does, also goes by the environment.
///
/// ```
/// let url: aiodal_core::DatabaseUrl = "postgres://me:secret@localhost:5433/library".parse()?;
/// assert_eq!(url.database(), "library");
/// assert_eq!(url.to_string(), "postgres://me@localhost:5433/library");
/// # Ok::<(), aiodal_core::Error>(())
/// ```
///
/// Where it is not libpq: `connect_timeout=0` means the default of 10 seconds instead of no limit, and PGHOSTADDR is read only where
/// neither a host nor an address was given.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Settings);

impl DatabaseUrl {
    /// Completes a connection string the way libpq does.
    ///
    /// What the string leaves open is filled from the `PG*` variables (PostgreSQL manual 34.15) and then from libpq's
    /// defaults: the local server, the user of the operating system, the password file `~/.pgpass`, and
    /// certificates in `~/.postgresql`. An empty string leaves all of it open.
    ///
    /// # Errors
    ///
    /// A string or a variable that can't be read, or that asks for something not supported.
    pub fn resolve(text: &str) -> Result<DatabaseUrl> {
        DatabaseUrl::resolve_in(text, &Environment::of_process())
    }

    fn resolve_in(text: &str, environment: &Environment) -> Result<DatabaseUrl> {
        let parameters = Parameters::parse(text)?;
        Settings::completed(parameters, environment).map(DatabaseUrl)
    }

    /// Returns the driver's form of it.
    ///
    /// It lacks what the driver has no word for: certificates and how to verify them, and the password file.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Returns the name of the database: the one given, else the user's name, as libpq does it.
    #[must_use]
    pub fn database(&self) -> &str {
        let config = &self.0.config;
        config
            .get_dbname()
            .or_else(|| config.get_user())
            .unwrap_or("postgres")
    }

    /// Returns the same place with another database.
    #[must_use]
    pub fn with_database(&self, name: &str) -> DatabaseUrl {
        let mut url = self.clone();
        url.0.config.dbname(name);
        url
    }

    /// Returns the same place with `name` as the `application_name` that `pg_stat_activity` shows.
    #[must_use]
    pub fn with_application_name(&self, name: &str) -> DatabaseUrl {
        let mut url = self.clone();
        url.0.config.application_name(name);
        url
    }

    /// Returns the same place with other `options` for the server to start each session with.
    #[must_use]
    pub fn with_options(&self, options: &str) -> DatabaseUrl {
        let mut url = self.clone();
        url.0.config.options(options);
        url
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0
    }

    pub(crate) fn settings_mut(&mut self) -> &mut Settings {
        &mut self.0
    }
}

impl From<Config> for DatabaseUrl {
    fn from(config: Config) -> DatabaseUrl {
        DatabaseUrl(config.into())
    }
}

impl FromStr for DatabaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<DatabaseUrl> {
        Settings::of_string(&Parameters::parse(text)?).map(DatabaseUrl)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut socket = None;
        write!(f, "postgres://")?;
        if let Some(user) = self.0.config.get_user() {
            write!(f, "{user}@")?;
        }
        for (index, target) in self.0.targets().into_iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let port = target.port;
            match (target.host, target.address) {
                (Some(Host::Tcp(name)), _) if name.contains(':') => {
                    write!(f, "{comma}[{name}]:{port}")?;
                }
                (Some(Host::Tcp(name)), _) => write!(f, "{comma}{name}:{port}")?,
                #[cfg(unix)]
                (Some(Host::Unix(path)), _) => socket = Some((path, port)),
                (None, Some(address)) => {
                    write!(f, "{comma}{}", SocketAddr::new(address, port))?;
                }
                (None, None) => {}
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
    use std::time::Duration;

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
        for (text, told) in [
            ("user=me", "names no host"),
            ("", "names no host"),
            ("host=h sslcrl=/x", "`sslcrl` is not supported"),
            ("host=h ssl_mode=x", "did you mean `sslmode`?"),
            ("host=h sslmode=hunter2", "is none of `disable`"),
            ("host=h port=hunter2", "`port` is not a number"),
            ("host=h port=0", "`port` is not a number"),
            ("host=h hostaddr=hunter2", "is not an IP address"),
            ("host=h,i hostaddr=127.0.0.1", "names 1 addresses"),
            ("host=h,i,j port=1,2", "names 2 ports for 3 hosts"),
            ("host=h connect_timeout=hunter2", "is not a whole number"),
            (
                "host=h client_encoding=latin1",
                "is supported with the value",
            ),
            (
                "host=h sslnegotiation=direct",
                "`sslmode=require` or stronger",
            ),
            (
                "host=h sslmode=require sslrootcert=system",
                "weaker than `verify-full`",
            ),
            ("host=h user='a\0b'", "NUL"),
        ] {
            let message = url(text).unwrap_err().to_string();
            assert!(message.contains(told), "{text}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[cfg(not(feature = "rustls"))]
    #[test]
    fn tls_that_is_not_compiled_in_is_told_with_the_feature() {
        for mode in ["require", "verify-ca", "verify-full"] {
            let error = url(&format!("host=h sslmode={mode}")).unwrap_err();
            assert!(error.to_string().contains("feature `rustls`"), "{error}");
        }
        url("host=h sslmode=prefer").unwrap();
    }

    fn resolve(text: &str, variables: &[(&str, &str)]) -> Result<DatabaseUrl> {
        DatabaseUrl::resolve_in(text, &Environment::of(variables))
    }

    #[test]
    fn environment_fills_what_the_string_leaves_open() {
        let variables = [
            ("PGHOST", "db.example"),
            ("PGPORT", "5433"),
            ("PGUSER", "you"),
            ("PGPASSWORD", "hunter2"),
            ("PGDATABASE", "library"),
            ("PGAPPNAME", "loans"),
            ("PGCONNECT_TIMEOUT", "7"),
            ("PGTZ", "Europe/Bern or so"),
        ];
        let all = resolve("", &variables).unwrap();
        assert_eq!(all.to_string(), "postgres://you@db.example:5433/library");
        assert_eq!(all.config().get_password(), Some(b"hunter2".as_slice()));
        assert_eq!(all.config().get_application_name(), Some("loans"));
        assert_eq!(
            all.config().get_connect_timeout(),
            Some(&Duration::from_secs(7))
        );
        assert_eq!(
            all.config().get_options(),
            Some("-c timezone=Europe/Bern\\ or\\ so")
        );
        let some = resolve("postgres://him:his@elsewhere/shop", &variables).unwrap();
        assert_eq!(some.to_string(), "postgres://him@elsewhere:5433/shop");
        assert_eq!(some.config().get_password(), Some(b"his".as_slice()));
        // Said to be none.
        let none = resolve("host=h password=''", &variables).unwrap();
        assert_eq!(none.config().get_password(), None);
    }

    #[test]
    fn nothing_at_all_is_the_local_server_and_the_users_own_database() {
        let url = resolve("", &[]).unwrap();
        assert_eq!(url.database(), "me");
        assert_eq!(url.config().get_user(), Some("me"));
        assert_eq!(url.config().get_hosts().len(), 1);
    }

    #[test]
    fn parsing_goes_by_the_string_alone() {
        let url = url("postgres://h/d").unwrap();
        assert_eq!(url.config().get_user(), None);
        assert!(url.settings().password_file.is_none());
    }

    #[test]
    fn variable_with_a_bad_value_is_named() {
        let told = |variable| {
            let error = resolve("host=h", &[variable]).unwrap_err();
            error.to_string()
        };
        assert!(told(("PGSSLMODE", "on")).contains("`sslmode` (from PGSSLMODE) is none of"));
        assert!(told(("PGREQUIREAUTH", "none")).contains("PGREQUIREAUTH is set"));
        let error = resolve("", &[("PGSERVICE", "x")]).unwrap_err();
        assert!(error.to_string().contains("PGSERVICE"), "{error}");
        resolve("host=h", &[("PGSERVICE", "x")]).unwrap();
    }

    #[test]
    fn address_of_the_environment_does_not_mix_with_a_host_of_the_string() {
        let variables = [("PGHOST", "a"), ("PGHOSTADDR", "192.0.2.1")];
        let url = resolve("host=h", &variables).unwrap();
        assert!(url.config().get_hostaddrs().is_empty());
        let url = resolve("", &variables).unwrap();
        assert_eq!(url.config().get_hostaddrs().len(), 1);
    }

    #[test]
    fn several_hosts_share_a_port_or_have_one_each() {
        assert_eq!(
            url("postgres://me@a,b:5433,[::1]/d").unwrap().to_string(),
            "postgres://me@a:5432,b:5433,[::1]:5432/d"
        );
        assert_eq!(
            url("host=a,b port=5433 user=me dbname=d")
                .unwrap()
                .to_string(),
            "postgres://me@a:5433,b:5433/d"
        );
    }
}
