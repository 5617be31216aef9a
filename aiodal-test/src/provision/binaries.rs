//! Which PostgreSQL to run, of those that are installed.
//!
//! `AIODAL_PG_BIN` says it outright. Otherwise the first that fits: on the `PATH`, where `pg_config` points,
//! and then the highest version in the places where packages put it, and in the cache, where the command `aiodal` does.

mod listing;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Settings;
use super::error::ProvisionError;
use super::owner::Owner;
use super::place::Place;
use super::places;
use super::process;
use super::version::{Version, Wanted};

pub(crate) use self::listing::Installation;
pub(super) use self::listing::{list, version_in};

/// Programs that only print a line: a second is an age, and a network mount may need one.
const PATIENCE: Duration = Duration::from_secs(10);

/// A directory with the programs of one PostgreSQL.
#[derive(Clone, Debug)]
pub(super) struct Binaries {
    pub(super) directory: PathBuf,
    pub(super) version: Version,
}

impl Binaries {
    pub(super) fn postgres(&self) -> PathBuf {
        self.directory.join("postgres")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.directory.join("initdb")
    }
}

/// Finds the binaries that the settings ask for and the owner of the place can run.
pub(super) async fn find(settings: &Settings, place: &Place) -> Result<Binaries, ProvisionError> {
    let mut search = Search::new(settings, place)?;
    match &settings.bin {
        Some(directory) => search.configured(directory).await,
        None => search.installed().await,
    }
}

/// Places that several versions may lie in side by side.
const USUAL: &str = "usual place";
const FETCHED: &str = "fetched by aiodal";

struct Search<'a> {
    owner: &'a Owner,
    cache: &'a Path,
    wanted: Option<Wanted>,
    /// What was looked at and why it was not taken, for the error.
    tried: Vec<String>,
}

