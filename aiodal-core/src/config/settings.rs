//! What the keywords mean: the driver's configuration, and what the driver has no word for.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{self as driver, Host};

use super::environment::Environment;
use super::keyword::{KEYWORDS, Meaning};
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

/// The options whose names begin with `ssl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ssl {
    pub(crate) mode: SslMode,
    pub(crate) root_cert: Option<RootCert>,
    /// The client's certificate.
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

/// Whom to trust to vouch for a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RootCert {
    /// Those whom the operating system trusts.
    System,
    File(PathBuf),
}

/// libpq's `sslmode`, from the weakest to the strongest (PostgreSQL manual 34.19, table 34.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
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

const DEFAULT_PORT: u16 = 5432;

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

/// Refuses what asks for something that we don't do.
fn check_values(parameters: &Parameters) -> Result<()> {
    for keyword in KEYWORDS {
        if let (Meaning::Only(values), Some(value)) =
            (keyword.meaning, parameters.get(keyword.name))
            && !values.contains(&value)
        {
            let problem = format!("is supported with the value {} only", one_of(values));
            return Err(parameters.refuse(keyword.name, &problem));
        }
    }
    Ok(())
}

/// Sets hosts, addresses and ports: as many of each, or one port for all.
fn place(parameters: &Parameters, config: &mut Config) -> Result<()> {
    let list = |name| {
        parameters
            .get(name)
            .map(|list| list.split(',').collect::<Vec<_>>())
    };
    let ports = list("port").unwrap_or_default();
    let ports = ports
        .iter()
        .map(|port| {
            let port = Some(port.trim()).filter(|port| !port.is_empty());
            let port = port.map_or(Some(DEFAULT_PORT), |port| port.parse().ok());
            port.filter(|port| *port != 0)
                .ok_or_else(|| parameters.refuse("port", "is not a number from 1 to 65535"))
        })
        .collect::<Result<Vec<u16>>>()?;
    let addresses = list("hostaddr").unwrap_or_default();
    let hosts = match list("host") {
        Some(hosts) => hosts,
        None if addresses.is_empty() => vec![""],
        None => Vec::new(),
    };
    let count = hosts.len().max(addresses.len());
    if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
        let problem = format!(
            "names {} addresses, and `host` names {}",
            addresses.len(),
            hosts.len()
        );
        return Err(parameters.refuse("hostaddr", &problem));
    }
    if ports.len() > 1 && ports.len() != count {
        let problem = format!(
            "names {} ports for {count} hosts; name one, or one for each",
            ports.len()
        );
        return Err(parameters.refuse("port", &problem));
    }
    for (index, host) in hosts.into_iter().enumerate() {
        let port = ports.get(index).or_else(|| ports.first()).copied();
        if host.is_empty() {
            config.host(Environment::default_host(port.unwrap_or(DEFAULT_PORT)));
        } else {
            config.host(host.trim());
        }
    }
    for address in addresses {
        let address = address.trim().parse::<IpAddr>();
        config
            .hostaddr(address.map_err(|_| parameters.refuse("hostaddr", "is not an IP address"))?);
    }
    for port in ports {
        config.port(port);
    }
    Ok(())
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

fn network(parameters: &Parameters, config: &mut Config) -> Result<()> {
    // Not set, and zero or less: the default, which is not to wait for ever.
    if let Some(seconds) = positive(parameters, "connect_timeout")? {
        config.connect_timeout(Duration::from_secs(seconds));
    }
    if let Some(milliseconds) = positive(parameters, "tcp_user_timeout")? {
        config.tcp_user_timeout(Duration::from_millis(milliseconds));
    }
    if let Some(keepalives) = number(parameters, "keepalives")? {
        config.keepalives(keepalives != 0);
    }
    if let Some(seconds) = positive(parameters, "keepalives_idle")? {
        config.keepalives_idle(Duration::from_secs(seconds));
    }
    if let Some(seconds) = positive(parameters, "keepalives_interval")? {
        config.keepalives_interval(Duration::from_secs(seconds));
    }
    for name in ["keepalives_retries", "keepalives_count"] {
        if let Some(count) = positive(parameters, name)? {
            config.keepalives_retries(u32::try_from(count).unwrap_or(u32::MAX));
        }
    }
    let values = [
        ("disable", driver::LoadBalanceHosts::Disable),
        ("random", driver::LoadBalanceHosts::Random),
    ];
    if let Some(hosts) = choice(parameters, "load_balance_hosts", &values)? {
        config.load_balance_hosts(hosts);
    }
    Ok(())
}

