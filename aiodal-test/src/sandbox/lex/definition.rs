//! Definitions: temporary tables, and what no transaction can run. From behind the first word of the statement.

use super::parser::Parser;
use super::{Name, OnCommit, Verb};
use crate::tokens::{Kind, Nesting};

pub(super) fn create(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    for (object, statement) in [
        ("database", "CREATE DATABASE"),
        ("tablespace", "CREATE TABLESPACE"),
        ("subscription", "CREATE SUBSCRIPTION"),
    ] {
        if rest.keyword(object).is_some() {
            return unfit(&rest, statement);
        }
    }
    let unique = rest.keyword("unique").is_some();
    if rest.keyword("index").is_some() {
        rest.keyword("concurrently")?;
        return unfit(&rest, "CREATE INDEX CONCURRENTLY");
    }
    if unique {
        return None;
    }
    executes(rest.clone())
        .or_else(|| table(rest.clone()))
        .or_else(|| other_temporary(rest))
}

/// A temporary table whose rows are those of an `EXECUTE`.
pub(super) fn filled_by_execute(rest: Parser<'_>) -> Option<Verb<'_>> {
    executes(rest.clone()).and_then(|_| table(rest))
}

/// A table whose rows are those of an `EXECUTE`.
fn executes(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    if !temporary(&mut rest) {
        rest.keyword("unlogged");
    }
    rest.keyword("table")?;
    let mut nesting = Nesting::default();
    while let Some(token) = rest.next() {
        let text = rest.text(token);
        nesting.ends_at(token, text);
        if token.kind == Kind::Word && nesting.is_flat() && text.eq_ignore_ascii_case("as") {
            rest.keyword("execute")?;
            return executed(rest);
        }
    }
    None
}

/// What goes with a client besides its tables.
fn other_temporary(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    rest.keywords(&["or", "replace"]);
    let temporary = temporary(&mut rest);
    rest.keyword("recursive");
    let objects = ["view", "sequence", "type", "domain"];
    objects
        .iter()
        .find(|object| rest.keyword(object).is_some())?;
    let if_not_exists = rest.keywords(&["if", "not", "exists"]).is_some();
    let (schema, name) = rest.qualified()?;
    is_temporary(temporary, schema.as_ref()).then_some(Verb::CreateTemp {
        name,
        on_commit: OnCommit::Preserve,
        if_not_exists,
    })
}

fn table(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    let temporary = temporary(&mut rest);
    if !temporary {
        rest.keyword("unlogged");
    }
    rest.keyword("table")?;
    let if_not_exists = rest.keywords(&["if", "not", "exists"]).is_some();
    let (schema, name) = rest.qualified()?;
    let mut on_commit = OnCommit::Preserve;
    let mut nesting = Nesting::default();
    while let Some(token) = rest.next() {
        let text = rest.text(token);
        nesting.ends_at(token, text);
        if token.kind != Kind::Word || !nesting.is_flat() {
            continue;
        }
        if text.eq_ignore_ascii_case("as") {
            // What follows is a query: `ON commit` may stand in it and mean a column.
            break;
        }
        if text.eq_ignore_ascii_case("on") && rest.keyword("commit").is_some() {
            on_commit = end_of_rows(&mut rest)?;
        }
    }
    is_temporary(temporary, schema.as_ref()).then_some(Verb::CreateTemp {
        name,
        on_commit,
        if_not_exists,
    })
}

/// `EXECUTE` within `CREATE TABLE`, where `WITH [NO] DATA` may follow.
fn executed(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    let name = rest.name()?;
    if rest.symbol(b'(').is_some() {
        rest.close()?;
    }
    if rest.keyword("with").is_some() {
        rest.keyword("no");
        rest.keyword("data")?;
    }
    rest.end()?;
    Some(Verb::Execute(name))
}

fn end_of_rows(rest: &mut Parser<'_>) -> Option<OnCommit> {
    if rest.keyword("drop").is_some() {
        return Some(OnCommit::Drop);
    }
    if rest.keywords(&["delete", "rows"]).is_some() {
        return Some(OnCommit::Delete);
    }
    rest.keywords(&["preserve", "rows"])?;
    Some(OnCommit::Preserve)
}

/// A query's `INTO`, from behind the word.
pub(super) fn into(rest: Parser<'_>) -> Option<Verb<'_>> {
    let creates = |name| Verb::CreateTemp {
        name,
        on_commit: OnCommit::Preserve,
        if_not_exists: false,
    };
    let mut ahead = rest.clone();
    if temporary(&mut ahead) {
        ahead.keyword("table");
        // Else it is a table of the name `temp`.
        if let Some((_, name)) = ahead.qualified() {
            return Some(creates(name));
        }
    }
    let mut rest = rest;
    rest.keyword("table");
    let (schema, name) = rest.qualified()?;
    is_temporary(false, schema.as_ref()).then(|| creates(name))
}

fn temporary(rest: &mut Parser<'_>) -> bool {
    [
        &["temp"] as &[&str],
        &["temporary"],
        &["local", "temp"],
        &["local", "temporary"],
        &["global", "temp"],
        &["global", "temporary"],
    ]
    .iter()
    .any(|words| rest.keywords(words).is_some())
}

fn is_temporary(said: bool, schema: Option<&Name<'_>>) -> bool {
    said || schema.is_some_and(|schema| schema.text == "pg_temp")
}

pub(super) fn drop(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    [
        (&["database"] as &[&str], "DROP DATABASE"),
        (&["tablespace"], "DROP TABLESPACE"),
        (&["subscription"], "DROP SUBSCRIPTION"),
        (&["index", "concurrently"], "DROP INDEX CONCURRENTLY"),
    ]
    .iter()
    .find(|(words, _)| rest.keywords(words).is_some())
    .and_then(|(_, statement)| unfit(&rest, statement))
    .or_else(|| dropped(rest))
}

fn dropped(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    let objects = ["table", "view", "sequence", "type", "domain"];
    objects
        .iter()
        .find(|object| rest.keyword(object).is_some())?;
    rest.keywords(&["if", "exists"]);
    let mut names = Vec::new();
    loop {
        let (schema, name) = rest.qualified()?;
        if schema.is_none_or(|schema| schema.text == "pg_temp") {
            names.push(name);
        }
        if rest.symbol(b',').is_none() {
            break;
        }
    }
    if rest.keyword("cascade").is_none() {
        rest.keyword("restrict");
    }
    rest.end()?;
    Some(Verb::Drop(names))
}

pub(super) fn alter(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    if rest.keyword("system").is_some() {
        return unfit(&rest, "ALTER SYSTEM");
    }
    if rest.keyword("database").is_some() {
        rest.name()?;
        rest.keywords(&["set", "tablespace"])?;
        return unfit(&rest, "ALTER DATABASE .. SET TABLESPACE");
    }
    rest.keyword("table")?;
    rest.keywords(&["if", "exists"]);
    rest.qualified()?;
    rest.keywords(&["detach", "partition"])?;
    rest.qualified()?;
    rest.keyword("concurrently")?;
    Some(Verb::NeedsNoTransaction(
        "ALTER TABLE .. DETACH PARTITION .. CONCURRENTLY",
    ))
}

pub(super) fn reindex(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    let mut concurrently = false;
    if rest.symbol(b'(').is_some() {
        let options = rest.clone();
        rest.close()?;
        concurrently = mentions_concurrently(options, &rest);
    }
    let object = rest.take(|token, _| token.kind == Kind::Word)?;
    let object = rest.text(object).to_ascii_lowercase();
    concurrently |= rest.keyword("concurrently").is_some();
    match object.as_str() {
        "database" => Some(Verb::NeedsNoTransaction("REINDEX DATABASE")),
        "system" => Some(Verb::NeedsNoTransaction("REINDEX SYSTEM")),
        "schema" => Some(Verb::NeedsNoTransaction("REINDEX SCHEMA")),
        "table" | "index" if concurrently => unfit(&rest, "REINDEX CONCURRENTLY"),
        _ => None,
    }
}

/// Whether the options between `options` and `end` say so.
fn mentions_concurrently(mut options: Parser<'_>, end: &Parser<'_>) -> bool {
    let end = end.peek().map_or(usize::MAX, |token| token.start);
    while let Some(token) = options.next().filter(|token| token.start < end) {
        if options.text(token).eq_ignore_ascii_case("concurrently") {
            return options.keyword("false").is_none() && options.keyword("off").is_none();
        }
    }
    false
}

/// `CLUSTER` of every table.
pub(super) fn cluster(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    if rest.symbol(b'(').is_some() {
        rest.close()?;
    } else {
        rest.keyword("verbose");
    }
    rest.end()?;
    Some(Verb::NeedsNoTransaction("CLUSTER"))
}

/// What the statement is about has to follow, else it is wrong.
fn unfit<'a>(rest: &Parser<'a>, statement: &'static str) -> Option<Verb<'a>> {
    rest.peek()?;
    Some(Verb::NeedsNoTransaction(statement))
}
