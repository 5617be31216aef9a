//! One client of a script: its connection, and what it knows of its state.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::BytesMut;
use postgres_protocol::message::frontend::{self, CopyData};
use tokio::time::timeout;

use crate::endpoint::Endpoint;
use crate::expected::{Expected, Then, is_read_after};
use crate::message::{End, Kind, Message};
use crate::raw::Raw;
use crate::reply::Reply;
use crate::search::read;

/// Far more than an answer takes; a sandbox gives up waiting before.
fn patience() -> Duration {
    Duration::from_secs(read("SANDBOX_PATIENCE").unwrap_or(10))
}

pub(crate) struct Client {
    /// None once it has ended.
    raw: Option<Raw>,
    expected: Expected,
    /// What the next COPY is given.
    inputs: VecDeque<(String, End)>,
    /// Whether it is idle (`I`), in a transaction (`T`) or in a failed one (`E`).
    status: u8,
    /// Whether the unnamed portal was bound in this unit.
    has_bound: bool,
    /// Whether anything has been done in the transaction.
    has_worked: bool,
    /// Notifications come when they come; they are told where they must have come by: after a transaction's end.
    notifications: Vec<Reply>,
}

impl Client {
    pub(crate) async fn connect(
        endpoint: &Endpoint,
        parameters: &[(String, String)],
    ) -> (Client, Vec<Reply>) {
        let connected = timeout(patience(), endpoint.connect(parameters)).await;
        let (raw, mut replies) = match connected {
            Ok(Ok((raw, replies))) => (Some(raw), replies),
            Ok(Err(error)) => (None, vec![closed(&error)]),
            Err(_) => (None, vec![Reply::bare(Reply::SILENCE)]),
        };
        let is_ready = replies.last().is_some_and(|last| last.tag == Reply::READY);
        // A server tells its parameters in the order of a table of its own.
        replies.sort_by_key(|reply| match reply.tag {
            Reply::PARAMETER => (1, reply.parts.clone()),
            Reply::READY => (2, Vec::new()),
            _ => (0, Vec::new()),
        });
        let client = Client {
            raw: raw.filter(|_| is_ready),
            expected: Expected::default(),
            inputs: VecDeque::new(),
            status: b'I',
            has_bound: false,
            has_worked: false,
            notifications: Vec::new(),
        };
        (client, replies)
    }

    pub(crate) fn is_within_unit(&self) -> bool {
        self.raw.is_some() && self.expected.is_within_unit()
    }

    /// Whether others might have to wait for it.
    pub(crate) fn holds(&self) -> bool {
        let in_transaction = self.status != b'I' && self.has_worked;
        self.raw.is_some() && (in_transaction || self.expected.is_within_unit())
    }

    /// Whether a message can be answered whatever others have begun.
    pub(crate) fn needs_nobody(&self, message: &Message) -> bool {
        match message {
            _ if self.raw.is_none() => true,
            Message::Query(sql) => is_bare_control(sql) && !self.holds(),
            Message::Input { .. } | Message::Connect(_) => true,
            Message::Terminate | Message::Drop => !self.holds(),
            _ => false,
        }
    }

    /// Sends a message, and reads what is answered where it is time to.
    pub(crate) async fn step(&mut self, message: &Message) -> Vec<Reply> {
        if self.raw.is_none() {
            return Vec::new();
        }
        if self.would_crash(message) {
            return Vec::new();
        }
        if let Message::Input { text, end } = message {
            self.inputs.push_back((text.clone(), *end));
            return Vec::new();
        }
        let is_control = matches!(message, Message::Query(sql) if is_bare_control(sql));
        self.has_worked |= !is_control;
        let mut replies = Vec::new();
        let stepped = match message {
            Message::Terminate | Message::Drop => self.leave(message, &mut replies).await,
            message => self.ask(message, &mut replies).await,
        };
        if let Err(error) = stepped {
            replies.push(closed(&error));
            self.raw = None;
        }
        if self.status == b'I' && !self.expected.is_within_unit() {
            self.has_worked = false;
        }
        replies
    }

