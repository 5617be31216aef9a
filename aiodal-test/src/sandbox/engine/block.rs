//! Transaction blocks: how they begin and end, their modes, and the savepoints in them.

use std::collections::BTreeSet;

use super::super::client::Block;
use super::super::error::{Said, needs_block};
use super::super::lex::{Modes, Name, Verb, pieces};
use super::super::turn::{ClientId, Status};
use super::answer::Answered;
use super::control::{OWN_DATABASE, Place};
use super::settle::GUARD;
use super::{Engine, Lost};

impl Engine {
    pub(super) async fn begin_block(
        &mut self,
        id: ClientId,
        start: bool,
        modes: Modes,
    ) -> Result<bool, Lost> {
        if self.turn.status(id).in_block() {
            self.warn("25001", "there is already a transaction in progress");
            // Its modes count nevertheless.
            if !self.take_modes(id, modes).await? {
                return Ok(false);
            }
        } else {
            // Whether it may have its modes depends on what it would be without them: on those of its unit so far.
            let client = self.clients.get(&id);
            let before = client.map(|client| client.block.modes);
            self.open_block(id, before.unwrap_or_default());
            if !self.take_modes(id, modes).await? {
                // It has not begun.
                self.undo_block(id);
                return Ok(false);
            }
        }
        Ok(self.complete(if start { "START TRANSACTION" } else { "BEGIN" }))
    }

    /// Begins a transaction of the client's, of which the server hears with its first statement.
    pub(super) fn open_block(&mut self, id: ClientId, modes: Modes) {
        if let Some(client) = self.clients.get(&id) {
            let level = modes.isolation.or(Some(client.settings.isolation()));
            let isolation = Modes {
                isolation: level,
                ..modes
            };
            self.note_isolation(id, isolation);
        }
        let implicit = self.turn.is_open(id).then(|| self.client_at_guard.clone());
        self.turn.begin(id);
        if let Some(client) = self.clients.get_mut(&id) {
            let left = std::mem::take(&mut client.block);
            client.block = Block {
                modes,
                before: implicit.unwrap_or_else(|| client.settings.clone()),
                savepoints: Vec::new(),
                ..left
            };
            client.begin_modes();
        }
    }

    /// The same behind another one that hands on its modes, for good: they are not set in the transaction.
    fn chain_block(&mut self, id: ClientId, modes: Modes) {
        self.open_block(id, modes);
        self.with_block(id, |block| block.first = Some(modes));
    }

    pub(super) async fn commit(&mut self, id: ClientId, chain: bool) -> Result<bool, Lost> {
        let status = self.turn.status(id);
        if status == Status::Failed {
            return Ok(self.roll_back(id, chain));
        }
        if status == Status::Idle {
            if chain {
                return Ok(self.say_error(id, &needs_block("COMMIT AND CHAIN")));
            }
            self.warn("25P01", "there is no transaction in progress");
        }
        let modes = self.clients.get(&id).map(|client| client.block.modes);
        if !self.finish_block(id).await? {
            return Ok(false);
        }
        if chain && let Some(modes) = modes {
            self.chain_block(id, modes);
        }
        Ok(self.complete("COMMIT"))
    }

    pub(super) fn roll_back(&mut self, id: ClientId, chain: bool) -> bool {
        if self.turn.status(id) == Status::Idle {
            if chain {
                return self.say_error(id, &needs_block("ROLLBACK AND CHAIN"));
            }
            self.warn("25P01", "there is no transaction in progress");
        }
        let has_failed = self.turn.status(id) == Status::Failed;
        let modes = self.clients.get(&id).map(|client| {
            let block = &client.block;
            // Modes that are set behind a savepoint end with it; with a failure, all that were set behind BEGIN.
            match block.savepoints.first() {
                Some(saved) => saved.modes,
                None if has_failed => block.first.unwrap_or_default(),
                None => block.modes,
            }
        });
        self.warn_of_portals(id);
        self.undo_block(id);
        if chain && let Some(modes) = modes {
            self.chain_block(id, modes);
        }
        self.complete("ROLLBACK")
    }

    /// What a failed transaction has bound, it cannot clean up.
    fn warn_of_portals(&mut self, id: ClientId) {
        let Some(client) = self.clients.get(&id) else {
            return;
        };
        let portals = client.portals.iter();
        let left = portals.filter(|(_, portal)| portal.bound_failed && !portal.has_run);
        let left: BTreeSet<String> = left.map(|(name, _)| name.clone()).collect();
        for name in left {
            self.warn("01000", &format!("skipping cleanup for portal \"{name}\""));
        }
    }

