//! `SET`, `RESET` and their like, from behind their first word.

use std::borrow::Cow;

use super::parser::{Parser, folded};
use super::transaction::modes;
use super::{Discarded, Verb};
use crate::tokens::{Kind, Token, Tokens};

pub(super) fn set(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    // `LOCAL`, `SESSION` and all the others are names of settings as well: `SET local = 1`.
    if let Some(verb) = setting(rest.clone(), false) {
        return Some(verb);
    }
    if rest.keyword("constraints").is_some() {
        return constraints(rest);
    }
    let local = rest.keyword("local").is_some();
    if !local {
        rest.keyword("session")?;
    }
    setting(rest, local)
}

fn setting(mut rest: Parser<'_>, local: bool) -> Option<Verb<'_>> {
    if let Some(verb) = assignment(rest.clone(), local) {
        return Some(verb);
    }
    if rest.keyword("transaction").is_some() {
        return transaction(rest);
    }
    let (name, is_default) = if rest.keywords(&["session", "characteristics"]).is_some() {
        rest.keywords(&["as", "transaction"])?;
        rest.peek()?;
        return modes(rest).map(Verb::SetCharacteristics);
    } else if rest.keywords(&["session", "authorization"]).is_some() {
        let is_default = rest.keyword("default").is_some();
        if !is_default {
            word_or_literal(&mut rest)?;
        }
        ("session authorization", is_default)
    } else if rest.keywords(&["time", "zone"]).is_some() {
        ("timezone", zone(&mut rest)?)
    } else if rest.keyword("schema").is_some() {
        rest.literal()?;
        ("search_path", false)
    } else if rest.keyword("names").is_some() {
        let is_default = rest.keyword("default").is_some() || rest.peek().is_none();
        if !is_default {
            rest.literal()?;
        }
        ("client_encoding", is_default)
    } else if rest.keyword("role").is_some() {
        ("role", word_or_literal(&mut rest)? == "none")
    } else {
        rest.keywords(&["xml", "option"])?;
        if rest.keyword("document").is_none() {
            rest.keyword("content")?;
        }
        ("xmloption", false)
    };
    rest.end()?;
    let name = Cow::Borrowed(name);
    Some(Verb::Set {
        local,
        name,
        is_default,
    })
}

/// `name = value, ..`.
fn assignment(mut rest: Parser<'_>, local: bool) -> Option<Verb<'_>> {
    let name = variable(&mut rest)?;
    if rest.symbol(b'=').is_none() {
        rest.keyword("to")?;
    }
    if let Some(modes) = modes_by_name(&name, rest.clone()) {
        let by_name = Some(local);
        return Some(Verb::SetTransaction { modes, by_name });
    }
    let mut is_default = rest.keyword("default").is_some();
    if !is_default {
        let none = name == "role" && word_or_literal(&mut rest.clone()).as_deref() == Some("none");
        is_default = none;
        value(&mut rest)?;
        while rest.symbol(b',').is_some() {
            value(&mut rest)?;
        }
    }
    rest.end()?;
    Some(Verb::Set {
        local,
        name,
        is_default,
    })
}

/// What a transaction is set to by the name of one of its modes.
fn modes_by_name(name: &str, mut rest: Parser<'_>) -> Option<super::Modes> {
    let mode = name.strip_prefix("transaction_")?;
    let value = match rest.take(is_switch) {
        Some(token) => Cow::Borrowed(rest.text(token)),
        None => word_or_literal(&mut rest)?,
    };
    rest.end()?;
    super::Modes::default().with(mode, &value.to_ascii_lowercase())
}

/// The name of a setting, which is the same in any case, quoted or not.
fn variable<'a>(rest: &mut Parser<'a>) -> Option<Cow<'a, str>> {
    let mut name = rest.name()?.text;
    while rest.symbol(b'.').is_some() {
        let last = rest.name()?.text;
        name = Cow::Owned(format!("{name}.{last}"));
    }
    let name = match name {
        Cow::Borrowed(name) => folded(name),
        Cow::Owned(name) => Cow::Owned(name.to_ascii_lowercase()),
    };
    Some(one_name(name))
}

/// The server has two names for it.
fn one_name(name: Cow<'_, str>) -> Cow<'_, str> {
    match &*name {
        "session_authorization" => Cow::Borrowed("session authorization"),
        _ => name,
    }
}

fn value(rest: &mut Parser<'_>) -> Option<()> {
    if rest.take(is_switch).is_some() || word_or_literal(rest).is_some() {
        return Some(());
    }
    number(rest)
}

/// These words are values here, though they are no names.
fn is_switch(token: Token, text: &str) -> bool {
    let words = ["true", "false", "on"];
    token.kind == Kind::Word && words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn word_or_literal<'a>(rest: &mut Parser<'a>) -> Option<Cow<'a, str>> {
    match rest.literal() {
        Some(text) => Some(Cow::Owned(text)),
        None => rest.value().map(|word| word.text),
    }
}

