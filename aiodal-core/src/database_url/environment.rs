//! A place as the variables that libpq's programs go by.

use std::path::PathBuf;

use tokio_postgres::config::Host;

use super::DatabaseUrl;
use crate::config::RootCert;

impl DatabaseUrl {
    /// Returns the variables by which psql, `pg_dump` and whatever else uses libpq find this database (PostgreSQL manual
    /// 34.15): **the password is among them**. `None` is one that must not be set.
    ///
    /// Unlike the arguments of a program, they are in no list of processes.
    ///
    /// ```
    /// # let url: aiodal_core::DatabaseUrl = "postgres://me@localhost/library".parse()?;
    /// let mut psql = std::process::Command::new("psql");
    /// for (name, value) in url.environment() {
    ///     match value {
    ///         Some(value) => psql.env(name, value),
    ///         None => psql.env_remove(name),
    ///     };
    /// }
    /// # Ok::<(), aiodal_core::Error>(())
    /// ```
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, Option<String>)> {
        let config = self.config();
        let password = config.get_password();
        let ssl = &self.settings().ssl;
        let path = |path: &PathBuf| path.display().to_string();
        let (hosts, addresses, ports) = self.places();
        vec![
            ("PGHOST", hosts),
            ("PGHOSTADDR", addresses),
            ("PGPORT", ports),
            ("PGUSER", Some(self.settings().user().into_owned())),
            (
                "PGPASSWORD",
                password.map(|password| String::from_utf8_lossy(password).into_owned()),
            ),
            ("PGDATABASE", Some(self.database().to_owned())),
            ("PGOPTIONS", config.get_options().map(str::to_owned)),
            ("PGSSLMODE", ssl.mode.word().map(str::to_owned)),
            ("PGSSLROOTCERT", ssl.root_cert.as_ref().map(RootCert::word)),
            ("PGSSLCERT", ssl.cert.as_ref().map(path)),
            ("PGSSLKEY", ssl.key.as_ref().map(path)),
            ("PGSERVICE", None),
        ]
    }

    /// The hosts, addresses and ports, with commas between.
    pub(super) fn places(&self) -> (Option<String>, Option<String>, Option<String>) {
        let targets = self.settings().targets();
        let joined = |parts: Vec<String>| (!parts.is_empty()).then(|| parts.join(","));
        let host = |host: &Host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        };
        let hosts = targets.iter().filter_map(|target| target.host.as_ref());
        let addresses = targets.iter().filter_map(|target| target.address);
        let ports = targets.iter().map(|target| target.port.to_string());
        (
            joined(hosts.map(host).collect()),
            joined(addresses.map(|address| address.to_string()).collect()),
            joined(ports.collect()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_would_lead_elsewhere_are_unset() {
        let url: DatabaseUrl = "postgres://me@h/d".parse().unwrap();
        let unset: Vec<_> = url
            .environment()
            .into_iter()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| name)
            .collect();
        assert_eq!(
            unset,
            [
                "PGHOSTADDR",
                "PGPASSWORD",
                "PGOPTIONS",
                "PGSSLMODE",
                "PGSSLROOTCERT",
                "PGSSLCERT",
                "PGSSLKEY",
                "PGSERVICE"
            ]
        );
    }

    #[test]
    fn socket_and_password_are_set() {
        let url: DatabaseUrl = "host=/tmp/s port=6000 user=me password=hunter2 dbname=d"
            .parse()
            .unwrap();
        let environment = url.environment();
        let get = |name| {
            environment
                .iter()
                .find(|(found, _)| *found == name)
                .and_then(|(_, value)| value.as_deref())
        };
        assert_eq!(get("PGHOST"), Some("/tmp/s"));
        assert_eq!(get("PGPORT"), Some("6000"));
        assert_eq!(get("PGPASSWORD"), Some("hunter2"));
        assert_eq!(get("PGDATABASE"), Some("d"));
    }

    #[cfg(feature = "rustls")]
    #[test]
    fn psql_verifies_the_server_as_the_url_does() {
        let text = "host=h user=me sslmode=verify-full sslrootcert=/ca sslcert=/me sslkey=/key";
        let url: DatabaseUrl = text.parse().unwrap();
        let ssl: Vec<_> = url
            .environment()
            .into_iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("PGSSL")?, value?)))
            .collect();
        let expected = [
            ("MODE", "verify-full"),
            ("ROOTCERT", "/ca"),
            ("CERT", "/me"),
            ("KEY", "/key"),
        ];
        assert_eq!(ssl, expected.map(|(name, value)| (name, value.to_owned())));
    }
}
