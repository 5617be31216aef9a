//! The tokens of SQL text, by the rules of the server's own lexer.
//!
//! It exists to find the words and semicolons of a text, so it is exact about what may hide them (quotes, dollar
//! quotes, nested comments) and coarse elsewhere: an operator of three characters is three symbols.

mod class;
mod nesting;

use self::class::{BLANK, DIGIT, NAME, START, is};
pub(crate) use self::nesting::Nesting;

/// A token, and where it stands: `start..end` are on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Token {
    /// Whether this is the symbol `byte`.
    pub(crate) fn is(&self, byte: u8) -> bool {
        self.kind == Kind::Symbol(byte)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword or an unquoted identifier.
    Word,
    /// `".."` or `U&".."`.
    Quoted,
    String(Quoting),
    Number,
    /// `$1`.
    Parameter,
    /// Any other character; it is ASCII.
    Symbol(u8),
    /// A quote or a comment that nothing closes; it runs to the end of the text.
    Unterminated,
}

/// How the content of a string stands for its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// Only quotes are doubled.
    Plain,
    /// Backslashes escape: `E'..'`, and `'..'` where strings do not conform to the standard.
    Escaped,
    /// `U&'..'`.
    Unicode,
    /// `B'..'` and `X'..'`, which are no text, and `U&'..'` where strings do not conform: there it is refused.
    Bits,
    Dollar,
}

/// Reads the tokens one after the other, without comments and blanks.
#[derive(Clone, Debug)]
pub(crate) struct Tokens<'a> {
    sql: &'a str,
    at: usize,
    conforming: bool,
}

impl<'a> Tokens<'a> {
    /// `conforming` is the server's `standard_conforming_strings`.
    pub(crate) fn new(sql: &'a str, conforming: bool) -> Tokens<'a> {
        Tokens {
            sql,
            at: 0,
            conforming,
        }
    }

    /// Goes on at `at`, which has to be a character boundary outside all quotes.
    pub(crate) fn from(mut self, at: usize) -> Tokens<'a> {
        self.at = at;
        self
    }

