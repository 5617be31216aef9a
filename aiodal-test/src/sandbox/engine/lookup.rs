//! What the names in a message stand for, and what is said where they stand for nothing.

use std::sync::Arc;

use bytes::BufMut;

use super::super::client::{Control, Prepared, Unnamed};
use super::super::error::{Said, failed_transaction};
use super::super::lex::{Verb, pieces};
use super::super::turn::ClientId;
use super::Engine;
use super::control::is_plain;
use super::expect::Expect;
use super::extended::Trouble;

impl Engine {
    /// Sees to it that what follows is behind the guard; says whether it may follow.
    pub(super) async fn reach(&mut self, id: ClientId) -> Result<bool, Trouble> {
        if self.fails_here(id) {
            return self.refuse_message(id, &failed_transaction()).await;
        }
        Ok(self.enter(id).await?)
    }

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

    pub(super) async fn portal_exists(
        &mut self,
        id: ClientId,
        name: &str,
    ) -> Result<bool, Trouble> {
        let said = Said::error("42P03", format!("cursor \"{name}\" already exists"));
        self.refuse_message(id, &said).await
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

    /// Prepares the client's unnamed statement again, if somebody else has taken its place.
    pub(super) fn ensure_unnamed(&mut self, id: ClientId, statement: &str) {
        if !statement.is_empty() || self.unnamed_of == Some(id) {
            return;
        }
        let client = self.clients.get(&id);
        if let Some(Unnamed::Server { parse, .. }) =
            client.and_then(|client| client.unnamed.as_ref())
        {
            self.wire.outgoing.put_slice(parse.bytes());
            self.expect.push_back(Expect::Again);
            self.unnamed_of = Some(id);
            self.unsynced = true;
        }
    }

    pub(super) fn find(&self, id: ClientId, statement: &str) -> Found {
        let Some(client) = self.clients.get(&id) else {
            return Found::Nothing;
        };
        if statement.is_empty() {
            return match &client.unnamed {
                Some(Unnamed::Server { sql, .. }) => Found::Server(String::new(), sql.clone()),
                Some(Unnamed::Control(control)) => Found::Control(control.clone()),
                None => Found::Nothing,
            };
        }
        match client.statements.get(statement) {
            Some(Prepared::Server { name, sql }) => Found::Server(name.clone(), sql.clone()),
            Some(Prepared::Control(control)) => Found::Control(control.clone()),
            None => Found::Nothing,
        }
    }

    /// Says whether a statement is for the sandbox to run. One that returns rows is not.
    pub(super) fn is_control(&self, id: ClientId, sql: &str) -> bool {
        match &pieces(sql, self.conforms(id))[..] {
            [piece] => {
                let returns_rows = matches!(piece.verb, Verb::Execute(_) | Verb::SetConfig { .. });
                // Where a query has parameters, the server is to get it as it is.
                let takes_values = matches!(piece.verb, Verb::Declare { .. }) && sql.contains('$');
                !is_plain(&piece.verb) && !returns_rows && !takes_values
            }
            _ => false,
        }
    }

    /// Says whether a statement declares a cursor that ends with the transaction block.
    pub(super) fn is_cursor_of_block(&self, id: ClientId, sql: &str) -> bool {
        has_word(sql, &["declare"])
            && matches!(
                &pieces(sql, self.conforms(id))[..],
                [piece] if matches!(piece.verb, Verb::Declare { hold: false, .. })
            )
    }

    /// Returns the text of an EXECUTE with the name that the server knows.
    pub(super) fn renamed(&self, id: ClientId, sql: &str) -> Option<String> {
        let pieces = pieces(sql, self.conforms(id));
        let [piece] = &pieces[..] else { return None };
        let Verb::Execute(name) = &piece.verb else {
            return None;
        };
        let text = |name_there: &str| {
            format!("{}\"{name_there}\"{}", &sql[..name.start], &sql[name.end..])
        };
        match self.find(id, &name.text) {
            Found::Server(server_name, _) => Some(text(&server_name)),
            Found::Control(_) => None,
            // It may be there when it is executed.
            Found::Nothing => {
                let server_name = self.clients.get(&id)?.server_name(&name.text);
                Some(text(&server_name))
            }
        }
    }

    /// Says whether a statement ends a failed transaction, or part of it.
    pub(super) fn is_exit(&self, id: ClientId, sql: &str) -> bool {
        match &pieces(sql, self.conforms(id))[..] {
            [piece] => matches!(
                piece.verb,
                Verb::Commit { .. } | Verb::Rollback { .. } | Verb::RollbackTo(_)
            ),
            _ => false,
        }
    }

    pub(super) fn heed_text(&mut self, id: ClientId, sql: &str) {
        // Only what makes tables, constraints and cursors matters here, or sets something.
        const WORDS: [&str; 7] = [
            "create",
            "alter",
            "drop",
            "temp",
            "temporary",
            "declare",
            "set_config",
        ];
        if has_word(sql, &WORDS) {
            for piece in pieces(sql, self.conforms(id)) {
                if let Verb::SetConfig { local, name } = &piece.verb {
                    self.set_by_call.push((name.clone(), *local));
                }
                self.heed_verb(id, &piece, sql);
            }
        }
    }
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

/// What a statement's name stands for.
pub(super) enum Found {
    Server(String, Arc<str>),
    Control(Control),
    Nothing,
}
