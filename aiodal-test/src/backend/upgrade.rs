//! From a plain connection to one that speaks TLS, when the server agrees on it.

use aiodal_core::{BoxError, Tap, TlsHandshake};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio_postgres::tls::TlsConnect;

use super::login::Login;
use super::socket::Socket;

/// What the driver upgrades a connection with: the socket itself, so that all who share it speak TLS from then on.
pub(super) struct Upgrade {
    pub(super) socket: Socket,
    /// `None` if there is to be no TLS.
    pub(super) handshake: Option<TlsHandshake>,
    pub(super) login: Login,
}

impl TlsConnect<Tap<Socket>> for Upgrade {
    // The tap has let the request for TLS pass, and follows the protocol that begins inside the session.
    type Stream = Tap<Socket>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Tap<Socket>, BoxError>>;

    fn connect(self, tap: Tap<Socket>) -> Self::Future {
        async move {
            let handshake = self.handshake.ok_or("nobody has asked for TLS")?;
            self.socket.secure(handshake).await?;
            self.login.begins();
            Ok(tap)
        }
        .boxed()
    }
}
