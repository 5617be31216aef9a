//! TLS to the server, as libpq does it, over rustls (feature `rustls`).
//!
//! Our own connector and not tokio-postgres-rustls, because libpq's modes need a verifier of their own, and what is then
//! left is small: the stream, and the hash for channel binding.

mod binding;
mod files;
mod stream;
mod verifier;

use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig};

pub use self::stream::Stream;
use self::verifier::Verifier;
use crate::config::{Ssl, SslMode};

/// Whether there is TLS.
pub(crate) const COMPILED_IN: bool = true;

/// Makes connections speak TLS. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tls(Arc<ClientConfig>);

/// Why there is no TLS.
#[derive(Debug)]
pub struct TlsError(String);

impl Tls {
    /// Reads the certificates, anew for each connection: some live for a day.
    ///
    /// # Errors
    ///
    /// A file that can't be read, or has something else in it.
    pub(crate) fn new(ssl: &Ssl) -> Result<Tls, TlsError> {
        // The process's choice, if it made one: two implementations of cryptography in one program are one too many.
        let provider = CryptoProvider::get_default()
            .cloned()
            .unwrap_or_else(|| Arc::new(ring::default_provider()));
        let roots = ssl.root_cert.as_ref().map(files::roots).transpose()?;
        if roots.is_none() && ssl.mode >= SslMode::VerifyCa {
            return Err(TlsError(
                "`sslmode` asks to verify the server's certificate, and nothing says by what: give `sslrootcert` \
                 (a file, or `system`); where the environment counts, ~/.postgresql/root.crt does too"
                    .to_owned(),
            ));
        }
        // A root certificate is used wherever there is one, which makes `require` as strong as `verify-ca`
        // (PostgreSQL manual 34.19.1).
        let verifier = Verifier::new(roots, ssl.mode == SslMode::VerifyFull, &provider);
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &ssl.cert {
            None => config.with_no_client_auth(),
            Some(cert) => {
                let (chain, key) = files::identity(cert, ssl.key.as_deref())?;
                config.with_client_auth_cert(chain, key).map_err(|error| {
                    TlsError(format!(
                        "the client certificate {} can't be used: {error}",
                        cert.display()
                    ))
                })?
            }
        };
        // Servers insist on it with `sslnegotiation=direct`.
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(Tls(Arc::new(config)))
    }

    /// Uses a configuration of somebody's own, whatever `sslmode` says of verifying.
    pub(crate) fn of(config: Arc<ClientConfig>) -> Tls {
        Tls(config)
    }
}

impl<S> MakeTlsConnect<S> for Tls
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type TlsConnect = Handshake;
    type Error = TlsError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, TlsError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            TlsError(format!(
                "`{host}` is not a name that a certificate could have"
            ))
        })?;
        Ok(Handshake {
            connector: TlsConnector::from(self.0.clone()),
            name,
        })
    }
}

/// One handshake to come, with a server of a certain name.
///
/// For whoever makes connections: [`Way::handshake`](crate::Way::handshake) has one.
#[derive(Clone)]
pub struct Handshake {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl<S> TlsConnect<S> for Handshake
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type Error = TlsError;
    type Future = BoxFuture<'static, Result<Stream<S>, TlsError>>;

    fn connect(self, stream: S) -> Self::Future {
        async move {
            let connected = self.connector.connect(self.name, stream).await;
            connected
                .map(Stream::new)
                .map_err(|error| TlsError(reason(&error)))
        }
        .boxed()
    }
}

/// Says what a failed handshake means, and what to do.
fn reason(error: &std::io::Error) -> String {
    use rustls::CertificateError as Bad;
    use rustls::Error as Tls;

    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Tls>());
    match tls {
        Some(Tls::InvalidCertificate(Bad::UnknownIssuer)) => {
            "the server's certificate is not signed by anybody in `sslrootcert`; give the certificate of whoever signed it"
                .to_owned()
        }
        Some(Tls::InvalidCertificate(
            bad @ (Bad::NotValidForName | Bad::NotValidForNameContext { .. }),
        )) => format!(
            "the server's certificate is for another host ({bad}); connect by the name that is in it, \
             or use `sslmode=verify-ca` if the network gives it another"
        ),
        Some(Tls::InvalidCertificate(bad)) => format!("the server's certificate is not valid: {bad}"),
        Some(tls) => format!("the TLS handshake failed: {tls}"),
        None => format!("the TLS handshake failed: {error}"),
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
