//! What the engine knows of one client.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;

use super::event::{Arrival, Data, Unit};
use super::lex::{Modes, OnCommit};
use super::outbox::Outbox;
use super::reported::Reported;
use super::settings::Settings;
use super::turn::ClientId;
use super::wire::Frame;

/// A client, as far as it is more than a turn.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) id: ClientId,
    pub(super) outbox: Outbox,
    pub(super) secret: i32,
    /// What it calls itself: its `application_name`.
    pub(super) label: String,
    pub(super) is_own: bool,
    /// It went while something was run for it, which is to be forgotten with it.
    pub(super) is_gone: bool,
    /// What it has sent, and what has not been run.
    pub(super) inbox: VecDeque<Unit>,
    /// Since when the first of it is waiting.
    pub(super) waiting: Option<Instant>,
    pub(super) statements: HashMap<String, Prepared>,
    /// What it has bound. Whether a portal with a name is still there, the server knows.
    pub(super) portals: HashMap<String, Portal>,
    /// The unnamed statement, to be prepared again when others have overwritten it.
    pub(super) unnamed: Option<Prepared>,
    /// A message of its unit has failed: the rest, up to its `Sync`, is left out.
    pub(super) skips: bool,
    /// What it began with: RESET goes back to it.
    pub(super) startup: Settings,
    pub(super) settings: Settings,
    /// Settings that a server tells its clients of: what they are for this one, and what it has been told.
    pub(super) reported: Reported,
    pub(super) told: Reported,
    pub(super) block: Block,
    /// Channels that it listens to.
    pub(super) listens: BTreeSet<String>,
    /// Cursors that outlive their transactions, until they are closed or the client is gone.
    pub(super) held: Vec<String>,
    /// Temporary tables that it has made.
    pub(super) temporary: Vec<Temporary>,
    /// Data behind the unit that is run.
    pub(super) ahead: Data,
    /// What it has sent last, and when that was done: for whoever waits for it.
    pub(super) last: Option<(String, Instant)>,
}

/// A statement that a client has prepared.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    /// What the server knows it by.
    pub(super) name: String,
    pub(super) sql: Arc<str>,
    pub(super) run: Run,
    /// The server has a text with another name in it.
    pub(super) renamed: Option<Renamed>,
    /// Its `Parse`, if the server may have to be told of it later, or again.
    pub(super) parse: Option<Frame>,
    /// The server has it. Of a client's unnamed statement the engine knows that.
    pub(super) is_there: bool,
}

/// A name in PREPARE, EXECUTE or DEALLOCATE that is another one for the server.
#[derive(Clone, Debug)]
pub(super) struct Renamed {
    pub(super) at: Lengthened,
    /// It is that of the statement that is executed.
    pub(super) executed: Option<String>,
}

/// Where the server's text is longer than the client's, or shorter, because of a name in it: in characters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengthened {
    /// The end of the name, and of the statement.
    pub(super) from: usize,
    pub(super) to: usize,
    /// How long the name is, and is for the server.
    pub(super) before: usize,
    pub(super) now: usize,
}

/// Who runs a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Run {
    /// The server. Nothing has to be remembered of it when it is done.
    #[default]
    Plain,
    /// The server, and the sandbox takes note of it.
    Noted,
    /// The sandbox. The server has a statement in its place that does nothing.
    Here,
    /// The same, of a statement that may stand in a failed transaction.
    Exit,
}

/// A portal of the protocol.
#[derive(Clone, Debug, Default)]
pub(super) struct Portal {
    pub(super) sql: Arc<str>,
    pub(super) run: Run,
    pub(super) renamed: Option<Renamed>,
    /// The server knows nothing of it.
    pub(super) is_here: bool,
    /// It has been run, if it is not the server's alone: once is all it can be.
    pub(super) has_run: bool,
    /// How many savepoints there were when it was bound: it goes with the last of them.
    pub(super) depth: usize,
    /// Whether the transaction had failed by then: no failure has made it useless.
    pub(super) bound_failed: bool,
}

