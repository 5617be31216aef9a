//! A tap inside a TLS session, where the protocol is.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use super::{Tap, Watch};

/// A handshake whose session is tapped.
pub(in crate::pool) struct Tapped<T> {
    handshake: T,
    watch: Arc<Watch>,
}

impl<T> Tapped<T> {
    pub(in crate::pool) fn new(handshake: T, watch: Arc<Watch>) -> Tapped<T> {
        Tapped { handshake, watch }
    }
}

impl<S, T> TlsConnect<S> for Tapped<T>
where
    T: TlsConnect<S>,
    T::Stream: 'static,
    T::Error: 'static,
    T::Future: Send + 'static,
{
    type Stream = Tap<T::Stream>;
    type Error = T::Error;
    type Future = BoxFuture<'static, Result<Tap<T::Stream>, T::Error>>;

    fn connect(self, stream: S) -> Self::Future {
        let Tapped { handshake, watch } = self;
        handshake
            .connect(stream)
            .map_ok(|session| Tap::with_watch(session, watch))
            .boxed()
    }
}

impl<S: TlsStream + Unpin> TlsStream for Tap<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}
