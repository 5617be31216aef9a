//! Errors and warnings as the server words them, made here.

use std::fmt::Write as _;

use bytes::{BufMut, BytesMut};

use super::wire::{Frame, put, put_str};

/// What a client is told, as fields of an `ErrorResponse` or `NoticeResponse` (PostgreSQL manual, 55.8).
#[derive(Clone, Debug)]
pub(super) struct Said {
    severity: &'static str,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) detail: Option<String>,
    pub(super) hint: Option<String>,
}

/// Deliberately none of the server's: no application takes it for something to try again.
pub(super) const STALLED: &str = "AD001";

impl Said {
    pub(super) fn error(code: &'static str, message: impl Into<String>) -> Said {
        Said {
            severity: "ERROR",
            code,
            message: message.into(),
            detail: None,
            hint: None,
        }
    }

    pub(super) fn warning(code: &'static str, message: &str) -> Said {
        Said {
            severity: "WARNING",
            ..Said::error(code, message)
        }
    }

    /// An error that ends the connection.
    pub(super) fn fatal(code: &'static str, message: impl Into<String>) -> Said {
        Said {
            severity: "FATAL",
            ..Said::error(code, message)
        }
    }

    pub(super) fn detail(mut self, detail: impl Into<String>) -> Said {
        self.detail = Some(detail.into());
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Said {
        self.hint = Some(hint.into());
        self
    }

    /// Appends the message.
    pub(super) fn put(&self, buffer: &mut BytesMut) {
        let tag = if self.severity == "WARNING" {
            b'N'
        } else {
            b'E'
        };
        put(buffer, tag, |buffer| {
            let fields = [
                (b'S', Some(self.severity)),
                (b'V', Some(self.severity)),
                (b'C', Some(self.code)),
                (b'M', Some(self.message.as_str())),
                (b'D', self.detail.as_deref()),
                (b'H', self.hint.as_deref()),
            ];
            for (field, text) in fields {
                if let Some(text) = text {
                    buffer.put_u8(field);
                    put_str(buffer, text);
                }
            }
            buffer.put_u8(0);
        });
    }
}

/// What a statement in a failed transaction is told.
pub(super) fn failed_transaction() -> Said {
    Said::error(
        "25P02",
        "current transaction is aborted, commands ignored until end of transaction block",
    )
}

/// What a statement is told that works in a transaction block only.
pub(super) fn needs_block(what: &str) -> Said {
    Said::error(
        "25P01",
        format!("{what} can only be used in transaction blocks"),
    )
}

/// The server's files that read a statement.
const GRAMMAR: [&str; 3] = ["scan.l", "gram.y", "postgres.c"];

/// What a server has said in a message of its own.
#[derive(Debug, Default)]
pub(super) struct Heard<'a> {
    pub(super) severity: &'a str,
    pub(super) code: &'a str,
    pub(super) message: &'a str,
    pub(super) detail: Option<&'a str>,
    pub(super) hint: Option<&'a str>,
    pub(super) constraint: Option<&'a str>,
    /// It comes from what reads a statement, before anything is looked up.
    pub(super) is_of_grammar: bool,
}

impl<'a> Heard<'a> {
    /// Reads the fields; what is malformed ends them.
    pub(super) fn read(frame: &'a Frame) -> Heard<'a> {
        let mut heard = Heard::default();
        let mut body = frame.body();
        while let Ok(field) = body.u8() {
            let Ok(text) = body.str() else { break };
            match field {
                b'V' => heard.severity = text,
                b'C' => heard.code = text,
                b'M' => heard.message = text,
                b'D' => heard.detail = Some(text),
                b'H' => heard.hint = Some(text),
                b'n' => heard.constraint = Some(text),
                b'F' => heard.is_of_grammar = GRAMMAR.contains(&text),
                _ => {}
            }
        }
        heard
    }
}

impl Heard<'_> {
    /// Returns all of it, for the account of a failed test.
    pub(super) fn told(&self) -> String {
        let mut told = format!("{} ({})", self.message, self.code);
        for (what, text) in [("detail", self.detail), ("hint", self.hint)] {
            if let Some(text) = text {
                let _infallible = write!(told, "\n{what}: {text}");
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard() {
        let mut buffer = BytesMut::new();
        Said::error("AD001", "waits")
            .detail("for another")
            .hint("end it")
            .put(&mut buffer);
        let frame = Frame::take(&mut buffer).unwrap().unwrap();
        assert_eq!(frame.tag(), b'E');
        let heard = Heard::read(&frame);
        assert_eq!((heard.code, heard.message), ("AD001", "waits"));
        assert_eq!(
            (heard.detail, heard.hint),
            (Some("for another"), Some("end it"))
        );
    }
}
