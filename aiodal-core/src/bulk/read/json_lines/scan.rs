//! JSON as the server reads it for `jsonb`: strictly RFC 8259, without NUL, and with whole characters only (PostgreSQL
//! source, `jsonapi.c`).

use crate::SqlState;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    /// A number, `true` or `false`.
    Bare,
    String,
    Array,
    Object,
}

/// A value, and where it is in the text. What is in it is known to be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) kind: Kind,
    from: usize,
    to: usize,
}

impl Value {
    pub(super) const NULL: Value = Value {
        kind: Kind::Null,
        from: 0,
        to: 0,
    };

    /// Returns it as it is written, a string with its quotes.
    pub(super) fn whole(self, text: &[u8]) -> &[u8] {
        &text[self.from..self.to]
    }

    /// Returns what is between the quotes of a string, and anything else as it is written.
    pub(super) fn inner(self, text: &[u8]) -> &[u8] {
        match self.kind {
            Kind::String => &text[self.from + 1..self.to - 1],
            _ => self.whole(text),
        }
    }
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) what: &'static str,
    pub(super) code: SqlState,
}

type Scanned<T> = Result<T, Wrong>;

/// Reads values off a text from its beginning. The text has to be UTF-8.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a [u8]) -> Scanner<'a> {
        Scanner { text, at: 0 }
    }

    /// Reads an object that is all of the text; hands over each key, as it is between its quotes, and its value.
    pub(super) fn object(mut self, mut each: impl FnMut(&'a [u8], Value)) -> Scanned<()> {
        if self.peek() != Some(b'{') {
            // An array or a scalar; or nothing that is right.
            self.value()?;
            self.end()?;
            return Err(Wrong {
                at: 0,
                what: "it is no object; take whole values with `JsonLines::into_column`",
                code: SqlState::INVALID_PARAMETER_VALUE,
            });
        }
        self.at += 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return self.end();
        }
        loop {
            let key = self.key()?;
            let value = self.value()?;
            each(key, value);
            if !self.another(b'}')? {
                return self.end();
            }
        }
    }

    /// Reads an array that is all of the text, and known to be right.
    pub(super) fn array(mut self, mut each: impl FnMut(Value)) -> Scanned<()> {
        self.at += 1;
        if self.peek() == Some(b']') {
            return Ok(());
        }
        loop {
            each(self.value()?);
            if !self.another(b']')? {
                return Ok(());
            }
        }
    }

    /// Skips white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    fn wrong<T>(&self, what: &'static str) -> Scanned<T> {
        Err(Wrong {
            at: self.at,
            what,
            code: SqlState::INVALID_TEXT_REPRESENTATION,
        })
    }

    fn end(&mut self) -> Scanned<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.wrong("there is more behind the value"),
        }
    }

    fn key(&mut self) -> Scanned<&'a [u8]> {
        if self.peek() != Some(b'"') {
            return self.wrong("a key in quotes was expected");
        }
        let key = self.string()?;
        if self.peek() != Some(b':') {
            return self.wrong("a colon was expected");
        }
        self.at += 1;
        Ok(key)
    }

    /// Whether there is another element; otherwise the container is closed.
    fn another(&mut self, close: u8) -> Scanned<bool> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ => self.wrong("a comma was expected, or the end of the object or array"),
        }
    }

    fn value(&mut self) -> Scanned<Value> {
        let first = self.peek();
        let from = self.at;
        let kind = match first {
            Some(b'"') => {
                self.string()?;
                Kind::String
            }
            Some(b'{') => {
                self.nested()?;
                Kind::Object
            }
            Some(b'[') => {
                self.nested()?;
                Kind::Array
            }
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                Kind::Bare
            }
            _ if self.takes_word("null") => Kind::Null,
            _ if self.takes_word("true") || self.takes_word("false") => Kind::Bare,
            _ => return self.wrong("a value was expected"),
        };
        let to = self.at;
        Ok(Value { kind, from, to })
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let takes = self.text[self.at..].starts_with(word.as_bytes());
        self.at += if takes { word.len() } else { 0 };
        takes
    }

    /// Skips an object or array. Without recursion: depth costs no stack.
    fn nested(&mut self) -> Scanned<()> {
        let mut open = Vec::new();
        loop {
            // A value is next.
            let close = match self.peek() {
                Some(b'{') => b'}',
                Some(b'[') => b']',
                _ => {
                    self.value()?;
                    0
                }
            };
            if close != 0 {
                self.at += 1;
                if self.peek() != Some(close) {
                    open.push(close);
                    if close == b'}' {
                        self.key()?;
                    }
                    continue;
                }
                self.at += 1;
            }
            loop {
                let Some(&close) = open.last() else {
                    return Ok(());
                };
                if self.another(close)? {
                    if close == b'}' {
                        self.key()?;
                    }
                    break;
                }
                open.pop();
            }
        }
    }

    fn digits(&mut self) -> bool {
        let from = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at > from
    }

    fn takes(&mut self, any: &[u8]) -> bool {
        let takes = self
            .text
            .get(self.at)
            .is_some_and(|byte| any.contains(byte));
        self.at += usize::from(takes);
        takes
    }

    fn number(&mut self) -> Scanned<()> {
        self.takes(b"-");
        let right = (self.takes(b"0") || self.digits())
            && (!self.takes(b".") || self.digits())
            && (!self.takes(b"eE") || {
                self.takes(b"+-");
                self.digits()
            });
        if right {
            return Ok(());
        }
        self.wrong("a number is not as JSON has it")
    }

    /// Reads a string; returns what is between the quotes.
    fn string(&mut self) -> Scanned<&'a [u8]> {
        self.at += 1;
        let from = self.at;
        // Of a pair of surrogates.
        let mut high = false;
        loop {
            let Some(&byte) = self.text.get(self.at) else {
                return self.wrong("a string has no end");
            };
            if high && !self.text[self.at..].starts_with(b"\\u") {
                return self.wrong("half a character: a high surrogate without a low one");
            }
            match byte {
                b'"' => {
                    let inner = &self.text[from..self.at];
                    self.at += 1;
                    return Ok(inner);
                }
                b'\\' => high = self.escape(high)?,
                0 => {
                    return Err(Wrong {
                        at: self.at,
                        what: "a NUL byte, which no text can have",
                        code: SqlState::CHARACTER_NOT_IN_REPERTOIRE,
                    });
                }
                0x01..0x20 => {
                    return self.wrong("a control character in a string has to be escaped");
                }
                _ => self.at += 1,
            }
        }
    }

    /// Reads an escape; returns whether it is a high surrogate.
    fn escape(&mut self, high: bool) -> Scanned<bool> {
        match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                return Ok(false);
            }
            Some(b'u') => {}
            _ => return self.wrong("an escape that JSON doesn't have"),
        }
        let Some(unit) = unit(&self.text[self.at + 2..]) else {
            return self.wrong("`\\u` takes four hexadecimal digits");
        };
        match (unit, high) {
            (0, _) => {
                return Err(Wrong {
                    at: self.at,
                    what: "`\\u0000`, which no text can have",
                    code: SqlState::UNTRANSLATABLE_CHARACTER,
                });
            }
            (0xd800..=0xdbff, true) => {
                return self.wrong("half a character: two high surrogates");
            }
            (0xdc00..=0xdfff, false) => {
                return self.wrong("half a character: a low surrogate without a high one");
            }
            (0xdc00..=0xdfff, true) | (_, false) => {}
            (_, true) => {
                return self.wrong("half a character: a high surrogate without a low one");
            }
        }
        self.at += 6;
        Ok((0xd800..=0xdbff).contains(&unit))
    }
}

