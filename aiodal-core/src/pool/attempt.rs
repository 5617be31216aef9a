//! Making one connection: host by host, address by address, with and without TLS.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::config::{Host, LoadBalanceHosts, SslMode as DriverMode};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, NoTls, Socket};

use super::PoolOptions;
use super::address::{Address, UntilHungUp};
use super::cancel::CancelToken;
use super::connection::{Connection, drive, version_number};
use super::failure::{Credentials, Failure};
use crate::config::{SessionAttrs, Settings, SslMode, Target, Wanted};
use crate::error::{Error, Result};
use crate::statements::Statements;
#[cfg(feature = "rustls")]
use crate::tls::Tls;

/// How to make connections.
pub(super) struct Attempt<'a> {
    pub(super) settings: &'a Settings,
    /// For one address: to connect, to agree on TLS and to log in.
    pub(super) limit: Duration,
    pub(super) options: &'a PoolOptions,
}

/// Whether to ask for TLS, and what to do if the server has none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encryption {
    Never,
    #[cfg_attr(not(feature = "rustls"), expect(dead_code, reason = "there is no TLS"))]
    IfOffered,
    Always,
}

impl Attempt<'_> {
    /// Makes a connection to the first host that will have us.
    ///
    /// # Errors
    ///
    /// What every host said, in one line; each within its limit.
    pub(super) async fn make(&self, shown: &str) -> Result<Connection> {
        let mut failures = Vec::new();
        let passes: &[SessionAttrs] = match self.settings.session_attrs {
            SessionAttrs::PreferStandby => &[SessionAttrs::Standby, SessionAttrs::Any],
            ref attrs => std::slice::from_ref(attrs),
        };
        'all: for attrs in passes {
            for target in self.shuffled(self.settings.targets()) {
                match self.at_target(&target, *attrs).await {
                    Ok(connection) => return Ok(connection),
                    Err(tried) => failures.extend(tried),
                }
                if failures
                    .last()
                    .is_some_and(|failure: &Failure| failure.refused)
                {
                    break 'all;
                }
            }
        }
        let mut reasons: Vec<String> = Vec::new();
        for failure in &failures {
            if !reasons.contains(&failure.reason) {
                reasons.push(failure.reason.clone());
            }
        }
        // A server that was found knows best; it was asked last.
        let source = failures.pop().map(|failure| failure.source);
        Err(Error::connect(
            shown.to_owned(),
            &reasons.join("; "),
            source,
        ))
    }

    /// Tries every address of a host.
    async fn at_target(
        &self,
        target: &Target,
        attrs: SessionAttrs,
    ) -> Result<Connection, Vec<Failure>> {
        let name = match &target.host {
            Some(Host::Tcp(name)) => name.as_str(),
            _ => "the server",
        };
        let addresses = match timeout(self.limit, Address::of(target)).await {
            Ok(Ok(addresses)) => self.shuffled(addresses),
            Ok(Err(error)) => return Err(vec![Failure::lookup(name, error)]),
            Err(_) => {
                let what = format!("whoever knows the address of `{name}`");
                return Err(vec![Failure::timed_out(&what, self.limit)]);
            }
        };
        let mut failures = Vec::new();
        for address in addresses {
            let attempt = timeout(self.limit, self.at_address(target, &address, attrs));
            match attempt.await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(failure)) => failures.push(failure),
                Err(_) => failures.push(Failure::timed_out(&address.to_string(), self.limit)),
            }
            if failures
                .last()
                .is_some_and(|failure: &Failure| failure.refused)
            {
                break;
            }
        }
        Err(failures)
    }

    /// Tries with and without TLS, as `sslmode` has it (PostgreSQL manual 34.19.3).
    async fn at_address(
        &self,
        target: &Target,
        address: &Address,
        attrs: SessionAttrs,
    ) -> Result<Connection, Failure> {
        let ways = self.ways(address);
        let mut failed = None;
        for way in ways {
            match self.one_way(target, address, *way).await {
                Ok(connection) => return self.set_up(connection, address, attrs).await,
                Err(failure) if failure.otherwise => failed = failed.or(Some(failure)),
                Err(failure) => return Err(failure),
            }
        }
        Err(failed.expect("there is always one way"))
    }

    #[cfg(feature = "rustls")]
    fn ways(&self, address: &Address) -> &'static [Encryption] {
        match self.settings.ssl.mode {
            // What passes through the kernel alone needs none.
            _ if address.is_socket() => &[Encryption::Never],
            SslMode::Disable => &[Encryption::Never],
            SslMode::Allow => &[Encryption::Never, Encryption::Always],
            SslMode::Prefer => &[Encryption::IfOffered, Encryption::Never],
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[Encryption::Always],
        }
    }

    #[cfg(not(feature = "rustls"))]
    fn ways(&self, address: &Address) -> &'static [Encryption] {
        match self.settings.ssl.mode {
            // Refused where the string is read; a configuration of the driver's own comes this far.
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull if !address.is_socket() => {
                &[Encryption::Always]
            }
            _ => &[Encryption::Never],
        }
    }

    async fn one_way(
        &self,
        target: &Target,
        address: &Address,
        way: Encryption,
    ) -> Result<Connected, Failure> {
        let password = self.password(target);
        let (password, file) = match &password {
            Ok((password, file)) => (password.as_deref(), file.as_deref()),
            Err(problem) => (None, Some(problem.as_str())),
        };
        let config = self.config(target, address, way, password);
        let settings = &self.settings.config;
        let user = self.settings.user();
        let credentials = Credentials {
            user: &user,
            database: settings.get_dbname().unwrap_or(&user),
            has_password: password.is_some(),
            file,
        };
        let failed = |error| Failure::of_driver(error, address, credentials);
        #[cfg(feature = "rustls")]
        if way != Encryption::Never {
            let tls = match &self.options.tls {
                Some(tls) => Ok(tls.clone()),
                None => Tls::new(&self.settings.ssl),
            };
            let mut tls = tls.map_err(|error| Failure::of(error.to_string(), error.into()))?;
            let host = match config.get_hosts() {
                [Host::Tcp(name)] => name.as_str(),
                _ => "",
            };
            let handshake = MakeTlsConnect::<UntilHungUp>::make_tls_connect(&mut tls, host)
                .map_err(|error| Failure::of(error.to_string(), error.into()))?;
            return self
                .connect(&config, address, tls, handshake)
                .await
                .map_err(failed);
        }
        if way == Encryption::Always {
            let reason =
                "`sslmode` needs TLS, which is compiled in with the feature `rustls` of aiodal";
            return Err(Failure::of(reason.to_owned(), reason.into()));
        }
        self.connect(&config, address, NoTls, NoTls)
            .await
            .map_err(failed)
    }

    async fn connect<T, C>(
        &self,
        config: &Config,
        address: &Address,
        tls: T,
        cancel_tls: C,
    ) -> Result<Connected, tokio_postgres::Error>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
        C: TlsConnect<UntilHungUp> + Clone + Send + Sync + 'static,
        C::Stream: Send,
        C::Future: Send,
    {
        let (client, connection) = config.connect(tls).await?;
        let parameter = |name| connection.parameter(name).map(str::to_owned);
        let connected = Connected {
            version: connection
                .parameter("server_version")
                .and_then(version_number),
            read_only: parameter("default_transaction_read_only"),
            standby: parameter("in_hot_standby"),
            cancel: CancelToken::to_address(
                client.cancel_token(),
                address.clone(),
                cancel_tls,
                self.limit,
            ),
            client,
        };
        drive(connection, self.options.on_notice.clone());
        Ok(connected)
    }

    /// Sees whether the session is of the wanted kind, and runs what is to be run on each.
    async fn set_up(
        &self,
        mut connected: Connected,
        address: &Address,
        attrs: SessionAttrs,
    ) -> Result<Connection, Failure> {
        connected.check(attrs, address).await?;
        for sql in &self.options.on_connect {
            if let Err(error) = connected.client.batch_execute(sql).await {
                let said = error
                    .as_db_error()
                    .map_or_else(|| error.to_string(), |db| db.message().to_owned());
                let reason = format!("the statement to run on each new connection failed: {said}");
                let mut failure = Failure::of(reason, error.into());
                failure.refused = true;
                return Err(failure);
            }
        }
        Ok(Connection {
            client: Arc::new(connected.client),
            statements: Arc::new(Statements::with_capacity(self.options.statement_cache)),
            cancel: connected.cancel,
            version: connected.version,
            spoilt: AtomicBool::new(false),
            idle_since: None,
        })
    }

    /// The password, and what it has to do with the password file.
    fn password(&self, target: &Target) -> Result<(Option<Vec<u8>>, Option<String>), String> {
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
    fn config(
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
        }
        config
            .ssl_mode(match way {
                Encryption::Never => DriverMode::Disable,
                Encryption::IfOffered => DriverMode::Prefer,
                Encryption::Always => DriverMode::Require,
            })
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

    /// Puts hosts or addresses in a random order if `load_balance_hosts` says so.
    fn shuffled<T>(&self, mut all: Vec<T>) -> Vec<T> {
        if self.settings.config.get_load_balance_hosts() == LoadBalanceHosts::Random {
            // Seeded anew for each; that is as random as a load needs to be.
            let keys = RandomState::new();
            let mut index = 0_usize;
            all.sort_by_cached_key(|_| {
                index += 1;
                keys.hash_one(index)
            });
        }
        all
    }
}

