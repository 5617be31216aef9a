//! Statements that the server need not see: what it would say of them, as long as nothing of their client's is behind the guard,
//! or nothing is due that may fail.

use super::super::client::{Portal, Prepared, Run};
use super::super::error::{Said, failed_transaction};
use super::super::turn::{ClientId, Status};
use super::super::wire::{self, Malformed, Reader};
use super::control::Place;
use super::expect::Expect;
use super::extended::Trouble;
use super::{Engine, Lost};

/// What portals are bound to on the server.
const STANDS_IN: &str = "aiodal_stands_in";

impl Engine {
    pub(super) async fn parse_here(
        &mut self,
        id: ClientId,
        name: &str,
        prepared: Prepared,
    ) -> Result<bool, Trouble> {
        let Some(client) = self.clients.get_mut(&id) else {
            return Ok(false);
        };
        if name.is_empty() {
            // It is gone even if what is to take its place is wrong.
            client.unnamed = None;
        }
        if self.turn.status(id) == Status::Failed && prepared.run != Run::Exit {
            return self.refuse_message(id, &failed_transaction()).await;
        }
        if !name.is_empty() && client.statements.contains_key(name) {
            return self.statement_exists(id, name).await;
        }
        client.set_prepared(name, Some(prepared));
        if name.is_empty() && self.unnamed_of == Some(id) {
            self.unnamed_of = None;
        }
        self.said(b'1', |_| {});
        Ok(true)
    }

    pub(super) async fn bind_here(
        &mut self,
        id: ClientId,
        name: &str,
        bound: Portal,
    ) -> Result<bool, Trouble> {
        if bound.bound_failed && bound.run != Run::Exit {
            return self.refuse_message(id, &failed_transaction()).await;
        }
        let Some(client) = self.clients.get_mut(&id) else {
            return Ok(false);
        };
        let is_taken = client.portals.contains_key(name) || client.declares(name);
        if !name.is_empty() && is_taken {
            let message = format!("cursor \"{name}\" already exists");
            return self
                .refuse_message(id, &Said::error("42P03", message))
                .await;
        }
        client.set_portal(name, Some(bound));
        self.said(b'2', |_| {});
        Ok(true)
    }

    pub(super) async fn execute_here(
        &mut self,
        id: ClientId,
        name: &str,
        portal: &Portal,
    ) -> Result<bool, Trouble> {
        if !self.settle_batch(id).await? {
            return Ok(false);
        }
        if self.is_dead(id, portal) {
            return Ok(self.say_error(id, &failed_transaction()));
        }
        if portal.has_run {
            let said = Said::error("55000", format!("portal \"{name}\" cannot be run"));
            return Ok(self.say_error(id, &said));
        }
        self.begin_statement(id, &portal.sql);
        Ok(self.run_portal(id, name, &portal.sql).await?)
    }

    /// Runs what a portal stands for. It can't be run again.
    pub(super) async fn run_portal(
        &mut self,
        id: ClientId,
        name: &str,
        sql: &str,
    ) -> Result<bool, Lost> {
        if let Some(portal) = self.portal_mut(id, name) {
            portal.has_run = true;
        }
        self.active = Some(name.to_owned());
        let went_well = self.run_control(id, sql, Place::Alone).await;
        self.active = None;
        went_well
    }

    pub(super) fn portal_mut(&mut self, id: ClientId, name: &str) -> Option<&mut Portal> {
        self.clients.get_mut(&id)?.portals.get_mut(name)
    }

    /// Has the server know the portals that have a name, without waiting: nothing of the client's has been behind the guard.
    pub(super) fn bind_on_server(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        let here = client.portals.iter_mut();
        for (name, portal) in here.filter(|(name, portal)| !name.is_empty() && portal.is_here) {
            portal.is_here = false;
            client.block.portals.insert(name.clone());
            let out = &mut self.wire.outgoing;
            wire::parse(out, STANDS_IN, portal.run.in_place());
            wire::bind(out, name, STANDS_IN);
            self.expect.extend([Expect::Ours(b'1'), Expect::Ours(b'2')]);
            if portal.has_run && portal.run == Run::Here {
                wire::execute(out, name);
                self.expect.push_back(Expect::Ours(b'C'));
            }
            wire::close_statement(out, STANDS_IN);
            self.expect.push_back(Expect::Ours(b'3'));
            self.unsynced = true;
        }
    }

    /// Says whether a failure has left nothing of a portal but its name.
    pub(super) fn is_dead(&self, id: ClientId, portal: &Portal) -> bool {
        let client = self.clients.get(&id);
        let depth = client.map_or(0, |client| client.block.savepoints.len());
        let has_failed = self.turn.status(id) == Status::Failed;
        has_failed && !portal.bound_failed && portal.depth >= depth
    }

    /// Says whether the server does not know of a statement with the name.
    pub(super) fn is_taken_here(&self, id: ClientId, name: &str) -> bool {
        let client = self.clients.get(&id);
        let known = client.and_then(|client| client.statements.get(name));
        known.is_some_and(|known| !known.is_there)
    }

    /// Says whether the server may have a portal without a name that its client has no more: a table that it reads can't be dropped.
    pub(super) fn may_have_left_portal(&self, id: ClientId) -> bool {
        let client = self.clients.get(&id);
        let unnamed = client.and_then(|client| client.portals.get(""));
        unnamed.is_none_or(|portal| portal.is_here)
    }

    /// Says whether a portal is not there, where that is known. Of the one without a name it always is: if it isn't there, PostgreSQL
    /// 15 may crash over it in a failed transaction.
    pub(super) fn lacks_portal(&self, id: ClientId, name: &str) -> bool {
        let Some(client) = self.clients.get(&id) else {
            return true;
        };
        let may_be = !name.is_empty() && (self.turn.is_open(id) || client.declares(name));
        !client.portals.contains_key(name) && !may_be
    }
}

/// Returns how many values the rest of a `Bind` gives.
pub(super) fn values(rest: &[u8]) -> Result<u16, Malformed> {
    let mut rest = Reader::new(rest);
    for _ in 0..rest.u16()? {
        rest.u16()?;
    }
    rest.u16()
}
