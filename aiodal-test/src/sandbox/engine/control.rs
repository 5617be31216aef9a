//! Statements that are the sandbox's business: transactions, settings, names, notifications.

use aiodal_core::quote_ident;

use super::super::client::{Block, Client, Portal, Run, Temporary};
use super::super::error::{Said, failed_transaction, needs_block};
use super::super::lex::{Discarded, Modes, Name, Piece, Verb, filled_by_execute};
use super::super::turn::{ClientId, Status};
use super::super::wire;
use super::expect::Expect;
use super::lookup::executes;
use super::simple::in_place;
use super::{Engine, Lost};

/// Says whether a statement goes to the server as it is, and nothing has to be remembered of it when it is done.
pub(super) fn is_plain(verb: &Verb<'_>) -> bool {
    match verb {
        Verb::Other { .. }
        | Verb::Copy
        | Verb::Call
        | Verb::Do
        | Verb::NeedsNoTransaction(_)
        | Verb::CreateTemp { .. }
        | Verb::Drop(_) => true,
        Verb::CloseCursor(name) => name.is_some(),
        Verb::Discard(what) => !matches!(what, Discarded::All | Discarded::Temp),
        _ => false,
    }
}

/// Says whether a statement never reaches the server, while its client has nothing open there.
pub(super) fn is_ours(verb: &Verb<'_>) -> bool {
    matches!(
        verb,
        Verb::Begin { .. }
            | Verb::Commit { .. }
            | Verb::Rollback { .. }
            | Verb::TwoPhase
            | Verb::SetTransaction { .. }
            | Verb::Listen(_)
            | Verb::Unlisten(_)
            | Verb::Notify { .. }
    )
}

/// Where a statement stands, apart from the transaction block: some have to stand in one, and some may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Alone,
    /// With others in a `Query`, which the server takes for a transaction block of a kind.
    Beside,
    /// In an EXECUTE: the server does not look whether there is a block.
    Executed,
}

impl Engine {
    /// Runs one such statement; says whether it went well.
    pub(super) async fn control(
        &mut self,
        id: ClientId,
        piece: &Piece<'_>,
        sql: &str,
        place: Place,
    ) -> Result<bool, Lost> {
        let status = self.turn.status(id);
        let is_end = matches!(
            piece.verb,
            Verb::Commit { .. } | Verb::Rollback { .. } | Verb::RollbackTo(_)
        );
        if status == Status::Failed && !is_end && is_ours(&piece.verb) {
            return Ok(self.say_error(id, &failed_transaction()));
        }
        let in_block = status.in_block();
        self.keep_snapshot(id);
        self.note_snapshot(id, &piece.verb, &sql[piece.start..piece.end]);
        let alone = !in_block && place == Place::Alone;
        let text = in_place(sql, piece.start, &sql[piece.start..piece.end]);
        if status == Status::Failed && !is_end {
            // Something else may be wrong with it.
            return self.run_sql(id, &text).await;
        }
        match &piece.verb {
            Verb::Begin { start, modes } => self.begin_block(id, *start, *modes).await,
            Verb::Commit { chain } => self.commit(id, *chain).await,
            Verb::Rollback { chain } => Ok(self.roll_back(id, *chain)),
            Verb::TwoPhase => {
                let said = Said::error("0A000", "two-phase commit is not possible in a sandbox");
                Ok(self.say_error(id, &said.hint(OWN_DATABASE)))
            }
            Verb::Savepoint(name) => self.savepoint(id, name, &text).await,
            Verb::Release(name) => self.release(id, name, &text).await,
            Verb::RollbackTo(name) => self.roll_back_to(id, name, &text).await,
            Verb::SetTransaction { modes, by_name } => {
                self.set_transaction(id, *modes, *by_name, place).await
            }
            Verb::SetCharacteristics(modes) => {
                self.note_isolation(id, *modes);
                self.set_characteristics(id, *modes, &text).await
            }
            Verb::Set { .. } | Verb::Reset(_) | Verb::SetConfig { .. } => {
                self.setting(id, &piece.verb, &text, alone).await
            }
            Verb::Process { .. } => {
                let text = self.with_process(id, piece, sql);
                self.run_sql(id, &text).await
            }
            Verb::SetConstraints { all } => {
                if alone {
                    let message = "SET CONSTRAINTS can only be used in transaction blocks";
                    self.warn("25P01", message);
                }
                self.set_constraints(id, *all, &text).await
            }
            Verb::Prepare(name) | Verb::Execute(name) | Verb::Deallocate(Some(name)) => {
                self.prepared(id, &piece.verb, name, sql, piece).await
            }
            Verb::Deallocate(None) => {
                self.forget_statements(id);
                Ok(self.complete("DEALLOCATE ALL"))
            }
            Verb::Discard(Discarded::Temp) => self.discard_temp(id).await,
            Verb::Discard(_) if !alone => {
                let message = if !in_block && place == Place::Executed {
                    "DISCARD ALL cannot be executed from a function"
                } else {
                    "DISCARD ALL cannot run inside a transaction block"
                };
                Ok(self.say_error(id, &Said::error("25001", message)))
            }
            Verb::Discard(_) if self.has_run(id) => {
                let message = "DISCARD ALL cannot be executed within a pipeline";
                Ok(self.say_error(id, &Said::error("25001", message)))
            }
            Verb::Discard(_) => self.discard_all(id).await,
            Verb::Declare { name, hold } => self.declare(id, (name, *hold), &text, alone).await,
            Verb::CloseCursor(_) => {
                if !self.enter(id).await? {
                    return Ok(false);
                }
                self.close_all(id);
                Ok(self.complete("CLOSE CURSOR ALL"))
            }
            Verb::Lock if alone => Ok(self.say_error(id, &needs_block("LOCK TABLE"))),
            Verb::Listen(_) | Verb::Unlisten(_) | Verb::Notify { .. } => {
                self.notification(id, &piece.verb);
                Ok(true)
            }
            _verb => {
                self.heed_verb(id, piece, sql);
                self.run_sql(id, &text).await
            }
        }
    }