/// Reads four hexadecimal digits.
fn unit(text: &[u8]) -> Option<u32> {
    text.get(..4)?.iter().try_fold(0, |unit, &byte| {
        char::from(byte).to_digit(16).map(|digit| unit * 16 + digit)
    })
}

/// Appends what a string says; it is known to be right.
pub(super) fn unescape(mut string: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'\\', string) {
        out.extend_from_slice(&string[..at]);
        let escaped = string.get(at + 1).copied().unwrap_or_default();
        string = &string[string.len().min(at + 2)..];
        match escaped {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => string = character(string, out),
            other => out.push(other),
        }
    }
    out.extend_from_slice(string);
}

/// Appends the character of a `\u`, and of the `\u` behind it if it takes two; returns what is behind.
fn character<'a>(string: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let high = unit(string).unwrap_or_default();
    let mut rest = &string[string.len().min(4)..];
    let mut code = high;
    if (0xd800..=0xdbff).contains(&high) {
        let low = rest.get(2..).and_then(unit).unwrap_or_default();
        code = 0x1_0000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
        rest = &rest[rest.len().min(6)..];
    }
    let mut utf8 = [0; 4];
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Result<Vec<(&str, Kind, &str)>, Wrong> {
        let mut found = Vec::new();
        Scanner::new(text.as_bytes()).object(|key, value| {
            let key = std::str::from_utf8(key).unwrap();
            let inner = std::str::from_utf8(value.inner(text.as_bytes())).unwrap();
            found.push((key, value.kind, inner));
        })?;
        Ok(found)
    }

    #[test]
    fn values_are_told_apart() {
        let text = r#" {"a":null, "b":-1.5e+3 ,"c" : "x\"y","d":[1,{"e":[]}],"f":{},"g":true} "#;
        assert_eq!(
            object(text).unwrap(),
            [
                ("a", Kind::Null, "null"),
                ("b", Kind::Bare, "-1.5e+3"),
                ("c", Kind::String, r#"x\"y"#),
                ("d", Kind::Array, r#"[1,{"e":[]}]"#),
                ("f", Kind::Object, "{}"),
                ("g", Kind::Bare, "true"),
            ]
        );
        assert_eq!(object("{}"), Ok(vec![]));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            "{",
            "{}x",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":+1}",
            "{\"a\":-}",
            "{\"a\":1e}",
            "{\"a\":nul}",
            "{\"a\":nullx}",
            "{\"a\":NaN}",
            "{\"a\":\"\t\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12\"}",
            "{\"a\":[1,]}",
            "{\"a\":[}",
            "{\"a\":{\"b\":1]}",
            "{\"a\":\"b}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\udc00\"}",
            "{\"a\":\"\\ud800\\ud800\"}",
            "{\"a\":\"\\ud800\\u0061\"}",
            "{\"a\":\"\\ud800\\n\"}",
            "{\"a\":\"\\u+123\"}",
        ] {
            let wrong = object(text).expect_err(text);
            assert_eq!(wrong.code, SqlState::INVALID_TEXT_REPRESENTATION, "{text}");
        }
        let wrong = object("{\"a\":[{\"\\u0000\":1}]}").unwrap_err();
        assert_eq!(wrong.code, SqlState::UNTRANSLATABLE_CHARACTER);
        for text in ["[]", "1", " \"x\" ", "null"] {
            let wrong = object(text).unwrap_err();
            assert_eq!(wrong.code, SqlState::INVALID_PARAMETER_VALUE, "{text}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!(
            "{{\"a\":{}{}}}",
            "[".repeat(1_000_000),
            "]".repeat(1_000_000)
        );
        assert_eq!(object(&deep).unwrap().len(), 1);
    }

    #[test]
    fn strings_are_unescaped() {
        let said = |string: &str| {
            let mut out = Vec::new();
            unescape(string.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(said("plain"), "plain");
        assert_eq!(said(r#"\"\\\/\b\f\n\r\t"#), "\"\\/\u{8}\u{c}\n\r\t");
        assert_eq!(
            said(r"C:\\temp \u2603 \ud83d\ude00!"),
            "C:\\temp \u{2603} \u{1f600}!"
        );
    }
}