/// What belongs to a transaction block, and ends with it.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) modes: Modes,
    /// Those that it has begun with: what is set in it is undone with it.
    pub(super) first: Option<Modes>,
    /// What was set before it.
    pub(super) before: Settings,
    /// What was reported before it, once it has done something.
    pub(super) reported: Option<Reported>,
    /// What is set for it only, and is reported as it was when that ends: by the server's names.
    pub(super) local: BTreeMap<String, String>,
    /// What is said when it is committed.
    pub(super) notifications: Vec<(String, String)>,
    /// Channels to listen to or not (`None`: to none) from the commit on.
    pub(super) listening: Vec<(bool, Option<String>)>,
    /// Cursors that end with it.
    pub(super) cursors: Vec<String>,
    /// Cursors that stay, if it is committed.
    pub(super) held: Vec<String>,
    /// Portals of the protocol, by the names that the server knows.
    pub(super) portals: BTreeSet<String>,
    pub(super) temporary: Vec<Temporary>,
    /// What calls of `set_config` have set beyond it.
    pub(super) called: BTreeSet<String>,
    /// Whether it has done what its modes must be set before.
    pub(super) has_snapshot: bool,
    /// Whether it has said when constraints are checked.
    pub(super) sets_constraints: bool,
    /// Whether a portal has been run in it.
    pub(super) has_run: bool,
    /// What was so at each savepoint that is open.
    pub(super) savepoints: Vec<Savepoint>,
}

/// What a savepoint goes back to.
#[derive(Debug)]
pub(super) struct Savepoint {
    pub(super) name: String,
    pub(super) settings: Settings,
    /// What the connection was set to.
    pub(super) applied: Settings,
    pub(super) reported: Reported,
    pub(super) modes: Modes,
    local: BTreeMap<String, String>,
    cursors: usize,
    held: usize,
    notifications: usize,
    listening: usize,
    temporary: Vec<Temporary>,
}

/// A temporary table.
#[derive(Clone, Debug)]
pub(super) struct Temporary {
    /// As it stands in SQL, without its schema.
    pub(super) name: String,
    pub(super) on_commit: OnCommit,
    /// The transaction has dropped it.
    pub(super) is_dropped: bool,
}

impl Client {
    pub(super) fn new(id: ClientId, arrival: Arrival) -> Client {
        let startup = Settings::of_startup(&arrival.settings);
        Client {
            id,
            outbox: arrival.outbox,
            secret: arrival.secret,
            label: arrival.label,
            is_own: arrival.is_own,
            is_gone: false,
            inbox: VecDeque::new(),
            waiting: None,
            statements: HashMap::new(),
            portals: HashMap::new(),
            unnamed: None,
            skips: false,
            settings: startup.clone(),
            startup,
            reported: arrival.told.clone(),
            told: arrival.told,
            block: Block::default(),
            listens: BTreeSet::new(),
            held: Vec::new(),
            temporary: Vec::new(),
            ahead: Data::new(),
            last: None,
        }
    }

    /// The name that the server knows a statement or a portal of the client by.
    pub(super) fn server_name(&self, name: &str) -> String {
        // The server cuts names off (NAMEDATALEN), which would make one of two.
        if name.len() <= 40 {
            return format!("aiodal_{}_{name}", self.id.0);
        }
        let hash = crate::digest::digest(&[name.as_bytes()]);
        format!("aiodal_{}_{}", self.id.0, &hash[..32])
    }

    /// Sends what there is to send.
    pub(super) fn send(&self, bytes: &mut BytesMut) {
        self.outbox.put(bytes);
    }

    /// Its transaction begins: it has the modes that are set by default now, whatever is set later, except those that it has already.
    pub(super) fn begin_modes(&mut self) {
        let first = *self
            .block
            .first
            .get_or_insert_with(|| self.settings.modes());
        self.block.modes = first.merged(self.block.modes);
    }

