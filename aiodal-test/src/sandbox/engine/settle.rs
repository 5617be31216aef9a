//! What goes ahead of a unit: the guard, and the client's settings.

use super::super::client::Run;
use super::super::turn::{ClientId, Settle, Status};

use super::super::wire;
use super::answer::Answered;
use super::expect::Expect;
use super::set::IN_SANDBOX;
use super::{Engine, Lost};

/// The guard, and the names of what sets and settles it. They are prepared once for each connection.
pub(in super::super) const GUARD: &str = "aiodal_guard";
const BEGIN: (&str, &str) = ("aiodal_guard_begin", "savepoint aiodal_guard");
const KEEP: (&str, &str) = ("aiodal_guard_keep", "release aiodal_guard");
const UNDO: (&str, &str) = ("aiodal_guard_undo", "rollback to aiodal_guard");

/// Goes back to a savepoint that nobody has: it may stand in a failed transaction, and fails any other.
const NOWHERE: &str = "rollback to aiodal_nowhere";

/// What statements of our own and their portals are called.
pub(super) const OURS: &str = "aiodal_ours";

/// A statement that nobody has prepared.
const NOBODYS: &str = "aiodal_nobodys";

impl Engine {
    /// Prepares what settles the guard, without waiting.
    pub(in super::super) fn prepare_guard(&mut self) {
        for (name, sql) in [BEGIN, KEEP, UNDO] {
            wire::parse(&mut self.wire.outgoing, name, sql);
            self.expect.push_back(Expect::Ours(b'1'));
        }
        self.unsynced = true;
    }

    /// The unit needs the connection: settles what the last one has left, and sets what the client has set.
    ///
    /// Says whether it may go on: a setting that the server refuses is the client's error.
    pub(super) async fn enter(&mut self, id: ClientId) -> Result<bool, Lost> {
        // A request to cancel is for the unit before.
        self.wire.settled().await;
        if self.turn.is_open(id) {
            return self.share_failure(id).await;
        }
        if self.turn.is_undone() {
            self.applied = self.applied_at_guard.clone();
        }
        self.close_left();
        if !self.orphans.is_empty() {
            self.bury().await?;
        }
        let Some(client) = self.clients.get_mut(&id) else {
            return Ok(false);
        };
        client.begin_modes();
        let wanted = client.settings.clone();
        let modes = client.modes_of_next();
        if !self.applied.is(&wanted) && !self.bring_to(id, &wanted).await? {
            return Ok(false);
        }
        self.remember_reported(id);
        let settle = self.turn.enter(id);
        self.settle(settle);
        self.applied_at_guard = self.applied.clone();
        self.client_at_guard = wanted;
        if let Some(sql) = modes {
            self.send_ours(id, &[sql.to_owned()]);
        }
        self.bind_on_server(id);
        self.share_failure(id).await
    }

    /// An error of ours fails the server's transaction as well: it then judges what follows as it does in a failed one.
    ///
    /// By asking of a statement that nobody has: a `Query` would have it forget what the client has without a name.
    async fn share_failure(&mut self, id: ClientId) -> Result<bool, Lost> {
        if self.turn.status(id) == Status::Failed && !self.failed {
            wire::describe_statement(&mut self.wire.outgoing, NOBODYS);
            self.expect.push_back(Expect::OurFailure);
            self.sync(id).await?;
        }
        Ok(true)
    }

    /// Sends what settles the guard, without waiting.
    fn settle(&mut self, settle: Settle) {
        let names: &[&str] = match settle {
            Settle::Nothing => return,
            Settle::Begin => &[BEGIN.0],
            Settle::Keep => &[KEEP.0, BEGIN.0],
            Settle::Undo => &[UNDO.0],
        };
        for name in names {
            wire::run_prepared(&mut self.wire.outgoing, name);
            self.expect.extend([Expect::Ours(b'2'), Expect::Ours(b'C')]);
        }
        self.unsynced = true;
        // Behind a ROLLBACK TO, and before anything has been done, nothing has failed.
        self.failed = false;
    }

    /// Undoes work that is to be undone at once, without waiting: tests that wait for its locks need not.
    pub(super) fn settle_undone(&mut self) {
        if self.turn.is_undone() {
            self.settle(Settle::Undo);
            self.turn.settled();
            self.applied = self.applied_at_guard.clone();
        }
    }

