//! What a server is shared by.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The target directory that a program outside of it was told of. Set once, before anybody asks.
static TOLD: OnceLock<PathBuf> = OnceLock::new();

/// Tells a program that is no test, and lies elsewhere, which target directory it is about. The first call counts.
pub(crate) fn tell_target_directory(directory: PathBuf) {
    // A process is about one project: a second call says the same.
    let _same = TOLD.set(directory);
}

/// The target directory of the running test: all that is built into it shares one server.
///
/// Cargo marks it with `CACHEDIR.TAG`. A documentation test runs from elsewhere, in its package's directory; then it is
/// `CARGO_TARGET_DIR`, or the `target` next to the package or above it. Without any, it is where the program lies.
pub(crate) fn target_directory() -> PathBuf {
    if let Some(directory) = TOLD.get() {
        return directory.clone();
    }
    let program = std::env::current_exe().unwrap_or_default();
    if let Some(directory) = program.ancestors().find(|directory| is_target(directory)) {
        return directory.to_owned();
    }
    if let Some(directory) = std::env::var_os("CARGO_TARGET_DIR") {
        return PathBuf::from(directory);
    }
    let package = std::env::current_dir().unwrap_or_default();
    let targets = package
        .ancestors()
        .map(|directory| directory.join("target"));
    let fallback = || program.parent().unwrap_or(Path::new("/")).to_owned();
    targets
        .into_iter()
        .find(|directory| is_target(directory))
        .unwrap_or_else(fallback)
}

fn is_target(directory: &Path) -> bool {
    directory.join("CACHEDIR.TAG").is_file()
}
