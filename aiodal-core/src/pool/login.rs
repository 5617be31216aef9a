//! What the driver is told of one attempt: where, with what, and with or without TLS.

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::address::Address;
use super::attempt::Attempt;
use super::encryption::Encryption;
use crate::config::{Target, Wanted};

impl Attempt<'_> {
    /// The password, and what it has to do with the password file.
    pub(super) fn password(
        &self,
        target: &Target,
    ) -> Result<(Option<Vec<u8>>, Option<String>), String> {
        let config = &self.settings.config;
        if let Some(password) = config.get_password() {
            return Ok((Some(password.to_vec()), None));
        }
        let Some(file) = &self.settings.password_file else {
            return Ok((None, None));
        };
        let user = self.settings.user();
        let host = match (&target.host, target.address) {
            (Some(Host::Tcp(name)), _) => name.clone(),
            #[cfg(unix)]
            (Some(Host::Unix(directory)), _) => directory.display().to_string(),
            (None, address) => address.map_or_else(String::new, |address| address.to_string()),
        };
        let found = file.password(Wanted {
            host: &host,
            port: target.port,
            database: config.get_dbname().unwrap_or(&user),
            user: &user,
        })?;
        let shown = format!("the password file {}", file.path().display());
        Ok((found.map(String::into_bytes), Some(shown)))
    }

    /// The driver's configuration for one address and one way.
    pub(super) fn config(
        &self,
        target: &Target,
        address: &Address,
        way: Encryption,
        password: Option<&[u8]>,
    ) -> Config {
        let given = &self.settings.config;
        let mut config = Config::new();
        match (address, &target.host) {
            #[cfg(unix)]
            (Address::Unix(directory, port), _) => {
                config.host_path(directory).port(*port);
            }
            (Address::Tcp(address), host) => {
                // TLS wants a name; without any, it is the address.
                match host {
                    Some(Host::Tcp(name)) => config.host(name.as_str()),
                    _ => config.host(address.ip().to_string()),
                };
                config.hostaddr(address.ip()).port(address.port());
            }
            // The stream has been made.
            (Address::Dialed(_), _) => {}
        }
        config
            .ssl_mode(way.mode())
            .ssl_negotiation(given.get_ssl_negotiation())
            .channel_binding(given.get_channel_binding())
            .keepalives(given.get_keepalives())
            .keepalives_idle(given.get_keepalives_idle());
        if let Some(user) = given.get_user() {
            config.user(user);
        }
        if let Some(password) = password {
            config.password(password);
        }
        if let Some(database) = given.get_dbname() {
            config.dbname(database);
        }
        if let Some(options) = given.get_options() {
            config.options(options);
        }
        if let Some(name) = given.get_application_name() {
            config.application_name(name);
        }
        if let Some(limit) = given.get_tcp_user_timeout() {
            config.tcp_user_timeout(*limit);
        }
        if let Some(interval) = given.get_keepalives_interval() {
            config.keepalives_interval(interval);
        }
        if let Some(retries) = given.get_keepalives_retries() {
            config.keepalives_retries(retries);
        }
        config
    }
}