    /// Drops the temporary tables of clients that are gone, outside of the guard, so that nothing brings them back.
    async fn bury(&mut self) -> Result<(), Lost> {
        self.leave_guard().await?;
        // They are not a role's that their client may have taken.
        let mut sql = vec![format!("savepoint {GUARD}"), "set role none".to_owned()];
        let before = self.applied.clone();
        self.applied.reset("role");
        for orphan in std::mem::take(&mut self.orphans) {
            sql.push(orphan.gone());
        }
        // Whose work this is, is not there to be told.
        self.is_muted = true;
        let answered = self.our_quiet_query(ClientId(0), &sql).await;
        self.is_muted = false;
        if answered? == Answered::Failed {
            let undo = format!("rollback to {GUARD}");
            self.our_query(ClientId(0), &[undo]).await?;
            self.applied = before;
        }
        let release = format!("release {GUARD}");
        self.our_query(ClientId(0), &[release]).await.map(drop)
    }

    /// Brings the connection's settings to a client's, outside of the guard, so that nothing undoes them.
    async fn bring_to(&mut self, id: ClientId, wanted: &super::Settings) -> Result<bool, Lost> {
        self.leave_guard().await?;
        let mut sql = vec![format!("savepoint {GUARD}")];
        sql.append(&mut self.applied.change_to(wanted));
        if self.our_query(id, &sql).await? == Answered::Failed {
            let undo = [format!("rollback to {GUARD}"), format!("release {GUARD}")];
            self.our_query(id, &undo).await?;
            return Ok(false);
        }
        let released = format!("release {GUARD}");
        self.our_query(id, &[released]).await?;
        self.applied = wanted.clone();
        self.take_reported(id);
        Ok(true)
    }

    /// Settles the guard and takes it away.
    pub(super) async fn leave_guard(&mut self) -> Result<(), Lost> {
        let release = format!("release {GUARD}");
        let sql = match self.turn.unsettled() {
            Settle::Nothing => Vec::new(),
            Settle::Begin | Settle::Keep => vec![release],
            Settle::Undo => vec![format!("rollback to {GUARD}"), release],
        };
        self.turn.left();
        if !sql.is_empty() {
            self.our_query(ClientId(0), &sql).await?;
        } else if self.unsynced || !self.expect.is_empty() {
            self.sync(ClientId(0)).await?;
        }
        Ok(())
    }

    /// Runs statements of our own, up to one that fails: that is told to the client.
    pub(super) async fn our_query(
        &mut self,
        id: ClientId,
        statements: &[String],
    ) -> Result<Answered, Lost> {
        self.asked().await;
        self.send_ours(id, statements);
        let answered = self.answers(id).await?;
        self.turn.answered(id, self.failed);
        Ok(answered)
    }

    /// Sends them, without waiting. A `Query` would have the server forget what the client has without a name.
    fn send_ours(&mut self, id: ClientId, statements: &[String]) {
        let is_left = self.may_have_left_portal(id);
        let out = &mut self.wire.outgoing;
        if is_left {
            wire::close_portal(out, "");
        }
        for sql in statements {
            wire::run_named(out, OURS, sql);
        }
        wire::close_portal(out, OURS);
        wire::close_statement(out, OURS);
        wire::bare(out, b'S');
        self.expect.push_back(Expect::OurQuery);
    }

    /// The same without its notices: a server that drops temporary tables by itself gives none.
    pub(super) async fn our_quiet_query(
        &mut self,
        id: ClientId,
        statements: &[String],
    ) -> Result<Answered, Lost> {
        self.is_hushed = true;
        let answered = self.our_query(id, statements).await;
        self.is_hushed = false;
        answered
    }

    /// Ends what has been sent with a `Sync`, and waits for all answers.
    pub(super) async fn sync(&mut self, id: ClientId) -> Result<Answered, Lost> {
        // What is reported while the client has nothing open is another's: of what was undone last, say.
        let id = if self.turn.is_open(id) {
            id
        } else {
            ClientId(0)
        };
        wire::bare(&mut self.wire.outgoing, b'S');
        self.expect.push_back(Expect::Sync);
        self.answers(id).await
    }
}

impl Run {
    /// Returns what the server has in the place of a statement that the sandbox runs.
    pub(super) fn in_place(self) -> &'static str {
        match self {
            // It may stand in a failed transaction as well.
            Run::Exit => NOWHERE,
            Run::Plain | Run::Noted | Run::Here => IN_SANDBOX,
        }
    }
}
