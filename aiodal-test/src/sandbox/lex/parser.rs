//! Reads a statement from left to right, word by word.

use std::borrow::Cow;

use super::Name;
use super::literal;
use super::reserved::{is_name, is_value};
use crate::tokens::{Kind, Token, Tokens};

/// The rest of a statement. Whoever may have to go back keeps a clone.
#[derive(Clone, Debug)]
pub(super) struct Parser<'a> {
    tokens: Tokens<'a>,
}

impl<'a> Parser<'a> {
    /// `tokens` end where the statement ends.
    pub(super) fn new(tokens: Tokens<'a>) -> Parser<'a> {
        Parser { tokens }
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        self.tokens.next()
    }

    pub(super) fn peek(&self) -> Option<Token> {
        self.tokens.clone().next()
    }

    pub(super) fn text(&self, token: Token) -> &'a str {
        self.tokens.text(token)
    }

    /// `Some` at the end of the statement: what follows makes it wrong.
    pub(super) fn end(&self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// Takes the next token if `wanted` says so.
    pub(super) fn take(&mut self, wanted: impl FnOnce(Token, &'a str) -> bool) -> Option<Token> {
        let mut ahead = self.tokens.clone();
        let token = ahead.next()?;
        wanted(token, self.text(token)).then(|| {
            self.tokens = ahead;
            token
        })
    }

    pub(super) fn keyword(&mut self, keyword: &str) -> Option<()> {
        self.take(|token, text| token.kind == Kind::Word && text.eq_ignore_ascii_case(keyword))
            .map(drop)
    }

    /// Takes all of `keywords`, or nothing.
    pub(super) fn keywords(&mut self, keywords: &[&str]) -> Option<()> {
        let mut ahead = self.clone();
        for keyword in keywords {
            ahead.keyword(keyword)?;
        }
        *self = ahead;
        Some(())
    }

    pub(super) fn symbol(&mut self, symbol: u8) -> Option<()> {
        self.take(|token, _| token.is(symbol)).map(drop)
    }

    /// A string that has a value of text.
    pub(super) fn literal(&mut self) -> Option<String> {
        let mut ahead = self.clone();
        let token = ahead.next()?;
        let Kind::String(quoting) = token.kind else {
            return None;
        };
        let value = literal::decode(ahead.text(token), quoting)?;
        *self = ahead;
        Some(value)
    }

    /// A name that need not be quoted, and any that is quoted.
    pub(super) fn name(&mut self) -> Option<Name<'a>> {
        self.identifier(is_name)
    }

    /// The value of a setting that is a word: fewer words are reserved there.
    pub(super) fn value(&mut self) -> Option<Name<'a>> {
        self.identifier(is_value)
    }

    fn identifier(&mut self, allowed: fn(&str) -> bool) -> Option<Name<'a>> {
        let mut ahead = self.clone();
        let token = ahead.next()?;
        let text = ahead.text(token);
        let text = match token.kind {
            Kind::Word => folded(text),
            Kind::Quoted => literal::undoubled(text),
            _ => return None,
        };
        if token.kind == Kind::Word && !allowed(&text) {
            return None;
        }
        *self = ahead;
        let (start, end) = (token.start, token.end);
        Some(Name { start, end, text })
    }

    /// A name that may have others before it: the one before it, and the last.
    pub(super) fn qualified(&mut self) -> Option<(Option<Name<'a>>, Name<'a>)> {
        let (mut before, mut last) = (None, self.name()?);
        while self.symbol(b'.').is_some() {
            // After a dot, every word is a name.
            let next = self.identifier(|_| true)?;
            before = Some(std::mem::replace(&mut last, next));
        }
        Some((before, last))
    }

    /// Moves behind what closes the parenthesis or bracket just taken.
    pub(super) fn close(&mut self) -> Option<()> {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.next()?.kind {
                Kind::Symbol(b'(' | b'[') => depth += 1,
                Kind::Symbol(b')' | b']') => depth -= 1,
                _ => {}
            }
        }
        Some(())
    }
}

/// The server folds no letters beyond ASCII in UTF-8.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}
