//! Splits a query string, and tells each statement by its first word.

use super::parser::Parser;
use super::{
    Piece, Verb, cursor, definition, notification, prepared, process, setting, transaction,
};
use crate::tokens::{Kind, Nesting, Token, Tokens};

/// Splits a query string. Empty statements are left out.
///
/// `conforming` is the server's `standard_conforming_strings`.
pub(crate) fn pieces(sql: &str, conforming: bool) -> Vec<Piece<'_>> {
    let mut tokens = Tokens::new(sql, conforming);
    let mut pieces = Vec::new();
    while let Some(first) = tokens.next() {
        if !first.is(b';') {
            let statement = Statement::read(&mut tokens, first);
            let (start, end) = (first.start, statement.end);
            // It has to stop where the statement does.
            let words = Tokens::new(&sql[..end], conforming).from(start);
            let verb = statement.verb(words).unwrap_or(Verb::Other {
                deferrable: statement.deferrable,
            });
            pieces.push(Piece { start, end, verb });
        }
    }
    pieces
}

/// What one pass over a statement finds out.
struct Statement {
    /// Behind the last token.
    end: usize,
    /// Behind the first `INTO` that may be a query's own.
    into: Option<usize>,
    deferrable: bool,
    /// The last token closes a parenthesis, as a call does that is alone in a query.
    closed: bool,
    terminated: bool,
}

impl Statement {
    /// Reads from behind `first` to behind the semicolon.
    fn read(tokens: &mut Tokens<'_>, first: Token) -> Statement {
        let mut nesting = Nesting::default();
        let mut statement = Statement {
            end: first.end,
            into: None,
            deferrable: false,
            closed: false,
            terminated: first.kind != Kind::Unterminated,
        };
        nesting.ends_at(first, tokens.text(first));
        let mut previous = first;
        while let Some(token) = tokens.next() {
            let text = tokens.text(token);
            if nesting.ends_at(token, text) {
                break;
            }
            statement.end = token.end;
            match token.kind {
                Kind::Unterminated => statement.terminated = false,
                Kind::Word if text.len() == 10 => {
                    statement.deferrable |= text.eq_ignore_ascii_case("deferrable");
                }
                Kind::Word if text.len() == 4 && statement.into.is_none() => {
                    let is_into = nesting.is_flat()
                        && text.eq_ignore_ascii_case("into")
                        && may_precede_into(previous, tokens.text(previous));
                    statement.into = is_into.then_some(token.end);
                }
                _ => {}
            }
            previous = token;
        }
        statement.closed = previous.is(b')');
        statement
    }

    /// What the statement means, if it is not like any other; `words` are all of it.
    fn verb<'a>(&self, mut words: Tokens<'a>) -> Option<Verb<'a>> {
        if !self.terminated {
            return None;
        }
        let first = words.next().filter(|first| first.kind == Kind::Word)?;
        let mut lower = [0; 10];
        let text = words.text(first).as_bytes();
        let lower = lower.get_mut(..text.len())?;
        lower.copy_from_slice(text);
        lower.make_ascii_lowercase();
        let into = self.into.map(|into| words.clone().from(into));
        let rest = Parser::new(words);
        match &*lower {
            b"select" | b"with" if into.is_some() => definition::into(Parser::new(into?)),
            b"select" if self.closed => {
                setting::set_config(rest.clone()).or_else(|| process::own(rest))
            }
            b"select" => process::own(rest),
            b"begin" => transaction::begin(rest),
            b"start" => transaction::start(rest),
            b"commit" => transaction::commit(rest),
            b"end" => transaction::end(rest),
            b"rollback" => transaction::rollback(rest),
            b"abort" => transaction::abort(rest),
            b"savepoint" => transaction::savepoint(rest, false).map(Verb::Savepoint),
            b"release" => transaction::savepoint(rest, true).map(Verb::Release),
            b"set" => setting::set(rest),
            b"reset" => setting::reset(rest),
            b"discard" => setting::discard(rest),
            b"prepare" => prepared::prepare(rest),
            b"execute" => prepared::execute(rest),
            b"deallocate" => prepared::deallocate(rest),
            b"explain" => prepared::explain(rest),
            b"declare" => cursor::declare(rest),
            b"close" => cursor::close(rest),
            b"listen" => notification::listen(rest),
            b"unlisten" => notification::unlisten(rest),
            b"notify" => notification::notify(rest),
            b"create" => definition::create(rest),
            b"drop" => definition::drop(rest),
            b"alter" => definition::alter(rest),
            b"reindex" => definition::reindex(rest),
            b"cluster" => definition::cluster(rest),
            b"vacuum" => Some(Verb::NeedsNoTransaction("VACUUM")),
            b"lock" => rest.peek().map(|_| Verb::Lock),
            b"copy" => rest.peek().map(|_| Verb::Copy),
            b"call" => rest.peek().map(|_| Verb::Call),
            b"do" => rest.peek().map(|_| Verb::Do),
            _ => None,
        }
    }
}

/// Returns what is created by a statement that executes another for its rows, if that is temporary.
pub(crate) fn filled_by_execute<'a>(piece: &Piece<'a>, sql: &'a str) -> Option<Piece<'a>> {
    // The name has been read: what strings are is of no interest.
    let mut words = Tokens::new(&sql[..piece.end], true).from(piece.start);
    let first = words.next()?;
    let creates = words.text(first).eq_ignore_ascii_case("create");
    let verb = definition::filled_by_execute(Parser::new(words)).filter(|_| creates)?;
    Some(Piece {
        verb,
        ..piece.clone()
    })
}

/// `INSERT INTO` and `MERGE INTO` name a table that exists, and behind `AS` and a dot `into` is a name.
fn may_precede_into(previous: Token, text: &str) -> bool {
    let is = |keyword: &str| text.eq_ignore_ascii_case(keyword);
    !(previous.is(b'.') || is("insert") || is("merge") || is("as"))
}
