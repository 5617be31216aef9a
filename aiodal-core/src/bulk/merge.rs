//! What becomes of staged rows.

mod clock;
mod orphans;
mod reference;
mod row_text;
mod run;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_postgres::types::ToSql;

use super::bad_row::BadRow;
use crate::error::{Error, Result};
use crate::statement::{Action, Choice, OnConflict};

/// How staged rows become rows of the target: [inserted](Merge::insert), [upserted](Merge::upsert), or by [a
/// statement](Merge::sql) of your own.
///
/// ```no_run
/// use aiodal_core::bulk::{Dedupe, Merge, Orphans};
///
/// let prices = Merge::upsert().on(["sku"]).if_changed().delete_missing().dedupe(Dedupe::Last);
/// let flights = Merge::insert().orphans(Orphans::Skip).orphans_of("flight_plane_fkey", Orphans::Null);
/// let authors = Merge::sql("insert into author (name) select distinct record->>'name' from staged_author");
/// ```
///
/// # Order
///
/// A merge [deletes what is missing](Merge::delete_missing), deals with [orphans](Merge::orphans) and with
/// [duplicates](Merge::dedupe), and then writes. So a row that is left out as an orphan is not missing, and of several
/// rows with the same key the one that is kept is none that is left out.
///
/// # Inserted, updated, unchanged
///
/// Each staged row that is not left out counts as one of these. Unchanged are those that were neither inserted nor updated:
/// they were there already, or a trigger saw to it.
#[derive(Clone, Debug)]
#[must_use = "it is handed to a load"]
pub struct Merge<'a> {
    how: How<'a>,
    columns: Option<Vec<String>>,
    orphans: Orphans,
    /// By foreign key.
    orphans_of: Vec<(String, Orphans)>,
    timeout: Option<Duration>,
    /// What was called that doesn't go with it.
    misuse: Option<&'static str>,
}

#[derive(Clone, Debug)]
enum How<'a> {
    Insert,
    Upsert(Upsert),
    Sql {
        sql: String,
        params: Vec<&'a (dyn ToSql + Sync)>,
    },
}

#[derive(Clone, Debug)]
struct Upsert {
    on_conflict: OnConflict,
    delete_missing: bool,
    dedupe: Option<Dedupe>,
}

/// Which of several staged rows with the same key is merged.
///
/// That goes by the order of the source, unless a statement between COPY and merge has updated staged rows: those
/// count as later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dedupe {
    /// The first.
    First,
    /// The last.
    Last,
}

/// What becomes of orphans: staged rows with a foreign key to a row that is not there, as `MATCH SIMPLE` or `MATCH FULL`
/// has it.
///
/// A row that refers to the target itself is no orphan if the row that it refers to is staged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orphans {
    /// The server refuses them, and with them all rows.
    #[default]
    Fail,
    /// They are left out. So are those that refer to one that is left out.
    Skip,
    /// They are merged, and refer to nothing: the columns of the foreign key that may be null are, all of them.
    Null,
    /// They are left out and handed to what takes [rejected](super) rows.
    Reject,
}

/// Takes a row that is rejected: why, and the row as CSV, in the order of the staged columns.
pub(crate) type Reject<'r> = &'r mut (dyn FnMut(BadRow, &str) -> Result<()> + Send);

/// What a merge has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Merged {
    pub(crate) inserted: u64,
    pub(crate) updated: u64,
    /// Staged, and neither inserted nor updated.
    pub(crate) unchanged: u64,
    pub(crate) deleted: u64,
    /// Left out because another staged row has the same key.
    pub(crate) duplicates: u64,
    /// By a statement of the user's own.
    pub(crate) affected: u64,
    /// By foreign key; those of which there were any.
    pub(crate) orphans: BTreeMap<String, u64>,
}

impl<'a> Merge<'a> {
    fn new(how: How<'a>) -> Merge<'a> {
        Merge {
            how,
            columns: None,
            orphans: Orphans::Fail,
            orphans_of: Vec::new(),
            timeout: None,
            misuse: None,
        }
    }

    /// Inserts the staged rows.
    pub fn insert() -> Merge<'a> {
        Merge::new(How::Insert)
    }

