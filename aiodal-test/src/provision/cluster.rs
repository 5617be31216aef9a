//! Data directories as `initdb` makes them, kept so that it runs once and not at every start.
//!
//! An entry of the cache is a directory `cluster-<key>` with `data`, the `survey` of it, and the `binary` it is of.
//! It appears by a rename when it is complete. What damages it later is found when it is copied or
//! does not start, and it is made anew. All of it happens under the start lock.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::binaries::Binaries;
use super::copy;
use super::error::ProvisionError;
use super::owner::Owner;
use super::place::Place;
use super::process;
use crate::digest::digest;

/// Half a second in memory, two or three on a disk, more on a busy one.
const PATIENCE: Duration = Duration::from_secs(120);

const PREFIX: &str = "cluster-";

/// A data directory that no server has run on.
#[derive(Debug)]
pub(super) struct Cluster {
    directory: PathBuf,
    /// Whether this process has just made it.
    pub(super) is_new: bool,
}

impl Cluster {
    /// The cached data directory for `binaries`, made now unless there is one.
    pub(super) async fn ensure(
        place: &Place,
        binaries: &Binaries,
    ) -> Result<Cluster, ProvisionError> {
        let directory = entry(place, binaries)?;
        if directory.join("survey").is_file() && directory.join("data").is_dir() {
            return Ok(Cluster {
                directory,
                is_new: false,
            });
        }
        build(place, binaries, &directory).await?;
        Ok(Cluster {
            directory,
            is_new: true,
        })
    }

    /// Makes it anew.
    pub(super) async fn rebuild(
        self,
        place: &Place,
        binaries: &Binaries,
    ) -> Result<Cluster, ProvisionError> {
        remove(&self.directory)?;
        Cluster::ensure(place, binaries).await
    }

    /// Copies it to `target`, for `owner`; `false` if it turns out to be damaged.
    pub(super) fn copy(&self, target: &Path, owner: &Owner) -> Result<bool, ProvisionError> {
        let expected = self.directory.join("survey");
        let expected =
            fs::read_to_string(&expected).map_err(ProvisionError::file("read", &expected))?;
        Ok(copy::copy(&self.directory.join("data"), target, owner)? == expected)
    }
}

/// Where the data directory for `binaries` is kept: named after all that it depends on.
fn entry(place: &Place, binaries: &Binaries) -> Result<PathBuf, ProvisionError> {
    let arguments = arguments(binaries.version.major, true).join(" ");
    let key = [
        identity(&binaries.postgres())?,
        binaries.version.to_string(),
        arguments,
        place.owner.uid.to_string(),
    ];
    let key = digest(&key.map(String::into_bytes));
    Ok(place.cache.join(format!("{PREFIX}{}", &key[..16])))
}

/// What changes when another build is installed in the place of `program`.
fn identity(program: &Path) -> Result<String, ProvisionError> {
    let inspect = |path: &Path| -> std::io::Result<String> {
        let path = path.canonicalize()?;
        let modified = fs::metadata(&path)?.modified()?;
        // A file from before 1970 has no better identity than its path.
        let modified = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(format!("{} of {}", path.display(), modified.as_nanos()))
    };
    inspect(program).map_err(ProvisionError::file("inspect", program))
}

/// The arguments of `initdb`, but for the directory.
///
/// `--no-sync` is what makes it fast; small WAL segments keep 16 MB files out of memory.
/// Text is UTF-8 in code point order, which every machine agrees on.
fn arguments(major: u32, rich_locale: bool) -> Vec<&'static str> {
    let mut arguments = vec![
        "--no-sync",
        "--auth=trust",
        "--username=postgres",
        "--encoding=UTF8",
        "--wal-segsize=1",
    ];
    match (rich_locale, major) {
        (false, _) => arguments.push("--locale=C"),
        (true, ..17) => arguments.push("--locale=C.UTF-8"),
        // Knows upper and lower case beyond ASCII even where the C library does not.
        (true, _) => arguments.extend([
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]),
    }
    if major >= 18 {
        arguments.push("--no-data-checksums");
    }
    arguments
}

