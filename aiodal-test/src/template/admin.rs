//! A connection to the maintenance database, and the lock under which databases are made and dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aiodal_core::DatabaseUrl;
use tokio_postgres::Client;

use super::names::{self, Names, quoted};
use crate::backend::{self, Running};
use crate::janitor;
use crate::set_up::SetUpError;

/// The key of the advisory lock (two halves) that orders everybody who makes or drops databases of ours on a server.
///
/// Advisory locks are per database: whoever goes to the same server through another maintenance database
/// is not ordered by it, and meets "already exists" instead, which is handled where it can happen.
const LOCK: (i32, i32) = (0x6169_6f64, 0x616c);

/// How long to wait for others who are building a template.
const LOCK_LIMIT: Duration = Duration::from_mins(5);

/// How long to wait for a closed session to be gone from the server.
const GONE_LIMIT: Duration = Duration::from_secs(10);

/// A connection to the maintenance database.
pub(crate) struct Admin {
    pub(crate) url: DatabaseUrl,
    client: Arc<Client>,
    /// Drives the connection on the session's runtime until this is dropped.
    _running: Running,
}

/// A database on the server.
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) is_template: bool,
    /// Its comment.
    pub(crate) mark: Option<String>,
    pub(crate) sessions: i64,
}

impl Admin {
    /// # Errors
    ///
    /// The server can't be reached or refuses.
    pub(crate) async fn connect(url: &DatabaseUrl) -> Result<Admin, SetUpError> {
        let mut backend = backend::connect(url)
            .await
            .map_err(|error| SetUpError::connect(url, error.as_ref()))?;
        let driver = backend
            .driver
            .take()
            .expect("a new connection has its driver");
        let running = driver
            .start()
            .map_err(|error| SetUpError::connect(url, &error))?;
        Ok(Admin {
            url: url.clone(),
            client: backend.client,
            _running: running,
        })
    }

    /// Waits until nobody else makes or drops databases; the lock is held until the connection closes.
    ///
    /// # Errors
    ///
    /// Somebody holds it for minutes; they are named.
    pub(crate) async fn lock(&self) -> Result<(), SetUpError> {
        let (high, low) = LOCK;
        let limit = LOCK_LIMIT.as_millis();
        let sql = format!(
            "set lock_timeout = {limit}; select pg_advisory_lock({high}, {low}); reset lock_timeout"
        );
        let Err(error) = self.client.batch_execute(&sql).await else {
            return Ok(());
        };
        let holder = format!(
            "select format('process %s, %s, from %s', a.pid, a.application_name, a.backend_start) \
             from pg_locks l join pg_stat_activity a using (pid) \
             where l.locktype = 'advisory' and l.granted and l.classid = {high} and l.objid = {low}"
        );
        let holder = match self.client.query_typed_opt(&holder, &[]).await {
            Ok(Some(row)) => row.get(0),
            _ => "unknown".to_owned(),
        };
        Err(SetUpError::new(
            format!(
                "failed to get the right to prepare databases on {}",
                self.url
            ),
            format!(
                "{}\nheld by: {holder}\nend that process, or wait for it",
                aiodal_core::chain(&error)
            ),
        ))
    }

