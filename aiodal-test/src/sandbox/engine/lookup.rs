//! What the names in a message stand for, and what is said where they stand for nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::BufMut;

use super::super::client::{Renamed, Run};
use super::super::error::Said;
use super::super::lex::{Piece, Verb, calls, pieces};
use super::super::turn::{ClientId, Status};
use super::Engine;
use super::expect::Expect;
use super::extended::Trouble;

impl Engine {
    /// Tells the client of an error, behind the answers to what it has sent before.
    pub(super) async fn refuse_message(
        &mut self,
        id: ClientId,
        said: &Said,
    ) -> Result<bool, Trouble> {
        if self.settle_batch(id).await? {
            self.say_error(id, said);
        }
        Ok(false)
    }

    /// What is not bound does not reach the server: of a portal without a name, in a failed transaction, PostgreSQL 15 crashes.
    pub(super) async fn unknown_portal(
        &mut self,
        id: ClientId,
        name: &str,
    ) -> Result<bool, Trouble> {
        let said = Said::error("34000", format!("portal \"{name}\" does not exist"));
        self.refuse_message(id, &said).await
    }

    pub(super) async fn statement_exists(
        &mut self,
        id: ClientId,
        name: &str,
    ) -> Result<bool, Trouble> {
        let message = format!("prepared statement \"{name}\" already exists");
        self.refuse_message(id, &Said::error("42P05", message))
            .await
    }

    /// What the sandbox runs has no parameters.
    pub(super) async fn takes_no_values(
        &mut self,
        id: ClientId,
        statement: &str,
        given: u16,
    ) -> Result<bool, Trouble> {
        let message = format!(
            "bind message supplies {given} parameters, but prepared statement \"{statement}\" requires 0"
        );
        self.refuse_message(id, &Said::error("08P01", message))
            .await
    }

    pub(super) async fn unknown_statement(
        &mut self,
        id: ClientId,
        name: &str,
    ) -> Result<bool, Trouble> {
        let message = if name.is_empty() {
            "unnamed prepared statement does not exist".to_owned()
        } else {
            format!("prepared statement \"{name}\" does not exist")
        };
        self.refuse_message(id, &Said::error("26000", message))
            .await
    }

    /// Has the server know a statement of the client's, and what that executes, if it does not, or not any more.
    pub(super) fn ensure(&mut self, id: ClientId, name: &str) {
        self.ensure_one(id, name);
        let client = self.clients.get(&id);
        let known = client.and_then(|client| client.prepared(name));
        if let Some(sql) = known.map(|known| known.sql.clone()) {
            self.ensure_executed(id, &sql);
        }
    }

    fn ensure_one(&mut self, id: ClientId, name: &str) {
        let is_unnamed_there = self.unnamed_of == Some(id);
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        let prepared = match name {
            "" if is_unnamed_there => None,
            "" => client.unnamed.as_mut(),
            name => client
                .statements
                .get_mut(name)
                .filter(|known| !known.is_there),
        };
        let Some(prepared) = prepared else { return };
        let Some(parse) = &prepared.parse else { return };
        self.wire.outgoing.put_slice(parse.bytes());
        let owner = self.unnamed_of;
        if name.is_empty() {
            self.unnamed_of = Some(id);
        } else {
            prepared.is_there = true;
        }
        self.expect.push_back(Expect::Again(name.to_owned(), owner));
        self.unsynced = true;
    }

    /// The same of those that a statement executes by name, itself or by another that it executes.
    pub(super) fn ensure_executed(&mut self, id: ClientId, sql: &str) {
        if self.turn.status(id) == Status::Failed {
            return;
        }
        let mut seen = BTreeSet::new();
        let mut next = Some(Arc::<str>::from(sql));
        while let Some(sql) = next.take().filter(|sql| executes(sql)) {
            for piece in pieces(&sql, self.conforms(id)) {
                if let Verb::Execute(name) = &piece.verb
                    && seen.insert(name.text.clone().into_owned())
                {
                    self.ensure_one(id, &name.text);
                    let client = self.clients.get(&id);
                    let known = client.and_then(|client| client.prepared(&name.text));
                    next = known.map(|known| known.sql.clone());
                }
            }
        }
    }

    /// Says whether nothing is due that may fail, so that the client can be answered at once.
    pub(super) fn is_quiet(&self) -> bool {
        let cannot_fail = |due: &Expect| matches!(due, Expect::Ours(_) | Expect::Said(_));
        self.expect.iter().all(cannot_fail)
    }

    /// Returns the text of a `Parse` as the server is to have it, unless as it is; and what has another name in it then.
    pub(super) fn text_for_server(
        &self,
        id: ClientId,
        (pieces, sql): (&[Piece<'_>], &str),
        run: Run,
    ) -> Option<(String, Option<Renamed>)> {
        if run.is_ours() {
            return Some((run.in_place().to_owned(), None));
        }
        let [piece] = pieces else { return None };
        if matches!(piece.verb, Verb::Process { .. }) {
            return Some((self.with_process(id, piece, sql), None));
        }
        let (Verb::Execute(name) | Verb::Prepare(name) | Verb::Deallocate(Some(name))) =
            &piece.verb
        else {
            return None;
        };
        let client = self.clients.get(&id)?;
        let server_name = client.server_name(&name.text);
        let (before, behind) = (&sql[..name.start], &sql[name.end..]);
        let renamed = Renamed::new(sql, piece, name, &server_name);
        Some((format!("{before}\"{server_name}\"{behind}"), Some(renamed)))
    }

    pub(super) fn heed_text(&mut self, id: ClientId, sql: &str) {
        // Only what makes tables and constraints matters here, or sets something, or takes data.
        const WORDS: [&str; 8] = [
            "create",
            "close",
            "alter",
            "drop",
            "temp",
            "temporary",
            "set_config",
            "copy",
        ];
        if has_word(sql, &WORDS) {
            self.heed_calls(id, sql);
            for piece in pieces(sql, self.conforms(id)) {
                self.may_copy |= matches!(piece.verb, Verb::Copy);
                self.heed_verb(id, &piece, sql);
            }
        }
    }

    /// What a statement sets by calling `set_config`.
    pub(super) fn heed_calls(&mut self, id: ClientId, sql: &str) {
        if has_word(sql, &["set_config"]) {
            let Some(client) = self.clients.get(&id) else {
                return;
            };
            let before = &client.reported;
            let called = calls(sql, before.conforms()).into_iter();
            let called = called.map(|(name, local)| (name, local, before.clone()));
            self.set_by_call.extend(called);
        }
    }
}

/// Says whether a statement may execute another by its name.
pub(super) fn executes(sql: &str) -> bool {
    has_word(sql, &["execute"])
}

/// Says whether one of the words is anywhere in a statement, which is cheaper than to read it. They are of four letters at least.
fn has_word(sql: &str, known: &[&str]) -> bool {
    let is_within = |byte: &u8| *byte == b'_' || byte.is_ascii_alphabetic();
    let mut words = sql.as_bytes().split(|byte| !is_within(byte));
    let is_known = |word: &[u8]| {
        word.len() >= 4
            && known
                .iter()
                .any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
    };
    words.any(is_known)
}
