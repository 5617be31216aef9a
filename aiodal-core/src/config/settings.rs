//! What the keywords mean: the driver's configuration, and what the driver has no word for.

use std::borrow::Cow;
use std::net::IpAddr;

use tokio_postgres::Config;
use tokio_postgres::config::{self as driver, Host};

use super::environment::Environment;
use super::place::{DEFAULT_PORT, network, place};
use super::ssl::{Ssl, SslMode, negotiation, ssl};
use super::values::{check_values, choice};
use super::{Parameters, PasswordFile};
use crate::error::{Error, Result};

/// All that is known of a connection before it is made.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) config: Config,
    pub(crate) ssl: Ssl,
    pub(crate) session_attrs: SessionAttrs,
    pub(crate) password_file: Option<PasswordFile>,
}

/// libpq's `target_session_attrs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionAttrs {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// One of the places to try.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The name, or the directory of the socket; `None` if there is an address only.
    pub(crate) host: Option<Host>,
    /// Makes looking the name up unnecessary.
    pub(crate) address: Option<IpAddr>,
    pub(crate) port: u16,
}

impl Settings {
    /// Reads what the string says, and nothing else.
    ///
    /// # Errors
    ///
    /// No host, and values that can't be.
    pub(crate) fn of_string(parameters: &Parameters) -> Result<Settings> {
        if parameters.get("host").is_none() && parameters.get("hostaddr").is_none() {
            return Err(Error::url(
                "it names no host; write `postgres://user@host:port/database`, \
                 or `host=/directory/of/the/socket user=me dbname=mine`"
                    .to_owned(),
            ));
        }
        Settings::read(parameters, None)
    }

    /// Reads what the string says, then the environment, then libpq's defaults.
    ///
    /// # Errors
    ///
    /// Values that can't be.
    pub(crate) fn completed(
        mut parameters: Parameters,
        environment: &Environment,
    ) -> Result<Settings> {
        environment.complete(&mut parameters)?;
        Settings::read(&parameters, Some(environment))
    }

    fn read(parameters: &Parameters, environment: Option<&Environment>) -> Result<Settings> {
        check_values(parameters)?;
        let mut config = Config::new();
        place(parameters, &mut config)?;
        let user = parameters.get("user");
        if let Some(user) = user.or_else(|| environment?.user()) {
            config.user(user);
        }
        if let Some(database) = parameters.get("dbname") {
            config.dbname(database);
        }
        if let Some(password) = parameters.get("password") {
            config.password(password);
        }
        let name = parameters.get("application_name");
        if let Some(name) = name.or_else(|| parameters.get("fallback_application_name")) {
            config.application_name(name);
        }
        options(parameters, &mut config);
        network(parameters, &mut config)?;
        let ssl = ssl(parameters, environment)?;
        config.ssl_mode(match ssl.mode {
            SslMode::Disable => driver::SslMode::Disable,
            SslMode::Allow | SslMode::Prefer => driver::SslMode::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => driver::SslMode::Require,
        });
        negotiation(parameters, &ssl, &mut config)?;
        let session_attrs = session_attrs(parameters)?;
        config.target_session_attrs(match session_attrs {
            SessionAttrs::Any | SessionAttrs::PreferStandby => driver::TargetSessionAttrs::Any,
            SessionAttrs::ReadWrite | SessionAttrs::Primary => {
                driver::TargetSessionAttrs::ReadWrite
            }
            SessionAttrs::ReadOnly | SessionAttrs::Standby => driver::TargetSessionAttrs::ReadOnly,
        });
        let password_file = match parameters.get("passfile") {
            Some(path) => Some((path.into(), true)),
            None => {
                environment.and_then(|environment| Some((environment.at_home(".pgpass")?, false)))
            }
        };
        Ok(Settings {
            config,
            ssl,
            session_attrs,
            password_file: password_file.map(|(path, named)| PasswordFile { path, named }),
        })
    }

    /// The role to connect as: the one given, else the name of the operating system's user, as libpq does it.
    pub(crate) fn user(&self) -> Cow<'_, str> {
        match self.config.get_user() {
            Some(user) => Cow::Borrowed(user),
            None => Cow::Owned(whoami::username().unwrap_or_default()),
        }
    }

    /// Lists the places to try, in their order.
    pub(crate) fn targets(&self) -> Vec<Target> {
        let (hosts, addresses) = (self.config.get_hosts(), self.config.get_hostaddrs());
        let ports = self.config.get_ports();
        (0..hosts.len().max(addresses.len()))
            .map(|index| Target {
                host: hosts.get(index).cloned(),
                address: addresses.get(index).copied(),
                port: ports
                    .get(index)
                    .or_else(|| ports.first())
                    .copied()
                    .unwrap_or(DEFAULT_PORT),
            })
            .collect()
    }
}

impl From<Config> for Settings {
    fn from(config: Config) -> Settings {
        let mode = match config.get_ssl_mode() {
            driver::SslMode::Disable => SslMode::Disable,
            driver::SslMode::Require => SslMode::Require,
            _ => SslMode::Prefer,
        };
        let session_attrs = match config.get_target_session_attrs() {
            driver::TargetSessionAttrs::ReadWrite => SessionAttrs::ReadWrite,
            driver::TargetSessionAttrs::ReadOnly => SessionAttrs::ReadOnly,
            _ => SessionAttrs::Any,
        };
        Settings {
            config,
            ssl: Ssl {
                mode,
                root_cert: None,
                cert: None,
                key: None,
            },
            session_attrs,
            password_file: None,
        }
    }
}

/// Sets what the server is started with: the environment's settings, and then those of the string, which win.
fn options(parameters: &Parameters, config: &mut Config) {
    let settings = parameters
        .server_settings
        .iter()
        .map(|(name, value)| option(name, value));
    let options: Vec<String> = settings
        .chain(parameters.get("options").map(str::to_owned))
        .collect();
    if !options.is_empty() {
        config.options(options.join(" "));
    }
}

/// Words a server setting for `options`, where a backslash escapes what would end it (manual 34.1.2, "options").
pub(crate) fn option(name: &str, value: &str) -> String {
    let mut out = format!("-c {name}=");
    for c in value.chars() {
        if c == '\\' || c.is_ascii_whitespace() {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn session_attrs(parameters: &Parameters) -> Result<SessionAttrs> {
    let values = [
        ("any", SessionAttrs::Any),
        ("read-write", SessionAttrs::ReadWrite),
        ("read-only", SessionAttrs::ReadOnly),
        ("primary", SessionAttrs::Primary),
        ("standby", SessionAttrs::Standby),
        ("prefer-standby", SessionAttrs::PreferStandby),
    ];
    let attrs = choice(parameters, "target_session_attrs", &values)?;
    Ok(attrs.unwrap_or(SessionAttrs::Any))
}
