//! Settings: each client has its own, and the connection has those of the client that it works for.

use aiodal_core::quote_literal;

use super::super::client::{Block, Client};
use super::super::encoding;
use super::super::error::Said;
use super::super::lex::{Modes, Verb};
use super::super::reported::Reported;
use super::super::turn::ClientId;
use super::answer::Answered;
use super::{Engine, Lost};
use crate::locks::is_own_name;

/// All settings have been reset, and this among them: `pg_notify` goes by it.
pub(super) const IN_SANDBOX: &str = "set local aiodal.sandbox = 'on'";

impl Engine {
    /// SET, RESET and `set_config`: the server sets, and it is remembered for whom. `alone` is whether it stands in no block of any
    /// kind.
    pub(super) async fn setting(
        &mut self,
        id: ClientId,
        verb: &Verb<'_>,
        text: &str,
        alone: bool,
    ) -> Result<bool, Lost> {
        if alone && matches!(verb, Verb::Set { local: true, .. }) {
            self.warn("25P01", "SET LOCAL can only be used in transaction blocks");
        }
        if let Some(message) = encoding_refused(verb, text) {
            let said = Said::error("0A000", message);
            return Ok(self.say_error(id, &said.hint(encoding::HINT)));
        }
        let before = self.clients.get(&id).map(|client| client.reported.clone());
        if !self.run_sql(id, text).await? {
            return Ok(false);
        }
        let Some(client) = self.clients.get_mut(&id) else {
            return Ok(false);
        };
        client.note_local(verb, &before.unwrap_or_default());
        let text = text.trim_start();
        let name = match verb {
            Verb::Set {
                local: true, name, ..
            } => {
                self.applied.spoil(name);
                return Ok(true);
            }
            Verb::SetConfig { local: true, name } => {
                self.applied.spoil(name);
                return Ok(true);
            }
            Verb::SetConfig { name, .. } => {
                client.settings.set(name, text);
                self.applied.set(name, text);
                return Ok(true);
            }
            Verb::Set {
                name,
                is_default: false,
                ..
            } => {
                // What is set of a date's style depends on what it was.
                let style = client.reported.get(name).filter(|_| name == "datestyle");
                let style = style.map(|(_, style)| format!("set datestyle to {style}"));
                let text = style.as_deref().unwrap_or(text);
                client.settings.set(name, text);
                self.applied.set(name, text);
                return Ok(true);
            }
            Verb::Set { name, .. } | Verb::Reset(Some(name)) => Some(name.as_ref()),
            _ => None,
        };
        match name {
            Some(name) => {
                client.settings.reset(name);
                self.applied.reset(name);
            }
            None => {
                client.settings.clear();
                self.applied.clear();
                if self.our_query(id, &[IN_SANDBOX.to_owned()]).await? == Answered::Failed {
                    return Ok(false);
                }
            }
        }
        let Some(client) = self.clients.get_mut(&id) else {
            return Ok(false);
        };
        // Back to what the client has connected with, not to what the connection has.
        let startup = client.settings.restore(&client.startup, name);
        if startup.is_empty() {
            return Ok(true);
        }
        self.applied.restore(&client.startup.clone(), name);
        Ok(self.our_query(id, &startup).await? == Answered::Done)
    }

    /// SET SESSION CHARACTERISTICS, which is another way to set the defaults of transactions.
    pub(super) async fn set_characteristics(
        &mut self,
        id: ClientId,
        modes: Modes,
        text: &str,
    ) -> Result<bool, Lost> {
        if !self.run_sql(id, text).await? {
            return Ok(false);
        }
        let Some(client) = self.clients.get_mut(&id) else {
            return Ok(false);
        };
        let switches = [
            ("read_only", modes.read_only),
            ("deferrable", modes.deferrable),
        ];
        let switches = switches
            .into_iter()
            .filter_map(|(name, on)| Some((name, if on? { "on" } else { "off" })));
        let isolation = modes.isolation.map(|level| ("isolation", level.name()));
        for (name, value) in switches.chain(isolation) {
            let name = format!("default_transaction_{name}");
            let sql = format!("set {name} to '{value}'");
            client.settings.set(&name, &sql);
            self.applied.set(&name, &sql);
        }
        Ok(true)
    }

