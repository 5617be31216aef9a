//! A connection to the maintenance database, and the lock under which databases are made and dropped.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aiodal_core::{BoxError, DatabaseUrl};
use tokio::sync::OnceCell;
use tokio_postgres::Client;

use crate::backend::{self, Backend, Running};
use crate::config::Config;
use crate::session::connect_patiently;
use crate::set_up::SetUpError;

/// The key of the advisory lock (two halves) that orders everybody who makes or drops databases of ours on a server.
///
/// Advisory locks are per database: whoever goes to the same server through another maintenance database
/// is not ordered by it, and meets "already exists" instead, which is handled where it can happen.
const LOCK: (i32, i32) = (0x6169_6f64, 0x616c);

/// How long to wait for others who are building a template.
const LOCK_LIMIT: Duration = Duration::from_secs(300);

/// A connection to the maintenance database.
pub(crate) struct Admin {
    pub(crate) url: DatabaseUrl,
    pub(super) client: Arc<Client>,
    /// Whether the server copies a database fastest by its files. Guards asking, and is held through it.
    copies_files: OnceCell<bool>,
    /// Drives the connection on the session's runtime until this is dropped.
    _running: Running,
}

impl Admin {
    /// # Errors
    ///
    /// The server can't be reached or refuses.
    pub(crate) async fn connect(url: &DatabaseUrl) -> Result<Admin, SetUpError> {
        let backend = backend::connect(url).await;
        Admin::on(url, backend)
    }

    /// The same, but waits while the server is full.
    ///
    /// # Errors
    ///
    /// The server can't be reached, refuses, or stays full.
    pub(crate) async fn connect_patiently(
        url: &DatabaseUrl,
        config: &Config,
    ) -> Result<Admin, SetUpError> {
        let backend = connect_patiently(url, config).await;
        Admin::on(url, backend)
    }

    fn on(url: &DatabaseUrl, backend: Result<Backend, BoxError>) -> Result<Admin, SetUpError> {
        let mut backend = backend.map_err(|error| SetUpError::connect(url, error.as_ref()))?;
        let running = backend
            .start()
            .map_err(|error| SetUpError::connect(url, &error))?;
        Ok(Admin {
            url: url.clone(),
            client: backend.client,
            copies_files: OnceCell::new(),
            _running: running,
        })
    }

    /// Says whether the connection is lost.
    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Asks nothing, and returns when what was sent before has been answered.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(crate) async fn settled(&self) -> Result<(), SetUpError> {
        self.execute("reach the server", "").await
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

    /// Says whether to copy databases by their files, instead of logging every page.
    ///
    /// It takes a checkpoint, which is cheap on a server that keeps nothing durable, and takes many times as long as all the
    /// rest on one that does. `STRATEGY` is there from PostgreSQL 15 on.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(super) async fn copies_files(&self) -> Result<bool, tokio_postgres::Error> {
        let asking = async || {
            let sql = "select current_setting('fsync') = 'off' \
                       and current_setting('server_version_num')::int >= 150000";
            Ok(self.client.query_typed_one(sql, &[]).await?.get(0))
        };
        self.copies_files.get_or_try_init(asking).await.copied()
    }

    /// # Errors
    ///
    /// What the server refused; `what` says what was being done.
    pub(super) async fn execute(&self, what: &str, sql: &str) -> Result<(), SetUpError> {
        let executed = self.client.batch_execute(sql).await;
        executed.map_err(|error| self.refused(what, &error))
    }

    pub(super) fn refused(&self, what: &str, error: &tokio_postgres::Error) -> SetUpError {
        let url = &self.url;
        if error.code() == Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE) {
            let user = url.config().get_user().unwrap_or("the user");
            let hint = format!(
                "migrations and seeds need a role that may create databases: \
                     `alter role {user} createdb`; or leave both out and prepare the database yourself"
            );
            let cause = aiodal_core::chain(error);
            return SetUpError::new(
                format!("failed to {what} on {url}"),
                format!("{cause}\n{hint}"),
            );
        }
        SetUpError::statement(what, url, error)
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
