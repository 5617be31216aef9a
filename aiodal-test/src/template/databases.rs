//! The databases of ours on a server: listing, making, marking and dropping them.

use std::time::{Duration, Instant};

use aiodal_core::quote_literal;

use super::admin::Admin;
use super::names::quoted;
use super::values::Values;
use crate::janitor;
use crate::set_up::SetUpError;

/// How long to wait for a closed session to be gone from the server.
const GONE_LIMIT: Duration = Duration::from_secs(10);

/// A database on the server.
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) is_template: bool,
    /// Its comment.
    pub(crate) mark: Option<String>,
    /// How many there are.
    pub(crate) sessions: i64,
    /// How many there have been, as far as the server has counted.
    pub(crate) counted: i64,
}

impl Found {
    /// Returns what layers have left behind in it, if its mark is `mark`.
    pub(crate) fn values(&self, mark: &str) -> Option<Values> {
        let (found, values) = Values::read(self.mark.as_deref()?)?;
        (found == mark).then_some(values)
    }
}

impl Admin {
    /// Lists the databases of ours, of whichever project.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(crate) async fn databases(&self) -> Result<Vec<Found>, SetUpError> {
        let sql = r"select d.datname::text, d.datistemplate, shobj_description(d.oid, 'pg_database'), count(a.pid),
                coalesce((select s.sessions from pg_stat_database s where s.datid = d.oid), 0)
            from pg_database d left join pg_stat_activity a on a.datid = d.oid
            where d.datname like 'aiodal\_%' group by d.oid, d.datname, d.datistemplate order by d.oid";
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
                counted: row.get(4),
            })
            .collect())
    }

    /// Returns how much disk a database takes, in bytes.
    ///
    /// # Errors
    ///
    /// What the server refused.
    pub(crate) async fn size_of(&self, name: &str) -> Result<u64, SetUpError> {
        let row = self
            .client
            .query_one("select pg_database_size($1::name)", &[&name])
            .await;
        row.map(|row| u64::try_from(row.get::<_, i64>(0)).unwrap_or(0))
            .map_err(|error| {
                let what = format!("ask for the size of {name}");
                SetUpError::statement(&what, &self.url, &error)
            })
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
                    "somebody is connected to the template while it is being built: close that session, and in a migration that is a \
                     function, every connection before it returns",
                ));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Creates a database as a copy of another, which nobody may be connected to.
    ///
    /// # Errors
    ///
    /// The role may not create databases, or the server refused for another reason.
    pub(crate) async fn create_database(&self, name: &str, source: &str) -> Result<(), SetUpError> {
        let created = self.create(name, source).await;
        created.map_err(|error| self.refused(&format!("create database {name}"), &error))
    }

    /// The same, with the server's own words for a failure.
    ///
    /// # Errors
    ///
    /// What the server refused.
    pub(super) async fn create(
        &self,
        name: &str,
        source: &str,
    ) -> Result<(), tokio_postgres::Error> {
        let strategy = if self.copies_files().await? {
            " strategy file_copy"
        } else {
            ""
        };
        let (name, source) = (quoted(name), quoted(source));
        let sql = format!("create database {name} template {source}{strategy}");
        self.client.batch_execute(&sql).await
    }

    /// Writes on a database what it is: its comment.
    ///
    /// # Errors
    ///
    /// What the server refused.
    pub(crate) async fn mark(&self, name: &str, mark: &str) -> Result<(), SetUpError> {
        let sql = format!(
            "comment on database {} is {}",
            quoted(name),
            quote_literal(mark)
        );
        self.execute(&format!("mark database {name}"), &sql).await
    }

    /// Marks a template as finished; nobody can connect to it from then on.
    ///
    /// # Errors
    ///
    /// What the server refused.
    pub(crate) async fn mark_template(&self, name: &str) -> Result<(), SetUpError> {
        let sql = format!(
            "alter database {} is_template true allow_connections false",
            quoted(name)
        );
        self.execute(&format!("mark template {name}"), &sql).await
    }

    /// Marks a session database so that no other session takes it; it is dropped when nobody uses it any more.
    ///
    /// # Errors
    ///
    /// What the server refused.
    pub(crate) async fn taint(&self, name: &str, test: &str) -> Result<(), SetUpError> {
        self.mark(name, &format!("aiodal: tainted by {test}")).await
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

    /// Drops a database of ours.
    ///
    /// # Errors
    ///
    /// What the server refused.
    pub(crate) async fn drop_database(&self, found: &Found) -> Result<(), SetUpError> {
        let name = &found.name;
        if found.is_template {
            let unmark = format!("alter database {} is_template false", quoted(name));
            self.execute(&format!("unmark template {name}"), &unmark)
                .await?;
        }
        let sql = format!("drop database if exists {}", quoted(name));
        self.execute(&format!("drop database {name}"), &sql).await
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
}
