//! A file that is there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::mem;
use std::path::{Path, PathBuf};

/// What is written before it has its name. Dropped, it is removed.
///
/// It has two owners, the thread that writes and the future that waits: whichever is dropped first removes it, and for the
/// other it is gone already.
#[derive(Clone, Debug)]
pub(super) struct Unfinished {
    /// Empty once it has its name.
    path: PathBuf,
}

/// An open file, and what it is to become.
#[derive(Debug)]
pub(super) struct Draft {
    file: File,
    /// `None` for what is no regular file: a pipe or a terminal is written as it is.
    rename: Option<(Unfinished, PathBuf)>,
}

impl Unfinished {
    /// Makes up a name beside `path`, so that renaming stays within one file system.
    pub(super) fn beside(path: &Path) -> Unfinished {
        let unique = RandomState::new().hash_one(std::process::id());
        // Not made of the file's own name, which may be as long as names can be.
        Unfinished {
            path: path.with_file_name(format!(".aiodal-{unique:016x}.part")),
        }
    }

    /// It has its name, or somebody else looks after it.
    pub(super) fn forget(&mut self) {
        mem::take(&mut self.path);
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // Not made yet, or removed by the other owner.
            let _gone = fs::remove_file(&self.path);
        }
    }
}

impl Draft {
    /// Opens what will become `path`, or `path` itself where there is no regular file.
    pub(super) fn open(path: &Path, unfinished: Unfinished) -> io::Result<Draft> {
        let there = match fs::metadata(path) {
            Ok(there) => Some(there),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        match &there {
            Some(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Some(there) if !there.is_file() => {
                let file = OpenOptions::new().write(true).open(path)?;
                return Ok(Draft { file, rename: None });
            }
            _ => {}
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&unfinished.path)?;
        if let Some(there) = there {
            file.set_permissions(there.permissions())?;
        }
        Ok(Draft {
            file,
            rename: Some((unfinished, path.to_owned())),
        })
    }

    /// Gives the file its name, once all of it is on the disk.
    pub(super) fn finish(self) -> io::Result<()> {
        let Some((mut unfinished, path)) = self.rename else {
            return Ok(());
        };
        self.file.sync_all()?;
        drop(self.file);
        fs::rename(&unfinished.path, &path)?;
        unfinished.forget();
        sync_directory(&path)
    }
}

impl io::Write for Draft {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.file.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Follows a link, so that what it leads to is written, and not the link.
pub(super) fn resolve(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    match File::open(directory).and_then(|directory| directory.sync_all()) {
        // Not every directory may be read, and not every file system knows this. The file itself is safe.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied
                    | io::ErrorKind::InvalidInput
                    | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}
