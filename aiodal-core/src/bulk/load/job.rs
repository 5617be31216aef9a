//! What is to be copied where, and what an error has to do with it.

use super::context::spot;
use super::copy::CopySql;
use super::trail::{Counting, Found, Trail};
use crate::SqlState;
use crate::bulk::bad_row::BadRow;
use crate::error::Error;

/// A load whose source and target are known.
#[derive(Debug)]
pub(super) struct Job {
    /// What the source is called.
    pub(super) source: String,
    /// What the load is called: `load a.csv into public.author`.
    pub(super) operation: String,
    /// The table's own name, as the server has it in its contexts.
    pub(super) relation: String,
    pub(super) columns: Vec<String>,
    pub(super) sql: CopySql,
    pub(super) counting: Counting,
}

/// A row that the server has refused.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) row: BadRow,
    /// Which it is, if what was sent lately is known.
    pub(super) found: Option<Found>,
}

impl Job {
    /// Returns which row an error is about, if it is about one.
    pub(super) fn fault(&self, error: &Error, trail: &Trail) -> Option<Fault> {
        let said = error.as_db_error()?;
        let spot = spot(said.where_()?, &self.relation, &self.columns)?;
        let found = trail.find(spot.line);
        let mut row = self.row_of(error);
        if let Some(found) = found {
            row.record = Some(found.place.record + 1);
            row.line = Some(found.place.line).filter(|line| *line > 0);
            if found.record == 0 && row.line.is_some() {
                row.offset = Some(found.place.offset);
            }
        }
        row.column = row.column.or(spot.column);
        if let Some(value) = spot.value {
            row = row.with_value(value.as_bytes());
        }
        Some(Fault { row, found })
    }

    /// Returns what is known of a row from what the server has said of it.
    pub(super) fn row_of(&self, error: &Error) -> BadRow {
        let mut row = BadRow::new(&self.source, reason(error));
        if let Some(said) = error.as_db_error() {
            row.code = Some(said.code().clone());
            row.constraint = said.constraint().map(str::to_owned);
            row.column = said.column().map(str::to_owned);
        }
        row
    }

    /// Says of what the server has refused which row it was, or at least which load.
    pub(super) fn explain(&self, error: Error, trail: &Trail) -> Error {
        match self.fault(&error, trail) {
            Some(fault) => Error::row(fault.row, Some(error.into())),
            None => Error::bulk(&self.operation, reason(&error), Some(error.into())),
        }
    }
}

/// Returns what the server has said, or what happened instead.
fn reason(error: &Error) -> String {
    match error.as_db_error() {
        None => error.one_line(),
        Some(said) => match said.detail() {
            Some(detail) => format!("{}: {detail}", said.message()),
            None => said.message().to_owned(),
        },
    }
}

/// Whether an error can be one of a single row: without it, the others may load.
pub(super) fn is_of_a_row(error: &Error, fault: Option<&Fault>) -> bool {
    let Some(code) = error.code().map(SqlState::code) else {
        return false;
    };
    match code.get(..2) {
        // The connection, the transaction, resources, an operator, the system, the server itself.
        Some("08" | "25" | "40" | "53" | "57" | "58" | "XX") => false,
        // Data, constraints, a view's check option, a limit of the server's, an exception of a function.
        Some("22" | "23" | "44" | "54" | "P0") => true,
        _ => fault.is_some(),
    }
}