    /// After a failed simple query in a transaction, PostgreSQL keeps its portal, which has no name, with statements that are
    /// gone; whoever executes or describes it ends the server (seen in 15.18).
    fn would_crash(&mut self, message: &Message) -> bool {
        match message {
            Message::Bind { portal, .. } if portal.is_empty() => self.has_bound = true,
            Message::Query(_) | Message::Sync { .. } => self.has_bound = false,
            Message::Execute { portal, .. } | Message::Describe(Kind::Portal, portal) => {
                return portal.is_empty() && self.status == b'E' && !self.has_bound;
            }
            _ => {}
        }
        false
    }

    async fn ask(&mut self, message: &Message, replies: &mut Vec<Reply>) -> io::Result<()> {
        let Some(raw) = &mut self.raw else {
            return Ok(());
        };
        message.encode(&mut raw.outgoing)?;
        self.expected.sent(message);
        if !is_read_after(message) {
            return Ok(());
        }
        raw.send().await?;
        while !self.expected.nothing() && self.raw.is_some() {
            let reply = self.reply().await?;
            match self.expected.came(&reply) {
                Then::ReadOn => {}
                Then::Copy { sync } => self.input(sync).await?,
            }
            self.note(reply, replies);
        }
        Ok(())
    }

    async fn reply(&mut self) -> io::Result<Reply> {
        let Some(raw) = &mut self.raw else {
            return Ok(Reply::bare(Reply::CLOSED));
        };
        let reply = match timeout(patience(), raw.frame()).await {
            Ok(Ok(Some(frame))) => return Ok(Reply::of(frame)),
            Ok(Ok(None)) => Reply::CLOSED,
            Ok(Err(error)) => return Err(error),
            Err(_) => Reply::SILENCE,
        };
        self.raw = None;
        Ok(Reply::bare(reply))
    }

    fn note(&mut self, reply: Reply, replies: &mut Vec<Reply>) {
        match reply.tag {
            Reply::NOTIFICATION => {
                self.notifications.push(reply);
                return;
            }
            Reply::READY => {
                self.status = reply.parts[0].as_bytes().first().copied().unwrap_or(b'?');
                if self.status == b'I' {
                    replies.append(&mut self.notifications);
                }
            }
            _ => {}
        }
        replies.push(reply);
    }

    async fn input(&mut self, sync: bool) -> io::Result<()> {
        let Some(raw) = &mut self.raw else {
            return Ok(());
        };
        let nothing = (String::new(), End::Fail);
        let (text, end) = self.inputs.pop_front().unwrap_or(nothing);
        copy(&text, &mut raw.outgoing)?;
        match end {
            End::Done => frontend::copy_done(&mut raw.outgoing),
            End::Fail => frontend::copy_fail("enough", &mut raw.outgoing)?,
            End::Drop => {
                raw.send().await?;
                return raw.shut_down().await;
            }
        }
        if sync {
            frontend::sync(&mut raw.outgoing);
        }
        raw.send().await
    }

    /// Goes, and waits until that has been taken note of.
    async fn leave(&mut self, message: &Message, replies: &mut Vec<Reply>) -> io::Result<()> {
        let Some(raw) = &mut self.raw else {
            return Ok(());
        };
        // What no Sync is behind is undone, or never run: which of them only a sequence could tell.
        raw.outgoing.clear();
        if *message == Message::Drop {
            raw.shut_down().await?;
        } else {
            message.encode(&mut raw.outgoing)?;
            raw.send().await?;
        }
        while self.raw.is_some() {
            let reply = self.reply().await?;
            if reply.tag == Reply::SILENCE {
                replies.push(reply);
            }
        }
        self.expected = Expected::default();
        self.status = b'I';
        Ok(())
    }
}

/// A message per line.
fn copy(text: &str, out: &mut BytesMut) -> io::Result<()> {
    for line in text.split_inclusive('\n') {
        CopyData::new(line.as_bytes())?.write(out);
    }
    Ok(())
}

/// Begins or ends, and does nothing else.
fn is_bare_control(sql: &str) -> bool {
    ["", "begin", "commit", "rollback"].contains(&sql)
}

/// In which way a connection ends is the operating system's.
fn closed(_error: &io::Error) -> Reply {
    Reply::bare(Reply::CLOSED)
}
