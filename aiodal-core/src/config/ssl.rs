//! The options of TLS: whether, with whom, and as whom.

use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslNegotiation};

use super::Parameters;
use super::environment::Environment;
use super::values::choice;
use crate::error::Result;

/// The options whose names begin with `ssl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ssl {
    pub(crate) mode: SslMode,
    pub(crate) root_cert: Option<RootCert>,
    /// The client's certificate.
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

/// Whom to trust to vouch for a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RootCert {
    /// Those whom the operating system trusts.
    System,
    File(PathBuf),
}

/// libpq's `sslmode`, from the weakest to the strongest (PostgreSQL manual 34.19, table 34.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl SslMode {
    /// Returns libpq's word for it; `None` for the one that is meant without any.
    pub(crate) fn word(self) -> Option<&'static str> {
        match self {
            SslMode::Prefer => None,
            SslMode::Disable => Some("disable"),
            SslMode::Allow => Some("allow"),
            SslMode::Require => Some("require"),
            SslMode::VerifyCa => Some("verify-ca"),
            SslMode::VerifyFull => Some("verify-full"),
        }
    }
}

impl RootCert {
    /// Returns libpq's word for it.
    pub(crate) fn word(&self) -> String {
        match self {
            RootCert::System => "system".to_owned(),
            RootCert::File(path) => path.display().to_string(),
        }
    }
}

pub(super) fn ssl(parameters: &Parameters, environment: Option<&Environment>) -> Result<Ssl> {
    let values = [
        ("disable", SslMode::Disable),
        ("allow", SslMode::Allow),
        ("prefer", SslMode::Prefer),
        ("require", SslMode::Require),
        ("verify-ca", SslMode::VerifyCa),
        ("verify-full", SslMode::VerifyFull),
    ];
    let mode = choice(parameters, "sslmode", &values)?;
    let default = |name| {
        let path = environment?.at_home(&format!(".postgresql/{name}"))?;
        path.exists().then_some(path)
    };
    let root_cert = match parameters.get("sslrootcert") {
        Some("system") => Some(RootCert::System),
        Some(path) => Some(RootCert::File(path.into())),
        None => default("root.crt").map(RootCert::File),
    };
    let mode = match (mode, &root_cert) {
        (None, Some(RootCert::System)) => SslMode::VerifyFull,
        (None, _) => SslMode::Prefer,
        (Some(mode), Some(RootCert::System)) if mode < SslMode::VerifyFull => {
            let problem = "is weaker than `verify-full`, the only mode in which `sslrootcert=system` protects anything";
            return Err(parameters.refuse("sslmode", problem));
        }
        (Some(mode), _) => mode,
    };
    if mode >= SslMode::Require && cfg!(not(feature = "rustls")) {
        let problem = "needs TLS, which is compiled in with the feature `rustls` of aiodal";
        return Err(parameters.refuse("sslmode", problem));
    }
    let file = |name, default_name| {
        let named = parameters.get(name).map(PathBuf::from);
        named.or_else(|| default(default_name))
    };
    let cert = file("sslcert", "postgresql.crt");
    // A key alone is the key of nothing.
    let key = cert.as_ref().and_then(|_| file("sslkey", "postgresql.key"));
    Ok(Ssl {
        mode,
        root_cert,
        cert,
        key,
    })
}

pub(super) fn negotiation(parameters: &Parameters, ssl: &Ssl, config: &mut Config) -> Result<()> {
    let values = [
        ("postgres", SslNegotiation::Postgres),
        ("direct", SslNegotiation::Direct),
    ];
    if let Some(negotiation) = choice(parameters, "sslnegotiation", &values)? {
        if negotiation == SslNegotiation::Direct && ssl.mode < SslMode::Require {
            let problem = "can be `direct` only with `sslmode=require` or stronger";
            return Err(parameters.refuse("sslnegotiation", problem));
        }
        config.ssl_negotiation(negotiation);
    }
    let values = [
        ("disable", ChannelBinding::Disable),
        ("prefer", ChannelBinding::Prefer),
        ("require", ChannelBinding::Require),
    ];
    if let Some(binding) = choice(parameters, "channel_binding", &values)? {
        config.channel_binding(binding);
    }
    Ok(())
}
