//! Why there is no managed server, said to the person who has to do something about it.

mod display;

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why the managed server could not be had.
///
/// `Display` may take several lines: what was tried, and what to do next. It never repeats its source.
#[derive(Debug)]
pub(crate) struct ProvisionError(Box<Kind>);

#[derive(Debug)]
enum Kind {
    NoBinaries {
        wanted: Option<String>,
        tried: Vec<String>,
    },
    Setting {
        name: &'static str,
        value: String,
        problem: String,
    },
    File {
        operation: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    Untrusted {
        path: PathBuf,
        problem: String,
    },
    NoPlace {
        purpose: &'static str,
        tried: Vec<String>,
    },
    NoUser,
    Program {
        program: PathBuf,
        user: String,
        source: io::Error,
    },
    Initdb {
        program: PathBuf,
        user: String,
        output: String,
    },
    Lock {
        path: PathBuf,
        waited: Duration,
        holder: Option<String>,
    },
    NotStarted {
        directory: PathBuf,
        problem: String,
        log: String,
    },
    Stuck {
        directory: PathBuf,
        problem: String,
        waited: Duration,
    },
    Server {
        operation: &'static str,
        directory: PathBuf,
        source: tokio_postgres::Error,
    },
}

impl ProvisionError {
    pub(super) fn no_binaries(wanted: Option<String>, tried: Vec<String>) -> ProvisionError {
        Kind::NoBinaries { wanted, tried }.into()
    }

    /// A setting that cannot be followed: `name` is its environment variable.
    pub(super) fn setting(
        name: &'static str,
        value: impl Into<String>,
        problem: impl Into<String>,
    ) -> Self {
        Kind::Setting {
            name,
            value: value.into(),
            problem: problem.into(),
        }
        .into()
    }

    /// For `map_err`: a file operation, as a verb, on `path`.
    pub(super) fn file<'a>(
        operation: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| {
            Kind::File {
                operation,
                path: path.to_owned(),
                source,
            }
            .into()
        }
    }

    pub(super) fn untrusted(path: &Path, problem: impl Into<String>) -> ProvisionError {
        Kind::Untrusted {
            path: path.to_owned(),
            problem: problem.into(),
        }
        .into()
    }

    pub(super) fn no_place(purpose: &'static str, tried: Vec<String>) -> ProvisionError {
        Kind::NoPlace { purpose, tried }.into()
    }

    pub(super) fn no_user() -> ProvisionError {
        Kind::NoUser.into()
    }

    pub(super) fn program(program: &Path, user: &str, source: io::Error) -> ProvisionError {
        Kind::Program {
            program: program.to_owned(),
            user: user.to_owned(),
            source,
        }
        .into()
    }

    pub(super) fn initdb(program: &Path, user: &str, output: String) -> ProvisionError {
        Kind::Initdb {
            program: program.to_owned(),
            user: user.to_owned(),
            output,
        }
        .into()
    }

    pub(super) fn lock(path: &Path, waited: Duration, holder: Option<String>) -> ProvisionError {
        Kind::Lock {
            path: path.to_owned(),
            waited,
            holder,
        }
        .into()
    }

    pub(super) fn not_started(
        directory: &Path,
        problem: impl Into<String>,
        log: String,
    ) -> ProvisionError {
        Kind::NotStarted {
            directory: directory.to_owned(),
            problem: problem.into(),
            log,
        }
        .into()
    }

    pub(super) fn stuck(
        directory: &Path,
        problem: impl Into<String>,
        waited: Duration,
    ) -> ProvisionError {
        Kind::Stuck {
            directory: directory.to_owned(),
            problem: problem.into(),
            waited,
        }
        .into()
    }

    /// For `map_err`: an operation, as a verb, on the server in `directory`.
    pub(super) fn server<'a>(
        operation: &'static str,
        directory: &'a Path,
    ) -> impl FnOnce(tokio_postgres::Error) -> Self + 'a {
        move |source| {
            Kind::Server {
                operation,
                directory: directory.to_owned(),
                source,
            }
            .into()
        }
    }

    /// Says whether the server ended before it served: what a damaged data directory looks like.
    pub(super) fn is_not_started(&self) -> bool {
        matches!(*self.0, Kind::NotStarted { .. })
    }
}

impl From<Kind> for ProvisionError {
    fn from(kind: Kind) -> ProvisionError {
        ProvisionError(Box::new(kind))
    }
}

impl Error for ProvisionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            Kind::File { source, .. } | Kind::Program { source, .. } => Some(source),
            Kind::Server { source, .. } => Some(source),
            _ => None,
        }
    }
}
