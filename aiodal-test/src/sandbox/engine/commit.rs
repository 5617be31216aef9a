//! The end of a transaction, as far as it is more than the guard: constraints, temporary tables, cursors, notifications.

use aiodal_core::{quote_ident, quote_literal};
use bytes::{BufMut, BytesMut};

use super::super::client::{Block, Savepoint, Temporary};
use super::super::error::{Heard, Said};
use super::super::lex::{OnCommit, Verb};
use super::super::turn::{ClientId, Status};
use super::super::wire::{self, Frame, put, put_str};
use super::answer::Answered;
use super::expect::Expect;
use super::{Engine, Lost};
use crate::template::{CANCELS, NOTIFIES, TERMINATES};

/// The longest payload that the server takes (PostgreSQL manual, NOTIFY).
const LONGEST_PAYLOAD: usize = 7999;

impl Engine {
    /// Does what a COMMIT does; says whether it went well. If not, the client has been told, and everything is undone.
    pub(super) async fn finish_block(&mut self, id: ClientId) -> Result<bool, Lost> {
        let sets = self.clients.get(&id);
        let sets = sets.is_some_and(|client| client.block.sets_constraints);
        let went_well = !self.turn.is_open(id)
            || self.release_modes(id).await?
                && self.check_constraints(id, sets).await?
                && self.end_local(id).await?;
        if went_well {
            self.publish(id);
            self.turn.end(id, true);
        } else {
            self.undo_block(id);
        }
        Ok(went_well)
    }

    /// Ends the savepoints of a transaction that only reads since one of them: what is checked at its end may write.
    async fn release_modes(&mut self, id: ClientId) -> Result<bool, Lost> {
        let Some(client) = self.clients.get(&id) else {
            return Ok(true);
        };
        let Block {
            modes, savepoints, ..
        } = &client.block;
        let is_of_savepoint = |saved: &Savepoint| saved.modes.read_only != modes.read_only;
        if !savepoints.iter().any(is_of_savepoint) {
            return Ok(true);
        }
        let releases = savepoints.iter().rev().map(|saved| {
            let name = quote_ident(&saved.name).expect("the server has taken it for a name");
            format!("release {name}")
        });
        let releases: Vec<_> = releases.collect();
        Ok(self.our_query(id, &releases).await? == Answered::Done)
    }

    /// Forgets what a transaction, or the statements of a unit, have done.
    pub(super) fn undo_block(&mut self, id: ClientId) {
        let in_block = self.turn.status(id).in_block();
        let is_open = self.turn.is_open(id);
        if let Some(client) = self.clients.get_mut(&id) {
            let block = std::mem::take(&mut client.block);
            client.unreport(&block);
            client.portals.clear();
            if in_block {
                client.settings = block.before;
            } else if is_open {
                client.settings = self.client_at_guard.clone();
            }
        }
        self.turn.end(id, false);
    }

    /// The end of a unit: of a transaction as well, unless the client has begun one.
    pub(super) async fn end_unit(
        &mut self,
        id: ClientId,
        mut went_well: bool,
        is_query: bool,
    ) -> Result<(), Lost> {
        if self.turn.status(id) != Status::Idle {
            self.turn.end_unit(id, false);
            return Ok(());
        }
        // A request to cancel is for what the client has sent, which is done.
        self.wire.settled().await;
        let sets = self.clients.get(&id);
        let sets = sets.is_some_and(|client| client.block.sets_constraints);
        if went_well && self.turn.is_open(id) && (sets || self.may_have_written()) {
            let told = self.out.len();
            went_well = self.check_constraints(id, sets).await?;
            // Nothing is handed on while a query of ours is run.
            let said = self.out.split_off(told);
            // The server commits a query before it says that it is complete; and says that no more if that fails.
            let completed = self.completed.filter(|at| is_query && *at <= told);
            let mut complete = self.out.split_off(completed.unwrap_or(told));
            if !went_well {
                complete.clear();
            }
            self.out.unsplit(said);
            self.out.unsplit(complete);
        }
        self.may_write = false;
        if went_well && self.turn.is_open(id) {
            went_well = self.end_local(id).await?;
        }
        if went_well {
            self.publish(id);
            self.turn.end_unit(id, false);
        } else {
            self.undo_block(id);
            self.turn.end_unit(id, true);
        }
        Ok(())
    }

