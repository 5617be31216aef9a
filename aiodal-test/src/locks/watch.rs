//! The task that looks after statements that take long.

use std::cmp::min;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aiodal_core::{BoxError, DatabaseUrl};
use tokio::time::timeout;

use super::look::{Look, Wait};
use super::{Locks, Watched};

/// When a statement is looked at first, unless the limit comes before it. A server looks for deadlocks after one second.
const FIRST_LOOK: Duration = Duration::from_millis(500);

/// How often it is looked at from then on.
const NEXT_LOOK: Duration = Duration::from_secs(1);

/// The least time between two looks, however near the limit is.
const LEAST: Duration = Duration::from_millis(5);

/// How long the server may take to answer a look.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// Looks after the statements of all open transactions, as long as the process lives.
pub(super) async fn watch(locks: Arc<Locks>) {
    let first = min(FIRST_LOOK, locks.limit).max(LEAST);
    let mut look = None;
    loop {
        let now = Instant::now();
        let watched = locks.watched().clone();
        let mut wake = now + first;
        let mut is_quiet = true;
        for watched in watched {
            let Some((since, due)) = watched.due(first) else {
                continue;
            };
            if due > now {
                wake = min(wake, due);
                continue;
            }
            is_quiet = false;
            let again = locks.look_at(&watched, since, &mut look).await;
            watched.notes().next_look = Some((since, again));
            wake = min(wake, again);
        }
        if is_quiet {
            // Nobody waits: it need not take up a connection of the server.
            look = None;
        }
        tokio::time::sleep_until(wake.into()).await;
    }
}

impl Watched {
    /// Returns since when the statement is running that has run for the longest, and when to look at it.
    fn due(&self, first: Duration) -> Option<(Instant, Instant)> {
        let since = self.journal.running_since()?;
        let notes = self.notes();
        if notes.is_closed {
            return None;
        }
        let next = notes.next_look;
        let next = next.filter(|(seen, _)| *seen == since);
        Some((since, next.map_or(since + first, |(_, next)| next)))
    }

    /// Says whether it is a statement of the test that waits, and not one of a program that the test has started.
    fn runs(&self, wait: &Wait) -> bool {
        // The server cuts long statements short, and so does the journal.
        let is_it = |sql: &str| {
            let sql = sql.trim_end_matches('…');
            sql.starts_with(&wait.statement) || wait.statement.starts_with(sql)
        };
        !self.has_the_database() || self.journal.running().iter().any(|(sql, _)| is_it(sql))
    }
}

impl Locks {
    /// Asks what a transaction is waiting for, and cancels its statement if that has taken too long; returns when to ask
    /// again.
    ///
    /// A look that fails is repeated: a server that is full, for instance, is not full for ever.
    async fn look_at(&self, watched: &Watched, since: Instant, look: &mut Option<Look>) -> Instant {
        let looked = timeout(ANSWER_LIMIT, self.try_look_at(watched, since, look)).await;
        let waited = match looked {
            Ok(Ok(waited)) => waited,
            Ok(Err(_)) | Err(_) => {
                *look = None;
                None
            }
        };
        let pause = match waited {
            Some(waited) => min(self.limit.saturating_sub(waited), NEXT_LOOK).max(LEAST),
            None => NEXT_LOOK,
        };
        Instant::now() + pause
    }

    /// Returns how long the transaction has been waiting for a lock, if it is.
    async fn try_look_at(
        &self,
        watched: &Watched,
        since: Instant,
        look: &mut Option<Look>,
    ) -> Result<Option<Duration>, BoxError> {
        let process = watched.process();
        if process.is_none() && !watched.has_the_database() {
            return Ok(None);
        }
        let look = connected(look, &watched.url).await?;
        let waits = look.waits(process).await?;
        let waits = waits.into_iter().filter(|wait| watched.runs(wait));
        let Some(mut wait) = waits.max_by_key(|wait| wait.waited) else {
            watched.notes().see(None);
            return Ok(None);
        };
        for blocker in &mut wait.blockers {
            blocker.test = self.test_of(blocker.process);
        }
        let waited = wait.waited;
        watched.notes().see(Some((since, wait.clone())));
        if waited >= self.limit {
            self.cancel(watched, look, wait).await?;
        }
        Ok(Some(waited))
    }

    async fn cancel(&self, watched: &Watched, look: &Look, wait: Wait) -> Result<(), BoxError> {
        let over = watched.over.lock().await;
        if *over {
            return Ok(());
        }
        // The server has signalled when this is answered, so that the request can hit nothing that is sent later.
        if look.cancel(wait.process, self.limit).await? {
            let mut notes = watched.notes();
            notes.wait = None;
            notes.cancelled.push(wait);
        }
        Ok(())
    }
}

/// Returns a connection to the place, the one that there is if possible.
async fn connected<'a>(
    look: &'a mut Option<Look>,
    url: &DatabaseUrl,
) -> Result<&'a Look, BoxError> {
    let fitting = look.take().filter(|look| look.is_of(url));
    let connected = match fitting {
        Some(fitting) => fitting,
        None => Look::connect(url).await?,
    };
    Ok(look.insert(connected))
}
