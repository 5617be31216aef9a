//! Directories that may be trusted, and those that the server's user can work in.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access, geteuid};

use super::error::ProvisionError;
use super::owner::Owner;

/// Makes, if need be, the directory that keeps what outlives a server.
pub(super) fn cache(owner: &Owner) -> Result<PathBuf, ProvisionError> {
    let mut tried = Vec::new();
    for path in caches(owner) {
        match ensure_own(&path, owner) {
            Ok(()) => return Ok(path),
            Err(problem) => tried.push(format!("{}: {problem}", path.display())),
        }
    }
    Err(ProvisionError::no_place("the cache", tried))
}

fn caches(owner: &Owner) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    if owner.dropped {
        // Root's home is closed to the user that the server runs as.
        if Path::new("/var/cache").is_dir() {
            paths.push(PathBuf::from("/var/cache/aiodal"));
        }
    } else {
        let absolute = |name| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let home =
            absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
        paths.extend(home.map(|home| home.join("aiodal")));
    }
    paths.push(std::env::temp_dir().join(format!("aiodal-{}-cache", geteuid())));
    paths
}

/// Makes `path` unless it is there, and says why it cannot be used if it cannot.
fn ensure_own(path: &Path, owner: &Owner) -> Result<(), String> {
    let mode = if owner.dropped { 0o755 } else { 0o700 };
    let said = |error: io::Error| error.to_string();
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .map_err(said)?;
    let found = fs::symlink_metadata(path).map_err(said)?;
    if !found.is_dir() || found.uid() != geteuid().as_raw() {
        return Err("it is not a directory of this user".to_owned());
    }
    if found.mode() & 0o022 != 0 {
        return Err("others can write it".to_owned());
    }
    // The mode it was made with was subject to the umask.
    if owner.dropped && found.mode() & 0o777 != mode {
        fs::set_permissions(path, Permissions::from_mode(mode)).map_err(said)?;
    }
    if owner.dropped {
        is_open_to_all(path)
    } else {
        is_usable_by(owner, path)
    }
}

/// Says whether there is a directory at `path` that nobody but its owner and us can enter.
///
/// # Errors
///
/// There is something else: whatever answers on a socket in it may be anybody's.
pub(super) fn is_private(path: &Path, owner: &Owner) -> Result<bool, ProvisionError> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(ProvisionError::file("inspect", path)(error)),
    };
    if !found.is_dir() {
        return Err(ProvisionError::untrusted(path, "it is not a directory"));
    }
    // One that root has only just made still belongs to root.
    if found.uid() != owner.uid.as_raw() && found.uid() != geteuid().as_raw() {
        return Err(ProvisionError::untrusted(
            path,
            format!("it belongs to uid {}", found.uid()),
        ));
    }
    if found.mode() & 0o077 != 0 {
        return Err(ProvisionError::untrusted(path, "others can enter it"));
    }
    Ok(true)
}

/// Says why `owner` could not make a directory in `parent`, if it could not.
pub(super) fn is_usable_by(owner: &Owner, parent: &Path) -> Result<(), String> {
    if !owner.dropped {
        return access(parent, AccessFlags::W_OK | AccessFlags::X_OK)
            .map_err(|error| error.to_string());
    }
    // Root is let in everywhere, so the modes have to say whether the other user is.
    is_open_to_all(parent)?;
    let mode = fs::metadata(parent)
        .map_err(|error| error.to_string())?
        .mode();
    if mode & 0o002 == 0 {
        Err(format!("user `{}` cannot write it", owner.name))
    } else {
        Ok(())
    }
}

fn is_open_to_all(path: &Path) -> Result<(), String> {
    let path = path.canonicalize().map_err(|error| error.to_string())?;
    for part in path.ancestors() {
        let mode = fs::metadata(part)
            .map_err(|error| error.to_string())?
            .mode();
        if mode & 0o001 == 0 {
            return Err(format!("others than root cannot enter {}", part.display()));
        }
    }
    Ok(())
}