impl<'a> Search<'a> {
    fn new(settings: &Settings, place: &'a Place) -> Result<Search<'a>, ProvisionError> {
        Ok(Search {
            owner: &place.owner,
            cache: &place.cache,
            wanted: settings.version.as_deref().map(Wanted::parse).transpose()?,
            tried: Vec::new(),
        })
    }

    /// `AIODAL_PG_BIN` is taken at its word: nothing else is tried.
    async fn configured(&mut self, directory: &Path) -> Result<Binaries, ProvisionError> {
        let wrong = |problem: String| {
            ProvisionError::setting("AIODAL_PG_BIN", directory.to_string_lossy(), problem)
        };
        if !directory.is_absolute() {
            return Err(wrong("it is not an absolute path".to_owned()));
        }
        if !directory.is_dir() {
            return Err(wrong("there is no such directory".to_owned()));
        }
        if let Some(missing) = missing_program(directory) {
            return Err(wrong(format!("there is no `{missing}` in it")));
        }
        let version = self.version_of(directory).await.map_err(wrong)?;
        if !version.is_supported() {
            return Err(wrong(format!(
                "PostgreSQL {version} is in it, and 14 is the oldest that aiodal runs"
            )));
        }
        if let Some(wanted) = self
            .wanted
            .as_ref()
            .filter(|wanted| !wanted.matches(&version))
        {
            let problem = format!(
                "AIODAL_PG_BIN, {}, holds PostgreSQL {version}",
                directory.display()
            );
            return Err(ProvisionError::setting(
                "AIODAL_PG_VERSION",
                wanted.to_string(),
                problem,
            ));
        }
        Ok(Binaries {
            directory: directory.to_owned(),
            version,
        })
    }

    async fn installed(&mut self) -> Result<Binaries, ProvisionError> {
        let on_path = places::on_path();
        if on_path.is_empty() {
            self.tried
                .push("PATH: no directory on it holds both `postgres` and `initdb`".to_owned());
        }
        for directory in on_path {
            if let Some(found) = self.consider("PATH", directory).await {
                return Ok(found);
            }
        }
        if let Some(directory) = self.pg_config().await
            && let Some(found) = self.consider("pg_config --bindir", directory).await
        {
            return Ok(found);
        }
        let mut found = Vec::new();
        for place in places::USUAL {
            let directories = place.directories();
            if directories.is_empty() {
                self.tried.push(format!("{place}: nothing there"));
            }
            for directory in directories {
                found.extend(self.consider(USUAL, directory).await);
            }
        }
        for directory in places::fetched_directories(self.cache) {
            found.extend(self.consider(FETCHED, directory).await);
        }
        highest(found).ok_or_else(|| {
            let wanted = self.wanted.as_ref().map(Wanted::to_string);
            ProvisionError::no_binaries(wanted, std::mem::take(&mut self.tried))
        })
    }

    /// Takes the binaries in `directory` if they fit, and notes why if they do not.
    async fn consider(&mut self, source: &str, directory: PathBuf) -> Option<Binaries> {
        let problem = match self.judge(&directory).await {
            Ok(version) => match &self.wanted {
                Some(wanted) if !wanted.matches(&version) => format!("it is PostgreSQL {version}"),
                _ => return Some(Binaries { directory, version }),
            },
            Err(problem) => problem,
        };
        self.tried
            .push(format!("{} ({source}): {problem}", directory.display()));
        None
    }

    /// Says which version is in `directory`, or why none there could be taken.
    async fn judge(&self, directory: &Path) -> Result<Version, String> {
        if let Some(missing) = missing_program(directory) {
            return Err(format!("there is no `{missing}` in it"));
        }
        let version = self.version_of(directory).await?;
        if version.is_supported() {
            Ok(version)
        } else {
            Err(format!("PostgreSQL {version} is older than 14"))
        }
    }

    async fn pg_config(&mut self) -> Option<PathBuf> {
        let Some(program) = places::program_on_path("pg_config") else {
            self.tried
                .push("pg_config --bindir: there is no `pg_config` on the PATH".to_owned());
            return None;
        };
        match self.first_line(&program, "--bindir").await {
            Ok(line) => Some(PathBuf::from(line)),
            Err(problem) => {
                self.tried.push(format!("pg_config --bindir: {problem}"));
                None
            }
        }
    }

    async fn version_of(&self, directory: &Path) -> Result<Version, String> {
        let line = self
            .first_line(&directory.join("postgres"), "--version")
            .await?;
        Version::of_program(&line).ok_or_else(|| format!("`postgres --version` says `{line}`"))
    }

    /// Runs `program` as the owner, which also shows whether the owner can.
    async fn first_line(&self, program: &Path, argument: &str) -> Result<String, String> {
        let mut command = process::command(program, self.owner);
        command.arg(argument);
        let shown = program.display();
        let output = process::output(command, PATIENCE)
            .await
            .map_err(|source| format!("user `{}` cannot run {shown}: {source}", self.owner.name))?;
        let said = String::from_utf8_lossy(if output.status.success() {
            &output.stdout
        } else {
            &output.stderr
        });
        let line = said.lines().next().unwrap_or_default().trim().to_owned();
        if output.status.success() {
            Ok(line)
        } else {
            Err(format!("{shown} {argument} failed: {line}"))
        }
    }
}

fn missing_program(directory: &Path) -> Option<&'static str> {
    ["postgres", "initdb"]
        .into_iter()
        .find(|program| !directory.join(program).is_file())
}

/// The first of the highest version, so that the order of the places decides between equals.
fn highest(found: Vec<Binaries>) -> Option<Binaries> {
    found.into_iter().reduce(|best, next| {
        if next.version > best.version {
            next
        } else {
            best
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binaries(directory: &str, version: &str) -> Binaries {
        let version = Version::of_program(&format!("postgres (PostgreSQL) {version}")).unwrap();
        Binaries {
            directory: directory.into(),
            version,
        }
    }

    #[test]
    fn the_highest_version_is_taken_and_the_earlier_place_between_equals() {
        let found = vec![
            binaries("/a", "9.6.24"),
            binaries("/b", "17.9"),
            binaries("/c", "17.10"),
            binaries("/d", "17.10"),
            binaries("/e", "16.14"),
        ];
        assert_eq!(highest(found).unwrap().directory, Path::new("/c"));
        assert!(highest(Vec::new()).is_none());
    }
}
