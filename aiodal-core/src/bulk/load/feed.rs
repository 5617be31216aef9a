//! Feeding batches to COPYs.

use std::pin::pin;
use std::sync::{self, PoisonError};

use bytes::Bytes;
use futures_util::future::{Either, select};
use tokio::sync::Mutex;

use super::copy::{BINARY_HEADER, BINARY_TRAILER};
use super::input::Feed;
use super::job::Job;
use super::progress::{Phase, Teller};
use super::report::LoadReport;
use super::trail::Trail;
use crate::bulk::batch::{Batch, Form};
use crate::error::Result;
use crate::transaction::{CopyIn, Transaction};

/// What a load counts and tells while it copies, over one connection or several.
#[derive(Debug)]
pub(super) struct Tally<'a>(sync::Mutex<(LoadReport, Teller<'a>)>);

impl<'a> Tally<'a> {
    pub(super) fn new(teller: Teller<'a>) -> Tally<'a> {
        Tally(sync::Mutex::new((LoadReport::default(), teller)))
    }

    fn with(&self, count: impl FnOnce(&mut LoadReport, &mut Teller<'a>)) {
        // Whoever panics there counts no more.
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (report, teller) = &mut *tally;
        count(report, teller);
    }

    pub(super) fn read(&self, batch: &Batch) {
        self.with(|report, teller| {
            let records = u64::from(batch.records);
            report.rows += records + batch.refused.len() as u64;
            // Over several connections an earlier batch may be counted later.
            report.bytes = report.bytes.max(batch.consumed);
            match batch.form {
                Form::Binary => report.rows_in_binary += records,
                Form::Plain => report.rows_as_they_are += records,
            }
            teller.tell(Phase::Copying, report);
        });
    }

    pub(super) fn copied(&self, rows: u64) {
        self.with(|report, _| report.copied += rows);
    }

    pub(super) fn rejected(&self) {
        self.with(|report, _| report.rejected += 1);
    }

    /// A row that is in no batch.
    pub(super) fn rejected_alone(&self) {
        self.with(|report, _| {
            report.rows += 1;
            report.rejected += 1;
        });
    }

    pub(super) fn end(self) -> (LoadReport, Teller<'a>) {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Copies the batches of an input, those that nobody else takes: a COPY for each stretch of the same form.
pub(super) async fn feed(
    tx: &mut Transaction,
    input: &Mutex<Feed<'_>>,
    job: &Job,
    tally: &Tally<'_>,
) -> Result<()> {
    let mut next = input.lock().await.next().await?;
    while let Some(first) = next.take() {
        let form = first.form;
        let mut trail = Trail::new(job.counting);
        let mut copy = begin(tx, job, form).await?;
        let mut batch = first;
        next = loop {
            tally.read(&batch);
            trail.push(&batch);
            copy = send(copy, batch.data)
                .await
                .map_err(|error| job.explain(error, &trail))?;
            let another = match next_unless_refused(input, &copy).await {
                Some(another) => another?,
                None => {
                    let refused = copy.finish().await;
                    tally.copied(refused.map_err(|error| job.explain(error, &trail))?);
                    return Ok(());
                }
            };
            match another {
                Some(another) if another.form == form => batch = another,
                other => break other,
            }
        };
        let copied = end(copy, form).await;
        tally.copied(copied.map_err(|error| job.explain(error, &trail))?);
    }
    Ok(())
}

/// Waits for the next batch; `None` if the server refuses what it has been sent before there is one. A source may be slow.
async fn next_unless_refused(
    input: &Mutex<Feed<'_>>,
    copy: &CopyIn<'_>,
) -> Option<Result<Option<Batch>>> {
    let next = pin!(async { input.lock().await.next().await });
    match select(next, pin!(copy.refused())).await {
        Either::Left((next, _)) => Some(next),
        Either::Right(((), _)) => None,
    }
}

/// Begins a COPY.
pub(super) async fn begin<'t>(
    tx: &'t mut Transaction,
    job: &Job,
    form: Form,
) -> Result<CopyIn<'t>> {
    let begun = tx.copy_in(job.sql.of(form)).await;
    let begun = match (begun, form) {
        (Ok(copy), Form::Binary) => send(copy, Bytes::from_static(BINARY_HEADER)).await,
        (begun, _) => begun,
    };
    begun.map_err(|error| job.explain(error, &Trail::new(job.counting)))
}

/// Sends data.
pub(super) async fn send(mut copy: CopyIn<'_>, data: Bytes) -> Result<CopyIn<'_>> {
    copy.send(data).await?;
    Ok(copy)
}

/// Ends a COPY, and returns how many rows have been copied.
pub(super) async fn end(copy: CopyIn<'_>, form: Form) -> Result<u64> {
    let copy = match form {
        Form::Binary => send(copy, Bytes::from_static(BINARY_TRAILER)).await?,
        Form::Plain => copy,
    };
    copy.finish().await
}
