//! Migrations: a directory of SQL files, run in order of their names.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use tokio_postgres::Client;
use tokio_postgres::error::ErrorPosition;

use super::fingerprint::Fingerprint;
use super::split::{Statement, split};
use crate::set_up::SetUpError;

/// Where the schema of a session comes from.
#[derive(Clone, Debug, Default)]
pub struct Migrations {
    dir: Option<PathBuf>,
}

impl Migrations {
    /// No migrations: the database is used as it is.
    #[must_use]
    pub fn none() -> Migrations {
        Migrations::default()
    }

    /// A directory of `.sql` files, relative to the package.
    ///
    /// They run in the order of their names; `.down.sql` files and anything that isn't `.sql` are left out.
    /// Numbers count as numbers: `2_b.sql` comes before `10_a.sql`.
    #[must_use]
    pub fn dir(path: impl Into<PathBuf>) -> Migrations {
        Migrations {
            dir: Some(path.into()),
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        self.dir.is_none()
    }

    /// Reads all files, so that what is run is what was hashed.
    ///
    /// # Errors
    ///
    /// A directory that is missing or has no migrations in it, a file that can't be read or isn't UTF-8.
    pub(crate) fn read(&self, base: &Path) -> Result<Vec<Script>, SetUpError> {
        let Some(dir) = self.dir.as_ref().map(|dir| base.join(dir)) else {
            return Ok(Vec::new());
        };
        let failed = |error: &std::io::Error| {
            SetUpError::caused(
                format!("failed to read the migrations in {}", dir.display()),
                error,
            )
        };
        let mut paths = Vec::new();
        for entry in fs::read_dir(&dir).map_err(|error| failed(&error))? {
            let path = entry.map_err(|error| failed(&error))?.path();
            if is_migration(&path) {
                paths.push(path);
            }
        }
        if paths.is_empty() {
            return Err(SetUpError::new(
                format!("there are no migrations in {}", dir.display()),
                "expected .sql files; remove the directory from the session if there are none to run",
            ));
        }
        paths.sort_by_cached_key(|path| order(path));
        paths
            .into_iter()
            .map(|path| match fs::read_to_string(&path) {
                Ok(sql) => Ok(Script { path, sql }),
                Err(error) => Err(SetUpError::caused(
                    format!("failed to read {}", path.display()),
                    &error,
                )),
            })
            .collect()
    }
}

fn is_migration(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or_default()
        .to_ascii_lowercase();
    path.is_file()
        && Path::new(&name).extension() == Some(OsStr::new("sql"))
        && !name.ends_with(".down.sql")
}

/// Splits a name into text and numbers, so that numbers compare as such.
fn order(path: &Path) -> Vec<(String, u128)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut parts = Vec::new();
    let mut rest = &*name;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (text, tail) = rest.split_at(digits);
        let end = tail
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (number, tail) = tail.split_at(end);
        parts.push((text.to_owned(), number.parse().unwrap_or(u128::MAX)));
        rest = tail;
    }
    parts
}

/// One file of migrations.
#[derive(Debug)]
pub(crate) struct Script {
    path: PathBuf,
    sql: String,
}

impl Script {
    pub(crate) fn add_to(&self, fingerprint: &mut Fingerprint) {
        fingerprint
            .text(&self.path.file_name().unwrap_or_default().to_string_lossy())
            .text(&self.sql);
    }

    /// Runs the statements one by one, each in a transaction of its own, as psql does.
    ///
    /// So `CREATE INDEX CONCURRENTLY` works, and an error without a position still has a line.
    /// The database is dropped when one fails, so nothing is lost by not running the file as one transaction.
    ///
    /// # Errors
    ///
    /// The file, line and text of the statement that failed, and what PostgreSQL said.
    pub(crate) async fn run(&self, client: &Client, base: &Path) -> Result<(), SetUpError> {
        for statement in split(&self.sql) {
            if let Err(error) = client.batch_execute(statement.text).await {
                return Err(self.failed(&statement, &error, base));
            }
        }
        Ok(())
    }

    fn failed(
        &self,
        statement: &Statement<'_>,
        error: &tokio_postgres::Error,
        base: &Path,
    ) -> SetUpError {
        let path = self.path.strip_prefix(base).unwrap_or(&self.path);
        let position = match error.as_db_error().and_then(|db| db.position()) {
            // Counted in characters, from 1.
            Some(ErrorPosition::Original(position)) => *position as usize - 1,
            _ => 0,
        };
        let before: String = statement.text.chars().take(position).collect();
        let line = statement.line + before.matches('\n').count();
        let excerpt = excerpt(statement.text, before.matches('\n').count());
        SetUpError::new(
            format!("migration {}:{line} failed", path.display()),
            format!("{excerpt}\n{}", aiodal_core::chain(error)),
        )
    }
}

/// Shows the lines of a statement around the one at fault.
fn excerpt(text: &str, at: usize) -> String {
    const AROUND: usize = 3;
    let first = at.saturating_sub(AROUND);
    let lines = text.lines().enumerate().skip(first).take(2 * AROUND + 1);
    lines
        .map(|(index, line)| format!("{} {line}", if index == at { ">" } else { "|" }))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_as_numbers() {
        let mut names = [
            "10_a.sql",
            "2_b.sql",
            "V1__c.sql",
            "V1.1__d.sql",
            "001_e.sql",
        ]
        .map(Path::new);
        names.sort_by_cached_key(|path| order(path));
        assert_eq!(
            names,
            [
                "001_e.sql",
                "2_b.sql",
                "10_a.sql",
                "V1.1__d.sql",
                "V1__c.sql"
            ]
            .map(Path::new)
        );
    }
}
