//! What happens once the rows have been copied.

use std::time::Instant;

use super::clock::Clock;
use super::job::Job;
use super::progress::{Phase, Teller};
use super::rejects::Rejects;
use super::report::LoadReport;
use super::target::Target;
use crate::bulk::bad_row::BadRow;
use crate::bulk::merge::{Merge, Reject};
use crate::bulk::stage::Staged;
use crate::error::Result;
use crate::schema::Table;
use crate::transaction::Transaction;

/// What the last steps of a load go by.
#[derive(Debug)]
pub(super) struct Finish<'f> {
    pub(super) job: &'f Job,
    pub(super) target: &'f Target,
    pub(super) table: Option<&'f Table>,
    pub(super) clock: &'f Clock,
}

impl Finish<'_> {
    /// Runs the statements between copy and merge.
    pub(super) async fn after_copy(
        &self,
        tx: &mut Transaction,
        statements: &[String],
        report: &mut LoadReport,
        teller: &mut Teller<'_>,
    ) -> Result<()> {
        let step = Instant::now();
        if !statements.is_empty() {
            teller.tell(Phase::AfterCopy, report);
        }
        for sql in statements {
            self.clock.limit(tx, self.target).await?;
            tx.batch_execute(sql).await?;
        }
        report.after_copy = step.elapsed();
        Ok(())
    }

    /// Merges what is staged, and drops the stage.
    pub(super) async fn merge(
        &self,
        tx: &mut Transaction,
        merge: Option<Merge<'_>>,
        staged: Option<Staged>,
        rejects: Option<&mut Rejects<'_>>,
        report: &mut LoadReport,
        teller: &mut Teller<'_>,
    ) -> Result<()> {
        let Some(staged) = staged else {
            report.inserted = report.copied;
            return Ok(());
        };
        let merge = match (merge, self.table) {
            (Some(merge), _) => merge,
            (None, Some(_)) => Merge::insert(),
            // The stage is what was wanted.
            (None, None) => return Ok(()),
        };
        let step = Instant::now();
        merge.check_rejected(report.rejected, &self.job.operation)?;
        teller.tell(Phase::Merging, report);
        self.clock.limit(tx, self.target).await?;
        let mut rejected = 0;
        let mut reject = rejects.map(|rejects| {
            let rejected = &mut rejected;
            move |mut row: BadRow, raw: &str| {
                row.source.clone_from(&self.job.source);
                *rejected += 1;
                rejects.reject(&self.job.operation, row, Some(raw.as_bytes()))
            }
        });
        let reject: Option<Reject<'_>> = reject.as_mut().map(|reject| reject as _);
        let merged = merge.run(tx, &staged, self.table, reject).await?;
        report.rejected += rejected;
        report.inserted = merged.inserted;
        report.updated = merged.updated;
        report.unchanged = merged.unchanged;
        report.deleted = merged.deleted;
        report.duplicates = merged.duplicates;
        report.affected = merged.affected;
        report.orphans = merged.orphans;
        staged.drop(tx).await?;
        report.merging = step.elapsed();
        Ok(())
    }

    pub(super) fn done(&self, report: &mut LoadReport, teller: &mut Teller<'_>) {
        report.elapsed = self.clock.started.elapsed();
        teller.tell(Phase::Done, report);
    }
}
