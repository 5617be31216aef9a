//! A tap on a connection: it follows the messages of the protocol, and sees what the driver does not tell.
//!
//! tokio-postgres keeps to itself what the server says in the middle of a COPY, until the COPY is finished. The tap is the
//! stream that the driver reads and writes. It looks at the header of each message, and copies nothing.

mod frames;
mod outgoing;
mod pace;
mod tls;
mod watch;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::frames::Frames;
use self::outgoing::{FLUSH, Outgoing};
use self::pace::Pace;
pub(super) use self::tls::Tapped;
pub use self::watch::Watch;

/// A connection's stream, which follows the messages in it.
///
/// Put between tokio-postgres and its socket (or its TLS session), it makes COPY well-behaved: see
/// [`Transaction::copy_in`](crate::Transaction::copy_in) and [`copy_out`](crate::Transaction::copy_out). The connections of
/// a [`Pool`](crate::Pool) have one. Whoever makes connections and opens a [`Lane`](crate::Lane) gives its
/// [`watch`](Tap::watch) to the lane.
///
/// ```no_run
/// # async fn example(config: tokio_postgres::Config) -> Result<(), Box<dyn std::error::Error>> {
/// use aiodal_core::{Lane, LaneOptions, Tap};
///
/// let tap = Tap::new(tokio::net::TcpStream::connect("localhost:5432").await?);
/// let watch = tap.watch();
/// let (client, connection) = config.connect_raw(tap, tokio_postgres::NoTls).await?;
/// tokio::spawn(connection);
/// let mut options = LaneOptions::default();
/// options.watch = Some(watch);
/// let lane = Lane::open(client.into(), "begin", "example", options);
/// # drop(lane); Ok(()) }
/// ```
pub struct Tap<S> {
    stream: S,
    watch: Arc<Watch>,
    stage: Stage,
    incoming: Incoming,
    outgoing: Outgoing,
    /// How much of a Flush is still to be sent.
    flush: usize,
}

/// What is known of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing has been sent but perhaps a request for TLS.
    New,
    /// The protocol has begun.
    Followed,
    /// It is something else, TLS for instance.
    Opaque,
}

/// What the server sends.
#[derive(Debug, Default)]
struct Incoming {
    frames: Frames,
    /// Whether the server takes the data of a COPY.
    copying_in: bool,
    pace: Pace,
}

impl<S> Tap<S> {
    /// Taps a stream of which nothing has been read or written.
    #[must_use]
    pub fn new(stream: S) -> Tap<S> {
        Tap::with_watch(stream, Arc::default())
    }

    /// The same, and tells somebody else's watch.
    pub(super) fn with_watch(stream: S, watch: Arc<Watch>) -> Tap<S> {
        Tap {
            stream,
            watch,
            stage: Stage::New,
            incoming: Incoming::default(),
            outgoing: Outgoing::default(),
            flush: 0,
        }
    }

    /// Returns what it knows, for [`LaneOptions::watch`](crate::LaneOptions::watch).
    #[must_use]
    pub fn watch(&self) -> Arc<Watch> {
        self.watch.clone()
    }

    /// Looks at what is sent first.
    fn begin(&mut self, bytes: &[u8]) {
        let field = |at| {
            let bytes = bytes.get(at..at + 4)?;
            Some(u32::from_be_bytes(bytes.try_into().ok()?))
        };
        match (field(0), field(4)) {
            // Protocol 3 of whatever minor version.
            (Some(length), Some(version)) if version >> 16 == 3 => {
                self.stage = Stage::Followed;
                self.outgoing.begins(length as usize);
            }
            // SSLRequest: if the server refuses, the protocol begins on the stream as it is.
            (Some(8), Some(80_877_103)) => {}
            _ => self.stage = Stage::Opaque,
        }
    }
}

impl Incoming {
    fn follow(&mut self, bytes: &[u8], watch: &Watch) {
        let (copying_in, pace) = (&mut self.copying_in, &mut self.pace);
        self.frames.follow(bytes, |tag, _| {
            match tag {
                // CopyInResponse
                b'G' => {
                    *copying_in = true;
                    watch.copy_in_begins();
                }
                // ErrorResponse
                b'E' if *copying_in => watch.copy_in_refused(),
                // CopyOutResponse
                b'H' => pace.begin(),
                // CommandComplete
                b'C' => pace.end(),
                // ReadyForQuery
                b'Z' => {
                    *copying_in = false;
                    pace.end();
                }
                _ => {}
            }
            true
        });
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(this.incoming.pace.poll_due(cx));
        let (before, room) = (buffer.filled().len(), buffer.remaining());
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        if this.stage == Stage::Followed {
            let bytes = &buffer.filled()[before..];
            this.incoming.pace.has_read(bytes.len(), room);
            this.incoming.follow(bytes, &this.watch);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.stage == Stage::New {
            this.begin(bytes);
        }
        let stream = Pin::new(&mut this.stream);
        if this.stage != Stage::Followed {
            return stream.poll_write(cx, bytes);
        }
        if this.flush == 0 {
            let stretch = this.outgoing.stretch(bytes, &this.watch);
            if stretch.length > 0 || bytes.is_empty() {
                let sent = ready!(stream.poll_write(cx, &bytes[..stretch.length]))?;
                this.outgoing.sent(bytes, sent, &stretch, &this.watch);
                return Poll::Ready(Ok(sent));
            }
            this.outgoing.replaced();
            this.flush = FLUSH.len();
        }
        let sent = ready!(stream.poll_write(cx, &FLUSH[FLUSH.len() - this.flush..]))?;
        this.flush -= sent;
        Poll::Ready(Ok(sent))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S> fmt::Debug for Tap<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap")
            .field("stage", &self.stage)
            .field("watch", &self.watch)
            .finish_non_exhaustive()
    }
}
