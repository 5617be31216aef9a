//! The server of our own, as the command sees it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aiodal_core::DatabaseUrl;

use crate::provision::{self, Attached, ProvisionError, Server};
use crate::set_up::SetUpError;

/// A server of our own, which stays at least until this value is dropped.
#[derive(Debug)]
pub struct OwnServer(pub(super) Server);

/// Somebody who is connected to a server of our own.
#[derive(Clone, Debug)]
pub struct Guest {
    /// Of its backend.
    pub pid: i32,
    /// The database it is connected to.
    pub database: String,
    /// What it calls itself.
    pub application_name: String,
}

/// A directory in which a PostgreSQL lies, or should.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The directory of the programs.
    pub directory: PathBuf,
    /// How it was found.
    pub source: &'static str,
    /// The version in it, or why it cannot be run.
    pub version: Result<String, String>,
    /// Whether it is the one that a server is started from.
    pub chosen: bool,
}

impl OwnServer {
    /// Returns the database that is always there, as the superuser.
    #[must_use]
    pub fn url(&self) -> DatabaseUrl {
        DatabaseUrl::from(self.0.config("postgres"))
    }

    /// Returns its version, such as `15.18`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// Says whether it was started for this value.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.0.how == Attached::Started
    }

    /// Returns the directory that goes with it.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.0.directory()
    }

    /// Keeps it for `time` from now, in place of what was said before.
    ///
    /// # Errors
    ///
    /// It takes no further session.
    pub async fn keep(&self, time: Duration) -> Result<(), SetUpError> {
        self.0.keep(time).await.map_err(|error| failed(&error))
    }

    /// Says until when it is kept, as `2026-11-22 14:05:00 UTC`.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub async fn kept_until(&self) -> Result<Option<String>, SetUpError> {
        self.0.kept_until().await.map_err(|error| failed(&error))
    }

    /// Lists who uses it.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub async fn guests(&self) -> Result<Vec<Guest>, SetUpError> {
        let guests = self.0.guests().await.map_err(|error| failed(&error))?;
        Ok(guests.into_iter().map(Guest::from).collect())
    }

    /// Ends it, whoever uses it, and returns when it is gone.
    ///
    /// # Errors
    ///
    /// It is still there after a while.
    pub async fn end(self) -> Result<(), SetUpError> {
        self.0.end().await.map_err(|error| failed(&error))
    }
}

impl From<provision::Guest> for Guest {
    fn from(guest: provision::Guest) -> Guest {
        let provision::Guest {
            pid,
            database,
            application_name,
        } = guest;
        Guest {
            pid,
            database,
            application_name,
        }
    }
}

impl From<provision::Installation> for Installation {
    fn from(installation: provision::Installation) -> Installation {
        let provision::Installation {
            directory,
            source,
            version,
            chosen,
        } = installation;
        Installation {
            directory,
            source,
            version,
            chosen,
        }
    }
}

fn failed(error: &ProvisionError) -> SetUpError {
    SetUpError::caused("failed to talk to the PostgreSQL server of our own", error)
}
