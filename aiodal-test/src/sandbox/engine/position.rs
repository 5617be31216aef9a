//! Positions in errors: the server has a text with names of the sandbox's, and counts its characters.

use bytes::{BufMut, BytesMut};

use super::super::client::{Lengthened, Renamed};
use super::super::lex::{Name, Piece, Verb};
use super::super::turn::ClientId;
use super::Engine;

/// The texts that the position of an error may be in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Positions {
    /// What is run.
    pub(super) run: Option<Lengthened>,
    /// What PREPARE has prepared, where that is executed.
    pub(super) executed: Option<Lengthened>,
}

impl Renamed {
    /// The same statement with another name in it.
    pub(super) fn new(sql: &str, piece: &Piece<'_>, name: &Name<'_>, server_name: &str) -> Renamed {
        let count = |part: &str| part.chars().count();
        let from = count(&sql[..name.end]);
        let at = Lengthened {
            from,
            to: from + count(&sql[name.end..piece.end]),
            before: count(&sql[name.start..name.end]),
            now: count(server_name) + 2,
        };
        let is_execute = matches!(piece.verb, Verb::Execute(_));
        let executed = is_execute.then(|| name.text.clone().into_owned());
        Renamed { at, executed }
    }
}

impl Lengthened {
    /// Returns where a position is in the client's text, if it is behind the name, and within the statement.
    fn moved(self, position: usize) -> Option<usize> {
        let moved = (position + self.before).checked_sub(self.now)?;
        (moved > self.from && moved <= self.to + 1).then_some(moved)
    }
}

impl Positions {
    pub(super) fn is_none(&self) -> bool {
        self.run.is_none() && self.executed.is_none()
    }

    /// What is executed comes last: of an EXECUTE, only its values can be wrong.
    fn moved(&self, position: usize) -> usize {
        let run = self.run.and_then(|run| run.moved(position));
        let executed = || self.executed.and_then(|executed| executed.moved(position));
        run.or_else(executed).unwrap_or(position)
    }

    /// Appends the fields of an error, with its position in the client's text.
    pub(super) fn put(&self, out: &mut BytesMut, fields: &[u8]) {
        for field in fields.split_inclusive(|byte| *byte == 0) {
            let position = field
                .strip_prefix(b"P")
                .and_then(|rest| rest.strip_suffix(b"\0"));
            let position =
                position.and_then(|text| std::str::from_utf8(text).ok()?.parse::<usize>().ok());
            match position {
                Some(position) => {
                    out.put_slice(format!("P{}\0", self.moved(position)).as_bytes());
                }
                None => out.put_slice(field),
            }
        }
    }
}

impl Engine {
    /// Returns the texts that an error may be in of a statement with a name in it.
    pub(super) fn positions_in(&self, id: ClientId, renamed: Option<&Renamed>) -> Positions {
        let (Some(renamed), Some(client)) = (renamed, self.clients.get(&id)) else {
            return Positions::default();
        };
        let executed = renamed.executed.as_ref();
        let executed = executed.and_then(|name| client.statements.get(name)?.renamed.as_ref());
        Positions {
            run: Some(renamed.at),
            executed: executed.map(|executed| executed.at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::lex::pieces;
    use super::*;

    fn lengthened(sql: &str) -> Lengthened {
        let pieces = pieces(sql, true);
        let (Verb::Execute(name) | Verb::Prepare(name)) = &pieces[0].verb else {
            panic!("{sql}");
        };
        Renamed::new(sql, &pieces[0], name, "aiodal_1_s").at
    }

    #[test]
    fn position_is_in_what_is_run_or_in_what_that_executes() {
        let both = Positions {
            run: Some(lengthened("execute s ('é') -- the end")),
            executed: Some(lengthened("prepare s as select 'a'::int from nowhere")),
        };
        assert_eq!(both.moved(23), 12, "of the value");
        assert_eq!(both.moved(32), 21, "of the literal");
        let parsed = Positions {
            executed: None,
            ..both
        };
        assert_eq!(parsed.moved(32), 32, "of what was prepared by a message");
        let mut out = BytesMut::new();
        both.put(&mut out, b"SERROR\0P32\0Mno\0\0");
        assert_eq!(&out[..], b"SERROR\0P21\0Mno\0\0");
    }
}
