//! Where the schema of a session comes from.

mod command;
mod directory;
mod function;
mod naming;
mod psql;
#[cfg(feature = "refinery")]
mod refinery;
mod script;
mod section;
mod step;
mod transcript;
mod words;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aiodal_core::{BoxError, DatabaseUrl};

use self::function::Function;
pub(crate) use self::psql::{Meta, meta};
pub(crate) use self::step::Step;
use self::step::Work;
use crate::set_up::SetUpError;

/// How long a command or a function may take unless [`Migrations::timeout`] says so.
///
/// As long as other processes wait for the template ([`Admin::lock`](super::Admin::lock)).
const LIMIT: Duration = Duration::from_secs(300);

/// Where the schema of a session comes from: one source, or several in a row.
///
/// Sources run into a template database once per change of what they read, whichever process comes first; see
/// [`Session::migrations`](crate::Session::migrations). Paths are relative to the package.
///
/// ```
/// use aiodal_test::Migrations;
///
/// // The files of sqlx, refinery, diesel, dbmate, goose, golang-migrate, Flyway, or your own.
/// let directory = Migrations::dir("migrations");
/// // What `pg_dump` wrote, and what has come since.
/// let both = Migrations::schema("schema.sql").then(Migrations::dir("migrations"));
/// // Any tool that is given the URL in its environment.
/// let tool = Migrations::command("alembic upgrade head").input("alembic").input("alembic.ini");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Migrations {
    sources: Vec<Source>,
}

#[derive(Clone, Debug)]
struct Source {
    kind: Kind,
    inputs: Vec<PathBuf>,
    timeout: Duration,
}

#[derive(Clone, Debug)]
enum Kind {
    Dir(PathBuf),
    Schema(PathBuf),
    Command(String),
    Run(Function),
    #[cfg(feature = "refinery")]
    Refinery(refinery::Embedded),
}

impl Migrations {
    /// No migrations: the database is used as it is.
    #[must_use]
    pub fn none() -> Migrations {
        Migrations::default()
    }

    /// A directory of `.sql` files, relative to the package.
    ///
    /// The names say whose files they are, and so in which order and how they run:
    ///
    /// | names | as | each file |
    /// | --- | --- | --- |
    /// | `1_users.sql`, `1_users.up.sql`: all begin with a number and `_` | sqlx | in a transaction, unless its first line is `-- no-transaction` |
    /// | `V1__users.sql`, `U2__roles.sql`, `V1.1__x.sql`, `R__views.sql`, in subdirectories too | refinery, Flyway | in a transaction; `R` comes last, and a `U` with the version of a `V` undoes it and is left out |
    /// | `2024-01-31-120000_users/up.sql` | diesel | in a transaction, unless `metadata.toml` says `run_in_transaction = false` |
    /// | anything else | plain | statement by statement, as psql does it |
    ///
    /// Numbers count as numbers: `2_b.sql` comes before `10_a.sql`. `.down.sql` files and anything that isn't `.sql` are left
    /// out, and so is what goes down in a file with dbmate's or goose's marks (`-- migrate:down`, `-- +goose Down`).
    /// A file that is named otherwise than the rest is an error where the tool would skip it. Placeholders such as Flyway's
    /// `${name}` are not filled in.
    ///
    /// Nothing is written to a tool's own table of applied migrations. If code under test reads it, run the tool:
    /// [`command`](Migrations::command), [`run`](Migrations::run).
    #[must_use]
    pub fn dir(path: impl Into<PathBuf>) -> Migrations {
        Migrations::of(Kind::Dir(path.into()))
    }

    /// One SQL file, relative to the package: written by hand, or by `pg_dump`.
    ///
    /// It runs statement by statement, as `psql -f` does it. Data blocks of `COPY .. FROM stdin` are loaded, `\i` and `\ir` include
    /// a file, and `\restrict`, `\echo`, `\set ON_ERROR_STOP on` and the like are passed over. Any other line that is meant for psql
    /// is an error that names it.
    #[must_use]
    pub fn schema(path: impl Into<PathBuf>) -> Migrations {
        Migrations::of(Kind::Schema(path.into()))
    }

