//! What the command `aiodal` asks of a session. Not part of the stable interface.

mod databases;
mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use aiodal_core::DatabaseUrl;

pub use self::databases::{Database, Databases};
pub use self::server::{Guest, Installation, OwnServer};
use crate::case::TestCase;
use crate::config::{self, Config};
use crate::fixture::Layers;
use crate::provision::{self, ProvisionError};
use crate::session::{self, Session};
use crate::set_up::SetUpError;
use crate::template::{self, Recipe};

/// The oldest PostgreSQL that tests run on.
pub const OLDEST: u32 = 14;

/// What the tests of one package would use.
///
/// A process has one: see [`Site::open`].
#[derive(Debug)]
pub struct Site {
    /// As `aiodal.toml` and the environment have it; what a session does in code is not in it.
    pub config: Config,
    package: PathBuf,
    target: PathBuf,
}

impl Site {
    /// Reads the configuration of the package in `package`, which is built into `target`.
    ///
    /// The target directory counts for the whole process, and the first call for all.
    ///
    /// # Errors
    ///
    /// Every unknown key and bad value.
    pub fn open(package: &Path, target: &Path) -> Result<Site, SetUpError> {
        provision::tell_target_directory(target.to_owned());
        Ok(Site {
            config: Config::read(package)?,
            package: package.to_owned(),
            target: target.to_owned(),
        })
    }

    /// Returns the server that is configured, if one is.
    ///
    /// # Errors
    ///
    /// A URL that can't be read, or asks for what tests can't do.
    pub fn given(&self) -> Result<Option<DatabaseUrl>, SetUpError> {
        let url = self.config.database_url.as_deref();
        url.map(session::given_url).transpose()
    }

    /// Refuses a given server that looks like production, as tests do.
    ///
    /// # Errors
    ///
    /// It does, and that is not allowed.
    pub fn refuse_production(&self) -> Result<(), SetUpError> {
        match self.given()? {
            Some(url) => session::refuse_production(&url, &self.config),
            None => Ok(()),
        }
    }

    /// Returns how long a server of ours stays after its last session.
    #[must_use]
    pub fn linger(&self) -> Duration {
        self.config.postgres.linger()
    }

    /// Returns the server of our own, starting it if it does not run.
    ///
    /// # Errors
    ///
    /// There is none to start, or it does not start.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends a server that is being started.
    pub async fn server(&self) -> Result<OwnServer, SetUpError> {
        let server = provision::ensure_server(&self.config.postgres, &self.target).await;
        server.map(OwnServer).map_err(|error| failed(&error))
    }

    /// Returns the server of our own if it runs.
    ///
    /// # Errors
    ///
    /// It does not answer.
    pub async fn running(&self) -> Result<Option<OwnServer>, SetUpError> {
        let server = provision::running(&self.config.postgres, &self.target).await;
        Ok(server.map_err(|error| failed(&error))?.map(OwnServer))
    }

    /// Lists the installations that a server could be started from.
    ///
    /// # Errors
    ///
    /// A setting that can't be followed.
    pub async fn installations(&self) -> Result<Vec<Installation>, SetUpError> {
        let found = provision::installations(&self.config.postgres, &self.target).await;
        let found = found.map_err(|error| failed(&error))?;
        Ok(found.into_iter().map(Installation::from).collect())
    }

    /// Says which version of PostgreSQL is in a directory, or why none there could be run.
    ///
    /// # Errors
    ///
    /// A setting that can't be followed.
    pub async fn version_in(&self, directory: &Path) -> Result<Result<String, String>, SetUpError> {
        let version = provision::version_in(directory, &self.config.postgres, &self.target).await;
        version.map_err(|error| failed(&error))
    }

    /// Returns the directory that keeps what outlives servers, and the one within it for servers that are fetched.
    ///
    /// # Errors
    ///
    /// There is no directory that may be trusted.
    pub fn caches(&self) -> Result<(PathBuf, PathBuf), SetUpError> {
        provision::caches(&self.config.postgres, &self.target).map_err(|error| failed(&error))
    }

    /// Lists the data directories that are kept to make starts fast.
    ///
    /// # Errors
    ///
    /// The cache can't be read.
    pub fn clusters(&self) -> Result<Vec<PathBuf>, SetUpError> {
        provision::clusters(&self.config.postgres, &self.target).map_err(|error| failed(&error))
    }

    /// Removes them, and returns what was there.
    ///
    /// # Errors
    ///
    /// A directory can't be removed.
    pub async fn forget_clusters(&self) -> Result<Vec<PathBuf>, SetUpError> {
        let forgotten = provision::forget_clusters(&self.config.postgres, &self.target).await;
        forgotten.map_err(|error| failed(&error))
    }

    /// Removes what killed servers of this user left behind.
    ///
    /// # Errors
    ///
    /// Somebody holds the lock of starting servers for long.
    pub async fn tidy(&self) -> Result<(), SetUpError> {
        let tidied = provision::tidy(&self.config.postgres, &self.target).await;
        tidied.map_err(|error| failed(&error))
    }

    /// Makes the database that tests run in, or finds it, if the configuration says all that is in it: `None` where
    /// only the code of a session could. A given database that is used as it is counts as found.
    ///
    /// # Errors
    ///
    /// The server can't be reached, a migration failed.
    ///
    /// # Panics
    ///
    /// If the package's path is not UTF-8, which Cargo refuses to build.
    pub fn test_database(&self) -> Result<Option<DatabaseUrl>, SetUpError> {
        if !Recipe::read(&self.config, None, &self.package)?.is_needed() {
            return self.given();
        }
        let package = self.package.to_str().expect("a package's path is UTF-8");
        // A test's is in its program; and there is one site per process.
        let package: &'static str = String::leak(package.to_owned());
        let case = TestCase::new("the command aiodal", file!(), line!(), package);
        Ok(Some(
            Session::get(&case)?.place(&Layers::default())?.url.clone(),
        ))
    }

    /// Returns what the names of a package's databases begin with; `session` is the type that registers one, or empty.
    #[must_use]
    pub fn prefix(&self, package: &Path, session: &str) -> String {
        format!("aiodal_{}_", template::project(package, session))
    }
}

/// Reads `250ms`, `5s`, `10m` or `1h`, as the configuration does.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    config::parse_duration(text)
}

fn failed(error: &ProvisionError) -> SetUpError {
    SetUpError::caused("failed to get a PostgreSQL server of our own", error)
}