    pub(super) async fn savepoint(
        &mut self,
        id: ClientId,
        name: &Name<'_>,
        text: &str,
    ) -> Result<bool, Lost> {
        if name.text == GUARD {
            let said = Said::error(
                "42939",
                format!("savepoint \"{GUARD}\" is the sandbox's own"),
            );
            return Ok(self.say_error(id, &said.hint("give yours another name")));
        }
        let is_own = self.clients.get(&id).is_some_and(|client| client.is_own);
        if !self.turn.status(id).in_block() {
            if !is_own {
                return Ok(self.say_error(id, &needs_block("SAVEPOINT")));
            }
            self.open_block(id, Modes::default());
        }
        let went_well = self.run_sql(id, text).await?;
        if went_well && let Some(client) = self.clients.get_mut(&id) {
            let now = (&client.settings, &client.reported);
            client.block.save(&name.text, now, &self.applied);
        }
        Ok(went_well)
    }

    /// Says why a statement can't be run that names a savepoint, if that is not for the server to say.
    fn refused(&self, id: ClientId, name: &Name<'_>, statement: &'static str) -> Option<Said> {
        if self.turn.status(id).in_block() {
            (name.text == GUARD).then(|| unknown_savepoint(name))
        } else {
            Some(needs_block(statement))
        }
    }

    pub(super) async fn release(
        &mut self,
        id: ClientId,
        name: &Name<'_>,
        text: &str,
    ) -> Result<bool, Lost> {
        if let Some(said) = self.refused(id, name, "RELEASE SAVEPOINT") {
            return Ok(self.say_error(id, &said));
        }
        let went_well = self.run_sql(id, text).await?;
        let outermost = went_well
            && self.clients.get_mut(&id).is_some_and(|client| {
                client.block.release(&name.text);
                let depth = client.block.savepoints.len();
                for portal in client.portals.values_mut() {
                    portal.depth = portal.depth.min(depth);
                }
                client.is_own && client.block.savepoints.is_empty()
            });
        if outermost {
            self.turn.end(id, true);
        }
        Ok(went_well)
    }

    pub(super) async fn roll_back_to(
        &mut self,
        id: ClientId,
        name: &Name<'_>,
        text: &str,
    ) -> Result<bool, Lost> {
        if let Some(said) = self.refused(id, name, "ROLLBACK TO SAVEPOINT") {
            return Ok(self.say_error(id, &said));
        }
        let went_well = self.run_sql(id, text).await?;
        if went_well {
            self.turn.recover(id);
        }
        if went_well
            && let Some(client) = self.clients.get_mut(&id)
            && let Some(saved) = client.block.roll_back_to(&name.text)
        {
            client.settings = saved.settings.clone();
            self.applied = saved.applied.clone();
            let depth = client.block.savepoints.len();
            client.portals.retain(|_, portal| portal.depth < depth);
        }
        Ok(went_well)
    }

    /// Has the transaction only read, or write, from now on.
    pub(super) async fn take_modes(&mut self, id: ClientId, modes: Modes) -> Result<bool, Lost> {
        self.note_isolation(id, modes);
        let Some(client) = self.clients.get(&id) else {
            return Ok(false);
        };
        let block = &client.block;
        let level = block.modes.isolation;
        let level = level.unwrap_or_else(|| client.settings.isolation());
        let is_other = modes.isolation.is_some_and(|new| new != level);
        let (too_late, within) = (block.has_snapshot, !block.savepoints.is_empty());
        let is_open = self.turn.is_open(id);
        let only_reads = client.reads_only();
        let is_to_write = modes.read_only == Some(false) && only_reads;
        let message = if is_other && too_late {
            Some("SET TRANSACTION ISOLATION LEVEL must be called before any query")
        } else if is_other && within {
            Some("SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction")
        } else if modes.deferrable.is_some() && within {
            Some("SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction")
        } else if modes.deferrable.is_some() && too_late {
            Some("SET TRANSACTION [NOT] DEFERRABLE must be called before any query")
        } else if is_to_write && !within && (too_late || is_open) {
            // The server would say what it says of a part of a transaction.
            Some("transaction read-write mode must be set before any query")
        } else {
            None
        };
        if let Some(message) = message {
            return Ok(self.say_error(id, &Said::error("25001", message)));
        }
        let mut now = block.modes.merged(modes);
        if is_open {
            now.read_only = block.modes.read_only;
        }
        self.with_block(id, |block| block.modes = now);
        let Some(read_only) = modes.read_only.filter(|_| is_open) else {
            return Ok(true);
        };
        let what = if read_only { "only" } else { "write" };
        let sql = format!("set transaction read {what}");
        let answered = self.our_query(id, &[sql]).await?;
        self.with_block(id, |block| block.modes.read_only = Some(read_only));
        Ok(answered == Answered::Done)
    }

