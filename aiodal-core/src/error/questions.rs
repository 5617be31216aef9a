//! Questions about what the server refused, by its SQLSTATE (PostgreSQL manual, appendix A).

use std::error::Error as _;

use tokio_postgres::error::{DbError, SqlState};

use super::Error;
use super::kind::Kind;
use crate::bulk::BadRow;

impl Error {
    /// Says whether a lookup in a reflected schema found nothing by that name.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self.0.kind, Kind::Missing(_))
    }

    /// Says whether a lookup in a reflected schema found several where one was asked for.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        matches!(self.0.kind, Kind::Ambiguous { .. })
    }

    /// Returns what the server said, if the server said it.
    #[must_use]
    pub fn as_db_error(&self) -> Option<&DbError> {
        self.driver()?.as_db_error()
    }

    /// Returns the SQLSTATE, if the server sent one, or if it would have for a [row](Error::bad_row) that it was not sent.
    #[must_use]
    pub fn code(&self) -> Option<&SqlState> {
        match self.driver() {
            Some(driver) => driver.code(),
            None => self.bad_row()?.code.as_ref(),
        }
    }

    /// Returns the name of the constraint that was violated.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.as_db_error()?.constraint()
    }

    /// Returns the table that the error is about.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.as_db_error()?.table()
    }

    /// Returns the column that the error is about.
    ///
    /// PostgreSQL names one for not-null violations only; a row that [does not fit](Error::is_mapping_error) has one.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Mismatch { mismatches, .. } => {
                mismatches.iter().find_map(|one| one.column.as_deref())
            }
            _ => self.as_db_error()?.column(),
        }
    }

    /// Returns the columns of the constraint that was violated, where the reflected schema knows them: the server names the
    /// constraint only.
    ///
    /// That is so in a transaction of a [`DataAccessLayer`](crate::DataAccessLayer) that has reflected the table before.
    /// [`violated_columns`](crate::DataAccessLayer::violated_columns) reflects it if need be.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.0.columns
    }

    /// Says whether a unique constraint, primary key or unique index was violated (23505).
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.is(&SqlState::UNIQUE_VIOLATION)
    }

    /// Says whether a foreign key was violated (23503).
    #[must_use]
    pub fn is_foreign_key_violation(&self) -> bool {
        self.is(&SqlState::FOREIGN_KEY_VIOLATION)
    }

    /// Says whether a check constraint was violated, of a table or of a domain (23514).
    #[must_use]
    pub fn is_check_violation(&self) -> bool {
        self.is(&SqlState::CHECK_VIOLATION)
    }

    /// Says whether a null was refused (23502).
    #[must_use]
    pub fn is_not_null_violation(&self) -> bool {
        self.is(&SqlState::NOT_NULL_VIOLATION)
    }

    /// Says whether time ran out: connecting, waiting for a connection or a lock (55P03), in a statement (57014), for
    /// the transaction (25P04, or 25P03 if it was idle), or for a load.
    ///
    /// A statement that somebody cancelled, by `pg_cancel_backend` for instance, counts as one that ran out of time: the
    /// server tells the two apart only by a message, which is translated.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        const CODES: [&str; 4] = ["55P03", "57014", "25P03", "25P04"];
        match (&self.0.kind, self.code()) {
            (Kind::Checkout { .. } | Kind::Unreachable { .. } | Kind::Nested { .. }, _) => true,
            (_, Some(code)) => CODES.contains(&code.code()),
            (Kind::Connect { .. } | Kind::Bulk { .. }, None) => self
                .source()
                .and_then(|source| source.downcast_ref::<std::io::Error>())
                .is_some_and(|io| io.kind() == std::io::ErrorKind::TimedOut),
            (_, None) => false,
        }
    }

    /// Says whether a row did not fit the type that it was to be read into.
    #[must_use]
    pub fn is_mapping_error(&self) -> bool {
        matches!(self.0.kind, Kind::Mismatch { .. })
    }

    /// Says whether the connection could not be made or was lost.
    #[must_use]
    pub fn is_connection_error(&self) -> bool {
        if matches!(
            self.0.kind,
            Kind::Connect { .. } | Kind::Lost { .. } | Kind::Unreachable { .. }
        ) {
            return true;
        }
        match self.code() {
            // Class 08 is "connection exception"; 57P01..57P03 are the server going away or not yet there.
            Some(code) => code.code().starts_with("08") || code.code().starts_with("57P0"),
            None => self.driver().is_some_and(tokio_postgres::Error::is_closed),
        }
    }

    fn is(&self, code: &SqlState) -> bool {
        self.code() == Some(code)
    }

    /// Says whether an exclusion constraint was violated (23P01).
    #[must_use]
    pub fn is_exclusion_violation(&self) -> bool {
        self.is(&SqlState::EXCLUSION_VIOLATION)
    }

    /// Says whether a constraint of any kind was violated (class 23).
    #[must_use]
    pub fn is_constraint_violation(&self) -> bool {
        self.code()
            .is_some_and(|code| code.code().starts_with("23"))
    }

    /// Says whether the transaction could not be serialized with others (40001). Run again, it may succeed: see
    /// [`Retry`](crate::Retry).
    #[must_use]
    pub fn is_serialization_failure(&self) -> bool {
        self.is(&SqlState::T_R_SERIALIZATION_FAILURE)
    }

    /// Says whether the transaction was chosen to end a deadlock (40P01). Run again, it may succeed: see
    /// [`Retry`](crate::Retry).
    #[must_use]
    pub fn is_deadlock(&self) -> bool {
        self.is(&SqlState::T_R_DEADLOCK_DETECTED)
    }

    /// Says whether the transaction had failed before, and nothing is run in it any more (25P02).
    #[must_use]
    pub fn is_failed_transaction(&self) -> bool {
        self.is(&SqlState::IN_FAILED_SQL_TRANSACTION)
    }

    /// Says whether a read-only transaction was asked to write (25006).
    #[must_use]
    pub fn is_read_only_transaction(&self) -> bool {
        self.is(&SqlState::READ_ONLY_SQL_TRANSACTION)
    }

    /// Says whether a table or view does not exist, or not on the search path (42P01).
    #[must_use]
    pub fn is_undefined_table(&self) -> bool {
        self.is(&SqlState::UNDEFINED_TABLE)
    }

    /// Says whether a column does not exist (42703).
    #[must_use]
    pub fn is_undefined_column(&self) -> bool {
        self.is(&SqlState::UNDEFINED_COLUMN)
    }

    /// Says whether a function or operator does not exist for these types (42883).
    #[must_use]
    pub fn is_undefined_function(&self) -> bool {
        self.is(&SqlState::UNDEFINED_FUNCTION)
    }

    /// Says whether a table, index, view or sequence of that name exists already (42P07).
    #[must_use]
    pub fn is_duplicate_table(&self) -> bool {
        self.is(&SqlState::DUPLICATE_TABLE)
    }

    /// Says whether the statement is no SQL (42601).
    #[must_use]
    pub fn is_syntax_error(&self) -> bool {
        self.is(&SqlState::SYNTAX_ERROR)
    }

    /// Says whether the role lacks a privilege (42501).
    #[must_use]
    pub fn is_insufficient_privilege(&self) -> bool {
        self.is(&SqlState::INSUFFICIENT_PRIVILEGE)
    }

    /// Returns the row that could not be loaded, if that is what happened.
    #[must_use]
    pub fn bad_row(&self) -> Option<&BadRow> {
        match &self.0.kind {
            Kind::BadRow(row) => Some(row),
            _ => None,
        }
    }

    /// Says whether a statement that was to return one row, or one row or none, returned another number.
    #[must_use]
    pub fn is_unexpected_row_count(&self) -> bool {
        matches!(self.0.kind, Kind::Rows { .. })
    }
}