    /// Ends what does not outlive a transaction.
    async fn end_local(&mut self, id: ClientId) -> Result<bool, Lost> {
        let went_well = self.read_called(id).await?;
        self.close_cursors(id);
        Ok(went_well && self.end_temporary(id).await?)
    }

    /// Empties or drops the temporary tables that say so.
    async fn end_temporary(&mut self, id: ClientId) -> Result<bool, Lost> {
        let Some(client) = self.clients.get_mut(&id) else {
            return Ok(true);
        };
        let made = std::mem::take(&mut client.block.temporary);
        let is_made = |table: &Temporary| made.iter().any(|new| new.name == table.name);
        client.temporary.retain(|table| !is_made(table));
        let stay = made.into_iter().filter(|table| !table.is_dropped);
        client.temporary.extend(stay);
        if client.reads_only() {
            // Of these a transaction can be rid only where it writes: they are dropped behind it.
            let ends = |table: &mut Temporary| table.on_commit == OnCommit::Drop;
            self.orphans.extend(client.temporary.extract_if(.., ends));
        }
        let ending = client.temporary.iter().filter_map(Temporary::end);
        let statements: Vec<_> = ending.collect();
        if statements.is_empty() {
            return Ok(true);
        }
        client
            .temporary
            .retain(|table| table.on_commit != OnCommit::Drop);
        let sql = self.by_anybody(statements);
        Ok(self.our_quiet_query(id, &sql).await? == Answered::Done)
    }

    /// Closes what does not outlive a transaction, without waiting.
    fn close_cursors(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        client.held.append(&mut client.block.held);
        self.close_portals(id, None);
    }

    /// Closes all that the client has open, but nothing of others.
    pub(super) fn close_all(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.block.cursors.append(&mut client.held);
            client.block.cursors.append(&mut client.block.held);
        }
        // The one that runs this stays.
        let active = self.active.clone();
        if active.as_deref() != Some("") {
            wire::close_portal(&mut self.wire.outgoing, "");
            self.expect.push_back(Expect::Ours(b'3'));
            self.unsynced = true;
        }
        self.close_portals(id, active.as_deref());
    }

    fn close_portals(&mut self, id: ClientId, stays: Option<&str>) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        let cursors = std::mem::take(&mut client.block.cursors);
        client
            .portals
            .retain(|name, _| stays == Some(name.as_str()));
        let portals = std::mem::take(&mut client.block.portals).into_iter();
        let (stay, portals) = portals.partition(|name| client.portals.contains_key(name));
        client.block.portals = stay;
        for name in cursors.iter().chain(&portals) {
            wire::close_portal(&mut self.wire.outgoing, name);
            self.expect.push_back(Expect::Ours(b'3'));
            self.unsynced = true;
        }
    }

    /// LISTEN, UNLISTEN and NOTIFY: they take effect with the commit.
    pub(super) fn notification(&mut self, id: ClientId, verb: &Verb<'_>) {
        let tag = match verb {
            Verb::Listen(channel) => {
                let channel = channel.text.clone().into_owned();
                self.with_block(id, |block| block.listening.push((true, Some(channel))));
                "LISTEN"
            }
            Verb::Unlisten(channel) => {
                let channel = channel
                    .as_ref()
                    .map(|channel| channel.text.clone().into_owned());
                self.with_block(id, |block| block.listening.push((false, channel)));
                "UNLISTEN"
            }
            Verb::Notify { channel, payload } => {
                let payload = payload.clone().unwrap_or_default();
                if payload.len() > LONGEST_PAYLOAD {
                    self.say_error(id, &Said::error("22023", "payload string too long"));
                    return;
                }
                let said = (channel.text.clone().into_owned(), payload);
                self.with_block(id, |block| block.notify(said));
                "NOTIFY"
            }
            _ => return,
        };
        self.complete(tag);
    }

    /// Takes what a function of the session's database has to say to the sandbox; says whether it was that.
    pub(super) fn hear(&mut self, id: ClientId, heard: &Heard<'_>) -> bool {
        match heard.code {
            // It is said with the commit, like that of a statement.
            NOTIFIES => {
                let payload = heard.detail.unwrap_or_default().to_owned();
                let said = (heard.message.to_owned(), payload);
                self.with_block(id, |block| block.notify(said));
            }
            TERMINATES => self.terminate_process(id, heard.message),
            CANCELS => self.cancel_process(heard.message),
            _ => return false,
        }
        true
    }

    /// Leaves a transaction that is committed, and lets the clients have what it has told them.
    fn publish(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        client.portals.clear();
        client.unreport_local();
        let Block {
            notifications,
            listening,
            ..
        } = std::mem::take(&mut client.block);
        for (listens, channel) in listening {
            match (listens, channel) {
                (true, Some(channel)) => drop(client.listens.insert(channel)),
                (false, Some(channel)) => drop(client.listens.remove(&channel)),
                (_, None) => client.listens.clear(),
            }
        }
        for (channel, payload) in notifications {
            let mut message = BytesMut::new();
            put(&mut message, b'A', |message| {
                message.put_u32(id.process());
                put_str(message, &channel);
                put_str(message, &payload);
            });
            for other in self
                .clients
                .values()
                .filter(|other| other.listens.contains(&channel))
            {
                if other.id == id {
                    // Behind the answer, and before the client may go on.
                    self.aside.extend_from_slice(&message);
                } else {
                    other.outbox.put(&mut message.clone());
                }
            }
        }
    }

    /// Reads the first column of a query of our own; `None` if it has failed, which the client has been told.
    pub(super) async fn ask(
        &mut self,
        id: ClientId,
        sql: String,
    ) -> Result<Option<Vec<String>>, Lost> {
        self.rows = Some(Vec::new());
        let answered = self.our_query(id, &[sql]).await;
        let rows = self.rows.take();
        let went_well = answered? == Answered::Done;
        Ok(rows.filter(|_| went_well))
    }

    /// Keeps a row of such a query.
    pub(super) fn keep_row(&mut self, frame: &Frame) {
        if let Some(rows) = &mut self.rows {
            rows.extend(frame.first_cell());
        }
    }
}

