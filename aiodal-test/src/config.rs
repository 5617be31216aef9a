//! The configuration of a session: one place, one order.
//!
//! Defaults, then `aiodal.toml`, then its profile, then the environment, then
//! [`Session::configure`](crate::Session::configure), then the attribute of the test. Every key is described once, in
//! [`keys`]; the file and the environment are two spellings of the same keys. Each value knows where it comes from
//! ([`origin`]).

mod env;
mod file;
mod keys;
mod origin;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use self::keys::parse_duration;
use self::origin::Origins;
use crate::isolation::{Isolation, Keep};
use crate::set_up::SetUpError;

/// What a session is made of.
///
/// [`Session::configure`](crate::Session::configure) has the last word on it. The environment variable and the key
/// in `aiodal.toml` are named at each field. What is below `[profile.ci]` in that file counts when `AIODAL_PROFILE` is
/// `ci`, over the rest of the file. `AIODAL_LOG=config` shows every value and where it comes from, on the output of the
/// first test.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The server to use: `AIODAL_DATABASE_URL`, then `database_url`, then `DATABASE_URL`.
    ///
    /// `None`, the default, is a server of our own, started from the PostgreSQL installed here.
    pub database_url: Option<String>,
    /// Whether each statement is logged, with its time, to the output of the test that runs it:
    /// `AIODAL_ECHO`, `echo`. Default: `false`.
    pub echo: bool,
    /// How long the body of a test may take: `AIODAL_TIMEOUT`, `timeout`. `None`, the default, is no limit.
    pub timeout: Option<Duration>,
    /// A directory of `.sql` files, or one file, relative to the package: `AIODAL_MIGRATIONS`, `migrations`.
    /// [`Session::migrations`](crate::Session::migrations) comes before it.
    pub migrations: Option<PathBuf>,
    /// What keeps tests apart: `AIODAL_ISOLATION`, `isolation`. Default: [`Isolation::Rollback`].
    pub isolation: Isolation,
    /// Which databases of their own tests leave behind: `AIODAL_KEEP`, `keep`. Default: [`Keep::Failed`].
    pub keep: Keep,
    /// When a test's output shows the statements it ran: `AIODAL_SQL`, `sql`. Default: [`ShowSql::Failed`].
    pub sql: ShowSql,
    /// How long a statement may wait for a lock that another test holds before its test fails: `AIODAL_LOCK_WAIT`,
    /// `lock_wait`. Default: 10 seconds.
    pub lock_wait: Duration,
    /// How long a client of a sandbox may wait for another that has an open transaction and does nothing:
    /// `AIODAL_SANDBOX_WAIT`, `sandbox_wait`. Default: 5 seconds.
    pub sandbox_wait: Duration,
    /// Whether data access layers that the code under test has in a static, or made by itself, find the database of the test that
    /// it runs in: `AIODAL_AMBIENT`, `ambient`. Default: `false`.
    pub ambient: bool,
    /// Whether databases may be made on a server whose URL looks like production: `AIODAL_ALLOW_PRODUCTION`,
    /// `allow_production`. Default: `false`.
    pub allow_production: bool,
    /// Server settings of every connection, such as `statement_timeout`: the table `[settings]`, or
    /// `AIODAL_SETTINGS` as `name=value` pairs with commas between.
    pub settings: BTreeMap<String, String>,
    /// The pool of connections that tests share.
    pub pool: PoolConfig,
    /// The server of our own, if it is used.
    pub postgres: PostgresConfig,
    origins: Origins,
}

/// When a test's output shows the statements it ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShowSql {
    /// `"never"`.
    Never,
    /// When it has failed: `"failed"`.
    #[default]
    Failed,
    /// `"always"`.
    Always,
}

/// The pool of connections that tests share: the table `[pool]`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PoolConfig {
    /// The most connections at a time: `AIODAL_POOL_MAX_SIZE`, `max_size`.
    ///
    /// `None`, the default, is as many as libtest runs tests at once.
    pub max_size: Option<u32>,
    /// How long a test waits for a connection: `AIODAL_POOL_CONNECTION_TIMEOUT`, `connection_timeout`.
    /// Default: 30 seconds.
    pub connection_timeout: Duration,
}

