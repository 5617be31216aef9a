//! The server of our own, as a session holds it.

use std::path::PathBuf;

use aiodal_core::DatabaseUrl;
use tokio_postgres::Client;

use crate::config::{Config, PostgresConfig};
use crate::provision::{self, ProvisionError, Server, Standing};
use crate::set_up::SetUpError;

/// The server that all processes of a target directory share.
pub(crate) struct Managed {
    settings: PostgresConfig,
    scope: PathBuf,
    server: Server,
    /// Whether `server` has a lease that keeps it.
    held: bool,
}

impl Managed {
    /// Finds the server that is running, or starts one.
    ///
    /// # Errors
    ///
    /// No PostgreSQL to run, or none that starts.
    pub(crate) async fn find(config: &Config) -> Result<Managed, SetUpError> {
        let settings = config.postgres.clone();
        let scope = provision::target_directory();
        let running = provision::endpoint(&settings, &scope).map_err(|error| failed(&error))?;
        let held = running.is_none();
        let server = match running {
            Some(server) => server,
            None => provision::ensure_server(&settings, &scope)
                .await
                .map_err(|error| failed(&error))?,
        };
        Ok(Managed {
            settings,
            scope,
            server,
            held,
        })
    }

    /// Says whether CREATE DATABASE can be told to copy files: `STRATEGY` is there from PostgreSQL 15 on.
    pub(crate) fn can_copy_files(&self) -> bool {
        let major = self
            .server
            .version
            .split('.')
            .next()
            .and_then(|major| major.parse::<u32>().ok());
        major.is_some_and(|major| major >= 15)
    }

    /// The database that is always there.
    pub(crate) fn url(&self) -> DatabaseUrl {
        DatabaseUrl::from(self.server.config("postgres"))
    }

    /// Says whether the server stays as long as the connection.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(crate) async fn verify(&self, client: &Client) -> Result<bool, ProvisionError> {
        Ok(provision::verify(client, &self.server).await? == Standing::Held)
    }

    /// Holds on to the server, starting another if it is gone, until [`let_go`](Managed::let_go).
    ///
    /// # Errors
    ///
    /// No PostgreSQL to run, or none that starts.
    pub(crate) async fn hold(&mut self) -> Result<(), SetUpError> {
        if !self.held {
            self.server = provision::ensure_server(&self.settings, &self.scope)
                .await
                .map_err(|error| failed(&error))?;
            self.held = true;
        }
        Ok(())
    }

    /// Leaves it to the session's connections to keep the server.
    pub(crate) fn let_go(&mut self) {
        self.server.release_lease();
        self.held = false;
    }
}

fn failed(error: &ProvisionError) -> SetUpError {
    SetUpError::caused("failed to get a PostgreSQL server of our own", error)
}
