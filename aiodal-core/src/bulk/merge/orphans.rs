//! Staged rows with a foreign key to a row that is not there.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;

use super::clock::Clock;
use super::reference::{comparisons, condition};
use super::row_text::csv;
use super::{Merge, Orphans, Reject};
use crate::SqlState;
use crate::bulk::bad_row::BadRow;
use crate::bulk::stage::Staged;
use crate::error::{Error, Missing, Result};
use crate::ident::quote_ident;
use crate::nearest::nearest;
use crate::schema::{ForeignKey, Match, Table};
use crate::transaction::Transaction;

/// The foreign keys whose orphans are not left to the server, and how many orphans there were.
#[derive(Debug)]
pub(super) struct Checks<'t> {
    operation: String,
    stage: String,
    /// As the row of a reject has them.
    columns: Vec<String>,
    keys: Vec<Check<'t>>,
    pub(super) counts: BTreeMap<String, u64>,
}

#[derive(Debug)]
struct Check<'t> {
    key: &'t ForeignKey,
    orphans: Orphans,
    /// Whether staged rows may be what it refers to.
    own: bool,
    /// What is to be null of an orphan.
    nullable: Vec<&'t str>,
    /// That `staged` is an orphan, as SQL.
    condition: String,
}

impl<'t> Checks<'t> {
    /// Finds the foreign keys that are to be looked at, and refuses what can't be done.
    pub(super) async fn prepare(
        merge: &Merge<'_>,
        tx: &Transaction,
        staged: &Staged,
        target: Option<&'t Table>,
        columns: &[String],
    ) -> Result<Checks<'t>> {
        let mut prepared = Checks {
            operation: String::new(),
            stage: staged.sql_name.clone(),
            columns: staged.columns.clone(),
            keys: Vec::new(),
            counts: BTreeMap::new(),
        };
        let Some(target) = target else {
            return Ok(prepared);
        };
        prepared.operation = format!("merge into {}", target.name);
        let wanted = prepared.wanted(merge, target, columns)?;
        if wanted.is_empty() {
            return Ok(prepared);
        }
        let comparisons = comparisons(tx, &target.name).await?;
        for (key, orphans) in wanted {
            let Some(comparison) = comparisons.get(&key.name) else {
                let reason = format!("the foreign key \"{}\" is not there any more", key.name);
                return prepared.refuse(reason);
            };
            let own = key.referred_table == target.name
                && key
                    .referred_columns
                    .iter()
                    .all(|name| columns.contains(name));
            let nullable = match orphans {
                Orphans::Null => prepared.nullable(key, target)?,
                Orphans::Fail | Orphans::Skip | Orphans::Reject => Vec::new(),
            };
            let condition = condition(key, comparison, own.then_some(&*prepared.stage))?;
            prepared.keys.push(Check {
                key,
                orphans,
                own,
                nullable,
                condition,
            });
        }
        // Rows that are left out by another key may be what these refer to.
        prepared.keys.sort_by_key(|check| check.own);
        Ok(prepared)
    }

    fn refuse<T>(&self, reason: String) -> Result<T> {
        Err(Error::refused(&self.operation, reason))
    }

    fn wanted(
        &self,
        merge: &Merge<'_>,
        target: &'t Table,
        columns: &[String],
    ) -> Result<Vec<(&'t ForeignKey, Orphans)>> {
        for (name, _) in &merge.orphans_of {
            if !target.foreign_keys.iter().any(|key| key.name == *name) {
                let names = target.foreign_keys.iter().map(|key| &*key.name);
                let near = nearest(name, names);
                return Err(Error::missing(Missing {
                    what: "foreign key",
                    name: format!("\"{name}\""),
                    place: format!("table {}", target.name),
                    near: near.iter().map(|near| format!("\"{near}\"")).collect(),
                }));
            }
        }
        let mut wanted = Vec::new();
        for key in &target.foreign_keys {
            let named = merge.orphans_of.iter().find(|(name, _)| *name == key.name);
            let orphans = named.map_or(merge.orphans, |(_, orphans)| *orphans);
            if orphans == Orphans::Fail || !key.enforced {
                continue;
            }
            let left_out = key.columns.iter().find(|name| !columns.contains(name));
            match left_out {
                Some(column) if named.is_some() => {
                    return self.refuse(format!(
                        "the foreign key \"{}\" is over \"{column}\", which is not merged: leave its orphans to the server",
                        key.name
                    ));
                }
                // What these rows will refer to is not known before they are written.
                Some(_) => continue,
                None => {}
            }
            if key.period {
                return self.refuse(format!(
                    "the foreign key \"{}\" is over periods, whose orphans only the server finds: \
                     add orphans_of(\"{0}\", Orphans::Fail)",
                    key.name
                ));
            }
            wanted.push((key, orphans));
        }
        Ok(wanted)
    }

    fn nullable(&self, key: &'t ForeignKey, target: &Table) -> Result<Vec<&'t str>> {
        let mut nullable = Vec::new();
        for name in &key.columns {
            if !target.column(name)?.not_null {
                nullable.push(&**name);
            }
        }
        if nullable.is_empty()
            || key.match_type == Match::Full && nullable.len() < key.columns.len()
        {
            return self.refuse(format!(
                "orphans of the foreign key \"{}\" can't refer to nothing, because ({}) must not be null: \
                 skip or reject them",
                key.name,
                key.columns.join(", ")
            ));
        }
        Ok(nullable)
    }

    /// Leaves out the orphans that are to be skipped or rejected.
    pub(super) async fn leave_out(
        &mut self,
        tx: &mut Transaction,
        clock: &Clock,
        mut reject: Option<Reject<'_>>,
    ) -> Result<()> {
        let mut again = true;
        let mut first = true;
        // A row that is left out may be what another one refers to.
        while again {
            again = false;
            for index in 0..self.keys.len() {
                let check = &self.keys[index];
                if !first && !check.own {
                    continue;
                }
                let count = match check.orphans {
                    Orphans::Fail | Orphans::Null => continue,
                    Orphans::Skip => self.skip(check, tx, clock).await?,
                    Orphans::Reject => self.reject(check, tx, clock, &mut reject).await?,
                };
                again |= check.own && count > 0;
                self.count(index, count);
            }
            first = false;
        }
        Ok(())
    }

    /// Makes the other orphans refer to nothing.
    ///
    /// That moves them to the end of the stage. If they are to be merged in order, where they were is kept in the column
    /// that is returned.
    pub(super) async fn set_null(
        &mut self,
        tx: &Transaction,
        clock: &Clock,
        in_order: bool,
    ) -> Result<Option<&'static str>> {
        const MOVED_FROM: &str = "aiodal_moved_from";
        let mut moved_from = None;
        for index in 0..self.keys.len() {
            let check = &self.keys[index];
            if check.orphans != Orphans::Null {
                continue;
            }
            let nulls = check.nullable.iter();
            let nulls = nulls.map(|name| Ok(format!("{} = null", quote_ident(name)?)));
            let mut changes = nulls.collect::<Result<Vec<_>>>()?;
            if in_order {
                if moved_from.is_none() {
                    let sql = format!("alter table {} add column {MOVED_FROM} tid", self.stage);
                    tx.batch_execute(&sql).await?;
                    moved_from = Some(MOVED_FROM);
                }
                changes.push(format!(
                    "{MOVED_FROM} = coalesce(staged.{MOVED_FROM}, staged.ctid)"
                ));
            }
            let changes = changes.join(", ");
            let sql = format!(
                "update {} as staged set {changes} where {}",
                self.stage, check.condition
            );
            clock.wind(tx).await?;
            let count = tx.execute(&sql, &[]).await?;
            self.count(index, count);
        }
        Ok(moved_from)
    }

    fn count(&mut self, index: usize, count: u64) {
        if count > 0 {
            let name = self.keys[index].key.name.clone();
            *self.counts.entry(name).or_default() += count;
        }
    }

    async fn skip(&self, check: &Check<'_>, tx: &Transaction, clock: &Clock) -> Result<u64> {
        let sql = format!(
            "delete from {} as staged where {}",
            self.stage, check.condition
        );
        clock.wind(tx).await?;
        tx.execute(&sql, &[]).await
    }

    async fn reject(
        &self,
        check: &Check<'_>,
        tx: &mut Transaction,
        clock: &Clock,
        reject: &mut Option<Reject<'_>>,
    ) -> Result<u64> {
        let sql = format!(
            "delete from {} as staged where {} returning {}, {}",
            self.stage,
            check.condition,
            texts(&self.columns)?,
            texts(&check.key.columns)?
        );
        clock.wind(tx).await?;
        let mut rows = tx.query_stream(&sql, &[]).await?;
        let mut count = 0;
        while let Some(row) = rows.try_next().await? {
            let values: Vec<Option<&str>> = row.get(0);
            let key: Vec<Option<&str>> = row.get(1);
            if let Some(reject) = reject {
                reject(bad_row(check.key, &key), &csv(values))?;
            }
            count += 1;
        }
        Ok(count)
    }
}

fn bad_row(key: &ForeignKey, values: &[Option<&str>]) -> BadRow {
    let shown: Vec<&str> = values.iter().map(|value| value.unwrap_or("null")).collect();
    let (columns, shown) = (key.columns.join(", "), shown.join(", "));
    let reason = if values.contains(&None) {
        format!("key ({columns}) is null in part, and its foreign key is MATCH FULL")
    } else {
        let referred = &key.referred_table;
        format!("key ({columns}) is not present in {referred}")
    };
    let mut row = BadRow::new("", reason).with_value(shown.as_bytes());
    row.column = Some(columns);
    row.code = Some(SqlState::FOREIGN_KEY_VIOLATION);
    row.constraint = Some(key.name.clone());
    row
}

/// Values of `staged` as text, as their types' output functions write them.
fn texts(columns: &[String]) -> Result<String> {
    let texts = columns.iter().map(|name| {
        let name = quote_ident(name)?;
        // Of a row type, `is null` asks about the fields.
        Ok(format!(
            "case when num_nulls(staged.{name}) = 0 then concat(staged.{name}) end"
        ))
    });
    let texts = texts.collect::<Result<Vec<String>>>()?;
    Ok(format!("array[{}]::text[]", texts.join(", ")))
}
