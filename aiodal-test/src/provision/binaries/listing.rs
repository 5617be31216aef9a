//! All that could be run, for the person who wonders why it is this one.

use std::path::{Path, PathBuf};

use super::{FETCHED, Search, USUAL, find};
use crate::provision::error::ProvisionError;
use crate::provision::place::Place;
use crate::provision::{Settings, places};

/// A directory in which a PostgreSQL lies, or should.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    pub(crate) directory: PathBuf,
    /// How it was found.
    pub(crate) source: &'static str,
    /// The version in it, or why it cannot be run.
    pub(crate) version: Result<String, String>,
    /// Whether it is the one that a server is started from.
    pub(crate) chosen: bool,
}

/// Lists what is installed, in the order in which it is looked for; each directory once.
///
/// # Errors
///
/// A setting that can't be read. That nothing fits is no error here.
pub(crate) async fn list(
    settings: &Settings,
    place: &Place,
) -> Result<Vec<Installation>, ProvisionError> {
    let mut search = Search::new(settings, place)?;
    let mut candidates: Vec<(&'static str, PathBuf)> = Vec::new();
    let mut add = |source, directory: PathBuf| {
        if !candidates.iter().any(|(_, known)| same(known, &directory)) {
            candidates.push((source, directory));
        }
    };
    if let Some(directory) = &settings.bin {
        add("AIODAL_PG_BIN", directory.clone());
    }
    for directory in places::on_path() {
        add("PATH", directory);
    }
    if let Some(directory) = search.pg_config().await {
        add("pg_config --bindir", directory);
    }
    for usual in places::USUAL {
        for directory in usual.directories() {
            add(USUAL, directory);
        }
    }
    for directory in places::fetched_directories(&place.cache) {
        add(FETCHED, directory);
    }
    let chosen = find(settings, place).await.ok();
    let mut listed = Vec::new();
    for (source, directory) in candidates {
        let version = search.judge(&directory).await;
        listed.push(Installation {
            source,
            version: version.map(|version| version.to_string()),
            chosen: chosen
                .as_ref()
                .is_some_and(|chosen| same(&chosen.directory, &directory)),
            directory,
        });
    }
    Ok(listed)
}

/// Says which version is in a directory, or why it could not be run by whoever runs servers in `place`: `initdb`, too,
/// which needs libraries of its own.
///
/// # Errors
///
/// A setting that can't be read.
pub(crate) async fn version_in(
    directory: &Path,
    settings: &Settings,
    place: &Place,
) -> Result<Result<String, String>, ProvisionError> {
    let search = Search::new(settings, place)?;
    let version = match search.judge(directory).await {
        Ok(version) => version,
        Err(problem) => return Ok(Err(problem)),
    };
    let initdb = search
        .first_line(&directory.join("initdb"), "--version")
        .await;
    Ok(initdb.map(|_| version.to_string()))
}

/// `pg_config` may name by another path what lies in a usual place.
fn same(one: &Path, other: &Path) -> bool {
    one == other
        || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::provision::owner::Owner;

    /// A cache with one fetched server, which can say its version and no more.
    struct Cache(PathBuf);

    impl Cache {
        fn with(version: &str) -> Cache {
            let name = format!("aiodal-test-fetched-{}", std::process::id());
            let cache = Cache(std::env::temp_dir().join(name));
            let bin = cache.bin(version);
            fs::create_dir_all(&bin).unwrap();
            for program in ["postgres", "initdb"] {
                let program = bin.join(program);
                fs::write(
                    &program,
                    format!("#!/bin/sh\necho '(PostgreSQL) {version}'\n"),
                )
                .unwrap();
                fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
            }
            cache
        }

        fn bin(&self, version: &str) -> PathBuf {
            self.0.join("postgres").join(version).join("bin")
        }
    }

    impl Drop for Cache {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn fetched_server_is_found_by_its_version_and_listed_with_the_others() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let cache = Cache::with("99.7");
        let settings = Settings {
            version: Some("99".to_owned()),
            ..Settings::default()
        };
        let owner = Owner::choose(None).unwrap();
        let place = Place::under(cache.0.clone(), owner, &settings, Path::new("/target"));
        let found = runtime.block_on(find(&settings, &place)).unwrap();
        let bin = cache.bin("99.7").canonicalize().unwrap();
        assert_eq!(found.directory, bin);

        let listed = runtime.block_on(list(&settings, &place)).unwrap();
        let chosen: Vec<_> = listed.iter().filter(|listed| listed.chosen).collect();
        assert_eq!(chosen.len(), 1, "{listed:?}");
        assert_eq!(chosen[0].directory, bin);
        assert_eq!(chosen[0].version.as_deref(), Ok("99.7"));

        // One that is being fetched is not there yet.
        fs::rename(
            cache.0.join("postgres/99.7"),
            cache.0.join("postgres/.draft"),
        )
        .unwrap();
        runtime.block_on(find(&settings, &place)).unwrap_err();
    }
}
