//! Questions about what the server refused, by its SQLSTATE (PostgreSQL manual, appendix A).

use tokio_postgres::error::SqlState;

use super::{Error, Kind};

impl Error {
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

    /// Says whether a statement that was to return one row, or one row or none, returned another number.
    #[must_use]
    pub fn is_unexpected_row_count(&self) -> bool {
        matches!(self.0.kind, Kind::Rows { .. })
    }
}
