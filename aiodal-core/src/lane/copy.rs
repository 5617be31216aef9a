//! Starting a COPY.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::FutureExt;
use tokio_postgres::{CopyInSink, CopyOutStream};

use super::leaving::{Leave, SAVEPOINT};
use super::traffic::Ticket;
use super::{Lane, send};
use crate::error::Result;
use crate::statements::Effect;

impl Lane {
    /// Starts a `COPY … FROM STDIN`.
    pub(crate) async fn start_copy_in(&self, sql: &str) -> Result<(CopyInSink<Bytes>, Ticket)> {
        self.heed(Effect::of(sql));
        let ticket = self.ticket();
        let client = self.held().client();
        let watch = self.held().watch();
        let attempt = || async {
            let expected = watch.map(|watch| watch.expect(sql));
            let statement = client.prepare(sql).boxed().await?;
            drop(expected);
            ticket.sending();
            let mut untapped = watch.is_none().then(|| Untapped {
                lane: self,
                begun: false,
            });
            let started = client.copy_in(&statement).await;
            if let Some(untapped) = &mut untapped {
                untapped.begun = started.is_ok();
            }
            started
        };
        let sink = self.attempt(&ticket, sql, attempt).await?;
        Ok((sink, ticket))
    }

    /// Starts a `COPY … TO STDOUT`, behind a savepoint if it can be left half-way: then it says how. In an error it has the
    /// name.
    pub(crate) async fn start_copy_out(
        &self,
        name: &str,
        sql: &str,
    ) -> Result<((CopyOutStream, Option<Leave>), Ticket)> {
        self.heed(Effect::of(sql));
        let ticket = self.ticket();
        let client = self.held().client();
        let leave = self.leave();
        let attempt = || async {
            let statement = client.prepare(sql).boxed().await?;
            ticket.sending();
            let Some(leave) = &leave else {
                return Ok((client.copy_out(&statement).await?, None));
            };
            send(client, SAVEPOINT);
            let abandoned = Abandoned {
                lane: self,
                leave: Some(leave.clone()),
            };
            let started = client.copy_out(&statement).await;
            let leave = abandoned.not();
            Ok((started?, leave))
        };
        let started = self.attempt(&ticket, name, attempt).await?;
        Ok((started, ticket))
    }
}

/// A COPY to the client that has been sent, and whose future has been dropped, if this is.
struct Abandoned<'a> {
    lane: &'a Lane,
    leave: Option<Leave>,
}

impl Abandoned<'_> {
    fn not(mut self) -> Option<Leave> {
        self.leave.take()
    }
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        if let Some(leave) = self.leave.take() {
            leave.start(self.lane);
        }
    }
}

/// A COPY that has been sent on a connection without a tap.
///
/// tokio-postgres ends a COPY with a Sync of its own. Had it begun, the server would have skipped the first one; if it is
/// refused, there is one answer too many, and each statement to come would be given that of the one before. Unless it is
/// known to have begun, the answers to come are anybody's.
struct Untapped<'a> {
    lane: &'a Lane,
    begun: bool,
}

impl Drop for Untapped<'_> {
    fn drop(&mut self) {
        if !self.begun {
            self.lane.0.broken.store(true, Ordering::Release);
            self.lane.held().confuse();
        }
    }
}
