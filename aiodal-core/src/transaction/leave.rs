//! Leaving a connection that is busy with a statement nobody waits for.

use std::pin::pin;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::Client;

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
        let ended = timeout(LIMIT, async {
            busy.lane.settled().await;
            end(held.client(), token, held.is_ours()).await
        });
        let ended = ended.await;
        busy.clean = ended.unwrap_or(false);
        if busy.clean {
            busy.lane.ended();
        }
    })
}

/// Returns whether the connection is idle, in no transaction, and will not be hit by a request to cancel any more.
async fn end(client: &Client, token: Option<CancelToken>, ours: bool) -> bool {
    // Answered when everything before it is.
    let mut answered = pin!(client.simple_query(""));
    let mut patience = GRACE;
    let mut unfinished = false;
    loop {
        match timeout(patience, answered.as_mut()).await {
            Ok(Ok(_)) => break,
            Ok(Err(_)) => return false,
            Err(_) => patience = AGAIN,
        }
        if let Some(token) = &token {
            // On a connection of somebody's own pool nobody knows when a request takes effect: the pool's way to take a
            // spoilt one back sees to that.
            if !ours {
                return false;
            }
            // One that was refused or lost may take effect later, and hit the connection's next user.
            unfinished |= token.cancel().await.is_err();
        }
    }
    // What the last request hits, if the statement was quicker: by now it has been made.
    let _hit = client.simple_query("").await;
    !unfinished && client.batch_execute("rollback").await.is_ok()
}

impl Drop for Busy {
    fn drop(&mut self) {
        if !self.clean {
            self.lane.held().spoil();
        }
    }
}
