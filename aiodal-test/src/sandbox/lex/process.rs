//! `SELECT pg_backend_pid()`, from behind the first word.

use super::Verb;
use super::parser::Parser;
use crate::tokens::{Kind, Token};

pub(super) fn own(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    let is = |known: &'static str| {
        move |token: Token, text: &str| token.kind == Kind::Word && text.eq_ignore_ascii_case(known)
    };
    let schema = rest.take(is("pg_catalog"));
    if schema.is_some() {
        rest.symbol(b'.')?;
    }
    let call = rest.take(is("pg_backend_pid"))?;
    rest.symbol(b'(')?;
    let end = rest.take(|token, _| token.is(b')'))?.end;
    let is_named = rest.peek().is_some();
    if is_named {
        rest.keyword("as");
        rest.name()?;
        rest.end()?;
    }
    Some(Verb::Process {
        start: schema.unwrap_or(call).start,
        end,
        is_named,
    })
}
