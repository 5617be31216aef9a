//! What makes the connections of a [`Pool`](crate::Pool), and tells which of them are worth keeping.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::PoolOptions;
use super::attempt::Attempt;
use super::connection::Connection;
use crate::database_url::DatabaseUrl;
use crate::error::{Error, Result};

/// After how long in the pool a connection is asked whether the server is still there.
///
/// A server that ends says so, and the driver hears it. One whose machine or network is gone says nothing: the first
/// statement would wait for TCP to give up, a quarter of an hour.
const DOUBT: Duration = Duration::from_secs(60);

/// Makes the connections of a [`Pool`](crate::Pool).
///
/// It differs from bb8-postgres' own where that one is unsafe under transactions or slow: a connection that comes back
/// with a statement still running is closed instead of handed to the next user, and a connection is not pinged
/// at every checkout but only after a minute of idleness.
pub struct ConnectionSource {
    url: DatabaseUrl,
    options: PoolOptions,
}

impl ConnectionSource {
    /// Makes connections to `url`, with the default [`PoolOptions`].
    #[must_use]
    pub fn new(url: &DatabaseUrl) -> ConnectionSource {
        ConnectionSource {
            url: url.clone(),
            options: PoolOptions::default(),
        }
    }

    /// Makes connections to `url`, as the options have it.
    ///
    /// # Errors
    ///
    /// A name in the options that cannot be.
    pub fn with_options(url: &DatabaseUrl, options: &PoolOptions) -> Result<ConnectionSource> {
        Ok(ConnectionSource {
            url: options.starting(url)?,
            options: options.clone(),
        })
    }

    fn limit(&self) -> Duration {
        let given = self.url.config().get_connect_timeout();
        given.copied().unwrap_or(self.options.connect_timeout)
    }
}

impl bb8::ManageConnection for ConnectionSource {
    type Connection = Connection;
    type Error = Error;

    async fn connect(&self) -> Result<Connection> {
        let attempt = Attempt {
            settings: self.url.settings(),
            limit: self.limit(),
            options: &self.options,
        };
        attempt.make(&self.url.to_string()).await
    }

    async fn is_valid(&self, connection: &mut Connection) -> Result<()> {
        let lost = || Error::lost(self.url.to_string());
        if connection.is_broken() {
            return Err(lost());
        }
        let doubtful = connection
            .idle_since
            .is_some_and(|since: Instant| since.elapsed() > DOUBT);
        if doubtful {
            let asked = tokio::time::timeout(self.limit(), connection.client.check_connection());
            return match asked.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) | Err(_) => Err(lost()),
            };
        }
        Ok(())
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        // bb8 asks when a connection comes back.
        connection.idle_since = Some(Instant::now());
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