    /// Notes which cursors are closed, and what calls of `set_config` have set: to which value only the server knows. It is asked when the transaction ends: a query
    /// in the midst of it would close the client's portal without a name. Returns `went_well`.
    pub(super) fn note_calls(&mut self, id: ClientId, went_well: bool) -> bool {
        let called = std::mem::take(&mut self.set_by_call);
        let closed = std::mem::take(&mut self.closed);
        let Some(client) = self.clients.get_mut(&id) else {
            return went_well;
        };
        if went_well {
            client.held.retain(|held| !closed.contains(held));
            client.block.held.retain(|held| !closed.contains(held));
        }
        // What has failed is undone.
        for (name, local, before) in called.into_iter().filter(|_| went_well) {
            client.note_one(&name, local, &before);
            self.applied.spoil(&name);
            if !local {
                client.block.called.insert(name);
            }
        }
        went_well
    }

    /// Asks for the values of what stays.
    pub(super) async fn read_called(&mut self, id: ClientId) -> Result<bool, Lost> {
        let Some(client) = self.clients.get_mut(&id) else {
            return Ok(true);
        };
        for name in std::mem::take(&mut client.block.called) {
            let quoted = quote_literal(&name.replace(' ', "_"));
            let sql = format!("select current_setting({quoted}, true)");
            let Some(value) = self.ask(id, sql).await? else {
                return Ok(false);
            };
            let value = value.first().map(String::as_str).unwrap_or_default();
            let sql = format!(
                "select set_config({quoted}, {}, false)",
                quote_literal(value)
            );
            self.applied.set(&name, &sql);
            if let Some(client) = self.clients.get_mut(&id) {
                client.settings.set(&name, &sql);
            }
        }
        Ok(true)
    }

    /// The connection is as the client has it, and so is what the server has told of it last: it tells no more of what has changed
    /// and changed back meanwhile, for somebody else or by what was undone.
    pub(super) fn take_reported(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        for (name, value) in self.reported.all() {
            // The connection's own name is none of the client's business.
            let is_ours = name == "application_name" && is_own_name(value);
            let value = if is_ours { &client.label } else { value };
            client.reported.set(name, value);
        }
    }

    /// Keeps what is reported, for when the client's work is undone.
    pub(super) fn remember_reported(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(&id)
            && client.block.reported.is_none()
        {
            client.block.reported = Some(client.reported.clone());
        }
    }

    pub(super) fn conforms(&self, id: ClientId) -> bool {
        let client = self.clients.get(&id);
        client.is_none_or(|client| client.reported.conforms())
    }
}

/// Says what is wrong with the encoding that is set, if one is.
fn encoding_refused(verb: &Verb<'_>, text: &str) -> Option<String> {
    let name = match verb {
        Verb::Set { name, .. } => name.as_ref(),
        Verb::SetConfig { name, .. } => name,
        _ => return None,
    };
    let encoding = (name == "client_encoding").then(|| encoding::set_to(text));
    encoding::refused(encoding??)
}

impl Client {
    /// Notes what the end of the transaction sets back, and what stays after all.
    fn note_local(&mut self, verb: &Verb<'_>, before: &Reported) {
        let name = match verb {
            Verb::Set { name, .. } | Verb::Reset(Some(name)) => name.as_ref(),
            Verb::SetConfig { name, .. } => name,
            _ => {
                self.block.local.clear();
                return;
            }
        };
        let is_local = matches!(
            verb,
            Verb::Set { local: true, .. } | Verb::SetConfig { local: true, .. }
        );
        self.note_one(name, is_local, before);
    }

    fn note_one(&mut self, name: &str, is_local: bool, before: &Reported) {
        // Who one is, a server tells by other names.
        let told: &[&str] = match name {
            "role" => &["is_superuser"],
            "session authorization" => &["is_superuser", "session_authorization"],
            _ => &[name],
        };
        for name in told {
            let Some((name, value)) = before.get(name) else {
                continue;
            };
            if is_local {
                let value = value.to_owned();
                self.block.local.entry(name.to_owned()).or_insert(value);
            } else {
                self.block.local.remove(name);
            }
        }
    }

    /// Has reported what was before the transaction.
    pub(super) fn unreport(&mut self, block: &Block) {
        if let Some(before) = &block.reported {
            self.reported.clone_from(before);
        }
    }

    /// Has reported what was before what a failure has undone, which is all since the last savepoint.
    pub(super) fn unreport_failed(&mut self) {
        let block = &self.block;
        let last = block.savepoints.last().map(|savepoint| &savepoint.reported);
        if let Some(before) = last.or(block.reported.as_ref()) {
            self.reported.clone_from(before);
        }
    }

    /// Has reported what was before what was set for the transaction only.
    pub(super) fn unreport_local(&mut self) {
        for (name, value) in std::mem::take(&mut self.block.local) {
            self.reported.set(&name, &value);
        }
    }
}
