//! What a load has done.

use std::collections::BTreeMap;
use std::time::Duration;

/// What a load has done: rows by what became of them, and where the time went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadReport {
    /// Rows that the source had, rejected ones included.
    pub rows: u64,
    /// Rows that were copied: into the table, or into the stage.
    pub copied: u64,
    /// Rows that were inserted by the merge, or copied straight into the table.
    pub inserted: u64,
    /// Rows of the table that the merge has updated.
    pub updated: u64,
    /// Staged rows that the merge has neither inserted nor updated anything with.
    pub unchanged: u64,
    /// Rows of the table that the merge has deleted.
    pub deleted: u64,
    /// Staged rows left out because another one has the same key.
    pub duplicates: u64,
    /// Rows that a merge by a statement of your own has affected.
    pub affected: u64,
    /// Rows that were rejected, orphans included.
    pub rejected: u64,
    /// Rows that refer to one that is not there, by foreign key.
    pub orphans: BTreeMap<String, u64>,
    /// The bytes of the source, as they are stored: compressed, that is.
    pub bytes: u64,
    /// Rows that were sent in COPY's binary format.
    pub rows_in_binary: u64,
    /// Rows that were sent as they are, for the server to parse.
    pub rows_as_they_are: u64,
    /// How long it took in all.
    pub elapsed: Duration,
    /// How long it took until the rows were copied, the reading of the source's header and of the table's columns included.
    pub copying: Duration,
    /// How long the statements between copy and merge took.
    pub after_copy: Duration,
    /// How long the merge took.
    pub merging: Duration,
}
