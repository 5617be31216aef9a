//! What the test's journal is told of the statements of its sandbox.

use std::time::Instant;

use super::super::error::Heard;
use super::super::turn::ClientId;
use super::super::wire::Frame;
use super::commit::may_write;
use super::{Engine, Lost};
use crate::journal::Failure;

/// How much of a statement is kept for whoever has to wait for its client, in bytes.
const LONGEST: usize = 1000;

/// What a data access layer commits with: to whoever wrote the code it is a COMMIT, and no query.
const COMMIT: &str = "select; commit";

impl Engine {
    /// A statement of the client's is about to be sent.
    pub(super) fn begin_statement(&mut self, id: ClientId, sql: &str) {
        let is_one_of_several = self.clients.len() > 1;
        self.may_write |= may_write(sql);
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        let now = Instant::now();
        let (last, at) = client.last.get_or_insert_with(|| (String::new(), now));
        last.clear();
        last.push_str(&sql[..sql.floor_char_boundary(LONGEST)]);
        *at = now;
        if is_one_of_several && sql.contains("_advisory_") {
            self.report.advisory(client);
        }
        // What the test's own transaction sends is noted where it is sent.
        if !client.is_own {
            let said = if sql == COMMIT { "commit" } else { sql };
            self.noted.push_back((self.journal.sent(said), now));
        }
    }

    /// The server has done what a statement says.
    pub(super) fn is_complete(&mut self, frame: &Frame) -> Result<(), Lost> {
        self.completed = Some(self.out.len());
        let tag = frame.body().str().unwrap_or_default();
        if matches!(
            tag,
            "BEGIN" | "START TRANSACTION" | "COMMIT" | "PREPARE TRANSACTION"
        ) {
            let running = self.running.and_then(|id| self.clients.get(&id));
            self.report.escape(running);
            return Err(Lost(
                "a statement has ended the test's transaction".to_owned(),
            ));
        }
        self.done_statement(tag.rsplit(' ').next().and_then(|rows| rows.parse().ok()));
        Ok(())
    }

    /// A statement is done, by the server or here.
    pub(super) fn done_statement(&mut self, rows: Option<u64>) {
        if let Some((number, since)) = self.noted.pop_front() {
            self.journal.answered(number, since.elapsed(), Ok(rows));
        }
    }

    /// A statement has failed, and with it those behind it.
    pub(super) fn failed_statement(&mut self, heard: &Heard<'_>) {
        if let Some((number, since)) = self.noted.pop_front() {
            let failure = Failure {
                code: Some(heard.code.to_owned()),
                constraint: heard.constraint.map(str::to_owned),
                follows: heard.code == "25P02",
                chain: heard.told(),
            };
            self.journal.answered(number, since.elapsed(), Err(failure));
        }
    }
}
