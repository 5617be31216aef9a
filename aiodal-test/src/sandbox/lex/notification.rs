//! `LISTEN`, `UNLISTEN` and `NOTIFY`, from behind the word.

use super::Verb;
use super::parser::Parser;

pub(super) fn listen(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    let channel = rest.name()?;
    rest.end()?;
    Some(Verb::Listen(channel))
}

pub(super) fn unlisten(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    let channel = match rest.symbol(b'*') {
        Some(()) => None,
        None => Some(rest.name()?),
    };
    rest.end()?;
    Some(Verb::Unlisten(channel))
}

pub(super) fn notify(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    let channel = rest.name()?;
    let payload = match rest.symbol(b',') {
        Some(()) => Some(rest.literal()?),
        None => None,
    };
    rest.end()?;
    Some(Verb::Notify { channel, payload })
}
