//! The PostgreSQL installed here, and whom it runs as.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

/// Whom programs of PostgreSQL run as: they refuse to be root.
#[derive(Debug)]
pub(crate) struct User {
    /// The user and group of somebody else, if this is root.
    pub(crate) other: Option<(u32, u32)>,
    pub(crate) name: String,
}

/// An installed PostgreSQL.
#[derive(Debug)]
pub(crate) struct Postgres {
    directory: PathBuf,
    pub(crate) version: String,
    pub(crate) user: User,
}

impl User {
    /// Whoever runs this; `postgres` or `nobody` instead of root.
    ///
    /// # Errors
    ///
    /// There are neither.
    pub(crate) fn unprivileged() -> Result<User> {
        let own = nix::unistd::geteuid();
        let names = if own.is_root() {
            vec![
                nix::unistd::User::from_name("postgres"),
                nix::unistd::User::from_name("nobody"),
            ]
        } else {
            vec![nix::unistd::User::from_uid(own)]
        };
        let found = names.into_iter().find_map(|found| found.ok().flatten());
        let Some(found) = found else {
            return Err("PostgreSQL does not run as root: make a user `postgres`, or run this as another user".into());
        };
        let other = own
            .is_root()
            .then_some((found.uid.as_raw(), found.gid.as_raw()));
        Ok(User {
            other,
            name: found.name,
        })
    }

    /// Makes a command run as the user.
    pub(crate) fn run(&self, command: &mut Command) {
        if let Some((uid, gid)) = self.other {
            command.uid(uid).gid(gid);
        }
        // It may not be able to enter ours.
        command.current_dir("/");
    }
}

impl Postgres {
    /// Finds the installed PostgreSQL: `AIODAL_PG_BIN`, then where `pg_config` points, then Debian's places.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(crate) fn find() -> Result<Postgres> {
        let user = User::unprivileged()?;
        let directory = candidates()
            .into_iter()
            .find(|directory| ["initdb", "postgres", "pg_ctl"].iter().all(|name| directory.join(name).is_file()))
            .ok_or("no PostgreSQL found: install one, or set AIODAL_PG_BIN to the directory of initdb and postgres")?;
        let version = first_line(&directory.join("postgres"), "--version").ok_or_else(|| {
            format!(
                "{} does not run: try `postgres --version` there",
                directory.display()
            )
        })?;
        Ok(Postgres {
            directory,
            version,
            user,
        })
    }

    /// The directory of its programs.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// A command that runs one of its programs as the user, without settings of whoever runs the benches.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = crate::process::contestant(&self.program(name));
        self.user.run(&mut command);
        command.env("LC_ALL", "C").env("TZ", "UTC");
        command
    }
}

fn candidates() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::env::var_os("AIODAL_PG_BIN")
        .into_iter()
        .map(PathBuf::from)
        .collect();
    found.extend(first_line(Path::new("pg_config"), "--bindir").map(PathBuf::from));
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut packaged: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    packaged.sort();
    found.extend(packaged.into_iter().rev());
    found
}

fn first_line(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().next()?;
    output.status.success().then(|| line.to_owned())
}
