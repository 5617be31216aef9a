//! Cursors, from behind the first word of the statement.

use super::Verb;
use super::parser::Parser;

pub(super) fn declare(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    const OPTIONS: [&[&str]; 5] = [
        &["no", "scroll"],
        &["scroll"],
        &["binary"],
        &["asensitive"],
        &["insensitive"],
    ];
    let name = rest.name()?;
    while OPTIONS.iter().any(|option| rest.keywords(option).is_some()) {}
    rest.keyword("cursor")?;
    let hold = rest.keywords(&["with", "hold"]).is_some();
    if !hold {
        rest.keywords(&["without", "hold"]);
    }
    rest.keyword("for")?;
    rest.peek()?;
    Some(Verb::Declare { name, hold })
}

pub(super) fn close(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    let name = match rest.keyword("all") {
        Some(()) => None,
        None => Some(rest.name()?),
    };
    rest.end()?;
    Some(Verb::CloseCursor(name))
}