fn number(rest: &mut Parser<'_>) -> Option<()> {
    rest.take(|token, _| token.is(b'+') || token.is(b'-'));
    rest.take(|token, _| token.kind == Kind::Number).map(drop)
}

/// A time zone, and whether it is the default.
fn zone(rest: &mut Parser<'_>) -> Option<bool> {
    if rest.keyword("default").is_some() || rest.keyword("local").is_some() {
        return Some(true);
    }
    if rest.keyword("interval").is_some() {
        // Its unit and precision are of no interest here.
        while rest.next().is_some() {}
        return Some(false);
    }
    if word_or_literal(rest).is_none() {
        number(rest)?;
    }
    Some(false)
}

fn transaction(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    rest.peek()?;
    let mut found = super::Modes::default();
    if rest.keyword("snapshot").is_some() {
        rest.literal()?;
        rest.end()?;
        found.snapshot = true;
    } else {
        found = modes(rest)?;
    }
    let by_name = None;
    Some(Verb::SetTransaction {
        modes: found,
        by_name,
    })
}

fn constraints(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    let all = rest.keyword("all").is_some();
    if !all {
        rest.qualified()?;
        while rest.symbol(b',').is_some() {
            rest.qualified()?;
        }
    }
    let deferred = rest.keyword("deferred").is_some();
    if !deferred {
        rest.keyword("immediate")?;
    }
    rest.end()?;
    let all = all.then_some(deferred);
    Some(Verb::SetConstraints { all })
}

pub(super) fn reset(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    let name = if rest.keyword("all").is_some() {
        None
    } else if rest.keywords(&["time", "zone"]).is_some() {
        Some(Cow::Borrowed("timezone"))
    } else if rest.keywords(&["session", "authorization"]).is_some() {
        Some(Cow::Borrowed("session authorization"))
    } else {
        Some(variable(&mut rest)?)
    };
    rest.end()?;
    Some(Verb::Reset(name))
}

/// `SELECT` of one call of `set_config` whose name and scope are known without running it.
pub(super) fn set_config(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    match rest.qualified()? {
        (None, name) if name.text == "set_config" => {}
        (Some(schema), name) if schema.text == "pg_catalog" && name.text == "set_config" => {}
        _ => return None,
    }
    let (name, local) = call(&mut rest)?;
    let local = local?;
    rest.end()?;
    Some(Verb::SetConfig { local, name })
}

/// The arguments of a call of `set_config` with a name that is known: that, and whether it is for the transaction only, if that is
/// known too. What the modes of a transaction are called is none of them: they end with it, whatever is said.
fn call(rest: &mut Parser<'_>) -> Option<(String, Option<bool>)> {
    rest.symbol(b'(')?;
    let name = one_name(Cow::Owned(rest.literal()?.to_ascii_lowercase())).into_owned();
    if name.starts_with("transaction_") {
        return None;
    }
    rest.symbol(b',')?;
    loop {
        match rest.next()?.kind {
            Kind::Symbol(b'(' | b'[') => rest.close()?,
            Kind::Symbol(b')') => return None,
            Kind::Symbol(b',') => break,
            _ => {}
        }
    }
    let local = match rest.keyword("true") {
        Some(()) => Some(true),
        None => rest.keyword("false").map(|()| false),
    };
    match local {
        Some(_) => rest.symbol(b')')?,
        None => rest.close()?,
    }
    Some((name, local))
}

/// Returns what is set by calls of `set_config` anywhere in a text, and whether for the transaction only.
pub(crate) fn calls(sql: &str, conforming: bool) -> Vec<(String, bool)> {
    let mut tokens = Tokens::new(sql, conforming);
    let mut found = Vec::new();
    while let Some(token) = tokens.next() {
        if token.kind == Kind::Word && tokens.text(token).eq_ignore_ascii_case("set_config") {
            let called = call(&mut Parser::new(tokens.clone()));
            found.extend(called.map(|(name, local)| (name, local.unwrap_or(false))));
        }
    }
    found
}

pub(super) fn discard(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    let discarded = if rest.keyword("all").is_some() {
        Discarded::All
    } else if rest.keyword("plans").is_some() {
        Discarded::Plans
    } else if rest.keyword("sequences").is_some() {
        Discarded::Sequences
    } else {
        if rest.keyword("temp").is_none() {
            rest.keyword("temporary")?;
        }
        Discarded::Temp
    };
    rest.end()?;
    Some(Verb::Discard(discarded))
}
