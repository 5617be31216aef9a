//! What a test's transaction can't do, and which isolation can.

use aiodal_core::{Outcome, SqlState};

use crate::journal::{Failure, LONGEST_STATEMENT, in_a_line};

/// What has met a limit of its transaction so far.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// The first statement that did, what the server or we say of it, and where it works.
    met: Option<(String, String, Remedy)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    Rollback,
    Database,
}

impl Limits {
    /// Hears of a statement that is about to be sent.
    pub(crate) fn started(&mut self, sql: &str) {
        if self.met.is_some() {
            return;
        }
        if first_word(sql).is_some_and(|word| word.eq_ignore_ascii_case("listen")) {
            let said = "it listens from its COMMIT on, and a test's transaction is rolled back";
            self.met = Some((
                in_a_line(sql, LONGEST_STATEMENT),
                said.to_owned(),
                Remedy::Database,
            ));
        }
    }

    /// Hears how a statement ended.
    pub(crate) fn finished(&mut self, sql: &str, outcome: Outcome<'_>) {
        let Outcome::Failed(error) = outcome else {
            return;
        };
        let Some(code) = error.code() else { return };
        let Some(remedy) = remedy(code) else { return };
        let message = error
            .as_db_error()
            .map_or_else(|| error.to_string(), |db| db.message().to_owned());
        self.met = Some((
            in_a_line(sql, LONGEST_STATEMENT),
            format!("{message} ({})", code.code()),
            remedy,
        ));
    }

    /// Hears what the server has refused a client of the sandbox.
    pub(crate) fn refused(&mut self, sql: &str, failure: &Failure) {
        let code = failure.code.as_deref().map(SqlState::from_code);
        if let Some(remedy) = code.as_ref().and_then(remedy) {
            let said = failure.chain.lines().next().unwrap_or_default().to_owned();
            self.met = Some((in_a_line(sql, LONGEST_STATEMENT), said, remedy));
        }
    }

    /// Returns what to tell of a test that failed; `read_only` is whether its transaction was.
    pub(crate) fn advice(&self, read_only: bool) -> Option<String> {
        let (sql, said, remedy) = self.met.as_ref()?;
        let (what, option) = match remedy {
            Remedy::Database => ("a database of its own", "database"),
            Remedy::Rollback if read_only => ("a transaction that may write", "rollback"),
            // Whoever made it read only did so in the test.
            Remedy::Rollback => return None,
        };
        Some(format!(
            "has met a limit of its transaction: `{sql}`\n{said}\n\
             it takes {what}: #[aiodal::test(isolation = \"{option}\")]"
        ))
    }
}

/// Returns where a statement works that was refused for this.
fn remedy(code: &SqlState) -> Option<Remedy> {
    if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        return Some(Remedy::Rollback);
    }
    let limits = [
        // VACUUM, CREATE DATABASE, CREATE INDEX CONCURRENTLY …
        SqlState::ACTIVE_SQL_TRANSACTION,
        // COMMIT in a procedure.
        SqlState::INVALID_TRANSACTION_TERMINATION,
        // A value of an enum, in the transaction that has added it.
        SqlState::UNSAFE_NEW_ENUM_VALUE_USAGE,
    ];
    limits.contains(code).then_some(Remedy::Database)
}

fn first_word(sql: &str) -> Option<&str> {
    let sql = sql.trim_start();
    let end = sql
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(sql.len());
    (end > 0).then(|| &sql[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_is_a_limit_and_a_table_of_that_name_is_not() {
        for (sql, met) in [
            ("listen arrivals", true),
            ("  LISTEN arrivals", true),
            ("listened", false),
            ("select 'listen'", false),
            ("", false),
        ] {
            let mut limits = Limits::default();
            limits.started(sql);
            assert_eq!(limits.advice(false).is_some(), met, "{sql}");
        }
    }
}
