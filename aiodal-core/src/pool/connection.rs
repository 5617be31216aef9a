//! One connection of a [`Pool`](crate::Pool): the client, and what is known of the server behind it.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_postgres::error::DbError;
use tokio_postgres::{AsyncMessage, Client};

use super::cancel::CancelToken;
use super::tap::Watch;
use crate::statements::Statements;

/// Hears of every NOTICE and WARNING that the server sends, on the runtime's own task: it must be quick.
pub type OnNotice = Arc<dyn Fn(&DbError) + Send + Sync>;

/// A pooled connection.
///
/// It differs from a bare [`Client`] in that it knows its server's version and its prepared statements, can have its
/// statement cancelled, and can be marked as not fit for another user. Notices go to the pool's
/// [`on_notice`](crate::PoolOptions::on_notice); notifications (LISTEN) go nowhere.
pub struct Connection {
    pub(super) client: Arc<Client>,
    pub(super) statements: Arc<Statements>,
    pub(super) cancel: CancelToken,
    pub(super) watch: Arc<Watch>,
    pub(super) version: Option<u32>,
    pub(super) spoilt: AtomicBool,
    /// When it last came back to the pool.
    pub(super) idle_since: Option<Instant>,
}

impl Connection {
    /// Returns the driver's client.
    #[must_use]
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// Returns what has been prepared on it.
    #[must_use]
    pub fn statements(&self) -> &Arc<Statements> {
        &self.statements
    }

    /// Returns the server's version as a number, `150018` for 15.18, like its setting `server_version_num`.
    ///
    /// `None` if the server said nothing that is a version.
    #[must_use]
    pub fn server_version(&self) -> Option<u32> {
        self.version
    }

    /// Returns what it takes to cancel the statement that runs on it.
    #[must_use]
    pub fn cancel_token(&self) -> CancelToken {
        self.cancel.clone()
    }

    /// Returns what its tap knows of it.
    pub(super) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    /// Marks the connection: when it comes back, the pool closes it.
    pub fn spoil(&self) {
        self.spoilt.store(true, Ordering::Release);
    }

    /// Says whether nobody should be given it any more.
    pub(super) fn is_broken(&self) -> bool {
        self.spoilt.load(Ordering::Acquire) || self.client.is_closed()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("version", &self.version)
            .field("spoilt", &self.spoilt)
            .finish_non_exhaustive()
    }
}

/// Drives a connection on the current runtime until its client is dropped or the server goes.
pub(super) fn drive<S, T>(
    mut connection: tokio_postgres::Connection<S, T>,
    on_notice: Option<OnNotice>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        // An error ends it too: whoever has a statement under way is told, and the client knows that it is closed.
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let (AsyncMessage::Notice(notice), Some(on_notice)) = (message, &on_notice) {
                on_notice(&notice);
            }
        }
    });
}

/// Reads the parameter `server_version` as `server_version_num` would be: "15.18 (Debian …)" is 150018, "17beta1" is
/// 170000, "9.6.24" is 90624.
pub(super) fn version_number(text: &str) -> Option<u32> {
    let version = text
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .next()?;
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let major = parts.next().filter(|major| (1..1000).contains(major))?;
    let (minor, patch) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    Some(if major >= 10 {
        major * 10_000 + minor.min(9_999)
    } else {
        major * 10_000 + minor.min(99) * 100 + patch.min(99)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_read_as_the_servers_number() {
        for (text, number) in [
            ("15.18 (Debian 15.18-1.pgdg120+1)", Some(150_018)),
            ("17beta1", Some(170_000)),
            ("18devel", Some(180_000)),
            ("9.6.24", Some(90_624)),
            ("13.0.0", Some(130_000)),
            ("16.4", Some(160_004)),
            ("", None),
            ("unknown", None),
        ] {
            assert_eq!(version_number(text), number, "{text}");
        }
    }
}
