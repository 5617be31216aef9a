//! Leaving a COPY half-way, and going on behind it.
//!
//! A COPY to the client is run behind a savepoint of ours. Left half-way it is cancelled, on a task of its own, and what is
//! sent next waits until the request has been heard: it cannot hit anything else then.

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;

use super::traffic::{Gated, Ticket};
use super::{Lane, send};
use crate::pool::CancelToken;

pub(super) const SAVEPOINT: &str = "savepoint aiodal_copy";
const RELEASE: &str = "release aiodal_copy";
const UNDO: &str = "rollback to aiodal_copy; release aiodal_copy";

/// A COPY that is being left.
pub(super) struct Leaving {
    /// What somebody sent meanwhile without waiting for an answer.
    queued: Vec<String>,
    /// Closed when it is over.
    over: watch::Receiver<()>,
}

/// Many a COPY ends by itself within this.
const GRACE: Duration = Duration::from_millis(1);

/// How long to wait for the effect of a request to cancel.
const AGAIN: Duration = Duration::from_millis(250);

/// What it takes to leave a COPY to the client that is behind a savepoint.
#[derive(Clone)]
pub(crate) struct Leave {
    cancel: CancelToken,
    runtime: Handle,
}

/// It is over when this is dropped.
struct Task {
    lane: Lane,
    /// Whether no request is on its way any more.
    clean: bool,
    _over: watch::Sender<()>,
}

impl Lane {
    /// Says how to leave a COPY to the client; `None` where that cannot be cancelled for certain.
    pub(super) fn leave(&self) -> Option<Leave> {
        let runtime = Handle::try_current().ok()?;
        let cancel = self.held().sure_cancel_token()?;
        Some(Leave { cancel, runtime })
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving().is_some()
    }

    /// Waits until a COPY that was dropped half-way has been cancelled, and the transaction is as it was before it.
    ///
    /// Statements wait for that by themselves. The lane's owner does before it uses the connection past the lane.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped.
    pub async fn settled(&self) {
        loop {
            let over = self.leaving().as_ref().map(|leaving| leaving.over.clone());
            let Some(mut over) = over else { return };
            // Nothing is ever sent on it but its end.
            let _over = over.changed().await;
        }
    }

    /// Keeps a batch for later if a COPY is being left. Called inside the gate.
    pub(super) fn postpone(&self, sql: &str) -> bool {
        match &mut *self.leaving() {
            Some(leaving) => {
                leaving.queued.push(sql.to_owned());
                true
            }
            None => false,
        }
    }

    /// The COPY has ended: it is part of the transaction.
    pub(crate) fn keep_copy(&self) {
        self.queue(RELEASE);
    }
}

impl Leave {
    /// Leaves the COPY, on a task.
    pub(crate) fn start(self, lane: &Lane) {
        let Leave { cancel, runtime } = self;
        let (sender, over) = watch::channel(());
        *lane.leaving() = Some(Leaving {
            queued: Vec::new(),
            over,
        });
        // On a runtime that has shut down this is dropped at once.
        let mut task = Task {
            lane: lane.clone(),
            clean: false,
            _over: sender,
        };
        runtime.spawn(async move {
            task.hear_out(&cancel).await;
        });
    }
}

impl Task {
    /// Cancels the COPY and takes the transaction back to where it was.
    async fn hear_out(&mut self, cancel: &CancelToken) {
        let client = self.lane.held().client();
        let ticket = Ticket::new(&self.lane);
        let batch = |sql| Gated {
            ticket: &ticket,
            statement: client.batch_execute(sql),
        };
        let mut heard = true;
        {
            // Answered when the COPY is. It is also what a request hits that finds the COPY done.
            let mut answered = pin!(batch(""));
            let mut patience = GRACE;
            while timeout(patience, answered.as_mut()).await.is_err() {
                // One that was lost or refused may take effect later: the connection is not handed on.
                heard &= cancel.cancel().await.is_ok();
                // One that has overtaken its COPY has had no effect.
                patience = AGAIN;
            }
        }
        // Refused in a failed transaction, which a COPY that was cancelled leaves.
        if let Some(Err(_)) = batch(RELEASE).await {
            let _lost = batch(UNDO).await;
        }
        ticket.answered();
        self.clean = heard;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if !self.clean {
            self.lane.held().spoil();
        }
        let gate = self.lane.gate();
        let leaving = self.lane.leaving().take();
        if !gate.revoked {
            for sql in leaving.into_iter().flat_map(|leaving| leaving.queued) {
                send(self.lane.held().client(), &sql);
            }
        }
    }
}

impl fmt::Debug for Leave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leave").finish_non_exhaustive()
    }
}
