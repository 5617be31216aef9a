//! Names that break what was written for `[a-z_]+`.

use std::collections::HashSet;

use super::random::Random;

const NAMES: [&str; 42] = [
    "id",
    "name",
    "a",
    "b",
    "created_at",
    "total",
    "parent_id",
    "x1",
    "_",
    "camelCase",
    "UPPER",
    "select",
    "user",
    "order",
    "table",
    "end",
    "two words",
    "qu\"ote",
    "it's",
    "semi;colon",
    "a.b",
    "ünïcode",
    "p,q",
    "{brace}",
    "(paren)",
    "%s",
    "$1",
    "?",
    ":x",
    " lead",
    "trail ",
    "line\nfeed",
    "tab\t",
    "back\\slash",
    "-- note",
    "/* open",
    "😀",
    "NULL",
    "\u{202e}right",
    "<b>&amp;",
    "PK",
    "fifty_and_some_more_characters_make_a_name_long_enough",
];

/// Reserved words among the names.
const RESERVED: [&str; 5] = ["select", "user", "order", "table", "end"];

/// Names that are taken.
#[derive(Debug, Default)]
pub(crate) struct Scope(HashSet<String>);

impl Scope {
    /// A name that is not taken yet.
    pub(crate) fn name(&mut self, random: &mut Random) -> String {
        let base = *random.pick(&NAMES);
        let mut name = base.to_owned();
        let mut number = 0;
        while !self.0.insert(name.clone()) {
            number += 1;
            name = format!("{base}{number}");
        }
        name
    }
}

/// A name in SQL that this test sends.
pub(crate) fn sql(name: &str) -> String {
    aiodal::quote_ident(name).expect("a name that PostgreSQL takes")
}

/// A name in SQL that the server writes: quoted only if it must be.
pub(crate) fn written(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    if begins && name.chars().all(plain) && !RESERVED.contains(&name) {
        name.to_owned()
    } else {
        sql(name)
    }
}

/// A list in SQL that this test sends.
pub(crate) fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| sql(name))
        .collect::<Vec<_>>()
        .join(", ")
}