impl Block {
    /// Notes what is to be said, once: the server says the same only once as well.
    fn notify(&mut self, said: (String, String)) {
        if !self.notifications.contains(&said) {
            self.notifications.push(said);
        }
    }
}

/// A query that calls nothing writes nothing.
pub(super) fn may_write(sql: &str) -> bool {
    let begins = sql.trim_start().get(..6);
    let is_query = begins.is_some_and(|word| word.eq_ignore_ascii_case("select"));
    !is_query || sql.contains(['(', ';'])
}

impl Temporary {
    /// Returns what is to be done with it at the end of a transaction, if it is still there.
    fn end(&self) -> Option<String> {
        match self.on_commit {
            OnCommit::Preserve => None,
            OnCommit::Delete => Some(self.emptied()),
            OnCommit::Drop => Some(self.gone()),
        }
    }

    /// Returns what drops it, whatever it is, if it is still there.
    pub(super) fn gone(&self) -> String {
        let name = self.in_its_schema();
        let literal = quote_literal(&name);
        let body = format!(
            "declare kind text := coalesce((select case relkind when 'v' then 'view' when 'S' then 'sequence' \
             when 'c' then 'type' else 'table' end from pg_catalog.pg_class where oid = to_regclass({literal})), \
             case when to_regtype({literal}) is not null then 'type' end); \
             begin if kind is not null then execute 'drop ' || kind || {}; end if; end",
            quote_literal(&format!(" {name} cascade"))
        );
        format!("do {}", quote_literal(&body))
    }

    fn emptied(&self) -> String {
        let name = self.in_its_schema();
        let body = format!(
            "begin if to_regclass({}) is not null then execute {}; end if; end",
            quote_literal(&name),
            quote_literal(&format!("delete from only {name}"))
        );
        format!("do {}", quote_literal(&body))
    }

    fn in_its_schema(&self) -> String {
        format!("pg_temp.{}", self.name)
    }
}