    pub(crate) fn text(&self, token: Token) -> &'a str {
        &self.sql[token.start..token.end]
    }

    /// Moves to the next token and returns where it begins, if there is one.
    pub(crate) fn next_start(&mut self) -> Option<usize> {
        loop {
            match self.byte(self.at)? {
                byte if is(byte, BLANK) => self.at += 1,
                b'-' if self.byte(self.at + 1) == Some(b'-') => self.skip_line(),
                b'/' if self.byte(self.at + 1) == Some(b'*') => match self.behind_comment() {
                    Some(end) => self.at = end,
                    None => return Some(self.at),
                },
                _ => return Some(self.at),
            }
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.sql.as_bytes().get(at).copied()
    }

    fn skip_line(&mut self) {
        let rest = &self.sql.as_bytes()[self.at..];
        let line = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        self.at = line.map_or(self.sql.len(), |line| self.at + line);
    }

    /// Where the comment that begins here ends, with those within it.
    fn behind_comment(&self) -> Option<usize> {
        let (mut at, mut depth) = (self.at, 0_usize);
        loop {
            match (self.byte(at)?, self.byte(at + 1)?) {
                (b'/', b'*') => (at, depth) = (at + 2, depth + 1),
                (b'*', b'/') if depth == 1 => return Some(at + 2),
                (b'*', b'/') => (at, depth) = (at + 2, depth - 1),
                _ => at += 1,
            }
        }
    }

    /// Moves to the first byte that is not of `class`.
    fn skip(&mut self, class: u8) {
        while self.byte(self.at).is_some_and(|byte| is(byte, class)) {
            self.at += 1;
        }
    }

    fn word(&mut self) -> Kind {
        let start = self.at;
        self.skip(NAME);
        let bytes = self.sql.as_bytes();
        let one = (self.at == start + 1).then(|| bytes[start].to_ascii_lowercase());
        match (one, self.byte(self.at), self.byte(self.at + 1)) {
            (Some(b'e'), Some(b'\''), _) => self.string(Quoting::Escaped),
            (Some(b'b' | b'x'), Some(b'\''), _) => self.string(Quoting::Bits),
            (Some(b'u'), Some(b'&'), Some(b'\'')) => {
                self.at += 1;
                self.string(if self.conforming {
                    Quoting::Unicode
                } else {
                    Quoting::Bits
                })
            }
            (Some(b'u'), Some(b'&'), Some(b'"')) => {
                self.at += 1;
                self.quoted()
            }
            _ => Kind::Word,
        }
    }

    /// From the opening quote on.
    fn string(&mut self, quoting: Quoting) -> Kind {
        loop {
            if !self.skip_quote(b'\'', quoting == Quoting::Escaped) {
                return Kind::Unterminated;
            }
            // A doubled quote ends one part and opens the next, which comes to the same. A string that is
            // continued on another line goes on by the rules it began with: there the difference matters.
            if self.byte(self.at) != Some(b'\'') {
                match self.continuation() {
                    Some(quote) => self.at = quote,
                    None => return Kind::String(quoting),
                }
            }
        }
    }

    fn quoted(&mut self) -> Kind {
        loop {
            if !self.skip_quote(b'"', false) {
                return Kind::Unterminated;
            }
            if self.byte(self.at) != Some(b'"') {
                return Kind::Quoted;
            }
        }
    }

    /// Moves from the opening quote behind the closing one, if there is one.
    fn skip_quote(&mut self, quote: u8, escapes: bool) -> bool {
        self.at += 1;
        while let Some(byte) = self.byte(self.at) {
            self.at += if byte == b'\\' && escapes { 2 } else { 1 };
            if byte == quote {
                return true;
            }
        }
        self.at = self.sql.len();
        false
    }

    /// The quote that continues the string which ends here: after a line end, with only line comments before it.
    fn continuation(&self) -> Option<usize> {
        let mut ahead = self.clone();
        let mut lines = false;
        loop {
            match ahead.byte(ahead.at)? {
                b'\n' | b'\r' => {
                    lines = true;
                    ahead.at += 1;
                }
                byte if is(byte, BLANK) => ahead.at += 1,
                b'-' if ahead.byte(ahead.at + 1) == Some(b'-') => ahead.skip_line(),
                b'\'' if lines => return Some(ahead.at),
                _ => return None,
            }
        }
    }

    /// From a dollar that is not part of a name.
    fn dollar(&mut self) -> Kind {
        let start = self.at;
        self.at += 1;
        if self.byte(self.at).is_some_and(|byte| is(byte, DIGIT)) {
            self.skip(DIGIT);
            return Kind::Parameter;
        }
        while self
            .byte(self.at)
            .is_some_and(|byte| is(byte, NAME) && byte != b'$')
        {
            self.at += 1;
        }
        if self.byte(self.at) != Some(b'$') {
            self.at = start + 1;
            return Kind::Symbol(b'$');
        }
        let (quote, rest) = self.sql[start..].split_at(self.at + 1 - start);
        match rest.find(quote) {
            Some(length) => {
                self.at = start + 2 * quote.len() + length;
                Kind::String(Quoting::Dollar)
            }
            None => {
                self.at = self.sql.len();
                Kind::Unterminated
            }
        }
    }

    fn number(&mut self) -> Kind {
        self.skip(DIGIT);
        if self.byte(self.at) == Some(b'.') {
            self.at += 1;
        }
        // What may follow the digits of a number, and what is wrong there, but no dollar: that opens a quote.
        while let Some(byte) = self.byte(self.at) {
            let next = self.byte(self.at + 1);
            if is(byte, NAME) && byte != b'$' {
                let signed = matches!(byte, b'e' | b'E') && matches!(next, Some(b'+' | b'-'));
                let exponent = signed && self.byte(self.at + 2).is_some_and(|byte| is(byte, DIGIT));
                self.at += if exponent { 2 } else { 1 };
            } else {
                break;
            }
        }
        Kind::Number
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = self.next_start()?;
        let kind = match self.byte(start)? {
            byte if is(byte, START) => self.word(),
            byte if is(byte, DIGIT) => self.number(),
            b'.' if self.byte(start + 1).is_some_and(|byte| is(byte, DIGIT)) => self.number(),
            b'\'' if self.conforming => self.string(Quoting::Plain),
            b'\'' => self.string(Quoting::Escaped),
            b'"' => self.quoted(),
            b'$' => self.dollar(),
            b'/' if self.byte(start + 1) == Some(b'*') => {
                self.at = self.sql.len();
                Kind::Unterminated
            }
            symbol => {
                self.at += 1;
                Kind::Symbol(symbol)
            }
        };
        let end = self.at;
        Some(Token { kind, start, end })
    }
}
