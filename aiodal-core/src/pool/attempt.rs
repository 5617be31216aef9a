//! Making one connection: host by host, address by address, with and without TLS.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::config::{Host, LoadBalanceHosts};
use tokio_postgres::tls::TlsConnect;
use tokio_postgres::{Config, NoTls};

use super::PoolOptions;
use super::address::{Address, Stream, UntilHungUp};
use super::cancel::CancelToken;
use super::connection::{Connection, drive, version_number};
use super::encryption::{Encryption, handshake};
use super::failure::{Credentials, Failure};
use super::session::Connected;
use super::tap::{Tap, Tapped};
use crate::config::{SessionAttrs, Settings, Target};
use crate::error::{Error, Result};
use crate::statements::Statements;
use crate::tls::Tls;

/// How to make connections.
pub(super) struct Attempt<'a> {
    pub(super) settings: &'a Settings,
    /// For one address: to connect, to agree on TLS and to log in.
    pub(super) limit: Duration,
    pub(super) options: &'a PoolOptions,
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
        let looking_up = async {
            match &self.options.dial {
                Some(dial) => Ok(vec![Address::Dialed(dial.clone())]),
                None => Address::of(target).await,
            }
        };
        let addresses = match timeout(self.limit, looking_up).await {
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
        let ways = Encryption::ways(self.settings.ssl.mode, address.is_socket());
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
        let stream = address.open(&config).await;
        let stream = stream.map_err(|error| Failure::of_opening(error, address))?;
        if way != Encryption::Never {
            let tls = match &self.options.tls {
                Some(tls) => Ok(tls.clone()),
                None => Tls::new(&self.settings.ssl),
            };
            let tls = tls.map_err(|error| Failure::of(error.to_string(), error.into()))?;
            let host = match config.get_hosts() {
                [Host::Tcp(name)] => name.as_str(),
                _ => "",
            };
            let handshake = handshake(tls, host)
                .map_err(|error| Failure::of(error.to_string(), error.into()))?;
            let tap = Tap::new(stream);
            let tapped = Tapped::new(handshake.clone(), tap.watch());
            return self
                .connect(config, address, tap, tapped, handshake)
                .await
                .map_err(failed);
        }
        self.connect(config, address, Tap::new(stream), NoTls, NoTls)
            .await
            .map_err(failed)
    }

    async fn connect<T, C>(
        &self,
        config: Config,
        address: &Address,
        stream: Tap<Stream>,
        tls: T,
        cancel_tls: C,
    ) -> Result<Connected, tokio_postgres::Error>
    where
        T: TlsConnect<Tap<Stream>>,
        T::Stream: Send + 'static,
        C: TlsConnect<UntilHungUp<Stream>> + Clone + Send + Sync + 'static,
        C::Stream: Send,
        C::Future: Send,
    {
        let watch = stream.watch();
        let (client, connection) = config.connect_raw(stream, tls).await?;
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
                Arc::new(config),
                cancel_tls,
                self.limit,
            ),
            watch,
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
            watch: connected.watch,
            version: connected.version,
            spoilt: AtomicBool::new(false),
            idle_since: None,
        })
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