/// For how long a server of ours stays for the sake of a database that was kept.
const TO_LOOK_AT: Duration = Duration::from_secs(10 * 60);

/// The server of our own: the table `[postgres]`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PostgresConfig {
    /// The directory of `initdb` and `postgres`: `AIODAL_PG_BIN`, `bin`. Default: the highest version found.
    pub bin: Option<PathBuf>,
    /// The major version to take: `AIODAL_PG_VERSION`, `version`.
    pub version: Option<String>,
    /// Whom to run the server as when the tests run as root: `AIODAL_PG_USER`, `user`.
    /// Default: `postgres`, else `nobody`.
    pub user: Option<String>,
    /// How long the server stays after its last session: `AIODAL_PG_LINGER`, `linger`.
    /// Default: 10 seconds, and 2 where `CI` is set.
    pub linger: Option<Duration>,
}

impl PostgresConfig {
    /// Returns how long a server of ours, or a session database on a given one, stays after its last session.
    pub(crate) fn linger(&self) -> Duration {
        self.linger
            .unwrap_or_else(|| Duration::from_secs(if in_ci() { 2 } else { 10 }))
    }

    /// Returns how long a server of ours stays after its last session while a test's database is kept on it: until somebody
    /// has had a look. In CI nobody will.
    pub(crate) fn linger_with_kept(&self) -> Duration {
        let linger = self.linger();
        if in_ci() {
            linger
        } else {
            linger.max(TO_LOOK_AT)
        }
    }
}

fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|ci| !ci.is_empty())
}

impl Default for Config {
    fn default() -> Config {
        Config {
            database_url: None,
            echo: false,
            timeout: None,
            migrations: None,
            isolation: Isolation::default(),
            keep: Keep::default(),
            sql: ShowSql::default(),
            lock_wait: Duration::from_secs(10),
            sandbox_wait: Duration::from_secs(5),
            ambient: false,
            allow_production: false,
            settings: BTreeMap::new(),
            pool: PoolConfig::default(),
            postgres: PostgresConfig::default(),
            origins: Origins::default(),
        }
    }
}

impl Default for PoolConfig {
    fn default() -> PoolConfig {
        PoolConfig {
            max_size: None,
            connection_timeout: Duration::from_secs(30),
        }
    }
}

impl Config {
    /// Reads the file and the environment over the defaults.
    ///
    /// # Errors
    ///
    /// Every unknown key and bad value, all at once, with its place and what is allowed.
    pub(crate) fn read(manifest_dir: &Path) -> Result<Config, SetUpError> {
        let mut config = Config::default();
        let mut problems = Vec::new();
        // The general variable is for whoever named nothing that is ours.
        config.database_url = env::general_database_url();
        if config.database_url.is_some() {
            let place = "environment variable DATABASE_URL";
            config.origins.note("database_url", place);
        }
        config.origins.logs = env::logs_config();
        let profile = env::profile();
        file::apply(manifest_dir, profile.as_deref(), &mut config, &mut problems);
        env::apply(&mut config, &mut problems);
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(SetUpError::config(&problems))
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config {
            database_url,
            echo,
            timeout,
            migrations,
            isolation,
            keep,
            sql,
            lock_wait,
            sandbox_wait,
            ambient,
            allow_production,
            settings,
            pool,
            postgres,
            origins: _,
        } = self;
        f.debug_struct("Config")
            // It may hold a password.
            .field("database_url", &database_url.as_ref().map(|_| "…"))
            .field("echo", echo)
            .field("timeout", timeout)
            .field("migrations", migrations)
            .field("isolation", isolation)
            .field("keep", keep)
            .field("sql", sql)
            .field("lock_wait", lock_wait)
            .field("sandbox_wait", sandbox_wait)
            .field("ambient", ambient)
            .field("allow_production", allow_production)
            .field("settings", settings)
            .field("pool", pool)
            .field("postgres", postgres)
            .finish()
    }
}
