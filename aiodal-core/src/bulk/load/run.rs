//! A load in one transaction, step by step.

use super::Load;
use super::clock::Clock;
use super::feed::{Tally, feed};
use super::finish::Finish;
use super::prepare::{Asked, prepare};
use super::progress::Teller;
use super::report::LoadReport;
use super::sift::sift;
use crate::bulk::stage::Stage;
use crate::error::Result;
use crate::transaction::Transaction;

pub(super) async fn run(load: Load<'_>, tx: &mut Transaction) -> Result<LoadReport> {
    let clock = Clock::start(load.timeout);
    let operation = load.operation();
    let all = Box::pin(async {
        let mut savepoint = tx.savepoint().await?;
        let report = all(load, &mut savepoint, &clock).await?;
        savepoint.keep();
        Ok(report)
    });
    clock.within(&operation, all).await
}

async fn all(load: Load<'_>, tx: &mut Transaction, clock: &Clock) -> Result<LoadReport> {
    let temp = load.merge.is_some().then(Stage::temp);
    let mut rejects = load.rejects;
    let asked = Asked {
        table: load.table.as_ref(),
        stage: load.stage.as_ref().or(temp.as_ref()),
        names: &load.names,
        max_record: load.max_record,
        server_parser: load.server_parser,
        sift: rejects.is_some(),
        parallel: false,
    };
    let ready = prepare(tx, load.input, &asked).await?;
    clock.limit(tx, &ready.target).await?;
    let mut teller = Teller::new(load.on_progress, clock.started);
    teller.set_total(ready.total);
    let tally = Tally::new(teller);
    match &mut rejects {
        None => feed(tx, &ready.feed, &ready.job, &tally).await?,
        Some(rejects) => sift(tx, &ready.feed, &ready.job, rejects, &tally).await?,
    }
    let (mut report, mut teller) = tally.end();
    report.copying = clock.started.elapsed();

    let finish = Finish {
        job: &ready.job,
        target: &ready.target,
        table: ready.table.as_deref(),
        clock,
    };
    finish
        .after_copy(tx, &load.after_copy, &mut report, &mut teller)
        .await?;
    let staged = ready.staged;
    finish
        .merge(
            tx,
            load.merge,
            staged,
            rejects.as_mut(),
            &mut report,
            &mut teller,
        )
        .await?;
    if let Some(rejects) = &mut rejects {
        rejects.flush(&ready.job.operation)?;
    }
    clock.unlimit(tx, &ready.target).await?;
    finish.done(&mut report, &mut teller);
    Ok(report)
}
