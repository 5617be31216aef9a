//! A merge, step by step.

use super::clock::Clock;
use super::orphans::Checks;
use super::{Dedupe, How, Merge, Merged, Reject, Upsert};
use crate::SqlState;
use crate::bulk::stage::Staged;
use crate::error::{Error, Result};
use crate::schema::Table;
use crate::statement::{BoundStatement, StagedRows, Upserting};
use crate::transaction::Transaction;

impl Merge<'_> {
    /// Merges what is staged.
    ///
    /// `reject` takes the rows of [`Orphans::Reject`](super::Orphans::Reject). The `source` of such a row is empty, and so
    /// is its line: the stage does not know them.
    ///
    /// # Errors
    ///
    /// Options that don't go together, and whatever the server refuses.
    pub(crate) async fn run(
        &self,
        tx: &mut Transaction,
        staged: &Staged,
        target: Option<&Table>,
        reject: Option<Reject<'_>>,
    ) -> Result<Merged> {
        let operation = match target {
            Some(target) => format!("merge into {}", target.name),
            None => format!("merge {}", staged.sql_name),
        };
        self.check(&operation, target, reject.is_some())?;
        let clock = Clock::start(tx, self.timeout).await?;
        let run = Run {
            merge: self,
            staged,
            clock: &clock,
        };
        let merged = run.all(tx, target, reject).await;
        let merged = merged.map_err(|error| clock.explain(error, &operation))?;
        clock.stop(tx).await?;
        Ok(merged)
    }

    fn check(&self, operation: &str, target: Option<&Table>, takes_rejects: bool) -> Result<()> {
        let refuse = |reason: String| Err(Error::refused(operation, reason));
        if let Some(option) = self.misuse {
            return refuse(match option {
                "params" => "params(..) are for Merge::sql(..)".to_owned(),
                "columns" => {
                    "columns(..) are not for Merge::sql(..), which names its own".to_owned()
                }
                option => format!("{option}(..) is for Merge::upsert()"),
            });
        }
        let needs_target = match &self.how {
            How::Insert | How::Upsert(_) => true,
            How::Sql { .. } => self.looks_at_orphans(),
        };
        if needs_target && target.is_none() {
            return refuse("there is no table to merge into: add into_table(..)".to_owned());
        }
        if self.rejects() && !takes_rejects {
            return refuse(
                "Orphans::Reject needs somebody to take the rows: add reject_to(..)".to_owned(),
            );
        }
        if let How::Upsert(upsert) = &self.how
            && upsert.on_conflict.if_changed
            && matches!(upsert.on_conflict.action, crate::statement::Action::Nothing)
        {
            return refuse(
                "if_changed() says when to update, and do_nothing() never does".to_owned(),
            );
        }
        Ok(())
    }

    fn looks_at_orphans(&self) -> bool {
        self.orphans != super::Orphans::Fail || !self.orphans_of.is_empty()
    }
}

struct Run<'m> {
    merge: &'m Merge<'m>,
    staged: &'m Staged,
    clock: &'m Clock,
}

