//! Pools of connections: bb8's pool over a source of our own, or a bb8 pool that somebody brings.

mod cancel;
mod connection;
mod connections;
mod held;
mod source;

use std::time::Instant;

pub use self::cancel::CancelToken;
pub use self::connection::{Connection, OnNotice};
pub use self::connections::Connections;
pub(crate) use self::held::Held;
pub use self::source::ConnectionSource;
use crate::database_url::DatabaseUrl;
use crate::error::{Error, Result};

/// A pool of connections.
pub type Pool = bb8::Pool<ConnectionSource>;

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
    let first = bb8::ManageConnection::connect(&source).await?;
    let pool = Pool::builder().build_unchecked(source);
    // Refused only if it broke in this moment; the pool then makes another on demand.
    let _refused = pool.add(first);
    Ok(pool)
}

/// Checks out a connection that the caller owns.
pub(crate) async fn checkout(
    pool: &Pool,
) -> Result<bb8::PooledConnection<'static, ConnectionSource>> {
    let started = Instant::now();
    pool.get_owned().await.map_err(|error| match error {
        bb8::RunError::User(error) => error,
        bb8::RunError::TimedOut => Error::checkout(pool.config().max_size, started.elapsed(), None),
    })
}

/// The same of a pool that is not ours.
async fn checkout_foreign<M>(pool: &bb8::Pool<M>) -> Result<bb8::PooledConnection<'static, M>>
where
    M: bb8::ManageConnection<Error = tokio_postgres::Error>,
{
    let started = Instant::now();
    pool.get_owned().await.map_err(|error| {
        let cause = match error {
            bb8::RunError::User(error) => Some(error.into()),
            bb8::RunError::TimedOut => None,
        };
        Error::checkout(pool.config().max_size, started.elapsed(), cause)
    })
}
