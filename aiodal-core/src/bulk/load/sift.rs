//! Copying what can be copied, and rejecting the rest, row by row.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use tokio::sync::Mutex;

use super::feed::{Tally, begin, end, send};
use super::input::Feed;
use super::job::{Fault, Job, is_of_a_row};
use super::rejects::Rejects;
use super::trail::Trail;
use crate::bulk::bad_row::BadRow;
use crate::bulk::batch::{Batch, Kept};
use crate::error::{Error, Result};
use crate::transaction::Transaction;

/// Copies each batch behind a savepoint of its own. When the server refuses a row, those before it are copied again and it
/// is rejected; then those behind it have their turn. When the server doesn't say which row it was, as of a foreign key
/// that is checked at the end, halves are tried.
pub(super) async fn sift(
    tx: &mut Transaction,
    input: &Mutex<Feed<'_>>,
    job: &Job,
    rejects: &mut Rejects<'_>,
    tally: &Tally<'_>,
) -> Result<()> {
    let mut input = input.lock().await;
    loop {
        let batch = match input.next().await {
            Ok(Some(batch)) => batch,
            Ok(None) => return Ok(()),
            Err(error) => {
                // A typed row that can't be written; those behind it can.
                let Some(row) = input.rejected(&error) else {
                    return Err(error);
                };
                tally.rejected_alone();
                rejects.reject(&job.operation, row, None)?;
                continue;
            }
        };
        sift_batch(tx, &batch, job, rejects, tally).await?;
        for refused in &batch.refused {
            tally.rejected();
            rejects.reject(&job.operation, refused.row.clone(), Some(&refused.raw))?;
        }
        tally.read(&batch);
    }
}

async fn sift_batch(
    tx: &mut Transaction,
    batch: &Batch,
    job: &Job,
    rejects: &mut Rejects<'_>,
    tally: &Tally<'_>,
) -> Result<()> {
    if batch.records == 0 {
        return Ok(());
    }
    let kept = batch
        .kept
        .as_ref()
        .expect("records are kept when some may be rejected");
    // The server doesn't find them in order: it looks at constraints some rows later.
    let mut found: BTreeMap<u32, BadRow> = BTreeMap::new();
    let mut to_do = Vec::from([Range {
        start: 0,
        end: batch.records,
    }]);
    while let Some(range) = to_do.pop() {
        let (error, trail) = match copy(tx, batch, kept, range.clone(), job).await {
            Ok(copied) => {
                tally.copied(copied);
                continue;
            }
            Err(refused) => refused,
        };
        let fault = job.fault(&error, &trail);
        if !is_of_a_row(&error, fault.as_ref()) {
            return Err(job.explain(error, &trail));
        }
        let bad = match &fault {
            Some(Fault {
                found: Some(found), ..
            }) => Some(range.start + found.record),
            _ if range.len() == 1 => Some(range.start),
            _ => None,
        };
        let Some(bad) = bad else {
            let middle = range.start + (range.end - range.start) / 2;
            to_do.extend([middle..range.end, range.start..middle]);
            continue;
        };
        let row = fault.map_or_else(|| job.row_of(&error), |fault| fault.row);
        found.insert(bad, placed(row, batch, kept, bad));
        if rejects.left() < found.len() as u64 {
            break;
        }
        let both = [bad + 1..range.end, range.start..bad];
        to_do.extend(both.into_iter().filter(|range| !range.is_empty()));
    }
    for (bad, row) in found {
        let raw = slice(&kept.raw_ends, &(bad..bad + 1));
        let raw = Some(&kept.raw[raw]).filter(|raw| !raw.is_empty());
        tally.rejected();
        rejects.reject(&job.operation, row, raw)?;
    }
    Ok(())
}

/// Copies some records of a batch: all, or none.
async fn copy(
    tx: &mut Transaction,
    batch: &Batch,
    kept: &Kept,
    range: Range<u32>,
    job: &Job,
) -> Result<u64, (Error, Trail)> {
    let data: Bytes = batch.data.slice(slice(&kept.data_ends, &range));
    let mut trail = Trail::new(job.counting);
    trail.push_some(batch, range.end - range.start, &data);
    let copied = async {
        let mut savepoint = tx.savepoint().await?;
        let copy = begin(&mut savepoint, job, batch.form).await?;
        let copy = send(copy, data).await?;
        let copied = end(copy, batch.form).await?;
        savepoint.keep();
        Ok(copied)
    };
    copied.await.map_err(|error| (error, trail))
}

/// Returns where some records are, by the ends of all.
fn slice(ends: &[u32], range: &Range<u32>) -> Range<usize> {
    let end = |before: u32| match before {
        0 => 0,
        before => ends[before as usize - 1] as usize,
    };
    end(range.start)..end(range.end)
}

/// Says of a row where it is in the source.
fn placed(mut row: BadRow, batch: &Batch, kept: &Kept, record: u32) -> BadRow {
    let place = batch.place_of(record);
    row.record = Some(place.record + 1);
    row.line = Some(place.line).filter(|line| *line > 0);
    // Skipped lines are in between.
    let together = batch.spans.iter().all(|span| span.skipped == 0);
    row.offset = (row.line.is_some() && (record == 0 || together))
        .then(|| place.offset + slice(&kept.raw_ends, &(record..record)).start as u64);
    row
}
