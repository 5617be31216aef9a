//! Prepared statements by name, from behind the first word of the statement.

use super::Verb;
use super::definition;
use super::parser::Parser;
use crate::tokens::Kind;

pub(super) fn prepare(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    let mut ahead = rest.clone();
    if ahead.keyword("transaction").is_some()
        && let Some(verb) = super::transaction::two_phase(ahead)
    {
        return Some(verb);
    }
    let name = rest.name()?;
    if rest.symbol(b'(').is_some() {
        rest.close()?;
    }
    rest.keyword("as")?;
    rest.peek()?;
    Some(Verb::Prepare(name))
}

pub(super) fn execute(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    let name = rest.name()?;
    if rest.symbol(b'(').is_some() {
        rest.close()?;
    }
    rest.end()?;
    Some(Verb::Execute(name))
}

pub(super) fn deallocate(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    // `PREPARE` is a name, too.
    let mut ahead = rest.clone();
    if ahead.keyword("prepare").is_some() && ahead.peek().is_some() {
        rest = ahead;
    }
    let name = match rest.keyword("all") {
        Some(()) => None,
        None => Some(rest.name()?),
    };
    rest.end()?;
    Some(Verb::Deallocate(name))
}

/// Only an `EXECUTE` within it matters.
pub(super) fn explain(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    if rest.symbol(b'(').is_some() {
        rest.close()?;
    }
    loop {
        let word = rest.take(|token, _| token.kind == Kind::Word)?;
        match rest.text(word).to_ascii_lowercase().as_str() {
            "analyze" | "analyse" | "verbose" => {}
            "execute" => return execute(rest),
            "create" => {
                return definition::create(rest).filter(|verb| matches!(verb, Verb::Execute(_)));
            }
            _ => return None,
        }
    }
}
