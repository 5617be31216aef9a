//! What a client does, one message at a time, and the line of a script that says so.

use std::io;

use bytes::BytesMut;
use postgres_protocol::IsNull;
use postgres_protocol::message::frontend;

/// Prepared statements and portals have the same messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Statement,
    Portal,
}

impl Kind {
    fn letter(self) -> u8 {
        match self {
            Kind::Statement => b'S',
            Kind::Portal => b'P',
        }
    }
}

/// How a client ends the data of a COPY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Done,
    Fail,
    /// It is gone in the middle of it.
    Drop,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// Comes anew, with these parameters; what was there is dropped.
    Connect(Vec<(String, String)>),
    Query(String),
    Parse {
        name: String,
        sql: String,
    },
    Bind {
        portal: String,
        statement: String,
        /// Whether all columns are asked for in binary.
        binary: bool,
        values: Vec<Option<String>>,
    },
    Describe(Kind, String),
    Execute {
        portal: String,
        max: i32,
    },
    Close(Kind, String),
    Flush,
    /// With `more`, its answer is not waited for: what follows is sent right behind it.
    Sync {
        more: bool,
    },
    /// What the next COPY that asks for data is given.
    Input {
        text: String,
        end: End,
    },
    Terminate,
    /// The connection is closed without a word.
    Drop,
}

impl Message {
    /// Writes it as the protocol has it, if it is a message of the protocol's.
    pub(crate) fn encode(&self, out: &mut BytesMut) -> io::Result<()> {
        match self {
            Message::Query(sql) => frontend::query(sql, out),
            Message::Parse { name, sql } => frontend::parse(name, sql, [], out),
            Message::Bind {
                portal,
                statement,
                binary,
                values,
            } => bind(portal, statement, *binary, values, out),
            Message::Describe(kind, name) => frontend::describe(kind.letter(), name, out),
            Message::Execute { portal, max } => frontend::execute(portal, *max, out),
            Message::Close(kind, name) => frontend::close(kind.letter(), name, out),
            Message::Flush => {
                frontend::flush(out);
                Ok(())
            }
            Message::Sync { .. } => {
                frontend::sync(out);
                Ok(())
            }
            Message::Terminate => {
                frontend::terminate(out);
                Ok(())
            }
            Message::Connect(_) | Message::Input { .. } | Message::Drop => Ok(()),
        }
    }
}

fn bind(
    portal: &str,
    statement: &str,
    binary: bool,
    values: &[Option<String>],
    out: &mut BytesMut,
) -> io::Result<()> {
    let written = frontend::bind(
        portal,
        statement,
        [],
        values,
        |value, out| {
            let Some(value) = value else {
                return Ok(IsNull::Yes);
            };
            out.extend_from_slice(value.as_bytes());
            Ok(IsNull::No)
        },
        binary.then_some(1),
        out,
    );
    written.map_err(|error| match error {
        frontend::BindError::Conversion(error) => io::Error::other(error),
        frontend::BindError::Serialization(error) => error,
    })
}
