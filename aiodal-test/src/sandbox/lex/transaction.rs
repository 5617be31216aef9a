//! The statements that control transactions, from behind their first word.

use super::parser::Parser;
use super::{Isolation, Modes, Name, Verb};

pub(super) fn begin(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    work(&mut rest);
    let modes = modes(rest)?;
    let start = false;
    Some(Verb::Begin { start, modes })
}

pub(super) fn start(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    rest.keyword("transaction")?;
    let modes = modes(rest)?;
    let start = true;
    Some(Verb::Begin { start, modes })
}

pub(super) fn commit(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    if rest.keyword("prepared").is_some() {
        return two_phase(rest);
    }
    end(rest)
}

pub(super) fn end(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    work(&mut rest);
    let chain = chain(rest)?;
    Some(Verb::Commit { chain })
}

pub(super) fn rollback(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    if rest.keyword("prepared").is_some() {
        return two_phase(rest);
    }
    work(&mut rest);
    if rest.keyword("to").is_some() {
        return savepoint(rest, true).map(Verb::RollbackTo);
    }
    let chain = chain(rest)?;
    Some(Verb::Rollback { chain })
}

pub(super) fn abort(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    work(&mut rest);
    let chain = chain(rest)?;
    Some(Verb::Rollback { chain })
}

/// Of a transaction that was or is to be prepared: its name.
pub(super) fn two_phase(mut rest: Parser<'_>) -> Option<Verb<'_>> {
    rest.literal()?;
    rest.end()?;
    Some(Verb::TwoPhase)
}

/// The name of a savepoint; before it the word may stand if it is `optional`, which is a name as well.
pub(super) fn savepoint(mut rest: Parser<'_>, optional: bool) -> Option<Name<'_>> {
    let mut name = rest.name()?;
    if optional && rest.peek().is_some() && name.text == "savepoint" {
        name = rest.name()?;
    }
    rest.end()?;
    Some(name)
}

/// The modes up to the end of the statement; there may be none.
pub(super) fn modes(mut rest: Parser<'_>) -> Option<Modes> {
    let mut modes = Modes::default();
    while rest.peek().is_some() {
        mode(&mut rest, &mut modes)?;
        if rest.symbol(b',').is_some() && rest.peek().is_none() {
            return None;
        }
    }
    Some(modes)
}

fn mode(rest: &mut Parser<'_>, modes: &mut Modes) -> Option<()> {
    if rest.keywords(&["isolation", "level"]).is_some() {
        modes.isolation = Some(isolation(rest)?);
    } else if rest.keyword("read").is_some() {
        modes.read_only = Some(rest.keyword("write").is_none());
        if modes.read_only == Some(true) {
            rest.keyword("only")?;
        }
    } else if rest.keyword("deferrable").is_some() {
        modes.deferrable = Some(true);
    } else {
        rest.keywords(&["not", "deferrable"])?;
        modes.deferrable = Some(false);
    }
    Some(())
}

fn isolation(rest: &mut Parser<'_>) -> Option<Isolation> {
    const LEVELS: [(&[&str], Isolation); 4] = [
        (&["read", "uncommitted"], Isolation::ReadUncommitted),
        (&["read", "committed"], Isolation::ReadCommitted),
        (&["repeatable", "read"], Isolation::RepeatableRead),
        (&["serializable"], Isolation::Serializable),
    ];
    LEVELS
        .iter()
        .find(|(words, _)| rest.keywords(words).is_some())
        .map(|(_, level)| *level)
}

fn work(rest: &mut Parser<'_>) {
    if rest.keyword("work").is_none() {
        rest.keyword("transaction");
    }
}

fn chain(mut rest: Parser<'_>) -> Option<bool> {
    let mut chain = false;
    if rest.keyword("and").is_some() {
        chain = rest.keyword("no").is_none();
        rest.keyword("chain")?;
    }
    rest.end()?;
    Some(chain)
}
