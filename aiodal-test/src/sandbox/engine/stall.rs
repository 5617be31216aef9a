//! One client waits for another that does nothing: an error, not a hang.

use std::time::{Duration, Instant};

use super::super::client::Client;
use super::super::error::{STALLED, Said};
use super::super::event::{Unit, Work};
use super::super::turn::ClientId;
use super::Engine;
use crate::journal::in_a_line;

/// How much of a statement is shown, in characters.
const SHOWN: usize = 200;

impl Engine {
    /// Returns when the first who waits has waited for long enough.
    pub(super) fn stalled_at(&self) -> Option<Instant> {
        let (holder, waiting) = self.stalled()?;
        let idle = holder.last.as_ref().map_or(waiting, |(_, at)| *at);
        Some(idle.max(waiting) + self.patience)
    }

    /// Returns who holds the connection and does nothing, and since when another waits.
    fn stalled(&self) -> Option<(&Client, Instant)> {
        let holder = self.clients.get(&self.turn.holder()?)?;
        let waiting = self
            .queue
            .iter()
            .filter_map(|id| self.clients.get(id)?.waiting);
        Some((holder, waiting.min()?))
    }

    /// Has the units fail that have waited for long enough.
    pub(super) fn refuse_waiting(&mut self) {
        let Some((holder, _)) = self.stalled() else {
            return;
        };
        let now = Instant::now();
        let idle = holder
            .last
            .as_ref()
            .map(|(sql, at)| (shown(sql), now - *at));
        let holder = holder.name();
        let late: Vec<ClientId> = self
            .queue
            .iter()
            .copied()
            .filter(|id| {
                let waiting = self.clients.get(id).and_then(|client| client.waiting);
                waiting.is_some_and(|since| now - since >= self.patience)
            })
            .collect();
        for id in late {
            let Some(client) = self.clients.get_mut(&id) else {
                continue;
            };
            let waited = client.waiting.map_or(Duration::ZERO, |since| now - since);
            let Some(unit) = client.inbox.pop_front() else {
                continue;
            };
            let doing = match &idle {
                Some((sql, idle)) => format!(", idle for {} ms after `{sql}`", idle.as_millis()),
                None => String::new(),
            };
            let wants = wanted(&unit);
            let message = format!(
                "{} waits to run `{wants}` while {holder} holds an open transaction{doing}",
                client.name()
            );
            let said = Said::error(STALLED, message)
                .detail(format!(
                    "It has waited for {} ms. The clients of a sandbox share one connection: one that has begun a transaction \
                     keeps the others waiting until it ends it.",
                    waited.as_millis()
                ))
                .hint(
                    "End the one transaction before the other statement, or give the test a database of its own: \
                     #[aiodal::test(isolation = \"database\")]. If the wait is meant to be long: \
                     #[aiodal::test(sandbox_wait = \"60s\")].",
                );
            self.report.stalled(&said);
            self.refuse(id, &unit, &said);
        }
    }
}

/// What a unit is about.
fn wanted(unit: &Unit) -> String {
    match &unit.work {
        Work::Simple(frame) => frame
            .body()
            .str()
            .map_or_else(|_| "a query".to_owned(), shown),
        Work::Extended(frames, _) => frames
            .iter()
            .filter(|frame| frame.tag() == b'P')
            .find_map(|frame| {
                let mut body = frame.body();
                body.str().ok()?;
                body.str().ok().map(shown)
            })
            .unwrap_or_else(|| "a prepared statement".to_owned()),
    }
}

fn shown(sql: &str) -> String {
    in_a_line(sql, SHOWN)
}
