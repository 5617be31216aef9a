//! Pools of connections: bb8's pool over a source of our own, or a bb8 pool that somebody brings.

mod address;
mod attempt;
mod cancel;
mod connection;
mod connections;
mod dial;
mod encryption;
mod failure;
mod held;
mod lazy;
mod login;
mod options;
mod session;
mod source;
mod tap;

use std::time::{Duration, Instant};

use futures_util::FutureExt;

pub use self::cancel::CancelToken;
pub use self::connection::{Connection, OnNotice};
pub use self::connections::Connections;
pub use self::encryption::Way;
pub(crate) use self::held::{Held, server_version};
pub use self::options::PoolOptions;
pub use self::source::ConnectionSource;
pub use self::tap::{Tap, Watch};
use crate::error::{Error, Result};

/// A pool of connections.
pub type Pool = bb8::Pool<ConnectionSource>;

/// How long connecting to one address may take, where neither the URL nor the options say.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Opens a pool and its first connection, so that what is wrong is found here and not at the first query.
///
/// What the string leaves open is taken from the environment, as [`DatabaseUrl::resolve`](crate::DatabaseUrl::resolve) says. The pool belongs to the
/// Tokio runtime it is opened on. [`PoolOptions`] lists what can be chosen, and the defaults.
///
/// # Errors
///
/// A string that can't be read, and a server that can't be reached within `connect_timeout` (10 seconds) or refuses.
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
    PoolOptions::new().connect(url).await
}

/// Checks out a connection that the caller owns.
pub(crate) async fn checkout(
    pool: &Pool,
) -> Result<bb8::PooledConnection<'static, ConnectionSource>> {
    let started = Instant::now();
    let waited = match pool.get_owned().await {
        Ok(connection) => return Ok(connection),
        Err(bb8::RunError::User(error)) => return Err(error),
        Err(bb8::RunError::TimedOut) => started.elapsed(),
    };
    let size = pool.config().max_size;
    if pool.state().connections >= size {
        return Err(Error::checkout(size, waited, None));
    }
    // The pool has been trying to make one all the time, and told nobody what came of it.
    match pool.dedicated_connection().await {
        Err(error) => Err(Error::unreachable(waited, error.into())),
        // Just now it went well.
        Ok(connection) => {
            let _full = pool.add(connection);
            match pool.get_owned().now_or_never() {
                Some(Ok(connection)) => Ok(connection),
                _ => Err(Error::checkout(size, waited, None)),
            }
        }
    }
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
