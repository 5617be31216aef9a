//! A client that speaks the protocol by hand, for what no driver at hand does.

use std::io;

use aiodal::Sandbox;
use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::Result;

pub(crate) struct Raw {
    stream: DuplexStream,
    incoming: BytesMut,
    outgoing: BytesMut,
    process: u32,
}

impl Raw {
    pub(crate) async fn connect(sandbox: &Sandbox) -> Result<Raw> {
        let config: tokio_postgres::Config = sandbox.url().await?.parse()?;
        let mut raw = Raw {
            stream: sandbox.connect(),
            incoming: BytesMut::new(),
            outgoing: BytesMut::new(),
            process: 0,
        };
        let user = config.get_user().ok_or("a user")?;
        let database = config.get_dbname().ok_or("a database")?;
        let startup = format!("user\0{user}\0database\0{database}\0\0");
        raw.outgoing.put_u32(u32::try_from(startup.len())? + 8);
        raw.outgoing.put_u32(3 << 16);
        raw.outgoing.put_slice(startup.as_bytes());
        raw.answers().await?;
        Ok(raw)
    }

    /// Returns the process that it was told it has.
    pub(crate) fn process(&self) -> u32 {
        self.process
    }

    /// Puts a message behind those that are sent next.
    pub(crate) fn put(&mut self, tag: u8, body: &[u8]) -> &mut Raw {
        let length = u32::try_from(body.len()).expect("it is short") + 4;
        self.outgoing.put_u8(tag);
        self.outgoing.put_u32(length);
        self.outgoing.put_slice(body);
        self
    }

    pub(crate) fn query(&mut self, sql: &str) -> &mut Raw {
        self.put(b'Q', format!("{sql}\0").as_bytes())
    }

    /// Sends what was put, and returns the tags of what is answered, up to `ReadyForQuery`.
    pub(crate) async fn answers(&mut self) -> io::Result<String> {
        self.answers_until('Z').await
    }

    /// Sends what was put.
    pub(crate) async fn send(&mut self) -> io::Result<()> {
        self.stream.write_all_buf(&mut self.outgoing).await
    }

    /// The same up to a message with this tag.
    pub(crate) async fn answers_until(&mut self, last: char) -> io::Result<String> {
        self.send().await?;
        let mut tags = String::new();
        while !tags.ends_with(last) {
            while !self.take(&mut tags) {
                if self.stream.read_buf(&mut self.incoming).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        Ok(tags)
    }

    fn take(&mut self, tags: &mut String) -> bool {
        let Some(&[tag, a, b, c, d]) = self.incoming.first_chunk() else {
            return false;
        };
        let length = u32::from_be_bytes([a, b, c, d]) as usize + 1;
        if self.incoming.len() < length {
            return false;
        }
        let mut message = self.incoming.split_to(length);
        if tag == b'K' {
            message.advance(5);
            self.process = message.get_u32();
        }
        tags.push(char::from(tag));
        true
    }
}
