//! A directory of migrations, of whichever tool.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use super::naming::{self, Kind, Versioned};
use super::script::{Script, Transaction};
use crate::set_up::SetUpError;

/// Reads the directory's migrations, in the order in which they run.
///
/// # Errors
///
/// A directory that is missing or has no migrations in it, names that don't fit together, a file that can't be read.
pub(super) fn read(dir: &Path, base: &Path) -> Result<Vec<Script>, SetUpError> {
    let dir = base.join(dir);
    let entries = Entries::list(&dir).map_err(|error| {
        SetUpError::caused(
            format!("failed to read the migrations in {}", dir.display()),
            &error,
        )
    })?;
    let found = if !entries.versioned.is_empty() {
        versioned(entries, &dir)?
    } else if !entries.diesel.is_empty() {
        diesel(entries, &dir)?
    } else {
        by_name(entries.files)
    };
    if found.is_empty() {
        return Err(SetUpError::new(
            format!("there are no migrations in {}", dir.display()),
            "expected .sql files; remove the directory from the session if there are none to run",
        ));
    }
    let read = |(path, transaction): (PathBuf, Option<Transaction>)| {
        let script = Script::read(&path, base)?;
        Ok(match transaction {
            Some(transaction) => script.in_transaction(transaction),
            None => script,
        })
    };
    found.into_iter().map(read).collect()
}

/// What is in a directory.
#[derive(Default)]
struct Entries {
    /// The `.sql` files in it, without those that go down.
    files: Vec<PathBuf>,
    /// Those with names of refinery's or Flyway's, in subdirectories too.
    versioned: Vec<(Versioned, PathBuf)>,
    /// The subdirectories with an `up.sql`.
    diesel: Vec<PathBuf>,
    /// The other subdirectories.
    others: Vec<PathBuf>,
}

impl Entries {
    fn list(dir: &Path) -> io::Result<Entries> {
        let mut entries = Entries::default();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let (path, name) = (entry.path(), name_of(&entry));
            if path.is_dir() {
                if path.join("up.sql").is_file() {
                    entries.diesel.push(path);
                } else if !name.starts_with('.') {
                    entries.others.push(path);
                }
            } else if is_migration(&name) && !name.starts_with('.') {
                match Versioned::parse(&name) {
                    Some(versioned) => entries.versioned.push((versioned, path)),
                    None => entries.files.push(path),
                }
            }
        }
        for dir in &entries.others {
            find_versioned(dir, &mut entries.versioned)?;
        }
        Ok(entries)
    }
}

/// Finds what is versioned in a directory and below; links to directories are not followed.
fn find_versioned(dir: &Path, found: &mut Vec<(Versioned, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find_versioned(&entry.path(), found)?;
        } else if let Some(versioned) = Versioned::parse(&name_of(&entry)) {
            found.push((versioned, entry.path()));
        }
    }
    Ok(())
}

fn name_of(entry: &DirEntry) -> String {
    entry.file_name().to_string_lossy().into_owned()
}

fn is_migration(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    Path::new(&name)
        .extension()
        .is_some_and(|extension| extension == "sql")
        && !name.ends_with(".down.sql")
}

type Found = Vec<(PathBuf, Option<Transaction>)>;

fn versioned(entries: Entries, dir: &Path) -> Result<Found, SetUpError> {
    let mut versioned = entries.versioned;
    versioned.sort();
    if let Some(other) = entries.files.iter().chain(&entries.diesel).min() {
        return Err(mixed(dir, "V1__name.sql", &versioned[0].1, other));
    }
    // Flyway undoes a version by a `U` of the same; refinery has each version once, whichever the letter.
    let done: Vec<_> = versioned
        .iter()
        .filter(|(name, _)| name.kind == Kind::Versioned)
        .map(|(name, _)| name.version.clone())
        .collect();
    versioned.retain(|(name, _)| name.kind != Kind::Unversioned || !done.contains(&name.version));
    let twice = versioned
        .windows(2)
        .find(|pair| pair[0].0.version == pair[1].0.version && pair[0].0.kind != Kind::Repeatable);
    if let Some([(_, first), (_, second)]) = twice {
        return Err(SetUpError::new(
            format!("two migrations in {} have the same version", dir.display()),
            format!(
                "{}\n{}\ngive one of them another",
                below(dir, first),
                below(dir, second)
            ),
        ));
    }
    let way_out = "as refinery runs it in a transaction, too, it has to go into a source of its own: \
                   `.then(Migrations::schema(\"…\"))`";
    Ok(versioned
        .into_iter()
        .map(|(_, path)| (path, Some(Transaction { way_out })))
        .collect())
}

fn diesel(entries: Entries, dir: &Path) -> Result<Found, SetUpError> {
    let mut directories = entries.diesel;
    directories.sort_by_cached_key(|path| naming::stamp(&file_name(path)));
    if let Some(other) = entries.files.iter().min() {
        return Err(mixed(dir, "<stamp>_name/up.sql", &directories[0], other));
    }
    if let Some(other) = entries.others.iter().min() {
        return Err(SetUpError::new(
            format!("{} has no up.sql", other.display()),
            "the other directories beside it have one, as diesel's migrations do; add it, or move the directory elsewhere",
        ));
    }
    let way_out =
        "write `run_in_transaction = false` into the metadata.toml beside it, as for diesel";
    let mut found = Found::new();
    for directory in directories {
        let transaction = runs_in_transaction(&directory.join("metadata.toml"))?;
        found.push((
            directory.join("up.sql"),
            transaction.then_some(Transaction { way_out }),
        ));
    }
    Ok(found)
}

/// Reads diesel's `metadata.toml`, if there is one.
fn runs_in_transaction(path: &Path) -> Result<bool, SetUpError> {
    let failed = |error: &dyn std::fmt::Display| {
        SetUpError::new(
            format!("failed to read {}", path.display()),
            error.to_string(),
        )
    };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(failed(&error)),
    };
    let table = toml::de::DeTable::parse(&text).map_err(|error| failed(&error.message()))?;
    let said = table.get_ref().get("run_in_transaction");
    Ok(said.is_none_or(|value| value.get_ref().as_bool() != Some(false)))
}

/// sqlx's if all are numbered; otherwise nobody's.
fn by_name(mut files: Vec<PathBuf>) -> Found {
    files.sort_by_cached_key(|path| naming::order(&file_name(path)));
    let numbered = files
        .iter()
        .all(|path| naming::is_numbered(&file_name(path)));
    let way_out = "begin the file with the line `-- no-transaction`, as for sqlx";
    let transaction = numbered.then_some(Transaction { way_out });
    files
        .into_iter()
        .map(|path| (path, transaction.clone()))
        .collect()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn below(dir: &Path, path: &Path) -> String {
    path.strip_prefix(dir).unwrap_or(path).display().to_string()
}

fn mixed(dir: &Path, naming: &str, one: &Path, other: &Path) -> SetUpError {
    SetUpError::new(
        format!("the migrations in {} are named in two ways", dir.display()),
        format!(
            "{} is named as `{naming}`, and {} is not: its tool would skip it\n\
             rename it, or move it elsewhere; `Migrations::dir(..).then(..)` runs two directories in a row",
            below(dir, one),
            below(dir, other)
        ),
    )
}
