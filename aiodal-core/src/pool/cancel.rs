//! Asking a server to give up on a statement, the way its connection was made.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Config, NoTls, Socket};

use super::address::{Address, Stream, UntilHungUp};
use crate::error::{BoxError, Error, Result};
use crate::tls::Handshake;

/// The capability to cancel the statement that runs on a connection.
///
/// Like [`tokio_postgres::CancelToken`], together with the TLS that the connection uses.
#[derive(Clone)]
pub struct CancelToken {
    send: Arc<dyn Fn() -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync>,
    /// `None` where whoever made it sees to that.
    limit: Option<Duration>,
}

impl CancelToken {
    /// Of somebody's own client, through streams that `open` makes to the same server: each is waited for until the server has
    /// hung up, and has therefore acted on the request. With a `handshake` the request is made as the connection was, with TLS if
    /// the server agrees.
    ///
    /// That is for whoever makes connections and opens a [`Lane`](crate::Lane) on one. The time limit is that of `open`, and
    /// whatever is put around [`cancel`](CancelToken::cancel).
    pub fn through<F, S>(
        token: tokio_postgres::CancelToken,
        handshake: Option<Handshake>,
        open: impl Fn() -> F + Send + Sync + 'static,
    ) -> CancelToken
    where
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let send = move || {
            let (token, handshake, opening) = (token.clone(), handshake.clone(), open());
            async move {
                let stream = UntilHungUp(opening.await?);
                match handshake {
                    Some(handshake) => token.cancel_query_raw(stream, handshake).await?,
                    None => token.cancel_query_raw(stream, NoTls).await?,
                }
                Ok(())
            }
            .boxed()
        };
        CancelToken {
            send: Arc::new(send),
            limit: None,
        }
    }

    /// Of a connection whose address and TLS are known.
    pub(super) fn to_address<T>(
        token: tokio_postgres::CancelToken,
        address: Address,
        settings: Arc<Config>,
        tls: T,
        limit: Duration,
    ) -> CancelToken
    where
        T: TlsConnect<UntilHungUp<Stream>> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::Future: Send,
    {
        let send = move || {
            let (token, address, tls) = (token.clone(), address.clone(), tls.clone());
            let settings = settings.clone();
            async move {
                let stream = UntilHungUp(address.open(&settings).await?);
                Ok(token.cancel_query_raw(stream, tls).await?)
            }
            .boxed()
        };
        CancelToken {
            send: Arc::new(send),
            limit: Some(limit),
        }
    }

    /// Of somebody's own client: the driver knows the address.
    pub(super) fn of_client<T>(token: tokio_postgres::CancelToken, tls: T) -> CancelToken
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let send = move || {
            let (token, tls) = (token.clone(), tls.clone());
            async move { Ok(token.cancel_query(tls).await?) }.boxed()
        };
        CancelToken {
            send: Arc::new(send),
            limit: Some(super::CONNECT_LIMIT),
        }
    }

    pub(super) fn plain(token: tokio_postgres::CancelToken) -> CancelToken {
        CancelToken::of_client(token, NoTls)
    }

    /// Asks the server to cancel what the connection runs.
    ///
    /// The request goes through a connection of its own. The statement, if there still is one, then fails with
    /// SQLSTATE 57014. On a connection of [`Pool`](crate::Pool) this waits until the server has acted on the request;
    /// on one of somebody's own pool the request may be late, and hit the next statement.
    ///
    /// # Errors
    ///
    /// The server can't be reached within the connection's `connect_timeout`. Whether anything was cancelled it does not tell.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the request may or may not have been sent.
    pub async fn cancel(&self) -> Result<()> {
        let sent = (self.send)();
        let result = match self.limit {
            None => sent.await,
            Some(limit) => match tokio::time::timeout(limit, sent).await {
                Ok(result) => result,
                Err(elapsed) => Err(elapsed.into()),
            },
        };
        result.map_err(Error::cancel)
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken").finish_non_exhaustive()
    }
}