/// A connection of which it isn't known yet whether it is the wanted kind.
struct Connected {
    client: Client,
    cancel: CancelToken,
    version: Option<u32>,
    /// What a server of version 14 or newer reports by itself.
    read_only: Option<String>,
    standby: Option<String>,
}

impl Connected {
    async fn check(&mut self, attrs: SessionAttrs, address: &Address) -> Result<(), Failure> {
        if attrs == SessionAttrs::Any {
            return Ok(());
        }
        if self.read_only.is_none() || self.standby.is_none() {
            let sql = "select current_setting('default_transaction_read_only'), \
                       case when pg_is_in_recovery() then 'on' else 'off' end";
            let asked = self.client.query_typed_one(sql, &[]).await;
            let row = asked.map_err(|error| {
                Failure::of(
                    format!("the server at {address} does not say what it is"),
                    error.into(),
                )
            })?;
            (self.read_only, self.standby) = (row.get(0), row.get(1));
        }
        let on = |setting: &Option<String>| setting.as_deref() == Some("on");
        let (read_only, standby) = (on(&self.read_only), on(&self.standby));
        let problem = match attrs {
            SessionAttrs::ReadWrite if read_only || standby => "takes no writes",
            SessionAttrs::ReadOnly if !read_only && !standby => "takes writes",
            SessionAttrs::Primary if standby => "is a standby",
            SessionAttrs::Standby if !standby => "is no standby",
            _ => return Ok(()),
        };
        Err(Failure::unfit(address, problem))
    }
}
