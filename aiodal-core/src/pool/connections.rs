//! Where connections come from: our own pool, or one that somebody brings.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use bb8_postgres::PostgresConnectionManager;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio_postgres::Socket;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};

use super::cancel::CancelToken;
use super::held::Held;
use super::lazy::Lazy;
use super::{Pool, PoolOptions, checkout, checkout_foreign};
use crate::database_url::DatabaseUrl;
use crate::error::Result;

/// Where connections come from: a [`Pool`] of ours, or any bb8 pool over bb8-postgres.
///
/// Made with `From` or [`with_tls`](Connections::with_tls); cheap to clone.
///
/// On a pool of bb8-postgres nothing is prepared ahead, notices are lost, and a connection that a dropped future has
/// left busy is kept from the pool until its statement has been cancelled. A COPY there that the server refuses costs its
/// connection, and one to the client that is dropped half-way is heard out.
#[derive(Clone)]
pub struct Connections(Arc<dyn Source>);

/// What a pool can do, whatever its type.
pub(super) trait Source: Send + Sync + fmt::Debug {
    fn checkout(&self) -> BoxFuture<'_, Result<Held>>;
}

impl Connections {
    /// Takes a pool whose connections are made with `tls`, so that its statements can be cancelled.
    ///
    /// A pool taken with `From` sends its requests to cancel without TLS, which a connection with `sslmode=require`
    /// refuses: a transaction dropped in the middle of a statement then waits for that statement.
    pub fn with_tls<T>(pool: bb8::Pool<PostgresConnectionManager<T>>, tls: T) -> Connections
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send + Sync,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        Connections(Arc::new(Foreign {
            pool,
            version: Arc::default(),
            cancel: move |token| CancelToken::of_client(token, tls.clone()),
        }))
    }

    /// Makes a pool that is opened by whoever first wants a connection.
    pub(crate) fn lazily(url: &DatabaseUrl, options: PoolOptions) -> Connections {
        Connections(Arc::new(Lazy::new(url.clone(), options)))
    }

    /// Waits for a connection.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, no connection is taken.
    pub(crate) async fn checkout(&self) -> Result<Held> {
        self.0.checkout().await
    }
}

impl From<Pool> for Connections {
    fn from(pool: Pool) -> Connections {
        Connections(Arc::new(pool))
    }
}

impl From<&Pool> for Connections {
    fn from(pool: &Pool) -> Connections {
        Connections::from(pool.clone())
    }
}

impl<T> From<bb8::Pool<PostgresConnectionManager<T>>> for Connections
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send + Sync,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn from(pool: bb8::Pool<PostgresConnectionManager<T>>) -> Connections {
        Connections(Arc::new(Foreign {
            pool,
            version: Arc::default(),
            cancel: CancelToken::plain,
        }))
    }
}

impl Source for Pool {
    fn checkout(&self) -> BoxFuture<'_, Result<Held>> {
        async { Ok(Held::pooled(checkout(self).await?)) }.boxed()
    }
}

struct Foreign<M: bb8::ManageConnection, C> {
    pool: bb8::Pool<M>,
    /// Of the server, 0 until somebody has asked; shared with all that is checked out.
    version: Arc<AtomicU32>,
    cancel: C,
}

impl<M, C> Source for Foreign<M, C>
where
    M: bb8::ManageConnection<Connection = tokio_postgres::Client, Error = tokio_postgres::Error>,
    C: Fn(tokio_postgres::CancelToken) -> CancelToken + Send + Sync,
{
    fn checkout(&self) -> BoxFuture<'_, Result<Held>> {
        async {
            let connection = checkout_foreign(&self.pool).await?;
            let cancel = (self.cancel)(connection.cancel_token());
            Ok(Held::foreign(
                Box::new(connection),
                self.version.clone(),
                cancel,
            ))
        }
        .boxed()
    }
}

impl<M: bb8::ManageConnection, C> fmt::Debug for Foreign<M, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foreign").finish_non_exhaustive()
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connections").field(&self.0).finish()
    }
}
