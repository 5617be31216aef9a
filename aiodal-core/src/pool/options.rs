//! How a pool is to be: what a caller may choose, with defaults for all of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::error::DbError;

use super::connection::OnNotice;
use super::dial::Dial;
use super::source::ConnectionSource;
use super::{CONNECT_LIMIT, Pool};
use crate::config::option;
use crate::database_url::DatabaseUrl;
use crate::error::{Error, Result};
use crate::ident::quote_ident;
use crate::tls::Tls;

/// Options of a [`Pool`] and of the connections in it.
///
/// What the URL says counts more than what is said here: `connect_timeout`, `application_name` and settings in `options`
/// are the operator's to change.
///
/// ```no_run
/// # async fn example() -> aiodal_core::Result<()> {
/// use std::time::Duration;
///
/// let pool = aiodal_core::PoolOptions::new()
///     .max_size(20)
///     .application_name("loans")
///     .statement_timeout(Duration::from_secs(30))
///     .connect("postgres://localhost/library")
///     .await?;
/// # drop(pool); Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct PoolOptions {
    max_size: u32,
    min_idle: Option<u32>,
    connection_timeout: Duration,
    idle_timeout: Option<Duration>,
    max_lifetime: Option<Duration>,
    pub(super) connect_timeout: Duration,
    pub(super) statement_cache: usize,
    pub(super) application_name: Option<String>,
    /// Server settings, by name, to start each session with.
    settings: Vec<(&'static str, String)>,
    search_path: Option<Vec<String>>,
    pub(super) on_connect: Vec<String>,
    pub(super) on_notice: Option<OnNotice>,
    pub(super) dial: Option<Dial>,
    pub(super) tls: Option<Tls>,
}

impl Default for PoolOptions {
    fn default() -> PoolOptions {
        PoolOptions {
            max_size: 10,
            min_idle: None,
            connection_timeout: Duration::from_secs(30),
            idle_timeout: Some(Duration::from_secs(10 * 60)),
            max_lifetime: Some(Duration::from_secs(30 * 60)),
            connect_timeout: CONNECT_LIMIT,
            statement_cache: 256,
            application_name: None,
            settings: Vec::new(),
            search_path: None,
            on_connect: Vec::new(),
            on_notice: None,
            dial: None,
            tls: None,
        }
    }
}

impl PoolOptions {
    /// Starts with the defaults.
    pub fn new() -> PoolOptions {
        PoolOptions::default()
    }

    /// Sets how many connections there are at most. The default is 10.
    pub fn max_size(mut self, connections: u32) -> PoolOptions {
        self.max_size = connections;
        self
    }

    /// Sets how many idle connections are kept ready. The default is none: connections are made when they are wanted.
    pub fn min_idle(mut self, connections: u32) -> PoolOptions {
        self.min_idle = Some(connections);
        self
    }

    /// Sets how long a transaction waits for a connection. The default is 30 seconds.
    pub fn connection_timeout(mut self, limit: Duration) -> PoolOptions {
        self.connection_timeout = limit;
        self
    }

    /// Sets after how long an idle connection is closed; `None` for never. The default is 10 minutes.
    pub fn idle_timeout(mut self, limit: impl Into<Option<Duration>>) -> PoolOptions {
        self.idle_timeout = limit.into();
        self
    }

    /// Sets after how long a connection is closed even if it is in use all the time; `None` for never. The default is 30
    /// minutes.
    pub fn max_lifetime(mut self, limit: impl Into<Option<Duration>>) -> PoolOptions {
        self.max_lifetime = limit.into();
        self
    }

    /// Sets how long connecting to one address may take, the login and `on_connect` included. The default is 10 seconds.
    ///
    /// libpq's default is to wait for ever.
    pub fn connect_timeout(mut self, limit: Duration) -> PoolOptions {
        self.connect_timeout = limit;
        self
    }

