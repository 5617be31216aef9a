//! Copies of a data directory.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::ProvisionError;
use super::owner::Owner;
use crate::digest::hex;

/// The names and sizes of the files below `root`, as one digest.
///
/// Enough to recognise a directory that a full disk, a crash or a cleaner of temporary files has damaged;
/// reading the contents would cost more than all the rest of a start.
pub(super) fn survey(root: &Path) -> Result<String, ProvisionError> {
    walk(root, |_, _| Ok(()))
}

/// Copies `from`, a directory of plain files and directories, to `to`, and returns its [`survey`].
pub(super) fn copy(from: &Path, to: &Path, owner: &Owner) -> Result<String, ProvisionError> {
    walk(from, |relative, entry| {
        let target = to.join(relative);
        match entry {
            Entry::Directory => {
                let made = DirBuilder::new().mode(0o700).create(&target);
                made.map_err(ProvisionError::file("create", &target))?;
            }
            Entry::File => {
                let source = from.join(relative);
                fs::copy(&source, &target).map_err(ProvisionError::file("copy to", &target))?;
            }
        }
        owner.give(&target)
    })
}

#[derive(Clone, Copy)]
enum Entry {
    Directory,
    File,
}

fn walk(
    root: &Path,
    mut visit: impl FnMut(&Path, Entry) -> Result<(), ProvisionError>,
) -> Result<String, ProvisionError> {
    let mut hash = Sha256::new();
    visit(Path::new(""), Entry::Directory)?;
    let mut waiting = vec![PathBuf::new()];
    while let Some(directory) = waiting.pop() {
        let path = root.join(&directory);
        for (name, file) in entries(&path).map_err(ProvisionError::file("read", &path))? {
            let relative = directory.join(name);
            hash.update(relative.as_os_str().as_encoded_bytes());
            // A NUL cannot be in a name, and no file is that long.
            hash.update([0]);
            hash.update(file.unwrap_or(u64::MAX).to_be_bytes());
            if file.is_some() {
                visit(&relative, Entry::File)?;
            } else {
                visit(&relative, Entry::Directory)?;
                waiting.push(relative);
            }
        }
    }
    Ok(hex(&hash.finalize()))
}

/// What is in a directory, in name order: the name, and the size of what is not a directory.
fn entries(directory: &Path) -> io::Result<Vec<(OsString, Option<u64>)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        found.push((
            entry.file_name(),
            metadata.is_file().then_some(metadata.len()),
        ));
    }
    found.sort();
    Ok(found)
}
