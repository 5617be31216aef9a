//! Packages of Python and Node, installed once into a directory of the build's.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Outcome, runs};

/// Python with some packages.
#[derive(Debug)]
pub struct VirtualEnvironment {
    directory: PathBuf,
}

impl VirtualEnvironment {
    /// Makes it below `cache`, unless it is there; `None`, with a word on standard error, where there is no Python that could.
    ///
    /// # Errors
    ///
    /// pip can't install the packages: its output.
    pub fn make(cache: &Path, packages: &[&str]) -> Outcome<Option<VirtualEnvironment>> {
        if !runs("python3", &["-c", "import ensurepip, venv"]) {
            return Ok(None);
        }
        let directory = installed(cache, "python", packages, |directory| {
            said(
                Command::new("python3")
                    .args(["-m", "venv", "--clear"])
                    .arg(directory),
            )?;
            let pip = ["-m", "pip", "install", "--quiet"];
            said(
                Command::new(directory.join("bin/python"))
                    .args(pip)
                    .args(packages),
            )
        })?;
        Ok(Some(VirtualEnvironment { directory }))
    }

    /// Returns the interpreter that finds the packages.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.directory.join("bin/python")
    }
}

/// Packages for Node.
#[derive(Debug)]
pub struct NodeModules {
    directory: PathBuf,
}

impl NodeModules {
    /// Makes it below `cache`, unless it is there; `None`, with a word on standard error, where there is no Node or no npm.
    ///
    /// # Errors
    ///
    /// npm can't install the packages: its output.
    pub fn make(cache: &Path, packages: &[&str]) -> Outcome<Option<NodeModules>> {
        if !runs("node", &["--version"]) || !runs("npm", &["--version"]) {
            return Ok(None);
        }
        let directory = installed(cache, "node", packages, |directory| {
            let npm = [
                "install",
                "--no-audit",
                "--no-fund",
                "--no-save",
                "--prefix",
            ];
            said(Command::new("npm").args(npm).arg(directory).args(packages))
        })?;
        Ok(Some(NodeModules { directory }))
    }

    /// Returns the directory for `NODE_PATH`.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.directory.join("node_modules")
    }
}

/// Returns the directory `name` below `cache`, in which `install` has run for just these packages.
///
/// Tests ask for it at once, in several processes too: the first to come installs, and the others wait.
fn installed(
    cache: &Path,
    name: &str,
    packages: &[&str],
    install: impl FnOnce(&Path) -> Outcome,
) -> Outcome<PathBuf> {
    fs::create_dir_all(cache)?;
    let lock = File::create(cache.join(format!("{name}.lock")))?;
    lock.lock()?;
    let directory = cache.join(name);
    let marker = directory.join("installed");
    let wanted = packages.join("\n");
    if fs::read_to_string(&marker).is_ok_and(|there| there == wanted) {
        return Ok(directory);
    }
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    fs::create_dir_all(&directory)?;
    install(&directory)?;
    fs::write(marker, wanted)?;
    Ok(directory)
}

/// Runs a command, and returns what it said as the error if it fails.
fn said(command: &mut Command) -> Outcome {
    let output = command.env_remove("PYTHONHOME").output()?;
    if output.status.success() {
        return Ok(());
    }
    let program = command.get_program().to_owned();
    let arguments = command.get_args().collect::<Vec<_>>().join(OsStr::new(" "));
    Err(format!(
        "{} {} ended with {}:\n{}{}",
        program.display(),
        arguments.display(),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
    .into())
}
