//! One source, read: what there is to run, and what it is known by.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aiodal_core::DatabaseUrl;
use tokio_postgres::Client;

use super::command::Line;
use super::function::Function;
use super::script::Script;
use crate::backend;
use crate::set_up::SetUpError;
use crate::template::fingerprint::Fingerprint;

/// One source of the schema, read.
#[derive(Debug)]
pub(crate) struct Step {
    pub(super) work: Work,
    pub(super) inputs: Vec<PathBuf>,
    /// How long a command or a function may take.
    pub(super) timeout: Duration,
}

#[derive(Debug)]
pub(super) enum Work {
    Scripts(Vec<Script>),
    Command(Line),
    Function(Function),
    #[cfg(feature = "refinery")]
    Refinery(super::refinery::Embedded),
}

impl Step {
    /// Adds all that the step's outcome depends on.
    pub(crate) fn add_to(&self, fingerprint: &mut Fingerprint) {
        match &self.work {
            Work::Scripts(scripts) => {
                for script in scripts {
                    script.add_to(fingerprint);
                }
            }
            Work::Command(line) => line.add_to(fingerprint),
            Work::Function(function) => function.add_to(fingerprint, self.inputs.is_empty()),
            #[cfg(feature = "refinery")]
            Work::Refinery(embedded) => embedded.add_to(fingerprint),
        }
        for path in &self.inputs {
            fingerprint.input(path);
        }
    }

    /// Says whether the step's outcome depends on code of the session.
    pub(crate) fn is_code(&self) -> bool {
        matches!(self.work, Work::Function(_))
    }

    /// Runs it on a connection of its own, or lets it make its own.
    ///
    /// # Errors
    ///
    /// What failed, where, and what PostgreSQL or the tool said.
    pub(crate) async fn run(&self, url: &DatabaseUrl, base: &Path) -> Result<(), SetUpError> {
        match &self.work {
            Work::Scripts(scripts) => run_scripts(scripts, url).await,
            Work::Command(line) => line.run(url, base, self.timeout).await,
            Work::Function(function) => function.run(url, self.timeout).await,
            #[cfg(feature = "refinery")]
            Work::Refinery(embedded) => embedded.run(url).await,
        }
    }
}

async fn run_scripts(scripts: &[Script], url: &DatabaseUrl) -> Result<(), SetUpError> {
    let mut backend = backend::connect(url)
        .await
        .map_err(|error| SetUpError::connect(url, error.as_ref()))?;
    let _running = backend
        .start()
        .map_err(|error| SetUpError::connect(url, &error))?;
    let client = &backend.client;
    for script in scripts {
        script.run(client).await?;
        check_ended(client, script).await?;
    }
    Ok(())
}

/// A script that ends within a transaction of its own would lose what it wrote there, silently.
async fn check_ended(client: &Client, script: &Script) -> Result<(), SetUpError> {
    let sql = "select pg_current_xact_id_if_assigned() is not null";
    let shown = script.shown().display();
    match client.query_typed_one(sql, &[]).await.map(|row| row.get(0)) {
        Ok(false) => Ok(()),
        Ok(true) => Err(SetUpError::new(
            format!("migration {shown} leaves a transaction open"),
            "add the COMMIT that its BEGIN lacks",
        )),
        Err(error) => Err(SetUpError::caused(
            format!("the connection was lost after migration {shown}"),
            &error,
        )),
    }
}
