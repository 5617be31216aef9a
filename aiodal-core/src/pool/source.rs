//! What makes the connections of a [`Pool`](crate::Pool), and tells which of them are worth keeping.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio_postgres::NoTls;

use super::cancel::CancelToken;
use super::connection::{Connection, drive, version_number};
use crate::database_url::DatabaseUrl;
use crate::error::{Error, Result};

/// Makes the connections of a [`Pool`](crate::Pool).
///
/// It mends what makes bb8-postgres' own unsafe under transactions: a connection that comes back with a statement
/// still running is closed instead of handed to the next user, and a connection is not pinged at every checkout.
pub struct ConnectionSource {
    url: DatabaseUrl,
}

impl ConnectionSource {
    /// Makes connections to `url`.
    #[must_use]
    pub fn new(url: &DatabaseUrl) -> ConnectionSource {
        ConnectionSource { url: url.clone() }
    }
}

impl bb8::ManageConnection for ConnectionSource {
    type Connection = Connection;
    type Error = Error;

    async fn connect(&self) -> Result<Connection> {
        let failed =
            |error: tokio_postgres::Error| Error::connect(self.url.to_string(), error.into());
        let (client, connection) = self.url.config().connect(NoTls).await.map_err(failed)?;
        let version = connection
            .parameter("server_version")
            .and_then(version_number);
        drive(connection, None);
        Ok(Connection {
            cancel: CancelToken::plain(client.cancel_token()),
            client: Arc::new(client),
            statements: Arc::default(),
            version,
            spoilt: AtomicBool::new(false),
        })
    }

    async fn is_valid(&self, connection: &mut Connection) -> Result<()> {
        if connection.is_broken() {
            return Err(Error::lost(self.url.to_string()));
        }
        Ok(())
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.is_broken()
    }
}

impl fmt::Debug for ConnectionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionSource")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
