//! Rows of one table into another, as SQL: what merges staged rows.

mod keys;

use super::bound::BoundStatement;
use super::choice::{Choice, Chosen};
use super::target::Target;
use super::update::settable;
use super::upsert::{EXISTING, push_update, rest};
use crate::error::Result;
use crate::schema::{Table, TableKind};

/// The rows of a stage, and the table that they are for.
#[derive(Debug)]
pub(crate) struct StagedRows<'t> {
    target: Target<'t>,
    /// As SQL has it.
    stage: String,
    /// The columns that they have values for.
    places: Vec<usize>,
}

/// What an upsert does about a row that is there already.
#[derive(Clone, Debug)]
pub(crate) struct OnConflict {
    pub(crate) choice: Choice,
    pub(crate) action: Action,
    pub(crate) if_changed: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Nothing,
    Rest,
    Columns(Vec<String>),
}

/// An upsert of staged rows whose key has been found.
#[derive(Debug)]
pub(crate) struct Upserting<'r, 't> {
    rows: &'r StagedRows<'t>,
    chosen: Chosen<'t>,
    /// What is updated; `None` is nothing.
    update: Option<Vec<usize>>,
    if_changed: bool,
}

impl<'t> StagedRows<'t> {
    pub(crate) fn new(table: &'t Table, stage: &str, columns: &[String]) -> Result<StagedRows<'t>> {
        let target = Target::new(table, "merge into");
        target.writable()?;
        let mut places = Vec::with_capacity(columns.len());
        for name in columns {
            let place = target.place(name)?;
            if target.column(place).generated.is_some() {
                return target.refuse(format!("column \"{name}\" is generated: leave it out"));
            }
            places.push(place);
        }
        Ok(StagedRows {
            target,
            stage: stage.to_owned(),
            places,
        })
    }

    pub(crate) fn refuse<T>(&self, reason: impl Into<String>) -> Result<T> {
        self.target.refuse(reason)
    }

    /// Whether there are staged rows, and whether the table has rows: `staged`, `existing`.
    pub(crate) fn emptiness(&self) -> Result<BoundStatement> {
        let mut sql = BoundStatement::of(&self.target);
        sql.push("select exists (select from ");
        sql.push(&self.stage);
        sql.push(") as staged, exists (select from ");
        self.target.push_table(&mut sql)?;
        sql.push(") as existing");
        Ok(sql)
    }

    /// INSERT .. SELECT. If staged rows have moved, `moved_from` is the column that has the `ctid` they had.
    pub(crate) fn insert(&self, moved_from: Option<&str>) -> Result<BoundStatement> {
        let mut sql = BoundStatement::of(&self.target);
        self.push_insert(None, moved_from, &mut sql)?;
        Ok(sql)
    }

    /// Finds the key that decides whether a row is there already, and what is to be updated.
    pub(crate) fn upsert(&self, on_conflict: &OnConflict) -> Result<Upserting<'_, 't>> {
        let OnConflict {
            choice,
            action,
            if_changed,
        } = on_conflict;
        let updates = !matches!(action, Action::Nothing);
        let supplies = |place: usize| self.places.contains(&place);
        let chosen = choice.choose(&self.target, supplies, updates)?;
        let update = match action {
            Action::Nothing => None,
            Action::Rest => Some(rest(&self.target, self.places.clone(), &chosen.columns())?),
            Action::Columns(names) => Some(self.named(names)?),
        };
        Ok(Upserting {
            rows: self,
            chosen,
            update,
            if_changed: *if_changed,
        })
    }

    fn named(&self, names: &[String]) -> Result<Vec<usize>> {
        if names.is_empty() {
            return self.refuse("update([..]) names no columns: use do_nothing()");
        }
        let mut places = Vec::with_capacity(names.len());
        for name in names {
            let place = self.target.place(name)?;
            settable(&self.target, place)?;
            if !places.contains(&place) {
                places.push(place);
            }
        }
        Ok(places)
    }

    fn push_insert(
        &self,
        alias: Option<&str>,
        moved_from: Option<&str>,
        sql: &mut BoundStatement,
    ) -> Result<()> {
        let target = &self.target;
        if self.places.is_empty() {
            return target.refuse("the stage has none of its columns");
        }
        let columns = || self.places.iter().map(|place| target.column(*place));
        sql.push("insert into ");
        target.push_table(sql)?;
        if let Some(alias) = alias {
            sql.push(" as ");
            sql.push_ident(alias)?;
        }
        sql.push(" (");
        sql.push_idents(columns().map(|column| &*column.name))?;
        sql.push(")");
        // As COPY does, which writes whatever value it is given.
        let always = columns().any(|column| column.identity.as_ref().is_some_and(|i| i.always));
        if always {
            sql.push(" overriding system value");
        }
        sql.push(" select ");
        sql.push_idents(columns().map(|column| &*column.name))?;
        sql.push(" from ");
        sql.push(&self.stage);
        if let Some(column) = moved_from {
            sql.push(" order by coalesce(");
            sql.push_ident(column)?;
            sql.push(", ctid)");
        }
        let all = target.table.columns.iter().enumerate();
        sql.hints.left_out = all
            .filter(|(place, column)| {
                column.not_null
                    && column.default.is_none()
                    && column.identity.is_none()
                    && column.generated.is_none()
                    && !self.places.contains(place)
            })
            .map(|(_, column)| column.name.clone())
            .collect();
        Ok(())
    }
}

impl Upserting<'_, '_> {
    /// Whether rows that are there already are left alone.
    pub(crate) fn does_nothing(&self) -> bool {
        self.update.is_none()
    }

