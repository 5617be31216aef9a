//! What is not repeated of a statement: values next to a word that speaks of a secret.

use std::borrow::Cow;

/// Parts of names whose values nobody wants in a log.
const WORDS: [&[u8]; 8] = [
    b"password",
    b"passwd",
    b"secret",
    b"token",
    b"api_key",
    b"apikey",
    b"credential",
    b"private_key",
];

/// What is shown instead of a value.
const HIDDEN: &str = "'…'";

/// Says whether a statement speaks of a secret: its parameters and what the server says about values are not shown.
pub(crate) fn hides(sql: &str) -> bool {
    let bytes = sql.as_bytes();
    (0..bytes.len()).any(|at| {
        let rest = &bytes[at..];
        WORDS.iter().any(|word| {
            rest.get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        })
    })
}

/// Returns the statement with the text in its quotes left out, if it speaks of a secret.
pub(crate) fn mask(sql: &str) -> Cow<'_, str> {
    if hides(sql) {
        Cow::Owned(without_literals(sql))
    } else {
        Cow::Borrowed(sql)
    }
}

fn without_literals(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find(['\'', '$', '"']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let escapes = before.ends_with(['e', 'E']);
        rest = match from.as_bytes()[0] {
            b'\'' => {
                out.push_str(HIDDEN);
                &from[string_length(from, escapes)..]
            }
            b'"' => {
                let end = from[1..].find('"').map_or(from.len(), |end| end + 2);
                out.push_str(&from[..end]);
                &from[end..]
            }
            _ => match dollar_quote(from) {
                Some(end) => {
                    out.push_str(HIDDEN);
                    &from[end..]
                }
                None => {
                    out.push('$');
                    &from[1..]
                }
            },
        };
    }
    out + rest
}

/// How long the string is that begins here; to the end if nothing closes it.
fn string_length(text: &str, escapes: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 2,
            b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// How long the dollar-quoted string is that begins here, if one does: `$1` is a parameter.
fn dollar_quote(text: &str) -> Option<usize> {
    let tag = &text[1..];
    let length = tag.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    if !tag[length..].starts_with('$') || tag.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let quote = &text[..length + 2];
    let close = text[quote.len()..].find(quote);
    Some(close.map_or(text.len(), |at| quote.len() + at + quote.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_statements_that_speak_of_secrets_are_left_out() {
        let cases = [
            (
                "create role r PASSWORD 'hunter2' login",
                "create role r PASSWORD '…' login",
            ),
            (
                r"alter role r password E'it\'s hunter2'",
                "alter role r password E'…'",
            ),
            (
                "update t set api_key = $$hunter2$$ where a = $1",
                "update t set api_key = '…' where a = $1",
            ),
            (
                "select $a$ hunter2 $ $a$, \"it's\", 'it''s hunter2', Secret from t",
                "select '…', \"it's\", '…', Secret from t",
            ),
            ("select token = 'hunter2", "select token = '…'"),
        ];
        for (sql, expected) in cases {
            assert_eq!(mask(sql), expected);
            assert!(hides(sql));
        }
    }

    #[test]
    fn other_statements_are_left_as_they_are() {
        let sql = "insert into author (name) values ('Hep'), ($$Bea$$)";
        assert_eq!(mask(sql), sql);
        assert!(!hides(sql));
    }
}