fn ssl(parameters: &Parameters, environment: Option<&Environment>) -> Result<Ssl> {
    let values = [
        ("disable", SslMode::Disable),
        ("allow", SslMode::Allow),
        ("prefer", SslMode::Prefer),
        ("require", SslMode::Require),
        ("verify-ca", SslMode::VerifyCa),
        ("verify-full", SslMode::VerifyFull),
    ];
    let mode = choice(parameters, "sslmode", &values)?;
    let default = |name| {
        let path = environment?.at_home(&format!(".postgresql/{name}"))?;
        path.exists().then_some(path)
    };
    let root_cert = match parameters.get("sslrootcert") {
        Some("system") => Some(RootCert::System),
        Some(path) => Some(RootCert::File(path.into())),
        None => default("root.crt").map(RootCert::File),
    };
    let mode = match (mode, &root_cert) {
        (None, Some(RootCert::System)) => SslMode::VerifyFull,
        (None, _) => SslMode::Prefer,
        (Some(mode), Some(RootCert::System)) if mode < SslMode::VerifyFull => {
            let problem = "is weaker than `verify-full`, the only mode in which `sslrootcert=system` protects anything";
            return Err(parameters.refuse("sslmode", problem));
        }
        (Some(mode), _) => mode,
    };
    if mode >= SslMode::Require && cfg!(not(feature = "rustls")) {
        let problem = "needs TLS, which is compiled in with the feature `rustls` of aiodal";
        return Err(parameters.refuse("sslmode", problem));
    }
    let file = |name, default_name| {
        let named = parameters.get(name).map(PathBuf::from);
        named.or_else(|| default(default_name))
    };
    let cert = file("sslcert", "postgresql.crt");
    // A key alone is the key of nothing.
    let key = cert.as_ref().and_then(|_| file("sslkey", "postgresql.key"));
    Ok(Ssl {
        mode,
        root_cert,
        cert,
        key,
    })
}

fn negotiation(parameters: &Parameters, ssl: &Ssl, config: &mut Config) -> Result<()> {
    let values = [
        ("postgres", driver::SslNegotiation::Postgres),
        ("direct", driver::SslNegotiation::Direct),
    ];
    if let Some(negotiation) = choice(parameters, "sslnegotiation", &values)? {
        if negotiation == driver::SslNegotiation::Direct && ssl.mode < SslMode::Require {
            let problem = "can be `direct` only with `sslmode=require` or stronger";
            return Err(parameters.refuse("sslnegotiation", problem));
        }
        config.ssl_negotiation(negotiation);
    }
    let values = [
        ("disable", driver::ChannelBinding::Disable),
        ("prefer", driver::ChannelBinding::Prefer),
        ("require", driver::ChannelBinding::Require),
    ];
    if let Some(binding) = choice(parameters, "channel_binding", &values)? {
        config.channel_binding(binding);
    }
    Ok(())
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

fn choice<T: Copy>(
    parameters: &Parameters,
    name: &'static str,
    values: &[(&'static str, T)],
) -> Result<Option<T>> {
    let Some(given) = parameters.get(name) else {
        return Ok(None);
    };
    match values.iter().find(|(value, _)| *value == given) {
        Some((_, meaning)) => Ok(Some(*meaning)),
        None => {
            let names: Vec<&str> = values.iter().map(|(value, _)| *value).collect();
            Err(parameters.refuse(name, &format!("is none of {}", one_of(&names))))
        }
    }
}

fn one_of(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn number(parameters: &Parameters, name: &'static str) -> Result<Option<i64>> {
    parameters
        .get(name)
        .map(|value| {
            i64::from_str(value.trim())
                .map_err(|_| parameters.refuse(name, "is not a whole number"))
        })
        .transpose()
}

fn positive(parameters: &Parameters, name: &'static str) -> Result<Option<u64>> {
    let number = number(parameters, name)?;
    Ok(number
        .and_then(|number| u64::try_from(number).ok())
        .filter(|number| *number > 0))
}
