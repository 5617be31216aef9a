//! Asking a server to give up on a statement, the way its connection was made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{NoTls, Socket};

use crate::error::{Error, Result};

/// How long a request to cancel may take where the connection had no `connect_timeout` of its own.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// The capability to cancel the statement that runs on a connection.
///
/// Like [`tokio_postgres::CancelToken`], together with the TLS that the connection uses.
#[derive(Clone)]
pub struct CancelToken {
    send: Arc<dyn Fn() -> BoxFuture<'static, Result<(), tokio_postgres::Error>> + Send + Sync>,
    limit: Duration,
}

impl CancelToken {
    pub(crate) fn new<T>(token: tokio_postgres::CancelToken, tls: T, limit: Duration) -> CancelToken
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let send = move || {
            let (token, tls) = (token.clone(), tls.clone());
            async move { token.cancel_query(tls).await }.boxed()
        };
        CancelToken {
            send: Arc::new(send),
            limit,
        }
    }

    pub(crate) fn plain(token: tokio_postgres::CancelToken) -> CancelToken {
        CancelToken::new(token, NoTls, LIMIT)
    }

    /// Asks the server to cancel what the connection runs.
    ///
    /// The request goes through a connection of its own. The statement, if there still is one, then fails with
    /// SQLSTATE 57014. A request takes effect on whatever runs when it arrives: don't hand the connection to
    /// somebody else before the statement has been answered.
    ///
    /// # Errors
    ///
    /// The server can't be reached within the connection's `connect_timeout`. Whether anything was cancelled it does not tell.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the request may or may not have been sent.
    pub async fn cancel(&self) -> Result<()> {
        match tokio::time::timeout(self.limit, (self.send)()).await {
            Ok(result) => result.map_err(|error| Error::cancel(error.into())),
            Err(elapsed) => Err(Error::cancel(elapsed.into())),
        }
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken").finish_non_exhaustive()
    }
}