    /// Returns what its next transaction begins with, as SQL.
    pub(super) fn modes_of_next(&self) -> Option<&'static str> {
        self.reads_only().then_some("set transaction read only")
    }

    /// Says whether its transaction, or its next, only reads.
    pub(super) fn reads_only(&self) -> bool {
        let read_only = self.block.modes.read_only;
        read_only.unwrap_or_else(|| self.settings.are_read_only())
    }

    /// Says whether a cursor of SQL has the name: it is a portal as well.
    pub(super) fn declares(&self, cursor: &str) -> bool {
        let mut cursors = self.block.cursors.iter().chain(&self.block.held);
        cursors.any(|known| known == cursor) || self.held.iter().any(|known| known == cursor)
    }

    /// Returns the statement of that name, or the one without.
    pub(super) fn prepared(&self, name: &str) -> Option<&Prepared> {
        if name.is_empty() {
            self.unnamed.as_ref()
        } else {
            self.statements.get(name)
        }
    }

    /// Takes or gives back the statement of that name, or the one without; returns what was there.
    pub(super) fn set_prepared(
        &mut self,
        name: &str,
        prepared: Option<Prepared>,
    ) -> Option<Prepared> {
        if name.is_empty() {
            return std::mem::replace(&mut self.unnamed, prepared);
        }
        match prepared {
            Some(prepared) => self.statements.insert(name.to_owned(), prepared),
            None => self.statements.remove(name),
        }
    }

    /// The same of a portal.
    pub(super) fn set_portal(&mut self, name: &str, portal: Option<Portal>) -> Option<Portal> {
        match portal {
            Some(portal) => self.portals.insert(name.to_owned(), portal),
            None => self.portals.remove(name),
        }
    }

    /// Returns a temporary table as the transaction has left it so far.
    pub(super) fn temporary(&self, name: &str) -> Option<&Temporary> {
        let mut known = self.block.temporary.iter().chain(&self.temporary);
        known.find(|known| known.name == name)
    }

    /// Notes that the transaction has dropped it, if there is one.
    pub(super) fn drop_temporary(&mut self, name: &str) {
        if let Some(mut table) = self.temporary(name).cloned() {
            table.is_dropped = true;
            self.block.note_temporary(table);
        }
    }

    /// How to call it in a message.
    pub(super) fn name(&self) -> String {
        let id = self.id.0;
        if self.is_own {
            "the test's own transaction".to_owned()
        } else if self.label.is_empty() {
            format!("client {id}")
        } else {
            format!("client {id} (`{}`)", self.label)
        }
    }
}

impl Prepared {
    /// One that the server has, and runs.
    pub(super) fn server(name: String, sql: &str) -> Prepared {
        Prepared {
            name,
            sql: sql.into(),
            run: Run::Plain,
            renamed: None,
            parse: None,
            is_there: true,
        }
    }
}

impl Run {
    /// Whether the server has something else in its place.
    pub(super) fn is_ours(self) -> bool {
        matches!(self, Run::Here | Run::Exit)
    }
}

impl Block {
    pub(super) fn note_temporary(&mut self, table: Temporary) {
        self.temporary.retain(|known| known.name != table.name);
        self.temporary.push(table);
    }

    pub(super) fn save(&mut self, name: &str, client: (&Settings, &Reported), applied: &Settings) {
        let (settings, reported) = client;
        self.savepoints.push(Savepoint {
            name: name.to_owned(),
            settings: settings.clone(),
            applied: applied.clone(),
            reported: reported.clone(),
            modes: self.modes,
            local: self.local.clone(),
            cursors: self.cursors.len(),
            held: self.held.len(),
            notifications: self.notifications.len(),
            listening: self.listening.len(),
            temporary: self.temporary.clone(),
        });
    }

    /// Forgets a savepoint and those within it; says whether there was one.
    pub(super) fn release(&mut self, name: &str) -> bool {
        let at = self
            .savepoints
            .iter()
            .rposition(|savepoint| savepoint.name == name);
        if let Some(at) = at {
            // What has been said of reading within it ends with it.
            self.modes = self.savepoints[at].modes;
            self.savepoints.truncate(at);
        }
        at.is_some()
    }

    /// Goes back to a savepoint, and returns it.
    pub(super) fn roll_back_to(&mut self, name: &str) -> Option<&Savepoint> {
        let at = self
            .savepoints
            .iter()
            .rposition(|savepoint| savepoint.name == name)?;
        self.savepoints.truncate(at + 1);
        let savepoint = &self.savepoints[at];
        self.notifications.truncate(savepoint.notifications);
        self.listening.truncate(savepoint.listening);
        self.temporary.clone_from(&savepoint.temporary);
        self.cursors.truncate(savepoint.cursors);
        self.held.truncate(savepoint.held);
        self.local.clone_from(&savepoint.local);
        self.modes = savepoint.modes;
        Some(savepoint)
    }
}