    /// Whether a staged row may be neither inserted nor updated.
    pub(crate) fn leaves_some(&self) -> bool {
        self.update.is_none() || self.if_changed
    }

    /// INSERT .. SELECT .. ON CONFLICT, and in one row what it has done: how many rows it has `inserted` and `written` in all,
    /// and how many were `staged`. Where inserted rows can't be told from updated ones, `inserted` is null, and `known` says
    /// of how many staged rows the table had the key before.
    pub(crate) fn statement(&self, moved_from: Option<&str>) -> Result<BoundStatement> {
        let target = &self.rows.target;
        let mut sql = BoundStatement::of(target);
        sql.push("with merged as (");
        self.rows
            .push_insert(Some(EXISTING), moved_from, &mut sql)?;
        sql.push(" on conflict");
        self.chosen.push(target, &mut sql)?;
        let Some(places) = &self.update else {
            sql.push(" do nothing returning true as inserted) ");
            self.push_counts("count(*)", "null::int8", &mut sql);
            return Ok(sql);
        };
        push_update(target, places, self.if_changed, &mut sql)?;
        if target.table.kind == TableKind::Table {
            // A row that has never been locked or updated has no xmax.
            sql.push(" returning (xmax = 0) as inserted) ");
            self.push_counts("count(*) filter (where inserted)", "null::int8", &mut sql);
        } else {
            // No other kind of relation has that column here. What was there before, the same snapshot shows.
            if self.chosen.columns().is_empty() {
                return target.refuse(
                    "its key has expressions, and it is no plain table: inserted and updated rows can't be told apart; \
                     name a key over columns, or merge with Merge::sql(..)",
                );
            }
            sql.push(" returning true), known as (");
            self.push_known(&mut sql)?;
            sql.push(") ");
            self.push_counts("null::int8", "(select count(*) from known)", &mut sql);
        }
        Ok(sql)
    }

    fn push_counts(&self, inserted: &str, known: &str, sql: &mut BoundStatement) {
        sql.push("select ");
        sql.push(inserted);
        sql.push(" as inserted, count(*) as written, ");
        sql.push(known);
        sql.push(" as known, ");
        if self.leaves_some() || self.rows.target.table.kind != TableKind::Table {
            sql.push("(select count(*) from ");
            sql.push(&self.rows.stage);
            sql.push(")");
        } else {
            sql.push("count(*)");
        }
        sql.push(" as staged from merged");
    }

    /// For errors: `merge into public.author`.
    pub(crate) fn operation(&self) -> String {
        self.rows.target.operation()
    }
}