    /// Sets how many prepared statements a connection keeps. The default is 256.
    ///
    /// Zero is for a pooler in between that hands each transaction another connection, as `PgBouncer`
    /// does in its transaction mode: then nothing is prepared by name.
    pub fn statement_cache(mut self, statements: usize) -> PoolOptions {
        self.statement_cache = statements;
        self
    }

    /// Sets the name that `pg_stat_activity` and the server's log show. The default is none.
    pub fn application_name(mut self, name: impl Into<String>) -> PoolOptions {
        self.application_name = Some(name.into());
        self
    }

    /// Sets after how long the server cancels a statement, in whole milliseconds. The default is the server's.
    ///
    /// Like the other settings it is sent with the start of the session and costs no round trip (PostgreSQL manual
    /// 19.11.1). A pooler may refuse such settings.
    pub fn statement_timeout(self, limit: Duration) -> PoolOptions {
        self.setting("statement_timeout", milliseconds(limit))
    }

    /// Sets after how long a statement gives up waiting for a lock, in whole milliseconds. The default is the server's.
    pub fn lock_timeout(self, limit: Duration) -> PoolOptions {
        self.setting("lock_timeout", milliseconds(limit))
    }

    /// Sets after how long the server closes a connection that does nothing in an open transaction, in whole
    /// milliseconds. The default is the server's.
    pub fn idle_in_transaction_session_timeout(self, limit: Duration) -> PoolOptions {
        self.setting("idle_in_transaction_session_timeout", milliseconds(limit))
    }

    /// Sets the schemas that names without one are looked for in. The default is the role's or the database's.
    pub fn search_path<S: Into<String>>(
        mut self,
        schemas: impl IntoIterator<Item = S>,
    ) -> PoolOptions {
        self.search_path = Some(schemas.into_iter().map(Into::into).collect());
        self
    }

    /// Adds SQL to run once on each new connection.
    pub fn on_connect(mut self, sql: impl Into<String>) -> PoolOptions {
        self.on_connect.push(sql.into());
        self
    }

    /// Has `hear` hear of every NOTICE and WARNING. The default is that nobody does.
    ///
    /// It runs on the task that drives the connection, which waits for it.
    pub fn on_notice(mut self, hear: impl Fn(&DbError) + Send + Sync + 'static) -> PoolOptions {
        self.on_notice = Some(Arc::new(hear));
        self
    }

    /// Uses a TLS configuration of your own in place of what `sslrootcert`, `sslcert` and `sslkey` say.
    ///
    /// `sslmode` then still says whether there is TLS, and the configuration who is trusted.
    #[cfg(feature = "rustls")]
    pub fn tls(mut self, config: Arc<tokio_rustls::rustls::ClientConfig>) -> PoolOptions {
        self.tls = Some(Tls::of(config));
        self
    }

    /// Opens a pool and its first connection, so that what is wrong is found here and not at the first query.
    ///
    /// What the string leaves open is taken from the environment, as [`DatabaseUrl::resolve`] says. The pool belongs to
    /// the Tokio runtime it is opened on.
    ///
    /// # Errors
    ///
    /// A string that can't be read, options that can't be, and a server that can't be reached within the
    /// `connect_timeout` or refuses.
    pub async fn connect(self, url: &str) -> Result<Pool> {
        self.open(&DatabaseUrl::resolve(url)?).await
    }

    /// The same for a place that is known: the environment is not read.
    ///
    /// # Errors
    ///
    /// Like [`connect`](PoolOptions::connect).
    pub async fn open(self, url: &DatabaseUrl) -> Result<Pool> {
        let builder = self.builder()?;
        let source = ConnectionSource::with_options(url, &self)?;
        let first = bb8::ManageConnection::connect(&source).await?;
        let pool = builder.build_unchecked(source);
        // Refused only if it broke in this moment; the pool then makes another on demand.
        let _refused = pool.add(first);
        Ok(pool)
    }

