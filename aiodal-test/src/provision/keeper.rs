//! Keeps a server for a while though nobody uses it, and ends one before its time.
//!
//! A session is what keeps a server. So the keeper is one: a loop inside the server whose client has left, like the
//! reaper, until a time of day. It needs no process of ours.

use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use tokio::time::sleep;
use tokio_postgres::SimpleQueryMessage;

use super::connection::{self, Connection, PATIENCE, Refusal};
use super::error::ProvisionError;
use super::reaper;
use super::{Server, Settings, join, lock::StartLock, place::Place};

/// How a keeper is recognised in `pg_stat_activity`; the time at which it ends follows once it runs.
const NAME: &str = "aiodal-keeper";

/// Somebody who is connected to a server.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    pub(crate) pid: i32,
    pub(crate) database: String,
    pub(crate) application_name: String,
}

/// Attaches to the server that processes with the same settings share in `scope`, if it runs.
///
/// # Errors
///
/// What lies in the server's place is not ours, or does not answer.
pub(crate) async fn running(
    settings: &Settings,
    scope: &std::path::Path,
) -> Result<Option<Server>, ProvisionError> {
    let place = Place::find(settings, scope)?;
    if place.run()?.is_none() {
        return Ok(None);
    }
    let _lock = StartLock::take(&place.lock(), super::LOCK_PATIENCE).await?;
    join::join(&place, settings).await
}

impl Server {
    fn lease(&self) -> &Connection {
        self.lease
            .as_ref()
            .expect("only a server without a lease was released")
    }

    /// Keeps the server for `time` from now, in place of what was said before. It needs the lease.
    ///
    /// # Errors
    ///
    /// The server takes no further session.
    pub(crate) async fn keep(&self, time: Duration) -> Result<(), ProvisionError> {
        let before = self.keepers().await?;
        let mut config = connection::config(&self.run, "postgres");
        let config = config.application_name(NAME).options(reaper::OPTIONS);
        let session = match connection::connect_as(config).await {
            Ok(session) => session,
            Err(Refusal::Silent) => return Err(self.stuck("does not answer")),
            Err(Refusal::NotServing(error) | Refusal::Refused(error)) => {
                let failed = ProvisionError::server("connect the keeper to", self.run.path());
                return Err(failed(error));
            }
        };
        let program = program(time);
        let begun = Instant::now();
        {
            let mut running = std::pin::pin!(session.client.batch_execute(&program));
            loop {
                let pause = std::pin::pin!(sleep(Duration::from_millis(1)));
                if let Either::Left((Err(error), _)) = select(&mut running, pause).await {
                    let failed = ProvisionError::server("install the keeper of", self.run.path());
                    return Err(failed(error));
                }
                if self.keepers().await?.iter().any(|(pid, until)| {
                    until.is_some() && !before.iter().any(|(known, _)| known == pid)
                }) {
                    break;
                }
                if begun.elapsed() >= PATIENCE {
                    return Err(self.stuck("does not run its keeper"));
                }
            }
        }
        session.abandon();
        self.end_keepers(&before).await
    }

    async fn end_keepers(&self, former: &[(i32, Option<String>)]) -> Result<(), ProvisionError> {
        let begun = Instant::now();
        for (pid, _) in former {
            let sql = format!("SELECT pg_terminate_backend({pid})");
            self.query("end the former keeper of", &sql).await?;
            while self.keepers().await?.iter().any(|(found, _)| found == pid) {
                if begun.elapsed() >= PATIENCE {
                    return Err(self.stuck("does not end its former keeper"));
                }
                sleep(Duration::from_millis(1)).await;
            }
        }
        Ok(())
    }

    /// Until when the server is kept, as `2026-11-22 14:05:00 UTC`; `None` if it is not.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(crate) async fn kept_until(&self) -> Result<Option<String>, ProvisionError> {
        Ok(self
            .keepers()
            .await?
            .into_iter()
            .filter_map(|(_, until)| until)
            .max())
    }

    /// Who is connected, besides the caller and what keeps or ends the server.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(crate) async fn guests(&self) -> Result<Vec<Guest>, ProvisionError> {
        let sql = format!(
            "SELECT pid, datname, application_name FROM pg_stat_activity \
             WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() \
             AND application_name NOT LIKE '{NAME}%' AND application_name <> 'aiodal-reaper' ORDER BY pid"
        );
        let rows = self.query("list the sessions of", &sql).await?;
        Ok(rows
            .into_iter()
            .filter_map(|mut row| {
                let application_name = row.pop()??;
                let database = row.pop()?.unwrap_or_default();
                let pid = row.pop()??.parse().ok()?;
                Some(Guest {
                    pid,
                    database,
                    application_name,
                })
            })
            .collect())
    }

    /// Ends the server, whoever uses it, and returns when its directory is gone.
    ///
    /// # Errors
    ///
    /// It is still there after a while.
    pub(crate) async fn end(mut self) -> Result<(), ProvisionError> {
        if let Some(lease) = self.lease.take() {
            reaper::end(&lease.client).await;
        }
        let begun = Instant::now();
        while self.run.path().exists() {
            if begun.elapsed() >= PATIENCE {
                return Err(self.stuck("does not end"));
            }
            sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    async fn keepers(&self) -> Result<Vec<(i32, Option<String>)>, ProvisionError> {
        let sql = format!(
            "SELECT pid, substr(application_name, {}) FROM pg_stat_activity \
             WHERE application_name LIKE '{NAME}%'",
            NAME.len() + 2
        );
        let rows = self.query("look at the keeper of", &sql).await?;
        Ok(rows
            .into_iter()
            .filter_map(|mut row| {
                let until = row.pop()?.filter(|until| !until.is_empty());
                Some((row.pop()??.parse().ok()?, until))
            })
            .collect())
    }

    async fn query(
        &self,
        operation: &'static str,
        sql: &str,
    ) -> Result<Vec<Vec<Option<String>>>, ProvisionError> {
        let messages = self.lease().client.simple_query(sql).await;
        let messages = messages.map_err(ProvisionError::server(operation, self.run.path()))?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(
                (0..row.len())
                    .map(|column| row.get(column).map(str::to_owned))
                    .collect(),
            ),
            _ => None,
        });
        Ok(rows.collect())
    }

    fn stuck(&self, problem: &str) -> ProvisionError {
        ProvisionError::stuck(self.run.path(), problem, PATIENCE)
    }
}

/// The loop. It commits, for the same reason as the reaper's.
fn program(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    format!(
        "DO $keeper$
DECLARE
    ending timestamptz := clock_timestamp() + make_interval(secs => {seconds});
BEGIN
    PERFORM set_config('application_name',
        '{NAME} ' || to_char(ending AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC', false);
    WHILE clock_timestamp() < ending LOOP
        COMMIT;
        PERFORM pg_sleep(least(0.5, extract(epoch FROM ending - clock_timestamp())));
    END LOOP;
END $keeper$"
    )
}
