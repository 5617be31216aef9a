//! A client's settings, and how the one connection is brought to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use aiodal_core::{quote_ident, quote_literal};

use super::lex::{Isolation, Modes};

/// What is set, by name: the SQL that sets it.
///
/// Settings that were made in a transaction for that transaction only are not among them: they are remembered as
/// [spoilt](Settings::spoil), since the connection goes on behind the client's COMMIT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    set: Arc<BTreeMap<String, String>>,
}

/// What is set on the connection by nobody that is to keep it.
const SPOILT: &str = "";

/// Who one is: of these RESET ALL takes no notice, and with the first the server forgets the second.
const SESSION: &str = "session authorization";
const ROLE: &str = "role";

impl Settings {
    pub(super) fn of_startup(settings: &[(String, String)]) -> Settings {
        let sql = |name: &str, value: &str| {
            format!(
                "select set_config({}, {}, false)",
                quote_literal(name),
                quote_literal(value)
            )
        };
        let settings = settings.iter();
        let set = settings
            .map(|(name, value)| (name.clone(), sql(name, value)))
            .collect();
        Settings { set: Arc::new(set) }
    }

    pub(super) fn set(&mut self, name: &str, sql: &str) {
        let set = Arc::make_mut(&mut self.set);
        if name == SESSION {
            set.remove(ROLE);
        }
        set.insert(name.to_owned(), sql.to_owned());
    }

    /// Returns the SQL that sets a setting.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.set.get(name).map(String::as_str)
    }

    /// Notes that the connection has a value that nobody is to keep.
    pub(super) fn spoil(&mut self, name: &str) {
        let set = Arc::make_mut(&mut self.set);
        if name == SESSION {
            set.insert(ROLE.to_owned(), SPOILT.to_owned());
        }
        set.insert(name.to_owned(), SPOILT.to_owned());
    }

    /// Back to what the client began with, or to nothing.
    pub(super) fn reset(&mut self, name: &str) {
        let also = if name == SESSION { ROLE } else { name };
        if self.set.contains_key(name) || self.set.contains_key(also) {
            let set = Arc::make_mut(&mut self.set);
            set.remove(name);
            set.remove(also);
        }
    }

    /// Takes over one setting of others, or all of them; returns the SQL that sets them.
    pub(super) fn restore(&mut self, from: &Settings, name: Option<&str>) -> Vec<String> {
        let restored = from
            .set
            .iter()
            .filter(|(known, _)| name.is_none_or(|name| name == *known));
        let restored: Vec<_> = restored
            .map(|(name, sql)| (name.clone(), sql.clone()))
            .collect();
        for (name, sql) in &restored {
            self.set(name, sql);
        }
        restored.into_iter().map(|(_, sql)| sql).collect()
    }

    /// As RESET ALL does it, which leaves it to others to say who one is.
    pub(super) fn clear(&mut self) {
        let stays = |name: &String| [SESSION, ROLE].contains(&name.as_str());
        if !self.set.keys().all(stays) {
            Arc::make_mut(&mut self.set).retain(|name, _| stays(name));
        }
    }

    /// Returns the modes of a transaction that does not say them itself.
    pub(super) fn modes(&self) -> Modes {
        Modes {
            isolation: Some(self.isolation()),
            read_only: Some(self.are_read_only()),
            ..Modes::default()
        }
    }

    /// Says whether a transaction that does not say so itself only reads. The server looks at it when it begins one, which in a
    /// sandbox it never does.
    pub(super) fn are_read_only(&self) -> bool {
        const ON: [&str; 9] = ["on", "true", "tru", "tr", "t", "yes", "ye", "y", "1"];
        let value = self.value("default_transaction_read_only");
        value.is_some_and(|value| ON.contains(&value[0].as_str()))
    }

    /// Returns the isolation level that a transaction has which does not say so itself.
    pub(super) fn isolation(&self) -> Isolation {
        let value = self.value("default_transaction_isolation");
        let level = value.and_then(|words| {
            let two = words.get(..2).map(|words| words.join(" "));
            let two = two.and_then(|words| Isolation::of(&words));
            two.or_else(|| Isolation::of(&words[0]))
        });
        level.unwrap_or(Isolation::ReadCommitted)
    }

    /// Returns the words of the value that a setting is set to, and what stands behind them; there is one at least.
    fn value(&self, name: &str) -> Option<Vec<String>> {
        let sql = self.set.get(name)?.to_ascii_lowercase();
        let value = sql.rsplit(name).next().unwrap_or_default();
        let words = value.split(|c: char| !c.is_alphanumeric());
        let words = words.filter(|word| !word.is_empty() && *word != "to");
        let words: Vec<_> = words.map(str::to_owned).collect();
        (!words.is_empty()).then_some(words)
    }

    /// Says whether these are the same.
    pub(super) fn is(&self, other: &Settings) -> bool {
        Arc::ptr_eq(&self.set, &other.set) || self.set == other.set
    }

    /// Returns the SQL that brings a connection from these settings to others.
    pub(super) fn change_to(&self, wanted: &Settings) -> Vec<String> {
        if self.is(wanted) {
            return Vec::new();
        }
        let is_new = |name: &str| self.get(name) != wanted.get(name);
        let says_who = |name: &str| name == SESSION || name == ROLE;
        let others = self.set.keys().chain(wanted.set.keys());
        let others = others.map(String::as_str).filter(|name| !says_who(name));
        let mut others: Vec<&str> = others.filter(|name| is_new(name)).collect();
        others.sort_unstable();
        others.dedup();
        // Not every role may set everything: who one is comes off first, and on last.
        let is_somebody = [SESSION, ROLE].iter().any(|name| self.get(name).is_some());
        let is_new_somebody = is_new(SESSION) || is_new(ROLE);
        let off = is_somebody && (is_new_somebody || !others.is_empty());
        let mut sql = Vec::new();
        if off {
            let name = if self.get(SESSION).is_some() {
                SESSION
            } else {
                ROLE
            };
            sql.extend(reset(name));
        }
        sql.extend(
            others
                .into_iter()
                .filter_map(|name| match wanted.get(name) {
                    Some(set) => Some(set.to_owned()),
                    None => reset(name),
                }),
        );
        if off || is_new_somebody {
            let who = [SESSION, ROLE].into_iter();
            sql.extend(who.filter_map(|name| wanted.get(name).map(str::to_owned)));
        }
        sql
    }
}

