//! Where a server's files lie, and the name under which processes find the same one.
//!
//! - The *cache* stays: the lock, and data directories as `initdb` left them. `/var/cache/aiodal` for root,
//!   `$XDG_CACHE_HOME/aiodal` or `~/.cache/aiodal` for others, `aiodal-<uid>-cache` in the temporary directory
//!   where that cannot be had.
//! - The *run directory* goes with its server: `aiodal-<uid>-<key>`, in `/dev/shm` when it has room, else in the
//!   temporary directory. The key is what the server is shared by: the scope, the settings, and the cache with the lock.
//!
//! Nothing else is written, so nothing else has to be cleaned up.

use std::path::{Path, PathBuf};

use super::Settings;
use super::directory::{self, is_usable_by};
use super::error::ProvisionError;
use super::owner::Owner;
use super::run::{GOING, RunDirectory};
use crate::digest::digest;

/// Servers of another aiodal are not shared with ours: what the parties agree on may have changed.
const AGREEMENT: &str = concat!(env!("CARGO_PKG_VERSION"), ", layout 1");

/// Short, for the sake of the socket's path; 48 bits are enough for the servers of one user.
const KEY_LENGTH: usize = 12;

#[cfg(target_os = "linux")]
const MEMORY: &str = "/dev/shm";

/// A cluster takes 30 MB and each database 8; Docker gives a container 64 MB unless told otherwise.
#[cfg(target_os = "linux")]
const ROOM: u128 = 512 << 20;

/// Where one server's files lie.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) owner: Owner,
    pub(super) cache: PathBuf,
    name: String,
}

impl Place {
    /// The place of the server that `settings` describe and `scope` shares.
    pub(super) fn find(settings: &Settings, scope: &Path) -> Result<Place, ProvisionError> {
        let owner = Owner::choose(settings.user.as_deref())?;
        let cache = directory::cache(&owner)?;
        Ok(Place::under(cache, owner, settings, scope))
    }

    pub(super) fn under(cache: PathBuf, owner: Owner, settings: &Settings, scope: &Path) -> Place {
        let Settings {
            bin,
            version,
            user,
            linger: _,
        } = settings;
        let text = |value: Option<&str>| value.unwrap_or_default().as_bytes().to_owned();
        let key = digest(&[
            AGREEMENT.as_bytes().to_owned(),
            bytes(&cache),
            bytes(scope),
            bin.as_deref().map(bytes).unwrap_or_default(),
            text(version.as_deref()),
            text(user.as_deref()),
            settings.linger().as_micros().to_be_bytes().to_vec(),
        ]);
        let name = format!("{}{}", prefix(), &key[..KEY_LENGTH]);
        Place { owner, cache, name }
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.cache.join("lock")
    }

    /// The run directory of this server, if there is one.
    ///
    /// # Errors
    ///
    /// There is one of that name that others can write, or that is not ours.
    pub(super) fn run(&self) -> Result<Option<RunDirectory>, ProvisionError> {
        for parent in parents() {
            let path = parent.join(&self.name);
            if directory::is_private(&path, &self.owner)? {
                return Ok(Some(RunDirectory::at(path)));
            }
        }
        Ok(None)
    }

    /// Where a new run directory is to be made.
    pub(super) fn new_run(&self) -> Result<RunDirectory, ProvisionError> {
        let mut tried = Vec::new();
        for parent in parents() {
            let run = RunDirectory::at(parent.join(&self.name));
            match has_room(&parent)
                .and_then(|()| is_usable_by(&self.owner, &parent))
                .and_then(|()| run.fits())
            {
                Ok(()) => return Ok(run),
                Err(problem) => tried.push(format!("{}: {problem}", parent.display())),
            }
        }
        Err(ProvisionError::no_place(
            "the data and the socket of a server",
            tried,
        ))
    }

    /// The run directories of this user's other servers.
    pub(super) fn others(&self) -> Vec<RunDirectory> {
        let entries = parents()
            .into_iter()
            .filter_map(|parent| std::fs::read_dir(parent).ok())
            .flatten()
            .flatten();
        entries
            .filter(|entry| {
                let name = entry.file_name();
                name != *self.name && is_run_directory(&name.to_string_lossy())
            })
            .map(|entry| entry.path())
            .filter(|path| directory::is_private(path, &self.owner).is_ok_and(|private| private))
            .map(RunDirectory::at)
            .collect()
    }
}

fn prefix() -> String {
    format!("aiodal-{}-", nix::unistd::geteuid())
}

/// Says whether `name` is one that [`Place::under`] or the wrapper, as it removes one, gives.
fn is_run_directory(name: &str) -> bool {
    let name = name.strip_suffix(GOING).unwrap_or(name);
    name.strip_prefix(&prefix()).is_some_and(|key| {
        key.len() == KEY_LENGTH && key.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// Where run directories may lie, best first.
fn parents() -> Vec<PathBuf> {
    let mut parents = vec![
        #[cfg(target_os = "linux")]
        PathBuf::from(MEMORY),
        std::env::temp_dir(),
    ];
    // On macOS and in build sandboxes the temporary directory may have too long a path for a socket.
    let short = PathBuf::from("/tmp");
    if !parents.contains(&short) {
        parents.push(short);
    }
    parents
}

#[cfg(target_os = "linux")]
fn has_room(parent: &Path) -> Result<(), String> {
    if parent != Path::new(MEMORY) {
        return Ok(());
    }
    let free = nix::sys::statvfs::statvfs(parent)
        .map(|found| u128::from(found.blocks_available()) * u128::from(found.fragment_size()))
        .map_err(|error| error.to_string())?;
    if free < ROOM {
        Err(format!("{} MB free, fewer than {}", free >> 20, ROOM >> 20))
    } else {
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
fn has_room(_parent: &Path) -> Result<(), String> {
    Ok(())
}

fn bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_encoded_bytes().to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn name(settings: &Settings, scope: &str) -> String {
        let owner = Owner::choose(None).unwrap();
        Place::under("/cache".into(), owner, settings, Path::new(scope)).name
    }

    #[test]
    fn a_server_is_shared_by_scope_and_settings() {
        let settings = Settings {
            linger: Some(Duration::from_secs(1)),
            ..Settings::default()
        };
        let shared = name(&settings, "/target");
        assert_eq!(shared, name(&settings.clone(), "/target"));
        assert_ne!(shared, name(&settings, "/target2"));
        let mut others = vec![settings.clone(), settings.clone(), settings];
        others[0].version = Some("17".to_owned());
        others[1].user = Some("17".to_owned());
        others[2].linger = Some(Duration::from_secs(2));
        for other in &others {
            assert_ne!(shared, name(other, "/target"), "{other:?}");
        }
    }

    #[test]
    fn only_names_of_run_directories_are_swept() {
        let name = name(&Settings::default(), "/target");
        assert!(is_run_directory(&name));
        assert!(is_run_directory(&format!("{name}{GOING}")));
        assert!(!is_run_directory(&format!("{name}0")));
        assert!(!is_run_directory(&format!("{}cache", prefix())));
    }
}
