//! Where PostgreSQL's programs are usually put.

use std::fmt;
use std::path::{Path, PathBuf};

/// Directories `parent/<prefix>*/suffix`.
pub(super) struct UsualPlace {
    parent: &'static str,
    prefix: &'static str,
    suffix: &'static str,
}

const fn place(parent: &'static str, prefix: &'static str, suffix: &'static str) -> UsualPlace {
    UsualPlace {
        parent,
        prefix,
        suffix,
    }
}

/// Debian, RPM, Alpine, Homebrew (Apple silicon, Intel, Linux), Postgres.app and the EDB installer.
pub(super) const USUAL: [UsualPlace; 8] = [
    place("/usr/lib/postgresql", "", "bin"),
    place("/usr", "pgsql-", "bin"),
    place("/usr/libexec", "postgresql", ""),
    place("/opt/homebrew/opt", "postgresql", "bin"),
    place("/usr/local/opt", "postgresql", "bin"),
    place("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"),
    place("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    place("/Library/PostgreSQL", "", "bin"),
];

impl UsualPlace {
    /// The directories that match, in name order.
    pub(super) fn directories(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.parent) else {
            return Vec::new();
        };
        let mut found: Vec<_> = entries
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(self.prefix))
            .map(|entry| {
                if self.suffix.is_empty() {
                    entry.path()
                } else {
                    entry.path().join(self.suffix)
                }
            })
            .filter(|directory| directory.is_dir())
            .collect();
        found.sort();
        found
    }
}

impl fmt::Display for UsualPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}*", self.parent, self.prefix)?;
        if self.suffix.is_empty() {
            Ok(())
        } else {
            write!(f, "/{}", self.suffix)
        }
    }
}

/// Where the command `aiodal` puts the servers that it fetches: `<cache>/postgres/<version>`, each with its `bin`.
pub(super) fn fetched(cache: &Path) -> PathBuf {
    cache.join("postgres")
}

/// The directories with the programs of fetched servers, in name order. A name that begins with a dot is of one that
/// is being fetched. `bin` is a link into the package as it came, where the programs find their libraries.
pub(super) fn fetched_directories(cache: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fetched(cache));
    let mut found: Vec<_> = entries
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .filter_map(|entry| entry.path().join("bin").canonicalize().ok())
        .filter(|directory| directory.is_dir())
        .collect();
    found.sort();
    found
}

/// The directories on the `PATH` that hold a server, in its order.
pub(super) fn on_path() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for directory in path() {
        let holds_server =
            directory.join("postgres").is_file() && directory.join("initdb").is_file();
        if holds_server && !found.contains(&directory) {
            found.push(directory);
        }
    }
    found
}

pub(super) fn program_on_path(name: &str) -> Option<PathBuf> {
    path()
        .into_iter()
        .map(|directory| directory.join(name))
        .find(|program| program.is_file())
}

/// The absolute directories of the `PATH`: the programs run with `/` as their working directory.
fn path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|directory| Path::is_absolute(directory))
        .collect()
}
