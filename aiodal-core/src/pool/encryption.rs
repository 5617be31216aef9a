//! With TLS and without: the ways to one server, in the order that `sslmode` has them tried.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use tokio_postgres::Config;
use tokio_postgres::config as driver;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;

use crate::config::SslMode;
use crate::database_url::DatabaseUrl;
use crate::error::BoxError;
use crate::tls::{COMPILED_IN, Handshake, Tls, TlsError};

/// Whether to ask for TLS, and what to do if the server has none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    Never,
    IfOffered,
    Always,
}

impl Encryption {
    /// Lists what to try (PostgreSQL manual 34.19.3).
    pub(super) fn ways(mode: SslMode, through_kernel: bool) -> &'static [Encryption] {
        match mode {
            // What passes through the kernel alone needs none.
            _ if through_kernel => &[Encryption::Never],
            SslMode::Disable => &[Encryption::Never],
            SslMode::Allow | SslMode::Prefer if !COMPILED_IN => &[Encryption::Never],
            SslMode::Allow => &[Encryption::Never, Encryption::Always],
            SslMode::Prefer => &[Encryption::IfOffered, Encryption::Never],
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[Encryption::Always],
        }
    }

    pub(super) fn mode(self) -> driver::SslMode {
        match self {
            Encryption::Never => driver::SslMode::Disable,
            Encryption::IfOffered => driver::SslMode::Prefer,
            Encryption::Always => driver::SslMode::Require,
        }
    }
}

/// One way to a server, with TLS or without.
///
/// For whoever makes connections by [`connect_raw`](Config::connect_raw) and opens a [`Lane`](crate::Lane) on one.
#[derive(Clone)]
pub struct Way {
    config: Config,
    handshake: Option<Handshake>,
}

impl Way {
    /// Returns what to connect with: what the URL says, with the `sslmode` of this way.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the handshake to come if the server agrees on TLS; `None` if it is not asked for.
    #[must_use]
    pub fn handshake(&self) -> Option<Handshake> {
        self.handshake.clone()
    }

    /// Says whether a failure to connect is this way's alone, so that the next may do better.
    #[must_use]
    pub fn is_at_fault(error: &tokio_postgres::Error) -> bool {
        let below = error.source();
        let handshake = below.is_some_and(|below| is_tls(below) || below.is::<io::Error>());
        handshake || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
    }
}

impl DatabaseUrl {
    /// Lists the ways to a server, in the order in which `sslmode` has them tried; there is always one.
    ///
    /// `host` is the name that the server's certificate is to have, and `None` if the connection is a Unix socket, which needs
    /// no TLS. The certificates that `sslrootcert` and `sslcert` name are read here.
    ///
    /// # Errors
    ///
    /// A certificate that can't be used; TLS that is required, and not compiled in.
    pub fn ways(&self, host: Option<&str>) -> Result<Vec<Way>, BoxError> {
        let ssl = &self.settings().ssl;
        let mut ways = Vec::new();
        for encryption in Encryption::ways(ssl.mode, host.is_none()) {
            let mut config = self.config().clone();
            config.ssl_mode(encryption.mode());
            let handshake = match host {
                Some(host) if *encryption != Encryption::Never => {
                    Some(handshake(Tls::new(ssl)?, host)?)
                }
                _ => None,
            };
            ways.push(Way { config, handshake });
        }
        Ok(ways)
    }
}

/// Returns the handshake with a server of that name.
///
/// # Errors
///
/// It is no name that a certificate could have.
pub(super) fn handshake(mut tls: Tls, host: &str) -> Result<Handshake, TlsError> {
    // Which stream does not matter to it.
    MakeTlsConnect::<tokio::net::TcpStream>::make_tls_connect(&mut tls, host)
}

/// Says whether an error is about TLS.
pub(super) fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    error.is::<TlsError>()
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way")
            .field("ssl_mode", &self.config.get_ssl_mode())
            .finish_non_exhaustive()
    }
}