async fn build(place: &Place, binaries: &Binaries, entry: &Path) -> Result<(), ProvisionError> {
    remove_useless(&place.cache)?;
    // Of its own name, because an `initdb` may outlive the starter that was killed beside it.
    let unique = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    let draft = place
        .cache
        .join(format!("{PREFIX}draft-{}-{unique}", std::process::id()));
    DirBuilder::new()
        .mode(0o700)
        .create(&draft)
        .map_err(ProvisionError::file("create", &draft))?;
    let built = fill(place, binaries, &draft).await.and_then(|()| {
        remove(entry)?;
        fs::rename(&draft, entry).map_err(ProvisionError::file("rename to", entry))
    });
    if built.is_err() {
        // The first error is the one to tell.
        let _left = remove(&draft);
    }
    built
}

async fn fill(place: &Place, binaries: &Binaries, draft: &Path) -> Result<(), ProvisionError> {
    place.owner.give(draft)?;
    let data = draft.join("data");
    if initdb(place, binaries, &data, true).await.is_err() {
        // Not every C library has C.UTF-8. Any other trouble will come again, and is told then.
        remove(&data)?;
        initdb(place, binaries, &data, false).await?;
    }
    let write = |name: &str, text: String| {
        let path = draft.join(name);
        fs::write(&path, text).map_err(ProvisionError::file("write", &path))
    };
    write("binary", identity(&binaries.postgres())?)?;
    write("survey", copy::survey(&data)?)
}

async fn initdb(
    place: &Place,
    binaries: &Binaries,
    data: &Path,
    rich_locale: bool,
) -> Result<(), ProvisionError> {
    let program = binaries.initdb();
    let owner = &place.owner;
    let mut command = process::command(&program, owner);
    command
        .arg("-D")
        .arg(data)
        .args(arguments(binaries.version.major, rich_locale));
    let output = process::output(command, PATIENCE)
        .await
        .map_err(|source| ProvisionError::program(&program, &owner.name, source))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(ProvisionError::initdb(
        &program,
        &owner.name,
        String::from_utf8_lossy(&said).into_owned(),
    ))
}

/// Removes what nobody will use again: drafts of killed builders, and entries of binaries that were replaced.
fn remove_useless(cache: &Path) -> Result<(), ProvisionError> {
    let entries = fs::read_dir(cache).map_err(ProvisionError::file("read", cache))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let recorded = fs::read_to_string(path.join("binary")).unwrap_or_default();
        let program = recorded
            .rsplit_once(" of ")
            .map(|(program, _)| Path::new(program));
        if program
            .and_then(|program| identity(program).ok())
            .is_none_or(|current| current != recorded)
        {
            // Another user's directory, or one that is being written to: the next build tries again.
            let _left = remove(&path);
        }
    }
    Ok(())
}

/// Lists the entries of the cache, drafts included.
pub(super) fn entries(cache: &Path) -> Result<Vec<PathBuf>, ProvisionError> {
    let entries = fs::read_dir(cache).map_err(ProvisionError::file("read", cache))?;
    let mut found: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    Ok(found)
}

pub(super) fn remove(directory: &Path) -> Result<(), ProvisionError> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(ProvisionError::file("remove", directory)(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_gets_the_arguments_it_knows() {
        let has = |major, argument| arguments(major, true).contains(&argument);
        assert!(has(15, "--locale=C.UTF-8") && !has(15, "--locale-provider=builtin"));
        assert!(has(17, "--locale-provider=builtin") && !has(17, "--no-data-checksums"));
        assert!(has(18, "--no-data-checksums"));
        assert!(!arguments(15, false).contains(&"--locale=C.UTF-8"));
    }
}