    /// # Errors
    ///
    /// What the server refused; `what` says what was being done.
    pub(crate) async fn execute(&self, what: &str, sql: &str) -> Result<(), SetUpError> {
        self.client.batch_execute(sql).await.map_err(|error| {
            let url = &self.url;
            if error.code() == Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE) {
                let user = url.config().get_user().unwrap_or("the user");
                let hint = format!(
                    "migrations and seeds need a role that may create databases: \
                     `alter role {user} createdb`; or leave both out and prepare the database yourself"
                );
                let cause = aiodal_core::chain(&error);
                return SetUpError::new(format!("failed to {what} on {url}"), format!("{cause}\n{hint}"));
            }
            SetUpError::statement(what, url, &error)
        })
    }

    /// Lists the databases of ours, of whichever project.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(crate) async fn databases(&self) -> Result<Vec<Found>, SetUpError> {
        let sql = r"select d.datname::text, d.datistemplate, shobj_description(d.oid, 'pg_database'), count(a.pid)
            from pg_database d left join pg_stat_activity a on a.datid = d.oid
            where d.datname like 'aiodal\_%' group by d.oid, d.datname, d.datistemplate";
        let rows = self.client.query_typed(sql, &[]).await;
        let rows =
            rows.map_err(|error| SetUpError::statement("list the databases", &self.url, &error))?;
        Ok(rows
            .iter()
            .map(|row| Found {
                name: row.get(0),
                is_template: row.get(1),
                mark: row.get(2),
                sessions: row.get(3),
            })
            .collect())
    }

    /// Waits until the server has noticed that our sessions in a database are closed.
    ///
    /// CREATE and DROP DATABASE would wait too, but by the 100 ms.
    ///
    /// # Errors
    ///
    /// Somebody else is connected to it.
    pub(crate) async fn wait_until_unused(&self, name: &str) -> Result<(), SetUpError> {
        let deadline = Instant::now() + GONE_LIMIT;
        loop {
            let found = self
                .databases()
                .await?
                .into_iter()
                .find(|found| found.name == name);
            if found.is_none_or(|found| found.sessions == 0) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(SetUpError::new(
                    format!("database {name} on {} is in use", self.url),
                    "somebody is connected to the template while it is being built; close that session",
                ));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Marks a session database so that no other session takes it; it is dropped when nobody uses it any more.
    ///
    /// # Errors
    ///
    /// What the server refused.
    pub(crate) async fn taint(&self, name: &str, test: &str) -> Result<(), SetUpError> {
        let mark = aiodal_core::quote_literal(&format!("aiodal: tainted by {test}"));
        let name = quoted(name);
        self.execute(
            "mark the tainted database",
            &format!("comment on database {name} is {mark}"),
        )
        .await
    }

    /// Drops a database of ours that nobody uses.
    ///
    /// # Errors
    ///
    /// What the server refused.
    pub(crate) async fn drop_database(&self, found: &Found) -> Result<(), SetUpError> {
        let name = quoted(&found.name);
        if found.is_template {
            self.execute(
                "unmark an old template",
                &format!("alter database {name} is_template false"),
            )
            .await?;
        }
        self.execute(
            "drop an old database",
            &format!("drop database if exists {name}"),
        )
        .await
    }

    /// Says whether somebody will drop a session database in the end.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(crate) async fn has_janitor(&self, name: &str) -> Result<bool, SetUpError> {
        let sql = "select exists (select from pg_stat_activity where datname = $1 and application_name = $2)";
        let row = self.client.query_one(sql, &[&name, &janitor::NAME]).await;
        row.map(|row| row.get(0))
            .map_err(|error| SetUpError::statement("look for a janitor", &self.url, &error))
    }

    /// Drops a session database unless somebody is connected to it; says whether it is gone.
    ///
    /// # Errors
    ///
    /// What the server refused.
    pub(crate) async fn drop_unused(&self, name: &str) -> Result<bool, SetUpError> {
        let Some(found) = self
            .databases()
            .await?
            .into_iter()
            .find(|found| found.name == name)
        else {
            return Ok(true);
        };
        if found.sessions > 0 {
            return Ok(false);
        }
        // Refused if somebody has connected in between; then it is in use.
        Ok(self.drop_database(&found).await.is_ok())
    }

    /// Drops what nobody will come back for: our project's databases of another content, and session databases
    /// that a killed process left behind, whoever's. What has a session is left alone.
    ///
    /// A failure to drop is no reason not to test; the next session tries again.
    pub(crate) async fn sweep(&self, names: &Names) {
        for found in self.databases().await.unwrap_or_default() {
            let current = found.name == names.template()
                || names.generation(&found.name).is_some()
                    && found.mark.as_deref() == Some(names::READY);
            let ours = names.is_of_project(&found.name) || names::is_session(&found.name);
            if ours && !current && found.sessions == 0 {
                let _later = self.drop_database(&found).await;
            }
        }
    }
}
