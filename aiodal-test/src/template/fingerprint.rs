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
            Err(error) => self.fail(path, error),
        }
        self
    }

    /// Adds the names and contents of all files in a directory and below; the path is relative to the package. One that can't be
    /// read fails the set-up.
    ///
    /// What begins with a dot is left out, and so is `__pycache__`, which tools write there themselves.
    pub fn dir(&mut self, path: impl AsRef<Path>) -> &mut Fingerprint {
        let path = self.base.join(path);
        let mut names: Vec<_> =
            match fs::read_dir(&path).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
                Ok(entries) => entries.iter().map(fs::DirEntry::file_name).collect(),
                Err(error) => {
                    self.fail(path, error);
                    return self;
                }
            };
        names.sort();
        for name in names {
            let text = name.to_string_lossy();
            if !text.starts_with('.') && text != "__pycache__" {
                self.text(&text);
                self.input(&path.join(&name));
            }
        }
        self
    }

    /// Adds a file, or a directory.
    pub(crate) fn input(&mut self, path: &Path) -> &mut Fingerprint {
        if self.base.join(path).is_dir() {
            self.dir(path)
        } else {
            self.file(path)
        }
    }

    /// Adds a text, such as the version of a data set.
    pub fn text(&mut self, text: &str) -> &mut Fingerprint {
        self.part(text.as_bytes());
        self
    }

    /// Has [`finish`](Fingerprint::finish) fail, if nothing has before.
    pub(crate) fn fail(&mut self, path: PathBuf, error: io::Error) {
        self.failure.get_or_insert((path, error));
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
    use std::sync::atomic::{AtomicU32, Ordering};

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

    /// Of a directory with those files in it.
    fn of_files(files: &[(&str, &str)]) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "aiodal-fingerprint-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let base = std::env::temp_dir().join(name);
        for (path, text) in files {
            let path = base.join("in").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut fingerprint = Fingerprint::new(&base);
        fingerprint.input(Path::new("in"));
        let hash = fingerprint.finish().unwrap();
        fs::remove_dir_all(&base).unwrap();
        hash
    }

    #[test]
    fn names_and_contents_of_a_directory_count() {
        let hash = of_files(&[("a.py", "1"), ("sub/b.py", "2")]);
        assert_eq!(hash, of_files(&[("sub/b.py", "2"), ("a.py", "1")]));
        for other in [
            &[("a.py", "1"), ("sub/b.py", "3")],
            &[("a.py", "1"), ("sub/c.py", "2")],
            &[("a.py", "1"), ("b.py", "2")],
        ] {
            assert_ne!(hash, of_files(other), "{other:?}");
        }
    }

    #[test]
    fn what_tools_leave_in_a_directory_does_not_count() {
        let hash = of_files(&[("a.py", "1")]);
        let left = [
            ("a.py", "1"),
            (".git/HEAD", "x"),
            ("__pycache__/a.pyc", "x"),
        ];
        assert_eq!(hash, of_files(&left));
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
