//! Clones of a template, one for each test that has a database of its own: made, owned and dropped.
//!
//! Whoever makes or adopts a clone holds the advisory lock of its number, on a connection that lives as long as the
//! process. A clone whose lock nobody holds has no owner: it is adopted if it is spare, and dropped if it is not.
//!
//! A clone is there as a whole or not at all, and before a test has it, it is marked. So one without a mark is spare, whoever
//! died while making it: what is sent behind CREATE DATABASE is not run for a client that is gone.

use std::hash::{BuildHasher, RandomState};

use aiodal_core::quote_literal;
use aiodal_core::types::{ToSql, Type};
use futures_util::future::join;
use tokio_postgres::error::SqlState;

use super::admin::Admin;
use super::databases::Found;
use super::names::{KEPT, clone_number, clone_of, quoted};
use crate::set_up::SetUpError;

/// The first half of the locks' key: "aioc". The second is the number of the clone.
const OWNED: u32 = 0x6169_6f63;

/// How many numbers to try: each is taken by somebody else with a chance of one in millions.
const ATTEMPTS: u32 = 8;

/// What clones are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    /// What their names begin with.
    pub(crate) name: String,
    /// The database to copy.
    pub(crate) source: String,
}

/// A clone on the server.
#[derive(Debug)]
pub(crate) struct FoundClone {
    pub(crate) name: String,
    pub(crate) number: u32,
    pub(crate) state: State,
    /// Whether somebody is connected to it.
    pub(crate) is_used: bool,
}

/// What may be done with a clone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Somebody has it, or is making it.
    Owned,
    /// Anybody may adopt it.
    Spare,
    /// The test that left it behind, to be looked at.
    Kept(String),
    /// Its owner is gone.
    Abandoned,
}

impl FoundClone {
    fn of(found: Found, owned: &[u32]) -> Option<FoundClone> {
        let (_, number) = clone_number(&found.name)?;
        let mark = found.mark.as_deref();
        let state = match mark.and_then(|mark| mark.strip_prefix(KEPT)) {
            Some(test) => State::Kept(test.to_owned()),
            // Of one with sessions, the owner's connection was lost, not the owner.
            None if owned.contains(&number) || found.sessions > 0 => State::Owned,
            None if mark.is_none() => State::Spare,
            None => State::Abandoned,
        };
        Some(FoundClone {
            number,
            state,
            is_used: found.sessions > 0,
            name: found.name,
        })
    }

    pub(crate) fn is_of(&self, template: &str) -> bool {
        clone_number(&self.name).is_some_and(|(of, _)| of == template)
    }
}

