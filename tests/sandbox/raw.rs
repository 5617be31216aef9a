//! A connection as frames of the protocol: nothing is understood, so nothing is put right.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// Anything that the protocol can be spoken over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Opens a connection to the first host that is named.
pub(crate) async fn open(config: &Config) -> io::Result<Box<dyn Stream>> {
    let port = config.get_ports().first().copied().unwrap_or(5432);
    match config.get_hosts().first() {
        Some(Host::Unix(directory)) => {
            let path = directory.join(format!(".s.PGSQL.{port}"));
            Ok(Box::new(UnixStream::connect(path).await?))
        }
        Some(Host::Tcp(name)) => {
            let stream = TcpStream::connect((name.as_str(), port)).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
        None => Err(io::Error::other("the URL names no host")),
    }
}

/// A message of the server's.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) tag: u8,
    pub(crate) body: Bytes,
}

/// One end of a connection.
pub(crate) struct Raw {
    stream: Box<dyn Stream>,
    incoming: BytesMut,
    /// What the next [`send`](Raw::send) sends.
    pub(crate) outgoing: BytesMut,
}

impl Raw {
    pub(crate) fn new(stream: Box<dyn Stream>) -> Raw {
        Raw {
            stream,
            incoming: BytesMut::new(),
            outgoing: BytesMut::new(),
        }
    }

    pub(crate) async fn send(&mut self) -> io::Result<()> {
        self.stream.write_all_buf(&mut self.outgoing).await?;
        self.stream.flush().await
    }

    /// Returns the next message; none where the other side has closed.
    ///
    /// # Cancel safety
    ///
    /// What has been read of a message is kept.
    pub(crate) async fn frame(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.whole()? {
                return Ok(Some(frame));
            }
            if self.stream.read_buf(&mut self.incoming).await? == 0 {
                if self.incoming.is_empty() {
                    return Ok(None);
                }
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn whole(&mut self) -> io::Result<Option<Frame>> {
        let Some(header) = self.incoming.get(..5) else {
            return Ok(None);
        };
        let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
        let length = usize::try_from(length).expect("32 bits fit");
        if !(4..1 << 28).contains(&length) {
            return Err(io::Error::other(format!(
                "a message of {length} bytes: {header:?}"
            )));
        }
        if self.incoming.len() <= length {
            return Ok(None);
        }
        let tag = self.incoming.get_u8();
        let mut body = self.incoming.split_to(length).freeze();
        body.advance(4);
        Ok(Some(Frame { tag, body }))
    }

    /// Says that nothing more will be sent, as a process that ends does.
    pub(crate) async fn shut_down(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }
}
