//! Why there is no managed server, said to the person who has to do something about it.

use std::error::Error;
use std::fmt;
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

impl fmt::Display for ProvisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::NoBinaries { wanted, tried } => no_binaries(f, wanted.as_deref(), tried),
            Kind::Setting {
                name,
                value,
                problem,
            } => {
                write!(f, "{name} is `{value}`: {problem}")?;
                write!(
                    f,
                    "\nset it right, in the environment or in aiodal.toml, or leave it out"
                )
            }
            Kind::File {
                operation, path, ..
            } => write!(f, "failed to {operation} {}", path.display()),
            Kind::Untrusted { path, problem } => {
                write!(f, "refused to use {}: {problem}", path.display())?;
                write!(
                    f,
                    "\nanother user may have made it: remove it, or set TMPDIR to a directory of your own"
                )
            }
            Kind::NoPlace { purpose, tried } => {
                write!(f, "found no directory for {purpose}; tried:")?;
                list(f, tried)?;
                write!(
                    f,
                    "\nset TMPDIR to a directory with a short path that the server's user can write"
                )
            }
            Kind::NoUser => {
                write!(
                    f,
                    "found no user to run PostgreSQL as: it refuses to run as root, "
                )?;
                write!(
                    f,
                    "and there is neither a user `postgres` nor `nobody` here"
                )?;
                write!(f, "\nset AIODAL_PG_USER to an existing unprivileged user")
            }
            Kind::Program { program, user, .. } => {
                write!(f, "failed to run {} as user `{user}`", program.display())?;
                write!(
                    f,
                    "\nif it lies where that user may not look, set AIODAL_PG_BIN to another installation"
                )
            }
            Kind::Initdb {
                program,
                user,
                output,
            } => {
                write!(
                    f,
                    "{} failed, run as user `{user}`; it said:",
                    program.display()
                )?;
                write!(f, "\n{}", indented(output))
            }
            Kind::Lock {
                path,
                waited,
                holder,
            } => {
                write!(
                    f,
                    "waited {} s for the lock {}",
                    waited.as_secs_f32(),
                    path.display()
                )?;
                match holder {
                    Some(holder) => write!(f, ", held by {holder}")?,
                    None => write!(f, ", whose holder is unknown")?,
                }
                write!(
                    f,
                    "\nonly starting a server takes it, for about a second: end that process if it hangs"
                )
            }
            Kind::NotStarted {
                directory,
                problem,
                log,
            } => {
                write!(
                    f,
                    "the server in {} did not start: {problem}",
                    directory.display()
                )?;
                match log.is_empty() {
                    true => write!(f, "\nits log is empty"),
                    false => write!(f, "\nthe end of its log:\n{}", indented(log)),
                }
            }
            Kind::Stuck {
                directory,
                problem,
                waited,
            } => {
                write!(f, "the server in {} {problem}", directory.display())?;
                write!(f, " (waited {} s)", waited.as_secs_f32())?;
                write!(
                    f,
                    "\nend its processes and remove that directory; the next run starts another"
                )
            }
            Kind::Server {
                operation,
                directory,
                ..
            } => {
                write!(
                    f,
                    "failed to {operation} the server in {}",
                    directory.display()
                )
            }
        }
    }
}

fn no_binaries(f: &mut fmt::Formatter<'_>, wanted: Option<&str>, tried: &[String]) -> fmt::Result {
    match wanted {
        Some(wanted) => write!(
            f,
            "found no PostgreSQL {wanted}, which AIODAL_PG_VERSION asks for; tried:"
        )?,
        None => write!(
            f,
            "found no PostgreSQL 14 or newer to start, and no server is configured; tried:"
        )?,
    }
    list(f, tried)?;
    write!(f, "{WAYS_OUT}")
}

const WAYS_OUT: &str = "
any one of these helps:
  install PostgreSQL; it need not be running
    Debian, Ubuntu:  apt-get install postgresql
    Fedora, RHEL:    dnf install postgresql-server
    Alpine:          apk add postgresql
    Arch:            pacman -S postgresql
    macOS:           brew install postgresql@17
  set AIODAL_PG_BIN to the directory that holds `postgres` and `initdb`
  set AIODAL_DATABASE_URL to a running server, such as postgres://user@localhost/database
  run `docker compose up -d --wait` with aiodal's docker-compose.yaml, and set AIODAL_DATABASE_URL to it";

fn list(f: &mut fmt::Formatter<'_>, lines: &[String]) -> fmt::Result {
    lines.iter().try_for_each(|line| write!(f, "\n  {line}"))
}

fn indented(text: &str) -> String {
    let lines: Vec<_> = text
        .trim_end()
        .lines()
        .map(|line| format!("  {line}"))
        .collect();
    lines.join("\n")
}
