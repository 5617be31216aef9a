//! What refinery has embedded, run by refinery.

use std::fmt;
use std::sync::Arc;

use aiodal_core::DatabaseUrl;
use refinery_core::Runner;

use crate::backend;
use crate::set_up::SetUpError;
use crate::template::fingerprint::Fingerprint;

/// A runner and the migrations in it.
#[derive(Clone)]
pub(super) struct Embedded(Arc<Runner>);

impl Embedded {
    pub(super) fn new(runner: Runner) -> Embedded {
        Embedded(Arc::new(runner))
    }

    pub(super) fn add_to(&self, fingerprint: &mut Fingerprint) {
        for migration in self.0.get_migrations() {
            fingerprint
                .text(&migration.to_string())
                .text(migration.sql().unwrap_or_default());
        }
    }

    /// # Errors
    ///
    /// What refinery says.
    pub(super) async fn run(&self, url: &DatabaseUrl) -> Result<(), SetUpError> {
        let mut backend = backend::connect(url)
            .await
            .map_err(|error| SetUpError::connect(url, error.as_ref()))?;
        let _running = backend
            .start()
            .map_err(|error| SetUpError::connect(url, &error))?;
        let client = Arc::get_mut(&mut backend.client)
            .expect("nobody else has a connection that was just made");
        self.0
            .run_async(client)
            .await
            .map(drop)
            .map_err(|error| SetUpError::caused("a migration of refinery's failed", &error))
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.get_migrations().iter().map(ToString::to_string);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use aiodal_core::{BoxError, DataAccessLayer};
    use refinery_core::Migration;

    use super::*;
    use crate::example;
    use crate::runner::Verdict;
    use crate::template::Migrations;

    fn runner(rest: &[&str]) -> Runner {
        let first = ["create table author (name text)"];
        let migrations = first.iter().chain(rest).zip(1..).map(|(sql, version)| {
            Migration::unapplied(&format!("V{version}__author"), sql).unwrap()
        });
        Runner::new(&migrations.collect::<Vec<_>>())
    }

    fn hash(runner: Runner) -> String {
        let mut fingerprint = Fingerprint::new(Path::new("/"));
        Embedded::new(runner).add_to(&mut fingerprint);
        fingerprint.finish().unwrap()
    }

    #[test]
    fn template_is_known_by_the_migrations() {
        let first = hash(runner(&["select 1"]));
        assert_eq!(first, hash(runner(&["select 1"])));
        assert_ne!(first, hash(runner(&["select 2"])));
    }

    /// Makes a database on the session's server, for as long as `body` runs.
    async fn in_a_database(
        dal: &DataAccessLayer,
        body: impl AsyncFnOnce(&DatabaseUrl),
    ) -> Result<(), BoxError> {
        let sql = "select current_setting('unix_socket_directories'), current_setting('port'), current_user::text";
        let tx = dal.transaction().await?;
        let (directory, port, user): (String, String, String) = tx.query_one_as(sql, &[]).await?;
        let directory = directory.trim_matches('"');
        let server: DatabaseUrl = match std::env::var("AIODAL_DATABASE_URL") {
            Ok(given) => given.parse()?,
            // The server shows a list of quoted names; ours has one.
            Err(_) => {
                format!("host={directory} port={port} user={user} dbname=postgres").parse()?
            }
        };
        let mut admin = backend::connect(&server).await?;
        let _running = admin.start()?;
        let name = format!("refinery_{}_{}", std::process::id(), line!());
        let create = format!("create database {name}");
        admin.client.batch_execute(&create).await?;
        body(&server.with_database(&name)).await;
        let drop = format!("drop database {name} with (force)");
        Ok(admin.client.batch_execute(&drop).await?)
    }

    #[test]
    fn runner_migrates_and_keeps_its_history() -> Verdict {
        example(async |dal| {
            in_a_database(dal, async |url| {
                let base = Path::new("/");
                let insert = "insert into author values ('Hep')";
                let migrations = Migrations::refinery(runner(&[insert]));
                for step in migrations.read(base).unwrap() {
                    step.run(url, base).await.unwrap();
                }
                let mut backend = backend::connect(url).await.unwrap();
                let _running = backend.start().unwrap();
                let sql = "select (select count(*) from author), (select count(*) from refinery_schema_history)";
                let row = backend.client.query_one(sql, &[]).await.unwrap();
                assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (1, 2));
                let broken = Embedded::new(runner(&[insert, "insert into autor values ('Hep')"]));
                let error = broken.run(url).await.unwrap_err().to_string();
                for said in ["refinery", "V3__author", "relation \"autor\" does not exist"] {
                    assert!(error.contains(said), "{error}");
                }
            })
            .await
        })
    }
}
