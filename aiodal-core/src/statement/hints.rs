//! What is known of a statement that the server does not say when it refuses it.

use tokio_postgres::error::SqlState;

use super::target::Target;
use crate::error::Error;
use crate::schema::{QualifiedName, TableKind};

/// What the builder knows and the server does not say when it refuses.
#[derive(Clone, Debug, Default)]
pub(super) struct Hints {
    /// For errors: `insert into public.author`.
    pub(super) operation: String,
    table: Option<QualifiedName>,
    /// Whether the server names another table in its errors: a partition, or the table under a view.
    other_tables: bool,
    /// Columns that must not be null, have no default and were left out.
    pub(super) left_out: Vec<String>,
    /// The key that an upsert goes by.
    pub(super) arbiter: Option<String>,
}

impl Hints {
    pub(super) fn of(target: &Target<'_>) -> Hints {
        let table = target.table;
        Hints {
            operation: target.operation(),
            table: Some(table.name.clone()),
            other_tables: matches!(table.kind, TableKind::PartitionedTable | TableKind::View),
            ..Hints::default()
        }
    }

    /// Adds what the builder knows to what the server refused.
    pub(super) fn explain(&self, error: Error) -> Error {
        let Hints {
            operation,
            table: Some(table),
            other_tables,
            left_out,
            arbiter,
        } = self
        else {
            return error;
        };
        if error.is_not_null_violation() {
            let Some(db) = error.as_db_error() else {
                return error;
            };
            // A trigger's own insert may be what failed.
            let ours = db.table() == Some(&*table.name) && db.schema() == Some(&*table.schema);
            let column = db.column().unwrap_or_default();
            if (ours || *other_tables) && left_out.iter().any(|name| name == column) {
                let reason = format!(
                    "it leaves out \"{}\": not null, and without a default",
                    left_out.join("\", \"")
                );
                return error.explained(operation, reason);
            }
        }
        if let Some(arbiter) = arbiter
            && error.code() == Some(&SqlState::CARDINALITY_VIOLATION)
        {
            let reason = format!(
                "two of its rows have the same {arbiter}, and a statement may write a row once: \
                 keep one of them, or use two statements"
            );
            return error.explained(operation, reason);
        }
        error
    }
}
