//! What a package overrides of its session, in code.

use std::future::{Future, ready};

use aiodal_core::{BoxError, DataAccessLayerBuilder, Transaction};

use crate::config::Config;
use crate::template::{Fingerprint, Migrations};

/// The session of a test binary: what its tests share, and what is prepared once.
///
/// Every function has a default; override those you need, and register the implementation with
/// `#[aiodal::session]`. One binary has one session.
///
/// ```
/// # use aiodal_core::{BoxError, Transaction};
/// # use aiodal_test::{Migrations, Session};
/// struct Library;
///
/// // #[aiodal::session]
/// impl Session for Library {
///     fn migrations() -> Migrations {
///         Migrations::dir("migrations")
///     }
///
///     async fn seed(tx: &mut Transaction) -> Result<(), BoxError> {
///         tx.execute("insert into author (name) values ('Hep')", &[]).await?;
///         Ok(())
///     }
/// }
/// ```
///
/// Migrations and seed are run once per change of theirs, into a template database that all processes
/// and runs on the server share. Tests run in a clone of it.
pub trait Session: Send + Sync + 'static {
    /// Has the last word on the configuration, after `aiodal.toml` and the environment.
    fn configure(config: &mut Config) {
        let _ = config;
    }

    /// Returns what builds the schema. Default: the configured directory, if any.
    #[must_use]
    fn migrations() -> Migrations {
        Migrations::none()
    }

    /// Names what the template depends on besides the migrations and the text of this `impl`: files that the
    /// seed reads, versions of data.
    fn fingerprint(inputs: &mut Fingerprint) {
        let _ = inputs;
    }

    /// Has the last word on the data access layer that a test asks for: what it reflects, and the options of its pool and
    /// connections.
    ///
    /// In a test that is rolled back, the pool is the session's, and the data access layer has one connection of it. So the
    /// number of connections says nothing there, nor do time limits of the pool; settings of a connection do, and SQL for new
    /// connections is run at the start of every test's transaction.
    #[must_use = "it is the builder that is used"]
    fn data_access_layer(builder: DataAccessLayerBuilder) -> DataAccessLayerBuilder {
        builder
    }

    /// Runs at the start of every test's transaction, and is rolled back with it: rows, settings, a role.
    ///
    /// What every test is to find is cheaper in [`seed`](Session::seed), which runs once.
    ///
    /// # Errors
    ///
    /// Any; the test then fails to set up with it.
    fn begin(tx: &mut Transaction) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = tx;
        ready(Ok(()))
    }

    /// Puts the rows into the template that every test finds there. Committed when it returns `Ok`.
    ///
    /// # Errors
    ///
    /// Any; the tests then fail to set up with it.
    fn seed(tx: &mut Transaction) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = tx;
        ready(Ok(()))
    }
}
