//! The files that certificates and keys are in.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsError;
use crate::config::RootCert;

/// Those who may vouch for a server, as they are and as a verifier wants them.
#[derive(Clone, Debug)]
pub(super) struct Roots {
    pub(super) store: Arc<RootCertStore>,
    /// Empty for the system's: nobody takes one of those for a server's own.
    pub(super) certificates: Vec<CertificateDer<'static>>,
}

pub(super) fn roots(from: &RootCert) -> Result<Roots, TlsError> {
    match from {
        RootCert::System => system(),
        RootCert::File(path) => file(path),
    }
}

/// Reads the system's, once: they are hundreds.
fn system() -> Result<Roots, TlsError> {
    static STORE: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let store = STORE.get_or_init(|| {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(store)
    });
    if store.is_empty() {
        return Err(TlsError(
            "`sslrootcert=system`, but the system trusts nobody; install its certificates (`ca-certificates`), \
             or give a file"
                .to_owned(),
        ));
    }
    Ok(Roots {
        store: store.clone(),
        certificates: Vec::new(),
    })
}

fn file(path: &Path) -> Result<Roots, TlsError> {
    let certificates = certificates(path)?;
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store
            .add(certificate.clone())
            .map_err(|error| unusable(path, &error))?;
    }
    Ok(Roots {
        store: Arc::new(store),
        certificates,
    })
}

/// Reads the client's certificate, those that vouch for it, and its key.
pub(super) fn identity(
    cert: &Path,
    key: Option<&Path>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain = certificates(cert)?;
    let Some(key) = key else {
        let problem = format!(
            "the client certificate {} has no key; give `sslkey`",
            cert.display()
        );
        return Err(TlsError(problem));
    };
    check_private(key)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError(format!(
            "{} has no private key in it that is readable without a password",
            key.display()
        )),
        error => unusable(key, &error),
    })?;
    Ok((chain, key))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let certificates: Vec<_> = read.map_err(|error| unusable(path, &error))?;
    if certificates.is_empty() {
        return Err(TlsError(format!(
            "{} has no certificate in it",
            path.display()
        )));
    }
    Ok(certificates)
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> TlsError {
    TlsError(format!("{} can't be used: {error}", path.display()))
}

/// libpq's rule: nobody but the owner, or root's group for a key that is root's (PostgreSQL manual 34.19.2).
#[cfg(unix)]
fn check_private(key: &Path) -> Result<(), TlsError> {
    use std::os::unix::fs::MetadataExt;

    let metadata = std::fs::metadata(key).map_err(|error| unusable(key, &error))?;
    let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    if metadata.mode() & forbidden != 0 {
        return Err(TlsError(format!(
            "the private key {} can be read by others; make its permissions u=rw (0600) or less",
            key.display()
        )));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_: &Path) -> Result<(), TlsError> {
    Ok(())
}