    /// Makes a pool that connects when it is first used.
    ///
    /// # Errors
    ///
    /// Options that can't be.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn open_lazily(self, url: &DatabaseUrl) -> Result<Pool> {
        let builder = self.builder()?;
        let source = ConnectionSource::with_options(url, &self)?;
        Ok(builder.build_unchecked(source))
    }

    /// Has connections made on streams of the caller's own, in place of sockets to the hosts of the URL: a server within the
    /// process, a tunnel. Requests to cancel take another such stream each. There is no TLS on them.
    pub fn dial<S>(mut self, dial: impl Fn() -> S + Send + Sync + 'static) -> PoolOptions
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        self.dial = Some(Dial::new(dial));
        self
    }

    /// Checks what bb8 would panic about.
    fn builder(&self) -> Result<bb8::Builder<ConnectionSource>> {
        let refuse = |problem: &str| Err(Error::pool_option(problem));
        if self.max_size == 0 {
            return refuse("`max_size` must be at least 1");
        }
        if self.min_idle > Some(self.max_size) {
            return refuse("`min_idle` cannot be greater than `max_size`");
        }
        let limits = [
            ("connection_timeout", Some(self.connection_timeout)),
            ("idle_timeout", self.idle_timeout),
            ("max_lifetime", self.max_lifetime),
            ("connect_timeout", Some(self.connect_timeout)),
        ];
        if let Some((name, _)) = limits
            .iter()
            .find(|(_, limit)| *limit == Some(Duration::ZERO))
        {
            return refuse(&format!("`{name}` must be more than nothing"));
        }
        Ok(Pool::builder()
            .max_size(self.max_size)
            .min_idle(self.min_idle)
            .connection_timeout(self.connection_timeout)
            .idle_timeout(self.idle_timeout)
            .max_lifetime(self.max_lifetime))
    }

    /// Returns the place with what these options say of the start of a session: `application_name` and the settings.
    ///
    /// For whoever connects by other means. What the URL says of them counts more.
    ///
    /// # Errors
    ///
    /// A name that cannot be.
    pub fn starting(&self, url: &DatabaseUrl) -> Result<DatabaseUrl> {
        let mut url = url.clone();
        let config = &mut url.settings_mut().config;
        if let Some(name) = &self.application_name
            && config.get_application_name().is_none()
        {
            if name.contains('\0') {
                return Err(Error::pool_option("`application_name` has a NUL character"));
            }
            config.application_name(name);
        }
        if let Some(ours) = self.startup_options()? {
            // The server goes by the last it is told: what the URL says counts.
            let theirs = config.get_options().unwrap_or_default();
            config.options(format!("{ours} {theirs}").trim_end());
        }
        Ok(url)
    }

    /// Returns the SQL to run once on each new connection, in order.
    #[must_use]
    pub fn on_connect_sql(&self) -> &[String] {
        &self.on_connect
    }

    /// The settings, worded for `options`.
    fn startup_options(&self) -> Result<Option<String>> {
        let mut options: Vec<String> = self
            .settings
            .iter()
            .map(|(name, value)| option(name, value))
            .collect();
        if let Some(schemas) = &self.search_path {
            let schemas: Vec<String> = schemas
                .iter()
                .map(|schema| quote_ident(schema))
                .collect::<Result<_>>()?;
            options.push(option("search_path", &schemas.join(",")));
        }
        Ok((!options.is_empty()).then(|| options.join(" ")))
    }

    fn setting(mut self, name: &'static str, value: String) -> PoolOptions {
        self.settings.push((name, value));
        self
    }
}

/// Zero would mean "no limit" to the server.
fn milliseconds(limit: Duration) -> String {
    limit.as_millis().max(1).to_string()
}

impl fmt::Debug for PoolOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolOptions")
            .field("max_size", &self.max_size)
            .field("min_idle", &self.min_idle)
            .field("connection_timeout", &self.connection_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_cache", &self.statement_cache)
            .field("application_name", &self.application_name)
            .field("settings", &self.settings)
            .field("search_path", &self.search_path)
            .finish_non_exhaustive()
    }
}
