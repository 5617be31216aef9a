//! A load over several connections.

use futures_util::future::try_join_all;

use super::Load;
use super::clock::Clock;
use super::feed::{Tally, feed};
use super::finish::Finish;
use super::prepare::{Asked, Ready, prepare};
use super::progress::Teller;
use super::report::LoadReport;
use crate::bulk::stage::Staged;
use crate::dal::DataAccessLayer;
use crate::error::{Error, Result};
use crate::transaction::Transaction;

pub(super) async fn run(
    load: Load<'_>,
    dal: &DataAccessLayer,
    connections: usize,
) -> Result<LoadReport> {
    let clock = Clock::start(load.timeout);
    let operation = load.operation();
    if let Some(reason) = refusal(&load) {
        return Err(Error::refused(&operation, reason.to_owned()));
    }
    // Where transactions are nested in one of somebody else's, there is one at a time.
    let connections = match dal.outer_transaction() {
        Some(_) => 1,
        None => connections.max(1),
    };
    let all = Box::pin(all(load, dal, connections, &clock));
    clock.within(&operation, all).await
}

/// Returns why a load can't be one over several connections.
fn refusal(load: &Load<'_>) -> Option<&'static str> {
    if load.rejects.is_some() {
        return Some(
            "bad rows can be rejected over one connection only; `run` it in a transaction",
        );
    }
    match (&load.stage, &load.merge) {
        (Some(stage), _) if !stage.is_shared() => Some(
            "no other connection can see a temporary stage; stage it in a table with `Stage::unlogged`",
        ),
        (None, Some(_)) => Some(
            "it is to be merged, and no other connection can see a temporary stage; stage it in a table with \
             `Stage::unlogged`",
        ),
        _ => None,
    }
}

async fn all(
    load: Load<'_>,
    dal: &DataAccessLayer,
    connections: usize,
    clock: &Clock,
) -> Result<LoadReport> {
    let asked = Asked {
        table: load.table.as_ref(),
        stage: load.stage.as_ref(),
        names: &load.names,
        max_record: load.max_record,
        server_parser: load.server_parser,
        sift: false,
        parallel: true,
    };
    let mut first = dal.transaction().await?;
    let ready = prepare(&mut first, load.input, &asked).await?;
    // The stage has to be there for all.
    first.commit().await?;
    let mut teller = Teller::new(load.on_progress, clock.started);
    teller.set_total(ready.total);
    let tally = Tally::new(teller);
    if let Err(error) = copy(dal, connections, &ready, &tally, clock).await {
        return Err(clean(dal, ready.staged, error).await);
    }
    let (mut report, mut teller) = tally.end();
    report.copying = clock.started.elapsed();

    let finish = Finish {
        job: &ready.job,
        target: &ready.target,
        table: ready.table.as_deref(),
        clock,
    };
    let mut tx = dal.transaction().await?;
    let (after_copy, merge, staged) = (load.after_copy, load.merge, ready.staged.clone());
    let finished = async {
        finish
            .after_copy(&mut tx, &after_copy, &mut report, &mut teller)
            .await?;
        finish
            .merge(&mut tx, merge, staged, None, &mut report, &mut teller)
            .await?;
        tx.commit().await
    };
    if let Err(error) = finished.await {
        return Err(clean(dal, ready.staged, error).await);
    }
    finish.done(&mut report, &mut teller);
    Ok(report)
}

/// Copies over each connection what comes next, and commits when all is copied.
async fn copy(
    dal: &DataAccessLayer,
    connections: usize,
    ready: &Ready<'_>,
    tally: &Tally<'_>,
    clock: &Clock,
) -> Result<()> {
    let copying = (0..connections).map(|_| async {
        let mut tx = dal.transaction().await?;
        clock.limit(&tx, &ready.target).await?;
        feed(&mut tx, &ready.feed, &ready.job, tally).await?;
        Ok::<Transaction, Error>(tx)
    });
    let copied = try_join_all(copying).await?;
    for (committed, tx) in copied.into_iter().enumerate() {
        if let Err(error) = tx.commit().await {
            if committed == 0 {
                return Err(error);
            }
            let reason = format!(
                "what went over {committed} of {connections} connections is committed, and the rest is not; find out \
                 which rows are there before it is run again"
            );
            return Err(Error::bulk(
                &ready.job.operation,
                reason,
                Some(error.into()),
            ));
        }
    }
    Ok(())
}

/// Drops the stage of a load that has failed.
async fn clean(dal: &DataAccessLayer, staged: Option<Staged>, error: Error) -> Error {
    let Some(staged) = staged else {
        return error;
    };
    let name = staged.sql_name.clone();
    let dropped = async {
        let mut tx = dal.transaction().await?;
        staged.drop(&mut tx).await?;
        tx.commit().await
    };
    match dropped.await {
        Ok(()) => error,
        Err(left) => {
            let reason = format!(
                "its stage {name} is still there ({}); drop it",
                left.one_line()
            );
            error.explained("clean up after a load", reason)
        }
    }
}