    /// Inserts the staged rows that are new, and updates those that are there already: INSERT .. ON CONFLICT.
    ///
    /// The key is chosen as [`Upsert`](crate::Upsert) chooses it: the primary key if its columns are staged, else the only
    /// unique key of which that is true; or it is named by [`on`](Merge::on) or [`on_constraint`](Merge::on_constraint).
    /// Unless told otherwise it [updates the rest](Merge::update_rest).
    ///
    /// Two staged rows with the same key are an error that names the key, unless one of them is [left out](Merge::dedupe).
    pub fn upsert() -> Merge<'a> {
        Merge::new(How::Upsert(Upsert {
            on_conflict: OnConflict {
                choice: Choice::ByRule,
                action: Action::Rest,
                if_changed: false,
            },
            delete_missing: false,
            dedupe: None,
        }))
    }

    /// Runs a statement, which calls the stage by its [name](super::Stage#its-name).
    ///
    /// The text is sent as it is: never make it of somebody's input. Values are [parameters](Merge::params).
    pub fn sql(sql: impl Into<String>) -> Merge<'a> {
        let sql = sql.into();
        let params = Vec::new();
        Merge::new(How::Sql { sql, params })
    }

    /// Gives the [statement](Merge::sql) its parameters.
    pub fn params(mut self, values: &[&'a (dyn ToSql + Sync)]) -> Merge<'a> {
        match &mut self.how {
            How::Sql { params, .. } => *params = values.to_vec(),
            How::Insert | How::Upsert(_) => self.misuse = Some("params"),
        }
        self
    }

    /// Merges these columns. Unless told, those that were loaded.
    ///
    /// It is for columns that a statement between COPY and merge fills, or that only that statement needs.
    pub fn columns<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Merge<'a> {
        if matches!(self.how, How::Sql { .. }) {
            self.misuse = Some("columns");
        }
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Goes by the key over these columns, in whatever order: a constraint or a unique index, partial if there is no other.
    pub fn on<C: Into<String>>(self, columns: impl IntoIterator<Item = C>) -> Merge<'a> {
        let columns = columns.into_iter().map(Into::into).collect();
        self.upserting("on", |upsert| {
            upsert.on_conflict.choice = Choice::Columns(columns);
        })
    }

    /// Goes by the constraint of this name, or the unique index.
    pub fn on_constraint(self, name: &str) -> Merge<'a> {
        self.upserting("on_constraint", |upsert| {
            upsert.on_conflict.choice = Choice::Named(name.to_owned());
        })
    }

    /// Leaves rows that are there already as they are: DO NOTHING.
    ///
    /// Without a named key, a conflict with any key or exclusion constraint is meant. Of several staged rows with the same
    /// key the first is inserted.
    pub fn do_nothing(self) -> Merge<'a> {
        self.upserting("do_nothing", |upsert| {
            upsert.on_conflict.action = Action::Nothing;
        })
    }

    /// Updates the columns that are merged, except those of the key. So does an upsert that is told nothing.
    pub fn update_rest(self) -> Merge<'a> {
        self.upserting("update_rest", |upsert| {
            upsert.on_conflict.action = Action::Rest;
        })
    }

    /// Updates these columns to what the insert would have given them: the default, `now()` for instance, of one that is
    /// not merged.
    pub fn update<C: Into<String>>(self, columns: impl IntoIterator<Item = C>) -> Merge<'a> {
        let columns = columns.into_iter().map(Into::into).collect();
        self.upserting("update", |upsert| {
            upsert.on_conflict.action = Action::Columns(columns);
        })
    }

    /// Updates a row only where a column that is to be updated has another value, as
    /// [`update_if_changed`](crate::Upsert::update_if_changed) does.
    ///
    /// Rows that are equal are not written: to load again what has hardly changed takes half the time, and leaves nothing
    /// to vacuum.
    pub fn if_changed(self) -> Merge<'a> {
        self.upserting("if_changed", |upsert| {
            upsert.on_conflict.if_changed = true;
        })
    }

    /// Deletes the rows of the target whose key is not staged; by a partial index, of the rows that it is about.
    ///
    /// If no row is staged at all, that would be all of them: it is refused unless the target is empty, because a source
    /// without rows is most often one that something has gone wrong with. It is refused too if rows were rejected before
    /// they were staged, as theirs would be missing; [orphans](Merge::orphans) are not.
    pub fn delete_missing(self) -> Merge<'a> {
        self.upserting("delete_missing", |upsert| upsert.delete_missing = true)
    }

    /// Merges one of several staged rows with the same key, and leaves the others out.
    pub fn dedupe(self, which: Dedupe) -> Merge<'a> {
        self.upserting("dedupe", |upsert| upsert.dedupe = Some(which))
    }

    /// Says what becomes of orphans, by every foreign key of the target whose columns are all merged.
    ///
    /// The role has to be able to read the tables that they refer to.
    pub fn orphans(mut self, orphans: Orphans) -> Merge<'a> {
        self.orphans = orphans;
        self
    }

    /// Says what becomes of orphans by one foreign key, named as its constraint is.
    pub fn orphans_of(mut self, constraint: &str, orphans: Orphans) -> Merge<'a> {
        self.orphans_of.retain(|(other, _)| other != constraint);
        self.orphans_of.push((constraint.to_owned(), orphans));
        self
    }

    /// Bounds the time that the merge takes, in all of its statements; without, the session's `statement_timeout` bounds
    /// each.
    ///
    /// When it is over, the merge fails, and the error [is a timeout](crate::Error::is_timeout).
    pub fn timeout(mut self, timeout: Duration) -> Merge<'a> {
        self.timeout = Some(timeout);
        self
    }

    fn upserting(mut self, option: &'static str, set: impl FnOnce(&mut Upsert)) -> Merge<'a> {
        match &mut self.how {
            How::Upsert(upsert) => set(upsert),
            How::Insert | How::Sql { .. } => self.misuse = Some(option),
        }
        self
    }

    /// Refuses to delete what is missing if rows were rejected before they were staged: theirs would be missing too.
    pub(crate) fn check_rejected(&self, rejected: u64, operation: &str) -> Result<()> {
        let deletes = matches!(&self.how, How::Upsert(upsert) if upsert.delete_missing);
        if !deletes || rejected == 0 {
            return Ok(());
        }
        let rows = if rejected == 1 {
            "1 row was".to_owned()
        } else {
            format!("{rejected} rows were")
        };
        Err(Error::refused(
            operation,
            format!(
                "{rows} rejected, and delete_missing() would delete the rows that they stand for; \
                 mend the source, or load without delete_missing()"
            ),
        ))
    }

    /// Whether it needs somebody to take rejected rows.
    pub(crate) fn rejects(&self) -> bool {
        let mut of = self.orphans_of.iter().map(|(_, orphans)| *orphans);
        self.orphans == Orphans::Reject || of.any(|orphans| orphans == Orphans::Reject)
    }
}
