//! The server of our own, as a session holds it.

use std::path::PathBuf;

use aiodal_core::DatabaseUrl;
use tokio::sync::RwLock;
use tokio_postgres::Client;

use crate::config::{Config, PostgresConfig};
use crate::provision::{self, ProvisionError, Server, Standing};
use crate::set_up::SetUpError;

/// The server that all processes of a target directory share.
pub(crate) struct Managed {
    settings: PostgresConfig,
    scope: PathBuf,
    /// Another takes its place where it has ended before anybody held it.
    state: RwLock<State>,
}

struct State {
    server: Server,
    /// Whether `server` has a lease that keeps it.
    held: bool,
    /// How many databases are being made.
    holders: u32,
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
        let state = State {
            server,
            held,
            holders: 0,
        };
        Ok(Managed {
            settings,
            scope,
            state: RwLock::new(state),
        })
    }

    /// The database that is always there.
    pub(crate) async fn url(&self) -> DatabaseUrl {
        DatabaseUrl::from(self.state.read().await.server.config("postgres"))
    }

    /// Says whether the server stays as long as the connection.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(crate) async fn verify(&self, client: &Client) -> Result<bool, ProvisionError> {
        let state = self.state.read().await;
        Ok(provision::verify(client, &state.server).await? == Standing::Held)
    }

    /// Holds on to the server, starting another if it is gone, until [`let_go`](Managed::let_go).
    ///
    /// # Errors
    ///
    /// No PostgreSQL to run, or none that starts.
    pub(crate) async fn hold(&self) -> Result<(), SetUpError> {
        let mut state = self.state.write().await;
        if !state.held {
            state.server = provision::ensure_server(&self.settings, &self.scope)
                .await
                .map_err(|error| failed(&error))?;
            state.held = true;
        }
        state.holders += 1;
        Ok(())
    }

    /// Ends a [`hold`](Managed::hold).
    pub(crate) async fn let_go(&self) {
        self.state.write().await.holders -= 1;
        self.leave_to_connections().await;
    }

    /// Leaves it to the session's connections to keep the server, unless somebody holds it.
    pub(crate) async fn leave_to_connections(&self) {
        let mut state = self.state.write().await;
        if state.holders == 0 && state.held {
            state.server.release_lease();
            state.held = false;
        }
    }
}

fn failed(error: &ProvisionError) -> SetUpError {
    SetUpError::caused("failed to get a PostgreSQL server of our own", error)
}
