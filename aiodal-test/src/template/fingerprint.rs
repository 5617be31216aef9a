//! The content hash that a template is known by.

use std::path::{Path, PathBuf};
use std::{fs, io};

use sha2::{Digest, Sha256};

use crate::digest;

/// Collects what a template depends on.
///
/// Two sessions with the same fingerprint share one template; any change makes another.
pub struct Fingerprint {
    hash: Sha256,
    /// The directory that relative paths start from.
    base: PathBuf,
    failure: Option<(PathBuf, io::Error)>,
}

impl Fingerprint {
    pub(crate) fn new(base: &Path) -> Fingerprint {
        Fingerprint {
            hash: Sha256::new(),
            base: base.to_owned(),
            failure: None,
        }
    }

    /// Adds the contents of a file; the path is relative to the package. A file that can't be read fails the set-up.
    pub fn file(&mut self, path: impl AsRef<Path>) -> &mut Fingerprint {
        let path = self.base.join(path);
        match fs::read(&path) {
            Ok(contents) => self.part(&contents),
            Err(error) => {
                self.failure.get_or_insert((path, error));
            }
        }
        self
    }

    /// Adds a text, such as the version of a data set.
    pub fn text(&mut self, text: &str) -> &mut Fingerprint {
        self.part(text.as_bytes());
        self
    }

    fn part(&mut self, bytes: &[u8]) {
        digest::add(&mut self.hash, bytes);
    }

    /// Returns twelve hexadecimal digits: enough for one server's templates, short enough for a name.
    ///
    /// # Errors
    ///
    /// The first file that could not be read.
    pub(crate) fn finish(self) -> Result<String, (PathBuf, io::Error)> {
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(digest::hex(&self.hash.finalize()[..6])),
        }
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fingerprint")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[&str]) -> String {
        let mut fingerprint = Fingerprint::new(Path::new("/"));
        for part in parts {
            fingerprint.text(part);
        }
        fingerprint.finish().unwrap()
    }

    #[test]
    fn boundaries_count() {
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_eq!(of(&[]).len(), 12);
    }

    #[test]
    fn missing_file_is_reported_and_not_skipped() {
        let mut fingerprint = Fingerprint::new(Path::new("/"));
        fingerprint.file("no/such/file.csv");
        assert_eq!(
            fingerprint.finish().unwrap_err().0,
            Path::new("/no/such/file.csv")
        );
    }
}