    /// DECLARE; `alone` is whether it stands in no block of any kind.
    async fn declare(
        &mut self,
        id: ClientId,
        (name, hold): (&Name<'_>, bool),
        text: &str,
        alone: bool,
    ) -> Result<bool, Lost> {
        if !hold && alone {
            // Only where nothing else is wrong with it, which a server that has prepared it has found.
            if self.by_portal.is_none() && !self.can_be_prepared(id, text).await? {
                return Ok(false);
            }
            return Ok(self.say_error(id, &needs_block("DECLARE CURSOR")));
        }
        let went_well = self.run_sql(id, text).await?;
        if went_well {
            self.note_cursor(id, &name.text, hold);
        }
        Ok(went_well)
    }

    /// Has the server look whether something is wrong with a statement, and tells the client.
    async fn can_be_prepared(&mut self, id: ClientId, sql: &str) -> Result<bool, Lost> {
        if !self.enter(id).await? {
            return Ok(false);
        }
        wire::parse(&mut self.wire.outgoing, "", sql);
        self.unnamed_of = None;
        self.expect.push_back(Expect::Probe);
        self.unsynced = true;
        self.settle_batch(id).await
    }

    /// Runs a statement of ours that was prepared.
    pub(super) async fn run_control(
        &mut self,
        id: ClientId,
        sql: &str,
        place: Place,
    ) -> Result<bool, Lost> {
        let pieces = super::super::lex::pieces(sql, self.conforms(id));
        match pieces.first() {
            Some(piece) => Box::pin(self.control(id, piece, sql, place)).await,
            None => Ok(true),
        }
    }

    /// Says who runs a statement by the extended protocol. What returns rows is for the server alone.
    pub(super) fn run_of(&self, id: ClientId, piece: &Piece<'_>, sql: &str) -> Run {
        match &piece.verb {
            Verb::Execute(name) => {
                let client = self.clients.get(&id);
                let known = client.and_then(|client| client.statements.get(name.text.as_ref()));
                let is_ours = known.is_some_and(|known| known.run != Run::Plain);
                if is_ours && !is_within(piece, name, sql) {
                    Run::Here
                } else {
                    Run::Plain
                }
            }
            Verb::SetConfig { .. } | Verb::Process { .. } => Run::Plain,
            Verb::Commit { .. } | Verb::Rollback { .. } => Run::Exit,
            Verb::Deallocate(None)
            | Verb::Discard(Discarded::All | Discarded::Temp)
            | Verb::CloseCursor(None)
            | Verb::SetConstraints { all: Some(_) } => Run::Here,
            verb if is_ours(verb) => Run::Here,
            verb if is_plain(verb) => Run::Plain,
            _ => Run::Noted,
        }
    }

    /// What an EXECUTE executes may have come later than itself.
    pub(super) fn heed_executed(&self, id: ClientId, portal: &mut Portal) {
        if portal.run == Run::Plain && executes(&portal.sql) {
            let pieces = super::super::lex::pieces(&portal.sql, self.conforms(id));
            if let [piece] = &pieces[..] {
                portal.run = self.run_of(id, piece, &portal.sql);
            }
        }
    }

    pub(super) fn complete(&mut self, tag: &str) -> bool {
        self.completed = Some(self.out.len());
        wire::complete(&mut self.out, tag);
        self.done_statement(None);
        true
    }

    pub(super) fn warn(&mut self, code: &'static str, message: &str) {
        Said::warning(code, message).put(&mut self.out);
    }

    fn has_run(&self, id: ClientId) -> bool {
        let client = self.clients.get(&id);
        client.is_some_and(|client| client.block.has_run)
    }

    pub(super) fn with_block(&mut self, id: ClientId, change: impl FnOnce(&mut Block)) {
        if let Some(client) = self.clients.get_mut(&id) {
            change(&mut client.block);
        }
    }

    /// What a plain statement means for what comes later.
    ///
    /// Where it fails, so does the transaction, and what was noted in its block is forgotten.
    pub(super) fn heed_verb(&mut self, id: ClientId, piece: &Piece<'_>, sql: &str) {
        match &piece.verb {
            Verb::Other { deferrable } => {
                let word = sql[piece.start..piece.end]
                    .split(|c: char| !c.is_alphabetic())
                    .next();
                let loses = ["drop", "alter"];
                let loses = |word: &str| loses.iter().any(|known| known.eq_ignore_ascii_case(word));
                self.heed_constraints(*deferrable, word.is_some_and(loses));
            }
            Verb::CreateTemp {
                name,
                on_commit,
                if_not_exists,
            } => {
                let table = Temporary {
                    name: temporary_name(name, sql),
                    on_commit: *on_commit,
                    is_dropped: false,
                };
                self.tell_shared(id, &table.name);
                if let Some(client) = self.clients.get_mut(&id) {
                    let known = client.temporary(&table.name);
                    if !(*if_not_exists && known.is_some_and(|known| !known.is_dropped)) {
                        client.block.note_temporary(table);
                    }
                }
                let text = sql[piece.start..piece.end].to_ascii_lowercase();
                self.heed_constraints(text.contains("deferrable"), false);
            }
            Verb::Drop(names) => {
                self.heed_constraints(false, true);
                for name in names {
                    let name = temporary_name(name, sql);
                    if let Some(client) = self.clients.get_mut(&id) {
                        client.drop_temporary(&name);
                    }
                }
            }
            Verb::Execute(_) => {
                if let Some(filled) = filled_by_execute(piece, sql) {
                    self.heed_verb(id, &filled, sql);
                }
            }
            Verb::CloseCursor(Some(name)) if self.turn.status(id) != Status::Failed => {
                self.closed.push(name.text.clone().into_owned());
            }
            _ => {}
        }
    }

    /// Tells of a temporary table that another client has by the same name.
    fn tell_shared(&self, id: ClientId, table: &str) {
        let has = |other: &&Client| {
            let mut temporary = other.temporary.iter();
            other.id != id && temporary.any(|known| known.name == table)
        };
        let other = self.clients.values().find(has);
        if let (Some(client), Some(other)) = (self.clients.get(&id), other) {
            self.report.temporary(client, other, table);
        }
    }

    /// A cursor is closed at the end of the transaction, or goes with its client.
    fn note_cursor(&mut self, id: ClientId, name: &str, hold: bool) {
        let name = name.to_owned();
        self.with_block(id, |block| {
            // What was bound by the name is closed, or it would still be taken.
            block.portals.remove(&name);
            let cursors = if hold {
                &mut block.held
            } else {
                &mut block.cursors
            };
            cursors.push(name);
        });
    }

    pub(super) fn note_isolation(&self, id: ClientId, modes: Modes) {
        use super::super::lex::Isolation::{RepeatableRead, Serializable};

        if let (Some(RepeatableRead | Serializable), Some(client)) =
            (modes.isolation, self.clients.get(&id))
        {
            self.report.isolation(client);
        }
    }
}

/// Returns the name of a temporary table as it is told from others, in SQL.
fn temporary_name(name: &Name<'_>, sql: &str) -> String {
    let written = &sql[name.start..name.end];
    // Escapes are still in the text.
    let has_escapes = written.starts_with(['u', 'U']) && written.contains('&');
    match quote_ident(&name.text) {
        Ok(quoted) if !has_escapes => quoted,
        _ => written.to_owned(),
    }
}

/// Says whether an EXECUTE is part of another statement: an EXPLAIN, say.
pub(super) fn is_within(piece: &Piece<'_>, executed: &Name<'_>, sql: &str) -> bool {
    let words = &sql[piece.start..executed.start];
    words.split_whitespace().nth(1).is_some()
}

/// The way out of what no sandbox can do.
pub(super) const OWN_DATABASE: &str =
    "it takes a database of the test's own: #[aiodal::test(isolation = \"database\")]";
