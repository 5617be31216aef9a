//! Directories that last as long as a suite.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::Result;
use crate::postgres::User;

/// What a server of the benches may take, with room to spare.
#[cfg(target_os = "linux")]
const ROOM: u64 = 1 << 30;

/// A directory that is removed when dropped.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes a directory under `parent` that `user` owns and only `user` can enter.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub(crate) fn new(parent: &Path, purpose: &str, user: &User) -> Result<Scratch> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let (process, number) = (std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = parent.join(format!("aiodal-benches-{purpose}-{process}-{number}"));
        let failed = |error| format!("failed to make {}: {error}", path.display());
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(failed)?;
        let scratch = Scratch(path);
        user.give(&scratch.0)?;
        Ok(scratch)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Leaves the removal to somebody else.
    pub(crate) fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // What is left is in a temporary directory, and nothing that a bench can mend.
            let _left = fs::remove_dir_all(&self.0);
        }
    }
}

impl User {
    /// Gives a path that this process made to the user.
    ///
    /// # Errors
    ///
    /// The operating system refuses.
    pub(crate) fn give(&self, path: &Path) -> Result<()> {
        if let Some((uid, gid)) = self.other {
            chown(path, Some(uid), Some(gid))
                .map_err(|error| format!("failed to give {} away: {error}", path.display()))?;
        }
        Ok(())
    }
}

/// Where a server's data is in memory if there is room for it, else the temporary directory.
pub(crate) fn fastest() -> PathBuf {
    #[cfg(target_os = "linux")]
    {
        let memory = Path::new("/dev/shm");
        let has_room = nix::sys::statvfs::statvfs(memory)
            .is_ok_and(|found| found.blocks_available() * found.fragment_size() > ROOM);
        if has_room {
            return memory.to_owned();
        }
    }
    std::env::temp_dir()
}

/// Where temporary files are on a disk even if `/tmp` is in memory.
pub(crate) fn on_disk() -> PathBuf {
    let disk = Path::new("/var/tmp");
    if disk.is_dir() {
        disk.to_owned()
    } else {
        std::env::temp_dir()
    }
}
