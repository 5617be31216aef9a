//! Files of SQL that run at the beginning of a test's transaction.

use std::fmt;
use std::path::Path;

use aiodal_core::Transaction;
use futures_util::future::join_all;

use crate::case::TestCase;
use crate::set_up::SetUpError;
use crate::template::split;

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
/// The statements of a file are sent together, so that a file costs one round trip.
///
/// # Errors
///
/// The file, line and text of the statement that failed, and what PostgreSQL said.
pub(crate) async fn run_sql_fixtures(case: &TestCase, tx: &Transaction) -> Result<(), SetUpError> {
    for fixture in case.sql_fixtures {
        let statements = split(fixture.sql);
        let runs = statements
            .iter()
            .map(|statement| tx.batch_execute(statement.text));
        let results = join_all(runs).await;
        // Behind the first that failed, all fail: the transaction has.
        let failed = statements
            .iter()
            .zip(results)
            .find_map(|(statement, result)| Some((statement, result.err()?)));
        if let Some((statement, error)) = failed {
            let directory = Path::new(case.file).parent();
            let path = directory.unwrap_or(Path::new("")).join(fixture.path);
            return Err(statement.refused("SQL fixture", &path, &error, error.as_db_error()));
        }
    }
    Ok(())
}

impl fmt::Debug for SqlFixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlFixture")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