fn reset(name: &str) -> Option<String> {
    if name == SESSION {
        return Some(format!("reset {SESSION}"));
    }
    let parts: Result<Vec<_>, _> = name.split('.').map(quote_ident).collect();
    Some(format!("reset {}", parts.ok()?.join(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_is_brought_from_one_client_to_another() {
        let mut one = Settings::default();
        one.set("timezone", "set time zone 'UTC'");
        one.set("search_path", "set search_path to a");
        one.spoil("work_mem");
        let mut other = Settings::default();
        other.set("search_path", "set search_path to b");
        assert_eq!(
            one.change_to(&other),
            [
                "set search_path to b",
                "reset \"timezone\"",
                "reset \"work_mem\""
            ]
        );
        assert!(other.change_to(&other.clone()).is_empty());
    }

    #[test]
    fn who_one_is_comes_off_first_and_on_last() {
        let mut one = Settings::default();
        one.set("role", "set role a");
        one.set(
            "session_replication_role",
            "set session_replication_role to replica",
        );
        let mut other = Settings::default();
        other.set("work_mem", "set work_mem to '1MB'");
        other.set("session authorization", "set session authorization b");
        other.set("role", "set role c");
        assert_eq!(
            one.change_to(&other),
            [
                "reset \"role\"",
                "reset \"session_replication_role\"",
                "set work_mem to '1MB'",
                "set session authorization b",
                "set role c"
            ]
        );
        let back = other.change_to(&one);
        assert_eq!(back[0], "reset session authorization");
        assert_eq!(back[3], "set role a");
        // The server forgets the role with it.
        other.reset("session authorization");
        assert_eq!(other.get("role"), None);
    }

    #[test]
    fn transactions_only_read_where_that_is_set() {
        let mut settings = Settings::default();
        assert!(!settings.are_read_only());
        for (sql, expected) in [
            ("set default_transaction_read_only = on", true),
            ("SET Default_Transaction_Read_Only TO 'true'", true),
            (
                "select set_config('default_transaction_read_only', '1', false)",
                true,
            ),
            ("set default_transaction_read_only to off", false),
            (
                "select set_config('default_transaction_read_only', 'f', false)",
                false,
            ),
        ] {
            settings.set("default_transaction_read_only", sql);
            assert_eq!(settings.are_read_only(), expected, "{sql}");
        }
    }

    #[test]
    fn transactions_have_the_level_that_is_set() {
        let mut settings = Settings::default();
        assert_eq!(settings.isolation(), Isolation::ReadCommitted);
        for (sql, expected) in [
            (
                "set default_transaction_isolation = serializable",
                Isolation::Serializable,
            ),
            (
                "SET Default_Transaction_Isolation TO 'Repeatable read'",
                Isolation::RepeatableRead,
            ),
            (
                "select set_config('default_transaction_isolation', 'serializable', false)",
                Isolation::Serializable,
            ),
            (
                "set default_transaction_isolation to 'read uncommitted'",
                Isolation::ReadUncommitted,
            ),
        ] {
            settings.set("default_transaction_isolation", sql);
            assert_eq!(settings.isolation(), expected, "{sql}");
        }
    }

    #[test]
    fn what_was_set_for_a_transaction_only_is_set_back() {
        let mut wanted = Settings::default();
        wanted.set("work_mem", "set work_mem to '1MB'");
        let mut applied = wanted.clone();
        applied.spoil("work_mem");
        assert_eq!(applied.change_to(&wanted), ["set work_mem to '1MB'"]);
    }
}
