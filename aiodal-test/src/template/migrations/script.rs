//! One file of SQL: read with all that it includes, run statement by statement, told by file and line.

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;

use futures_util::SinkExt;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use super::psql::{Meta, meta};
use super::section;
use crate::set_up::SetUpError;
use crate::template::fingerprint::Fingerprint;
use crate::template::split::{Statement, split};

/// How deep files may include each other; deeper is a circle.
const DEPTH: usize = 16;

/// One file of SQL.
#[derive(Debug)]
pub(crate) struct Script {
    /// Relative to the package, if it is in there.
    shown: PathBuf,
    sql: String,
    /// What its `\i` lines include, in their order.
    included: Vec<Script>,
    transaction: Option<Transaction>,
}

/// That a file runs in a transaction.
#[derive(Clone, Debug)]
pub(super) struct Transaction {
    /// How to run it without one.
    pub(super) way_out: &'static str,
}

impl Script {
    /// Reads a file, relative to `base`, and all that it includes.
    ///
    /// # Errors
    ///
    /// A file that can't be read or isn't UTF-8, and lines for psql that can't be followed.
    pub(crate) fn read(path: &Path, base: &Path) -> Result<Script, SetUpError> {
        Script::read_at(path, base, DEPTH)
    }

    fn read_at(path: &Path, base: &Path, depth: usize) -> Result<Script, SetUpError> {
        let path = base.join(path);
        let text = fs::read_to_string(&path).map_err(|error| {
            SetUpError::caused(format!("failed to read {}", path.display()), &error)
        })?;
        // psql passes over the mark, too.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let shown = path.strip_prefix(base).unwrap_or(&path).to_owned();
        let sql = section::up(text).into_owned();
        let mut included = Vec::new();
        for statement in split(&sql) {
            let place = || format!("{}:{}", shown.display(), statement.line);
            match meta(statement.text) {
                None | Some(Meta::Harmless) => {}
                Some(Meta::Include { .. }) if depth == 0 => {
                    return Err(SetUpError::new(
                        format!("{} includes files in a circle", place()),
                        statement.text,
                    ));
                }
                Some(Meta::Include { file, from_here }) => {
                    let from = path.parent().filter(|_| from_here).unwrap_or(base);
                    let script = Script::read_at(&from.join(file), base, depth - 1);
                    included.push(
                        script.map_err(|error| error.noted(&format!("included at {}", place())))?,
                    );
                }
                Some(Meta::Refused(why)) => {
                    return Err(SetUpError::new(
                        format!("{} is for psql and can't be run here", place()),
                        format!("> {}\n{why}", statement.text),
                    ));
                }
            }
        }
        Ok(Script {
            shown,
            sql,
            included,
            transaction: None,
        })
    }

    /// Has it run in a transaction, unless it says otherwise itself.
    pub(super) fn in_transaction(mut self, transaction: Transaction) -> Script {
        self.transaction = (!section::refuses_transaction(&self.sql)).then_some(transaction);
        self
    }

    pub(super) fn shown(&self) -> &Path {
        &self.shown
    }

    pub(super) fn add_to(&self, fingerprint: &mut Fingerprint) {
        let name = self.shown.file_name().unwrap_or_default();
        fingerprint
            .text(&name.to_string_lossy())
            .text(&self.sql)
            .text(if self.transaction.is_some() {
                "transaction"
            } else {
                ""
            });
        for script in &self.included {
            script.add_to(fingerprint);
        }
    }

    /// Runs the statements one by one, so that an error without a position still has a line.
    ///
    /// Without a transaction of its own each has one, as in psql: `CREATE INDEX CONCURRENTLY` works. The database is
    /// dropped when one fails.
    ///
    /// # Errors
    ///
    /// The file, line and text of the statement that failed, and what PostgreSQL said.
    pub(crate) async fn run(&self, client: &Client) -> Result<(), SetUpError> {
        if self.transaction.is_none() {
            return self.run_statements(client).await;
        }
        let failed = |what: &str, error: &Error| {
            SetUpError::caused(
                format!("migration {} failed to {what}", self.shown.display()),
                error,
            )
        };
        let begun = client.batch_execute("begin").await;
        begun.map_err(|error| failed("begin", &error))?;
        self.run_statements(client).await?;
        let committed = client.batch_execute("commit").await;
        committed.map_err(|error| failed("commit", &error))
    }

    async fn run_statements(&self, client: &Client) -> Result<(), SetUpError> {
        let mut included = self.included.iter();
        for statement in split(&self.sql) {
            let result = match (meta(statement.text), &statement.data) {
                (Some(Meta::Include { .. }), _) => {
                    if let Some(script) = included.next() {
                        Box::pin(script.run_statements(client)).await?;
                    }
                    continue;
                }
                (Some(_), _) => continue,
                (None, Some(data)) => copy(client, statement.text, data.text).await,
                (None, None) => client.batch_execute(statement.text).await,
            };
            match result {
                Err(error) if !is_unknown_to_older(&statement, &error) => {
                    return Err(self.failed(&statement, &error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn failed(&self, statement: &Statement<'_>, error: &Error) -> SetUpError {
        let failed = statement.refused("migration", &self.shown, error, error.as_db_error());
        match self.hint(error) {
            Some(hint) => failed.noted(hint),
            None => failed,
        }
    }

    fn hint(&self, error: &Error) -> Option<&'static str> {
        let db = error.as_db_error()?;
        if *db.code() == SqlState::ACTIVE_SQL_TRANSACTION {
            return self.transaction.as_ref().map(|running| running.way_out);
        }
        let names_role = *db.code() == SqlState::UNDEFINED_OBJECT
            && ["GRANT", "OWNER TO", "REVOKE"]
                .iter()
                .any(|words| self.sql.contains(words))
            && db.message().contains("role");
        names_role.then_some(
            "the server has no such role: dump with `--no-owner --no-privileges`, or run a source before this one that creates it",
        )
    }
}

/// Loads the data block of a COPY.
async fn copy(client: &Client, statement: &str, data: &str) -> Result<(), Error> {
    let mut sink = pin!(client.copy_in(statement).await?);
    sink.send(std::io::Cursor::new(data.as_bytes().to_vec()))
        .await?;
    sink.as_mut().finish().await.map(drop)
}

/// Says whether a statement only sets what an older server doesn't know: a newer `pg_dump` does, and psql goes on.
fn is_unknown_to_older(statement: &Statement<'_>, error: &Error) -> bool {
    statement.text.starts_with("SET transaction_timeout")
        && error.code() == Some(&SqlState::UNDEFINED_OBJECT)
}
