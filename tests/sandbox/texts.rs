//! The text of what a client has named: statements and portals, by the protocol and by SQL.

use std::collections::BTreeMap;

use crate::message::{Kind, Message};

/// What the names of one client stand for, as far as its messages tell.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    statements: BTreeMap<String, String>,
    portals: BTreeMap<String, String>,
}

impl Texts {
    /// Takes note of a message, and returns the text of what it names, if it names something.
    pub(crate) fn of(&mut self, message: &Message) -> Option<String> {
        match message {
            Message::Query(sql) => self.executed(sql),
            Message::Parse { name, sql } => {
                let executed = self.executed(sql);
                self.note(name, sql);
                executed
            }
            Message::Bind {
                portal, statement, ..
            } => {
                let sql = self.statements.get(statement)?.clone();
                self.portals.insert(portal.clone(), sql.clone());
                Some(sql)
            }
            Message::Execute { portal, .. } | Message::Describe(Kind::Portal, portal) => {
                self.portals.get(portal).cloned()
            }
            Message::Describe(Kind::Statement, name) => self.statements.get(name).cloned(),
            _ => None,
        }
    }

    /// Whether a name that was given before is given anew, only the server knows: it may stand for either.
    fn note(&mut self, name: &str, sql: &str) {
        let known = self.statements.entry(name.to_owned()).or_default();
        known.push('\n');
        known.push_str(sql);
    }

    /// What a statement prepares is noted, and what it executes returned.
    fn executed(&mut self, sql: &str) -> Option<String> {
        if let Some(name) = name_behind(sql, "prepare ") {
            self.note(name, sql);
        }
        let name = name_behind(sql, "execute ")?;
        self.statements.get(name).cloned()
    }
}

/// Returns the name that stands behind a word.
fn name_behind<'a>(sql: &'a str, word: &str) -> Option<&'a str> {
    let at = sql.to_ascii_lowercase().find(word)? + word.len();
    let rest = &sql[at..];
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split(|c: char| !c.is_alphanumeric()).next(),
    }
}