impl Run<'_> {
    async fn all(
        &self,
        tx: &mut Transaction,
        target: Option<&Table>,
        reject: Option<Reject<'_>>,
    ) -> Result<Merged> {
        let mut merged = Merged::default();
        let columns = self.merge.columns.as_ref().unwrap_or(&self.staged.columns);
        let mut checks = Checks::prepare(self.merge, tx, self.staged, target, columns).await?;
        let stage = &self.staged.sql_name;
        match (&self.merge.how, target) {
            (How::Upsert(upsert), Some(target)) => {
                let rows = StagedRows::new(target, stage, columns)?;
                // Refused before anything is done.
                let upserting = rows.upsert(&upsert.on_conflict)?;
                if upsert.delete_missing {
                    merged.deleted = self.delete_missing(tx, &rows, &upserting).await?;
                }
                checks.leave_out(tx, self.clock, reject).await?;
                if let Some(which) = upsert.dedupe {
                    let sql = upserting.delete_duplicates(which == Dedupe::Last)?;
                    merged.duplicates = self.execute(tx, &sql).await?;
                }
                let moved_from = checks.set_null(tx, self.clock, true).await?;
                let sql = upserting.statement(moved_from)?;
                self.upsert(tx, &sql, upsert, &upserting, &mut merged)
                    .await?;
            }
            (How::Insert, Some(target)) => {
                let rows = StagedRows::new(target, stage, columns)?;
                checks.leave_out(tx, self.clock, reject).await?;
                let moved_from = checks.set_null(tx, self.clock, true).await?;
                merged.inserted = self.execute(tx, &rows.insert(moved_from)?).await?;
            }
            (How::Sql { sql, params }, _) => {
                checks.leave_out(tx, self.clock, reject).await?;
                checks.set_null(tx, self.clock, false).await?;
                self.clock.wind(tx).await?;
                merged.affected = tx.execute(sql, params).await?;
            }
            (How::Insert | How::Upsert(_), None) => {}
        }
        merged.orphans = checks.counts;
        Ok(merged)
    }

    async fn execute(&self, tx: &Transaction, sql: &BoundStatement) -> Result<u64> {
        self.clock.wind(tx).await?;
        sql.execute(tx).await
    }

    async fn delete_missing(
        &self,
        tx: &Transaction,
        rows: &StagedRows<'_>,
        upserting: &Upserting<'_, '_>,
    ) -> Result<u64> {
        let sql = upserting.delete_missing()?;
        let row = rows.emptiness()?.fetch_one(tx).await?;
        let (staged, existing): (bool, bool) = (row.get("staged"), row.get("existing"));
        if !staged && existing {
            return rows.refuse(
                "no row is staged, and delete_missing() would delete every row there is; \
                 see whether the source is whole, or delete the rows yourself",
            );
        }
        self.execute(tx, &sql).await
    }

    async fn upsert(
        &self,
        tx: &mut Transaction,
        sql: &BoundStatement,
        upsert: &Upsert,
        upserting: &Upserting<'_, '_>,
        merged: &mut Merged,
    ) -> Result<()> {
        self.clock.wind(tx).await?;
        let row = if upserting.does_nothing() || upsert.dedupe.is_some() {
            sql.fetch_one(tx).await?
        } else {
            self.attempt(tx, sql, upserting).await?
        };
        let count = |name: &str| {
            let count: Option<i64> = row.get(name);
            count.map(i64::unsigned_abs)
        };
        let written = count("written").unwrap_or_default();
        let staged = count("staged").unwrap_or_default();
        let new = staged.saturating_sub(count("known").unwrap_or_default());
        merged.inserted = count("inserted").unwrap_or(new).min(written);
        merged.updated = written - merged.inserted;
        merged.unchanged = staged.saturating_sub(written);
        Ok(())
    }

    /// Runs an upsert that two rows with the same key would fail, and names the key if they do.
    async fn attempt(
        &self,
        tx: &mut Transaction,
        sql: &BoundStatement,
        upserting: &Upserting<'_, '_>,
    ) -> Result<tokio_postgres::Row> {
        let attempt = tx.savepoint().await?;
        let error = match sql.fetch_one(&attempt).await {
            Ok(row) => {
                attempt.commit().await?;
                return Ok(row);
            }
            Err(error) => error,
        };
        if error.code() != Some(&SqlState::CARDINALITY_VIOLATION) {
            return Err(error);
        }
        attempt.rollback().await?;
        self.clock.wind(tx).await?;
        // A trigger may have failed with the same code.
        let Some(row) = upserting.duplicate()?.fetch_opt(tx).await? else {
            return Err(error);
        };
        let key: Vec<Option<String>> = row.get("key");
        let key: Vec<&str> = key
            .iter()
            .map(|part| part.as_deref().unwrap_or("null"))
            .collect();
        let (rows, keys): (i64, i64) = (row.get("rows"), row.get("keys"));
        let more = match keys {
            1 => String::new(),
            2 => ", and so it is with another key".to_owned(),
            keys => format!(", and so it is with {} other keys", keys - 1),
        };
        let reason = format!(
            "{rows} staged rows have the same key {} = ({}){more}; \
             keep one of each by dedupe(Dedupe::Last) or dedupe(Dedupe::First)",
            upserting.key(),
            key.join(", ")
        );
        Err(error.explained(&upserting.operation(), reason))
    }
}