    /// Remembers whether there was a snapshot before what the server may not even be able to read.
    pub(super) fn keep_snapshot(&mut self, id: ClientId) {
        let client = self.clients.get(&id);
        self.had_snapshot = client.is_some_and(|client| client.block.has_snapshot);
    }

    /// From a query on, the modes of a transaction stay what they are.
    pub(super) fn note_snapshot(&mut self, id: ClientId, verb: &Verb<'_>, text: &str) {
        if self.turn.status(id) != Status::Failed && takes_snapshot(verb, text) {
            self.with_block(id, |block| block.has_snapshot = true);
        }
    }

    /// Says whether the server takes a snapshot for what a portal runs, where it has none.
    pub(super) fn plans_portal(&self, id: ClientId, sql: &str) -> bool {
        let client = self.clients.get(&id);
        if client.is_none_or(|client| client.block.has_snapshot) {
            return false;
        }
        if self.turn.status(id) == Status::Failed {
            return false;
        }
        is_planned(sql) || {
            let pieces = pieces(sql, self.conforms(id));
            let mut texts = pieces
                .iter()
                .map(|piece| (&piece.verb, &sql[piece.start..piece.end]));
            texts.any(|(verb, text)| takes_snapshot(verb, text))
        }
    }

    pub(super) async fn set_transaction(
        &mut self,
        id: ClientId,
        modes: Modes,
        by_name: Option<bool>,
        place: Place,
    ) -> Result<bool, Lost> {
        if modes.snapshot {
            let said = Said::error("0A000", "a snapshot cannot be imported in a sandbox");
            return Ok(self.say_error(id, &said.hint(OWN_DATABASE)));
        }
        match self.turn.status(id) {
            Status::Idle if place != Place::Alone => {
                let went_well = self.take_modes(id, modes).await? && self.enter(id).await?;
                Ok(went_well && self.complete("SET"))
            }
            Status::Idle => {
                match by_name {
                    None => self.warn(
                        "25P01",
                        "SET TRANSACTION can only be used in transaction blocks",
                    ),
                    Some(true) => {
                        self.warn("25P01", "SET LOCAL can only be used in transaction blocks");
                    }
                    Some(false) => {}
                }
                // It is for what stands in the same pipeline.
                Ok(self.take_modes(id, modes).await? && self.complete("SET"))
            }
            Status::Open | Status::Begun | Status::Failed => {
                Ok(self.take_modes(id, modes).await? && self.complete("SET"))
            }
        }
    }
}

/// What is said of the guard, which is no client's.
fn unknown_savepoint(name: &Name<'_>) -> Said {
    let message = format!("savepoint \"{}\" does not exist", name.text);
    Said::error("3B001", message)
}

/// Says whether the server takes a snapshot for a statement: its `PlannedStmtRequiresSnapshot` has the list of those that need none.
fn takes_snapshot(verb: &Verb<'_>, text: &str) -> bool {
    match verb {
        Verb::Begin { .. }
        | Verb::Commit { .. }
        | Verb::Rollback { .. }
        | Verb::TwoPhase
        | Verb::Savepoint(_)
        | Verb::Release(_)
        | Verb::RollbackTo(_)
        | Verb::SetTransaction { .. }
        | Verb::SetCharacteristics(_)
        | Verb::Set { .. }
        | Verb::SetConstraints { .. }
        | Verb::Reset(_)
        | Verb::Listen(_)
        | Verb::Unlisten(_)
        | Verb::Notify { .. }
        | Verb::Lock => false,
        Verb::Other { .. } => {
            const NONE: [&str; 4] = ["show", "fetch", "move", "checkpoint"];
            let first = text.split(|c: char| !c.is_alphabetic()).next();
            !first.is_some_and(|word| NONE.iter().any(|none| none.eq_ignore_ascii_case(word)))
        }
        _ => true,
    }
}

/// Says whether the server takes a snapshot to parse a statement.
pub(super) fn is_planned(sql: &str) -> bool {
    const WORDS: [&str; 9] = [
        "select", "insert", "update", "delete", "merge", "values", "with", "declare", "explain",
    ];
    let first = sql.trim_start().split(|c: char| !c.is_alphabetic()).next();
    first.is_some_and(|first| WORDS.iter().any(|word| word.eq_ignore_ascii_case(first)))
}