    /// A command: alembic, Flyway, dbmate, `sqlx migrate run`, any tool that takes the database from its environment.
    ///
    /// It finds the database in `DATABASE_URL`, and in `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD` and `PGDATABASE`, and runs in the
    /// directory of the package. The line is split at blanks, with quotes and backslashes as in a shell; no shell reads it, and
    /// one that needs a shell is refused: write `sh -c '…'`. A command that fails shows what it said; one that takes longer
    /// than [`timeout`](Migrations::timeout) is killed.
    ///
    /// What the command reads can't be known: name it with [`input`](Migrations::input), at least once.
    #[must_use]
    pub fn command(line: impl Into<String>) -> Migrations {
        Migrations::of(Kind::Command(line.into()))
    }

    /// An async function, which is given the URL of the new database. `name` is what errors call it.
    ///
    /// It has to close its connections before it returns. Name what it reads with [`input`](Migrations::input); without
    /// any, the template belongs to the build of the test binary, and every build makes another.
    ///
    /// ```
    /// use aiodal_core::DataAccessLayer;
    /// use aiodal_test::Migrations;
    ///
    /// let by_hand = Migrations::run("roles and tables", |url| async move {
    ///     let dal = DataAccessLayer::builder().open(&url).await?;
    ///     dal.with_transaction(async |tx| tx.batch_execute("create table author (name text)").await).await
    /// });
    /// ```
    #[must_use]
    pub fn run<F, Fut, E>(name: impl Into<String>, function: F) -> Migrations
    where
        F: Fn(DatabaseUrl) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Migrations::of(Kind::Run(Function::new(name.into(), function)))
    }

    /// What `refinery::embed_migrations!` has embedded: `Migrations::refinery(embedded::migrations::runner())`.
    ///
    /// The runner does it all, with its own table of applied migrations. The template is known by the migrations in it, so
    /// no [`input`](Migrations::input) is needed.
    #[cfg(feature = "refinery")]
    #[must_use]
    pub fn refinery(runner: refinery_core::Runner) -> Migrations {
        Migrations::of(Kind::Refinery(refinery::Embedded::new(runner)))
    }

    /// Runs other sources after these, each on a connection of its own.
    #[must_use]
    pub fn then(mut self, next: Migrations) -> Migrations {
        self.sources.extend(next.sources);
        self
    }

    /// Names a file or directory, relative to the package, that the last source reads: when it changes, the template is built
    /// anew.
    ///
    /// Of a directory, all files count, but not those whose name begins with a dot, nor `__pycache__`.
    /// Without a source before it, it is without effect.
    #[must_use]
    pub fn input(mut self, path: impl Into<PathBuf>) -> Migrations {
        if let Some(source) = self.sources.last_mut() {
            source.inputs.push(path.into());
        }
        self
    }

    /// How long the last source may take, if it is a command or a function. Default: 5 minutes.
    ///
    /// Other processes wait for the template no longer than that.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Migrations {
        if let Some(source) = self.sources.last_mut() {
            source.timeout = limit;
        }
        self
    }

    /// What the configuration names: a directory, or a file.
    pub(crate) fn at(path: &Path, base: &Path) -> Migrations {
        if base.join(path).is_file() {
            Migrations::schema(path)
        } else {
            Migrations::dir(path)
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        self.sources.is_empty()
    }

    /// Reads all files, so that what is run is what was hashed.
    ///
    /// # Errors
    ///
    /// Files that are missing, can't be read or have names that don't fit; a command that can't be one.
    pub(crate) fn read(self, base: &Path) -> Result<Vec<Step>, SetUpError> {
        let read = |source| Source::read(source, base);
        self.sources.into_iter().map(read).collect()
    }

    fn of(kind: Kind) -> Migrations {
        let source = Source {
            kind,
            inputs: Vec::new(),
            timeout: LIMIT,
        };
        Migrations {
            sources: vec![source],
        }
    }
}

impl Source {
    fn read(self, base: &Path) -> Result<Step, SetUpError> {
        let work = match self.kind {
            Kind::Dir(dir) => Work::Scripts(directory::read(&dir, base)?),
            Kind::Schema(path) => Work::Scripts(vec![script::Script::read(&path, base)?]),
            Kind::Command(line) => Work::Command(command::Line::parse(&line, &self.inputs)?),
            Kind::Run(function) => Work::Function(function),
            #[cfg(feature = "refinery")]
            Kind::Refinery(embedded) => Work::Refinery(embedded),
        };
        Ok(Step {
            work,
            inputs: self.inputs,
            timeout: self.timeout,
        })
    }
}
