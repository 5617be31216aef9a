//! bb8's pool over bb8-postgres, with the two mends a transaction needs.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bb8_postgres::PostgresConnectionManager;
use tokio_postgres::{Client, NoTls};

use crate::database_url::DatabaseUrl;
use crate::error::{Error, Result};

/// A pool of connections.
pub type Pool = bb8::Pool<ConnectionSource>;

/// A pooled connection.
///
/// It differs from a bare [`Client`] in that it can be marked as not fit for another user.
pub struct Connection {
    client: Arc<Client>,
    spoilt: bool,
}

impl Connection {
    /// Returns the driver's client.
    #[must_use]
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// Marks the connection: when it comes back, the pool closes it.
    pub fn spoil(&mut self) {
        self.spoilt = true;
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("spoilt", &self.spoilt)
            .finish_non_exhaustive()
    }
}

/// Makes the connections of a [`Pool`].
///
/// It wraps [`PostgresConnectionManager`] and mends what makes that one unsafe under transactions: a
/// connection that comes back with a statement still running is closed instead of handed to the next
/// user, and a connection is not pinged at every checkout.
#[derive(Debug)]
pub struct ConnectionSource {
    inner: PostgresConnectionManager<NoTls>,
}

impl ConnectionSource {
    /// Makes connections to `url`.
    #[must_use]
    pub fn new(url: &DatabaseUrl) -> ConnectionSource {
        ConnectionSource {
            inner: PostgresConnectionManager::new(url.config().clone(), NoTls),
        }
    }
}

impl bb8::ManageConnection for ConnectionSource {
    type Connection = Connection;
    type Error = tokio_postgres::Error;

    async fn connect(&self) -> Result<Connection, tokio_postgres::Error> {
        let client = Arc::new(self.inner.connect().await?);
        Ok(Connection {
            client,
            spoilt: false,
        })
    }

    async fn is_valid(&self, connection: &mut Connection) -> Result<(), tokio_postgres::Error> {
        connection.client.check_connection().await
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.spoilt || connection.client.is_closed()
    }
}

/// Opens a pool and its first connection, so that a wrong URL fails here and not at the first query.
///
/// The pool belongs to the Tokio runtime it is opened on, and has bb8's defaults: ten connections at
/// most, 30 seconds to wait for one. Use [`Pool::builder`] with a [`ConnectionSource`] for others.
///
/// # Errors
///
/// A URL that can't be read, and a server that can't be reached or refuses.
///
/// # Examples
///
/// ```no_run
/// # async fn example() -> aiodal_core::Result<()> {
/// let pool = aiodal_core::connect("postgres://localhost/library").await?;
/// # drop(pool); Ok(())
/// # }
/// ```
pub async fn connect(url: &str) -> Result<Pool> {
    let url: DatabaseUrl = url.parse()?;
    let source = ConnectionSource::new(&url);
    let failed = |error: tokio_postgres::Error| Error::connect(url.to_string(), error.into());
    let first = bb8::ManageConnection::connect(&source)
        .await
        .map_err(failed)?;
    let pool = Pool::builder()
        .test_on_check_out(false)
        .build_unchecked(source);
    // Refused only if it broke in this moment; the pool then makes another on demand.
    let _refused = pool.add(first);
    Ok(pool)
}

/// Checks out a connection that the caller owns.
pub(crate) async fn checkout(
    pool: &Pool,
) -> Result<bb8::PooledConnection<'static, ConnectionSource>> {
    let started = Instant::now();
    pool.get_owned().await.map_err(|error| {
        let cause = match error {
            bb8::RunError::User(error) => Some(error.into()),
            bb8::RunError::TimedOut => None,
        };
        Error::checkout(pool.config().max_size, started.elapsed(), cause)
    })
}
