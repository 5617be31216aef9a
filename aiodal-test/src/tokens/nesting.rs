//! Tells the semicolon that ends a statement from one within it.

use super::{Kind, Token};

/// How deep a statement is nested: in parentheses (rules hold statements in them) and in `BEGIN ATOMIC` bodies.
#[derive(Debug, Default)]
pub(crate) struct Nesting {
    head: Head,
    parentheses: usize,
    /// `BEGIN ATOMIC` opens a body; `CASE` within it shares its `END`.
    bodies: usize,
    previous: Previous,
}

/// How the statement begins: only a routine has a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Head {
    #[default]
    Empty,
    Create,
    CreateOr,
    Routine,
    Other,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Previous {
    #[default]
    Anything,
    Begin,
    /// After `AS` and a dot, every word is a name.
    Label,
}

impl Nesting {
    /// Takes the next token and says whether it ends the statement.
    pub(crate) fn ends_at(&mut self, token: Token, text: &str) -> bool {
        match token.kind {
            Kind::Word if self.head != Head::Other => self.word(text),
            kind => {
                if self.head == Head::Empty {
                    self.head = Head::Other;
                }
                self.previous = Previous::Anything;
                match kind {
                    Kind::Symbol(b'(') => self.parentheses += 1,
                    Kind::Symbol(b')') => self.parentheses = self.parentheses.saturating_sub(1),
                    Kind::Symbol(b'.') => self.previous = Previous::Label,
                    Kind::Symbol(b';') => return self.is_flat() && self.bodies == 0,
                    _ => {}
                }
            }
        }
        false
    }

    /// Whether what follows is in no parentheses.
    pub(crate) fn is_flat(&self) -> bool {
        self.parentheses == 0
    }

    fn word(&mut self, text: &str) {
        let is = |keyword: &str| text.eq_ignore_ascii_case(keyword);
        match self.head {
            Head::Empty if is("create") => self.head = Head::Create,
            Head::Create if is("or") => self.head = Head::CreateOr,
            Head::CreateOr if is("replace") => self.head = Head::Create,
            Head::Create if is("function") || is("procedure") => self.head = Head::Routine,
            Head::Routine if self.is_flat() => self.body(text),
            Head::Routine => {}
            _ => self.head = Head::Other,
        }
    }

    fn body(&mut self, text: &str) {
        let is = |keyword: &str| text.eq_ignore_ascii_case(keyword);
        let previous = std::mem::take(&mut self.previous);
        if previous == Previous::Label {
            return;
        }
        if is("begin") {
            self.previous = Previous::Begin;
        } else if is("as") {
            self.previous = Previous::Label;
        } else if (is("atomic") && previous == Previous::Begin) || (is("case") && self.bodies > 0) {
            self.bodies += 1;
        } else if is("end") {
            self.bodies = self.bodies.saturating_sub(1);
        }
    }
}
