//! Which project the command is about: its package, its workspace, and where that is built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aiodal_test::cli::Site;
use serde::Deserialize;

use crate::args::Place;
use crate::failure::Failure;

/// The package whose tests are meant, and its surroundings.
#[derive(Debug)]
pub(crate) struct Project {
    /// The directory of the package; that of the workspace where there is none.
    pub(crate) package: PathBuf,
    /// The directories of the workspace's packages.
    pub(crate) members: Vec<PathBuf>,
    /// Where Cargo builds it.
    pub(crate) target: PathBuf,
    /// The directory of the workspace.
    pub(crate) root: PathBuf,
}

/// What `cargo metadata` says, as far as it is of interest.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Package {
    manifest_path: PathBuf,
}

impl Project {
    /// Asks Cargo about the directory that is meant.
    pub(crate) fn find(place: &Place) -> Result<Project, Failure> {
        let directory = directory(place)?;
        let metadata = metadata(&directory)?;
        let members: Vec<PathBuf> = metadata
            .packages
            .iter()
            .filter_map(|package| package.manifest_path.parent().map(Path::to_owned))
            .collect();
        let around = members
            .iter()
            .filter(|member| directory.starts_with(member))
            .max_by_key(|member| member.components().count());
        let package = around
            .cloned()
            .unwrap_or_else(|| metadata.workspace_root.clone());
        let target = place
            .target_dir
            .clone()
            .unwrap_or(metadata.target_directory);
        Ok(Project {
            package,
            members,
            target: absolute(&target)?,
            root: metadata.workspace_root,
        })
    }

    /// The same, for what is of the machine more than of a project: outside of any, the directory itself is one.
    pub(crate) fn find_or_bare(place: &Place) -> Result<Project, Failure> {
        let directory = directory(place)?;
        if directory
            .ancestors()
            .any(|above| above.join("Cargo.toml").is_file())
        {
            return Project::find(place);
        }
        Ok(Project {
            members: Vec::new(),
            target: directory.join("target"),
            root: directory.clone(),
            package: directory,
        })
    }

    /// Returns the `aiodal.toml` that counts, if there is one.
    pub(crate) fn config_file(&self) -> Option<PathBuf> {
        let places = [&self.package, &self.root];
        places
            .map(|directory| directory.join("aiodal.toml"))
            .into_iter()
            .find(|file| file.is_file())
    }

    /// Reads the project's configuration. Once per process.
    pub(crate) fn site(&self) -> Result<Site, Failure> {
        Ok(Site::open(&self.package, &self.target)?)
    }
}

fn directory(place: &Place) -> Result<PathBuf, Failure> {
    let directory = place.directory.as_deref().unwrap_or(Path::new("."));
    directory.canonicalize().map_err(|error| {
        Failure::caused(
            format!("failed to find the directory {}", directory.display()),
            &error,
        )
    })
}

/// Test programs know their target directory by its real path.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    if let Ok(real) = path.canonicalize() {
        return Ok(real);
    }
    // Not built yet.
    std::path::absolute(path)
        .map_err(|error| Failure::caused(format!("failed to find {}", path.display()), &error))
}

fn metadata(directory: &Path) -> Result<Metadata, Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(&cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            let cargo = cargo.display();
            Failure::caused(format!("failed to run `{cargo} metadata`"), &error)
        })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(
            format!("found no Cargo project in {}", directory.display()),
            said.trim(),
        )
        .or(
            "run it in the package whose tests are meant, or name the package's directory with -C",
        ));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::caused("failed to read what `cargo metadata` said", &error))
}
