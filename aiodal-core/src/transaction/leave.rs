//! Leaving a connection that is busy with a statement nobody waits for.

use std::pin::pin;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::lane::Lane;
use crate::pool::CancelToken;

/// Most statements end by themselves within this.
const GRACE: Duration = Duration::from_millis(5);

/// How long to wait for the effect of a request to cancel. One that overtakes its statement has none.
const AGAIN: Duration = Duration::from_millis(250);

/// How long all of it may take before the connection is closed instead.
const LIMIT: Duration = Duration::from_secs(10);

/// A connection that its pool closes, unless it has come clean.
struct Busy {
    lane: Lane,
    clean: bool,
}

/// Ends what runs on the lane's connection, and then its transaction, on a task of its own. The connection goes back to
/// its pool in no transaction and with nothing running on it, or is closed.
pub(super) fn clean(runtime: &Handle, lane: Lane, cancel: bool) -> JoinHandle<()> {
    // On a runtime that has shut down this is dropped at once, and with it the connection is closed.
    let mut busy = Busy { lane, clean: false };
    runtime.spawn(async move {
        let held = busy.lane.held();
        let token = cancel.then(|| held.cancel_token());
        let ended = timeout(LIMIT, end(held.client(), token)).await;
        busy.clean = ended.unwrap_or(false);
        if busy.clean {
            busy.lane.ended();
        }
    })
}

/// Returns whether the connection is idle, in no transaction, and will not be hit by a request to cancel any more.
async fn end(client: &Client, token: Option<CancelToken>) -> bool {
    // Answered when everything before it is.
    let mut answered = pin!(client.simple_query(""));
    let mut requests = 0;
    let mut patience = GRACE;
    loop {
        match timeout(patience, answered.as_mut()).await {
            Ok(Ok(_)) => break,
            Ok(Err(_)) => return false,
            Err(_) => patience = AGAIN,
        }
        if let Some(token) = &token {
            requests += 1;
            // Refused or lost, the answer shows it.
            let _refused = token.cancel().await;
        }
    }
    // A request takes effect on whatever runs when it arrives. It is over only if it has hit: a second one, or one whose
    // statement was quicker, may still be on its way, and would hit the connection's next user.
    let over = match requests {
        0 => true,
        1 => has_failed(client).await,
        _ => false,
    };
    over && client.batch_execute("rollback").await.is_ok()
}

async fn has_failed(client: &Client) -> bool {
    let probe = client.batch_execute("select").await;
    probe.is_err_and(|error| error.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION))
}

impl Drop for Busy {
    fn drop(&mut self) {
        if !self.clean {
            self.lane.held().spoil();
        }
    }
}
