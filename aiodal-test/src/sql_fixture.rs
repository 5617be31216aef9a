//! Files of SQL that run at the beginning of a test's transaction.

use std::fmt;
use std::path::Path;

use aiodal_core::{Error, Result, Transaction};
use futures_util::future::join_all;

use crate::case::TestCase;
use crate::set_up::SetUpError;
use crate::template::{Meta, Statement, meta, split};

/// A file of SQL, compiled into the test that it is for.
///
/// Made by `#[aiodal::test]`; not part of the stable interface.
#[derive(Clone, Copy)]
pub struct SqlFixture {
    /// Its path, relative to the directory of the test's source file.
    pub path: &'static str,
    /// What is in it.
    pub sql: &'static str,
}

/// Runs a test's files in order, each statement by itself: an error without a position still has a line.
///
/// The statements of a file are sent together, so that a file costs one round trip; each COPY of rows costs two more.
///
/// # Errors
///
/// The file, line and text of the statement or row that failed, and what PostgreSQL said; a line for psql.
pub(crate) async fn run_sql_fixtures(case: &TestCase, tx: &Transaction) -> Result<(), SetUpError> {
    // A COPY takes it for itself.
    let mut tx = tx.lend();
    for fixture in case.sql_fixtures {
        let directory = Path::new(case.file).parent();
        let path = directory.unwrap_or(Path::new("")).join(fixture.path);
        let statements = fixture.statements(&path)?;
        let are_together =
            |one: &Statement<'_>, next: &Statement<'_>| one.data.is_none() && next.data.is_none();
        for statements in statements.chunk_by(are_together) {
            if let Some((statement, error)) = run(&mut tx, statements).await {
                return Err(statement.refused("SQL fixture", &path, &error, error.as_db_error()));
            }
        }
    }
    Ok(())
}

/// Runs one COPY of rows, or several statements; returns the first that failed.
async fn run<'a>(
    tx: &mut Transaction,
    statements: &'a [Statement<'static>],
) -> Option<(&'a Statement<'static>, Error)> {
    if let [statement] = statements
        && let Some(data) = &statement.data
    {
        let copied = copy(tx, statement.text, data.text).await;
        return Some((statement, copied.err()?));
    }
    let runs = statements
        .iter()
        .map(|statement| tx.batch_execute(statement.text));
    let results = join_all(runs).await;
    // Behind the first that failed, all fail: the transaction has.
    let mut results = statements.iter().zip(results);
    results.find_map(|(statement, result)| Some((statement, result.err()?)))
}

async fn copy(tx: &mut Transaction, sql: &str, data: &'static str) -> Result<()> {
    let mut copy = tx.copy_in(sql).await?;
    copy.send(data).await?;
    copy.finish().await.map(drop)
}

impl SqlFixture {
    /// Returns its statements, without the lines for psql that change nothing.
    ///
    /// # Errors
    ///
    /// Another line for psql.
    fn statements(&self, path: &Path) -> Result<Vec<Statement<'static>>, SetUpError> {
        let mut statements = Vec::new();
        for statement in split(self.sql) {
            match meta(statement.text) {
                None => statements.push(statement),
                // pg_dump writes such lines.
                Some(Meta::Harmless) => {}
                Some(Meta::Include { .. } | Meta::Refused(_)) => {
                    return Err(for_psql(path, &statement));
                }
            }
        }
        Ok(statements)
    }
}

fn for_psql(path: &Path, statement: &Statement<'_>) -> SetUpError {
    SetUpError::new(
        format!(
            "SQL fixture {}:{} is for psql and can't be run here",
            path.display(),
            statement.line
        ),
        format!(
            "> {}\nwrite SQL in its place: rows go behind `COPY .. FROM STDIN;`, up to a line `\\.`, and other files into \
             `fixtures(..)`, in their order",
            statement.text
        ),
    )
}

impl fmt::Debug for SqlFixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlFixture")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
