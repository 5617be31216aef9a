//! As much of SQL's lexical structure as it takes to use a statement as a part of another.

use std::ops::{ControlFlow, Range};

use crate::error::{Error, Result};

/// Returns a statement without the semicolons behind it, comments there may be included.
///
/// Whoever uses the result ends the line before going on: its last line may be a comment.
pub(crate) fn single_statement<'s>(sql: &'s str, operation: &str) -> Result<&'s str> {
    let mut end = None;
    let mut several = false;
    scan(sql, false, |at, token| match (token, end) {
        (Token::Semicolon, None) => {
            end = Some(at);
            ControlFlow::Continue(())
        }
        (Token::Other | Token::Parameter(_), Some(_)) => {
            several = true;
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    if several {
        return Err(Error::refused(
            operation,
            "it is more than one statement".to_owned(),
        ));
    }
    Ok(&sql[..end.unwrap_or(sql.len())])
}

/// A parameter of a statement: `$1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    /// Where it is in the text.
    pub(crate) place: Range<usize>,
    /// From 1; of no more digits than a parameter can have.
    pub(crate) number: usize,
}

/// Returns the parameters in a statement, in order.
///
/// `backslashes` says whether the server reads those in plain strings: if `standard_conforming_strings` is off.
pub(crate) fn parameters(sql: &str, backslashes: bool) -> Vec<Parameter> {
    let mut found = Vec::new();
    scan(sql, backslashes, |at, token| {
        if let Token::Parameter(length) = token {
            let place = at..at + length;
            // One too large is the server's to refuse.
            if let Ok(number) = sql[at + 1..at + length].parse() {
                found.push(Parameter { place, number });
            }
        }
        ControlFlow::Continue(())
    });
    found
}

/// Returns the word that a statement begins with, as it is written; parentheses before it don't count.
pub(crate) fn first_word(sql: &str) -> &str {
    let mut begin = sql.len();
    scan(sql, false, |at, token| {
        if token == Token::Space || sql.as_bytes()[at] == b'(' {
            return ControlFlow::Continue(());
        }
        begin = at;
        ControlFlow::Break(())
    });
    let rest = &sql[begin..];
    let end = rest.bytes().position(|byte| !is_word(byte));
    &rest[..end.unwrap_or(rest.len())]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Semicolon,
    /// White space or a comment.
    Space,
    /// A parameter of so many bytes.
    Parameter(usize),
    Other,
}

/// Calls `visit` with each token, a string or quoted identifier being one (PostgreSQL manual, 4.1).
fn scan(sql: &str, backslashes: bool, mut visit: impl FnMut(usize, Token) -> ControlFlow<()>) {
    let bytes = sql.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let (length, token) = match rest {
            [b'-', b'-', ..] => (line(rest), Token::Space),
            [b'/', b'*', ..] => (comment(rest), Token::Space),
            [b';', ..] => (1, Token::Semicolon),
            [byte, ..] if byte.is_ascii_whitespace() => (1, Token::Space),
            [b'\'', ..] => (
                quoted(rest, b'\'', backslashes || is_escape_string(&bytes[..at])),
                Token::Other,
            ),
            [b'"', ..] => (quoted(rest, b'"', false), Token::Other),
            [b'$', digit, ..] if digit.is_ascii_digit() && !ends_in_word(&bytes[..at]) => {
                let length = 1 + digits(&rest[1..]);
                (length, Token::Parameter(length))
            }
            [b'$', ..] if !ends_in_word(&bytes[..at]) => (dollar_quoted(rest), Token::Other),
            _ => (1, Token::Other),
        };
        if visit(at, token).is_break() {
            return;
        }
        at += length;
    }
}

fn digits(rest: &[u8]) -> usize {
    let end = rest.iter().position(|byte| !byte.is_ascii_digit());
    end.unwrap_or(rest.len())
}

fn line(rest: &[u8]) -> usize {
    let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.unwrap_or(rest.len())
}