impl Admin {
    /// Lists the clones on the server, of whichever project, the oldest first.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(crate) async fn clones(&self) -> Result<Vec<FoundClone>, SetUpError> {
        // Of all databases of the cluster: whoever owns a clone may have gone through another maintenance database.
        let locks = format!(
            "select objid::int8 from pg_locks where locktype = 'advisory' and classid = {OWNED} and objsubid = 2 and granted"
        );
        // The databases first: a clone is owned before it is made.
        let (databases, locks) = join(self.databases(), self.client.query_typed(&locks, &[])).await;
        let locks = locks.map_err(|error| {
            SetUpError::statement("list the owners of clones", &self.url, &error)
        })?;
        let owned: Vec<u32> = locks
            .iter()
            .filter_map(|row| u32::try_from(row.get::<_, i64>(0)).ok())
            .collect();
        Ok(databases?
            .into_iter()
            .filter_map(|found| FoundClone::of(found, &owned))
            .collect())
    }

    /// Makes a clone and owns it; `maker` is the connection that does the work.
    ///
    /// # Errors
    ///
    /// What the server refused.
    pub(crate) async fn make_clone(
        &self,
        maker: &Admin,
        template: &Template,
    ) -> Result<(String, u32), SetUpError> {
        for _ in 0..ATTEMPTS {
            let number = any_number();
            if !self.own(number).await? {
                continue;
            }
            let name = clone_of(&template.name, number);
            let Err(error) = maker.create(&name, &template.source).await else {
                return Ok((name, number));
            };
            self.disown(number).await?;
            if error.code() != Some(&SqlState::DUPLICATE_DATABASE) {
                return Err(self.refused_to_clone(template, &error));
            }
        }
        Err(SetUpError::new(
            format!(
                "failed to find a free name for a clone of {}",
                template.name
            ),
            format!("{ATTEMPTS} names in a row were taken on {}", self.url),
        ))
    }

    fn refused_to_clone(&self, template: &Template, error: &tokio_postgres::Error) -> SetUpError {
        let source = &template.source;
        let next = match error.code() {
            Some(code) if *code == SqlState::INVALID_CATALOG_NAME => {
                "\na run with other migrations has dropped it: run the tests again"
            }
            Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                "\na test with a database of its own needs a role that may create databases"
            }
            Some(code) if *code == SqlState::DISK_FULL => {
                "\nthere is no room for another database: drop what was kept, or set AIODAL_KEEP=never"
            }
            _ => "",
        };
        SetUpError::new(
            format!("failed to clone database {source} on {}", self.url),
            format!("{}{next}", aiodal_core::chain(error)),
        )
    }

    /// Adopts a spare clone; says whether it was still to be had.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(crate) async fn adopt(&self, clone: &FoundClone) -> Result<bool, SetUpError> {
        let FoundClone { name, number, .. } = clone;
        let others = format!(
            "select shobj_description(d.oid, 'pg_database') is null and not exists (select from pg_locks \
             where locktype = 'advisory' and classid = {OWNED} and objid = {number} and objsubid = 2 and granted \
             and pid <> pg_backend_pid()) from pg_database d where datname = $1"
        );
        // The lock first: what is read behind it stays.
        let parameters: [(&(dyn ToSql + Sync), Type); 1] = [(name, Type::NAME)];
        let (owned, free) = join(
            self.own(*number),
            self.client.query_typed_opt(&others, &parameters),
        )
        .await;
        if !owned? {
            return Ok(false);
        }
        let free = free
            .map_err(|error| SetUpError::statement("look at a spare clone", &self.url, &error))?
            .and_then(|row| row.get::<_, Option<bool>>(0));
        if free != Some(true) {
            self.disown(*number).await?;
            return Ok(false);
        }
        Ok(true)
    }

    /// Takes the lock of a number; says whether it was free.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(crate) async fn own(&self, number: u32) -> Result<bool, SetUpError> {
        let sql = format!("select pg_try_advisory_lock({OWNED}, {number})");
        let row = self.client.query_typed_one(&sql, &[]).await;
        row.map(|row| row.get(0))
            .map_err(|error| SetUpError::statement("own a clone", &self.url, &error))
    }

    /// Gives the lock of a number back.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(crate) async fn disown(&self, number: u32) -> Result<(), SetUpError> {
        self.execute(
            "disown a clone",
            &format!("select pg_advisory_unlock({OWNED}, {number})"),
        )
        .await
    }

    /// Drops a clone when the sessions in it have ended, and ends those that stay.
    ///
    /// # Errors
    ///
    /// What the server refused.
    pub(crate) async fn drop_clone(&self, name: &str) -> Result<(), SetUpError> {
        let end = end_sessions(name);
        let drop = format!("drop database if exists {}", quoted(name));
        let (ended, dropped) = join(
            self.client.batch_execute(&end),
            self.client.batch_execute(&drop),
        )
        .await;
        match dropped {
            Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => {
                self.force_drop_clone(name).await
            }
            dropped => dropped.and(ended).map_err(|error| {
                SetUpError::statement(&format!("drop database {name}"), &self.url, &error)
            }),
        }
    }

    /// Drops a clone and ends the sessions in it, by a single statement: the server does it even if this process has ended
    /// meanwhile. It takes 100 ms if there is a session.
    ///
    /// # Errors
    ///
    /// What the server refused.
    pub(crate) async fn force_drop_clone(&self, name: &str) -> Result<(), SetUpError> {
        let sql = format!("drop database if exists {} with (force)", quoted(name));
        self.execute(&format!("drop database {name}"), &sql).await
    }
}

/// Half of the range is enough, and has no sign to mind.
fn any_number() -> u32 {
    let random = RandomState::new().hash_one(0);
    u32::try_from(random >> 33).expect("31 bits are left")
}

/// Waits until the sessions in a clone are gone, and ends those that stay: DROP DATABASE would wait by the 100 ms,
/// and with FORCE always does.
fn end_sessions(name: &str) -> String {
    let sessions = format!(
        "pg_stat_activity where datname = {} and backend_type = 'client backend'",
        quote_literal(name)
    );
    let body = format!(
        "begin
            for look in 1..1000 loop
                perform pg_stat_clear_snapshot();
                exit when not exists (select from {sessions});
                if look = 20 then perform pg_terminate_backend(pid) from {sessions}; end if;
                perform pg_sleep(0.001);
            end loop;
        end"
    );
    format!("do {}", quote_literal(&body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(mark: Option<&str>, sessions: i64, owned: &[u32]) -> State {
        let found = Found {
            name: "aiodal_0a1b2c3d_001122334455_d7".to_owned(),
            is_template: false,
            mark: mark.map(str::to_owned),
            sessions,
            counted: 0,
        };
        FoundClone::of(found, owned).expect("it is a clone").state
    }

    #[test]
    fn only_what_nobody_owns_is_free() {
        assert_eq!(state(None, 0, &[7]), State::Owned);
        assert_eq!(state(None, 1, &[8]), State::Owned);
        assert_eq!(state(None, 0, &[8]), State::Spare);
        let taken = Some("aiodal: clone for a");
        assert_eq!(state(taken, 0, &[7]), State::Owned);
        assert_eq!(state(taken, 1, &[]), State::Owned);
        assert_eq!(state(taken, 0, &[]), State::Abandoned);
        assert_eq!(
            state(Some("aiodal: kept from a"), 0, &[]),
            State::Kept("a".to_owned())
        );
    }
}
