//! Constraints that are checked late: at a client's COMMIT, which is none of the server's.

use std::sync::Arc;

use super::super::constraints::{Deferrable, read};
use super::super::turn::ClientId;
use super::answer::Answered;
use super::{Engine, Lost};

impl Engine {
    /// Checks what is deferred to the end of a transaction, and defers it anew. `sets` is whether the transaction has said itself
    /// what to defer.
    ///
    /// By their names: what is said of ALL holds for those as well that are made later, up to the end of the server's transaction.
    pub(super) async fn check_constraints(
        &mut self,
        id: ClientId,
        sets: bool,
    ) -> Result<bool, Lost> {
        let Some(known) = self.deferrable(id).await? else {
            return Ok(false);
        };
        // One that was deferred may not be any more.
        let is_certain = !sets && !self.constraints.changed;
        if known.all.is_empty() || known.deferred.is_empty() && is_certain {
            return Ok(true);
        }
        let Some(mut sql) = self.said_of_all(id, &known, "immediate").await? else {
            return Ok(false);
        };
        if !known.deferred.is_empty() {
            let defer = format!("set constraints {} deferred", known.deferred);
            sql.append(&mut self.by_anybody(vec![defer]));
        }
        // It may take its time, and wait for other tests.
        self.is_checking = true;
        let answered = self.our_query(id, &sql).await;
        self.is_checking = false;
        Ok(answered? == Answered::Done)
    }

    /// SET CONSTRAINTS: of ALL, it names those that there are. `all` is whether they are to be deferred.
    pub(super) async fn set_constraints(
        &mut self,
        id: ClientId,
        all: Option<bool>,
        text: &str,
    ) -> Result<bool, Lost> {
        self.with_block(id, |block| block.sets_constraints = true);
        let Some(deferred) = all else {
            return self.run_sql(id, text).await;
        };
        if !self.enter(id).await? {
            return Ok(false);
        }
        let Some(known) = self.deferrable(id).await? else {
            return Ok(false);
        };
        if !known.all.is_empty() {
            let when = if deferred { "deferred" } else { "immediate" };
            let Some(sql) = self.said_of_all(id, &known, when).await? else {
                return Ok(false);
            };
            if self.our_query(id, &sql).await? == Answered::Failed {
                return Ok(false);
            }
        }
        Ok(self.complete("SET CONSTRAINTS"))
    }

    /// Returns SET CONSTRAINTS of all that there are.
    async fn said_of_all(
        &mut self,
        id: ClientId,
        known: &Deferrable,
        when: &str,
    ) -> Result<Option<Vec<String>>, Lost> {
        let all = vec![format!("set constraints {} {when}", known.all)];
        if !self.is_somebody() {
            return Ok(Some(all));
        }
        // To name one takes a right on its schema; and a trigger runs as the role that has written, where that has it.
        let Some(own) = self.ask(id, read(true)).await? else {
            return Ok(None);
        };
        let own = Deferrable::of(&own).all;
        let mut sql = self.by_anybody(all);
        if !own.is_empty() {
            sql.insert(0, format!("set constraints {own} {when}"));
        }
        Ok(Some(sql))
    }

    /// Returns what may be deferred; `None` if it could not be read.
    async fn deferrable(&mut self, id: ClientId) -> Result<Option<Arc<Deferrable>>, Lost> {
        if let Some(known) = &self.constraints.known {
            return Ok(Some(known.clone()));
        }
        let Some(cells) = self.ask(id, read(false)).await? else {
            return Ok(None);
        };
        let known = Arc::new(Deferrable::of(&cells));
        if !self.constraints.changed {
            // Whoever was first has found the same.
            let _known = self.constraints.shared.set(known.clone());
            self.constraints.known = Some(known.clone());
        }
        Ok(Some(known))
    }

    /// Whether the unit may have done what a deferred constraint is against.
    pub(super) fn may_have_written(&self) -> bool {
        let known = self.constraints.known.as_ref();
        self.may_write && known.is_none_or(|known| !known.deferred.is_empty())
    }

    /// Constraints may come, or go: what is known of them is known no more.
    pub(super) fn heed_constraints(&mut self, come: bool, go: bool) {
        if come || go {
            self.constraints.changed = true;
            self.constraints.known = None;
        }
    }

    /// Returns SQL of ours as it is run whoever the client has become: that may not even see the schema.
    pub(super) fn by_anybody(&self, mut sql: Vec<String>) -> Vec<String> {
        if self.is_somebody() {
            // It may be that for its transaction only: the server knows, and is asked to remember.
            let first = [
                "select set_config('aiodal.session', current_setting('session_authorization'), true)",
                "select set_config('aiodal.role', current_setting('role'), true)",
                "set local session authorization default",
                "set local role none",
            ];
            let last = [
                "select set_config('session_authorization', current_setting('aiodal.session'), true)",
                "select set_config('role', current_setting('aiodal.role'), true)",
            ];
            sql.splice(0..0, first.map(str::to_owned));
            sql.extend(last.map(str::to_owned));
        }
        sql
    }

    /// Says whether the client has become somebody else.
    fn is_somebody(&self) -> bool {
        let mut names = ["role", "session authorization"].into_iter();
        names.any(|name| self.applied.get(name).is_some())
    }
}
