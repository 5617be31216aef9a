//! The sessions that a package registers, as far as its text shows them.
//!
//! A database's name holds a hash of the package and the session it was made for. The session is known to the test
//! program only; but to recognise a hash, a guess will do: a name that is none matches nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aiodal_test::cli::Site;

use crate::project::Project;

/// One whose databases can be recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// What the names of its databases begin with.
    pub(crate) prefix: String,
    pub(crate) package: PathBuf,
    /// The type that registers it; empty where none does.
    pub(crate) session: String,
}

impl Known {
    /// Says whose they are, for people.
    pub(crate) fn label(&self) -> String {
        let package = self.package.file_name().unwrap_or_default().display();
        if self.session.is_empty() {
            package.to_string()
        } else {
            format!("{package}, session {}", self.session)
        }
    }
}

/// Lists what the databases of the whole workspace may be named after.
pub(crate) fn of_workspace(project: &Project, site: &Site) -> Vec<Known> {
    let packages: BTreeSet<&PathBuf> = project.members.iter().chain([&project.package]).collect();
    packages
        .into_iter()
        .flat_map(|package| of_package(package, site))
        .collect()
}

/// The same for one package.
pub(crate) fn of_package(package: &Path, site: &Site) -> Vec<Known> {
    let names = names_in(package);
    let nameless = std::iter::once(String::new());
    nameless
        .chain(names)
        .map(|session| Known {
            prefix: site.prefix(package, &session),
            package: package.to_owned(),
            session,
        })
        .collect()
}

/// The types for which the package's text implements a trait `Session`.
pub(crate) fn names_in(package: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut waiting = vec![package.to_owned()];
    while let Some(directory) = waiting.pop() {
        // What cannot be read is no source of a test that was built.
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() && !name.starts_with('.') && name != "target" {
                // Another package.
                if !path.join("Cargo.toml").is_file() {
                    waiting.push(path);
                }
            } else if kind.is_file() && name.ends_with(".rs") {
                names.extend(names_of(&fs::read_to_string(&path).unwrap_or_default()));
            }
        }
    }
    names
}

/// Finds `impl Session for Library`, whatever path the trait is written with.
fn names_of(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    words
        .windows(4)
        .filter(|words| {
            let last = words[1].rsplit("::").next();
            words[0] == "impl" && last == Some("Session") && words[2] == "for"
        })
        .map(|words| words[3].trim_end_matches(['{', '}']).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_found_whatever_path_their_trait_is_written_with() {
        let text = "#[aiodal::session]\nimpl Session for Library {\n}\n\
                    impl aiodal::Session for Shop{}\nimpl Display for Session {}\n\
                    impl\n    crate::Session\n    for Third {";
        assert_eq!(names_of(text), ["Library", "Shop", "Third"]);
    }
}