/// Comments nest.
fn comment(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_u32);
    while at < rest.len() {
        match rest[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// A doubled quote ends one string and begins the next, which comes to the same here.
fn quoted(rest: &[u8], quote: u8, backslash: bool) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if backslash && rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

fn dollar_quoted(rest: &[u8]) -> usize {
    let tag = rest[1..].iter().position(|byte| !is_word(*byte));
    let Some(length) = tag
        .filter(|length| rest[length + 1] == b'$')
        .map(|length| length + 2)
    else {
        return 1;
    };
    let (tag, body) = rest.split_at(length);
    let end = body.windows(length).position(|window| window == tag);
    end.map_or(rest.len(), |end| length + end + length)
}

/// Says whether the quote that follows begins a string with backslash escapes: `E'..'`.
fn is_escape_string(before: &[u8]) -> bool {
    match before {
        [rest @ .., b'e' | b'E'] => !ends_in_word(rest),
        _ => false,
    }
}

fn ends_in_word(before: &[u8]) -> bool {
    before
        .last()
        .is_some_and(|byte| is_word(*byte) || *byte == b'$')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_behind_a_statement_are_cut() {
        let cases = [
            ("select 1", "select 1"),
            ("select 1;", "select 1"),
            ("select 1 ; -- done;\n ; /* ; /* ; */ */", "select 1 "),
            ("select ';' -- no; end", "select ';' -- no; end"),
            (
                "select E'it\\'s;', 'back\\';",
                "select E'it\\'s;', 'back\\'",
            ),
            ("select $$;$$, $a$;$$;$a$;", "select $$;$$, $a$;$$;$a$"),
            ("select $1;", "select $1"),
            ("select \"a;b\"\"c;\";", "select \"a;b\"\"c;\""),
            ("select 'it''s;';", "select 'it''s;'"),
            ("select é$$;", "select é$$"),
        ];
        for (sql, cut) in cases {
            assert_eq!(single_statement(sql, "test").unwrap(), cut, "{sql}");
        }
    }

    #[test]
    fn two_statements_are_refused() {
        for sql in ["select 1; select 2", "select 1;;\n/* x */ begin"] {
            assert!(single_statement(sql, "test").is_err(), "{sql}");
        }
    }

    #[test]
    fn text_that_ends_early_is_the_servers_to_refuse() {
        for sql in [
            "select '",
            "select /* ",
            "select $a$",
            "select \"",
            "select E'\\",
            "$",
            "$a",
        ] {
            assert_eq!(single_statement(sql, "test").unwrap(), sql);
        }
    }

    #[test]
    fn parameters_are_told_from_what_looks_like_them() {
        let cases: [(&str, &[(&str, usize)]); 12] = [
            ("select $1, $12+$2", &[("$1", 1), ("$12", 12), ("$2", 2)]),
            ("select '$1', \"$2\", $3", &[("$3", 3)]),
            ("select E'\\'$1', $2", &[("$2", 2)]),
            ("select $$ $1 $$, $a$ $2 $a$, $3", &[("$3", 3)]),
            ("select a$1, é$1, \"a\"$2", &[("$2", 2)]),
            ("select /* $1 /* */ $2 */ $3 -- $4", &[("$3", 3)]),
            ("select 'it''s $1' || $2", &[("$2", 2)]),
            (
                "select $1a, $1[$2], $1::int",
                &[("$1", 1), ("$1", 1), ("$2", 2), ("$1", 1)],
            ),
            ("select '\\', $1, '$2'", &[("$1", 1)]),
            ("select U&'\\0041$1', b'0$1', $2", &[("$2", 2)]),
            ("select $99999999999999999999999", &[]),
            ("$", &[]),
        ];
        for (sql, expected) in cases {
            let found = parameters(sql, false);
            let found: Vec<_> = found
                .iter()
                .map(|parameter| (&sql[parameter.place.clone()], parameter.number))
                .collect();
            assert_eq!(found, expected, "{sql}");
        }
        // As the server reads it with standard_conforming_strings off.
        let sql = "select 'it\\'s $1', $2";
        let numbers: Vec<_> = parameters(sql, true).iter().map(|one| one.number).collect();
        assert_eq!(numbers, [2]);
    }

    #[test]
    fn first_word_is_behind_space_and_parentheses() {
        let cases = [
            ("select 1", "select"),
            (
                " -- delete\n/* x */ ((With x as (select 1) select 2))",
                "With",
            ),
            ("", ""),
            ("( ", ""),
            ("'x'", ""),
        ];
        for (sql, word) in cases {
            assert_eq!(first_word(sql), word, "{sql}");
        }
    }
}
