//! One client's side of its connection: reads what it sends into units, and writes what it is answered.

use std::future::{Future as _, poll_fn};
use std::io;
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::BytesMut;
use futures_util::future::{Either, select};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::coop::unconstrained;

use super::event::{Credit, Data, End, Event, Unit, Work};
use super::outbox::Outbox;
use super::shared::Shared;
use super::startup::{Opening, open};
use super::turn::ClientId;
use super::wire::Frame;

/// How many bytes a client may send ahead of what is run. A longer message takes all of it.
const WINDOW: u32 = 4 << 20;

/// A stream that a client is at the other end of.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static> Stream for T {}

/// Who a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// The test's own transaction.
    Own,
    /// Whoever could come in has been let in.
    Client,
    /// It has to show that it was told of.
    Stranger,
}

/// Serves one connection to its end.
pub(super) async fn serve(mut stream: impl Stream, shared: Arc<Shared>, trust: Trust) {
    let mut buffer = BytesMut::with_capacity(8 << 10);
    let opened = match open(&mut stream, &mut buffer, &shared, trust).await {
        Ok(Opening::Client(opened)) => opened,
        // Whoever asks to cancel is told nothing, and neither is who goes before it has come.
        Ok(Opening::Cancel | Opening::Refused) | Err(_) => return,
    };
    let (id, arrival) = *opened;
    let outbox = arrival.outbox.clone();
    let events = shared.events();
    let _closed = Closing {
        id,
        events: events.clone(),
        outbox: outbox.clone(),
    };
    if events.send(Event::Opened(id, arrival)).is_err() {
        return;
    }
    let (reading, writing) = tokio::io::split(stream);
    let inbound = Inbound {
        id,
        stream: reading,
        buffer,
        events,
        window: Arc::new(Semaphore::new(WINDOW as usize)),
        frames: Vec::new(),
        size: 0,
    };
    let read = pin!(inbound.run());
    let write = pin!(outbox.write_to(writing));
    if let Either::Left((ended, write)) = select(read, write).await {
        // What a client has said last may have an answer yet, unless it is gone; and one that is told why, is told.
        if ended.is_ok() {
            let _gone = write.await;
        }
    }
}

/// Tells the engine that the client is gone, however its task ends.
struct Closing {
    id: ClientId,
    events: UnboundedSender<Event>,
    outbox: Outbox,
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.outbox.close();
        // Without an engine there is nothing to tidy up.
        let _over = self.events.send(Event::Closed(self.id));
    }
}

struct Inbound<S> {
    id: ClientId,
    stream: ReadHalf<S>,
    buffer: BytesMut,
    events: UnboundedSender<Event>,
    /// Room for what is sent ahead.
    window: Arc<Semaphore>,
    /// Messages of the extended protocol, up to the end of their unit.
    frames: Vec<Frame>,
    size: usize,
}

impl<S: Stream> Inbound<S> {
    /// Reads until the client is gone, or says something that nobody could understand.
    async fn run(mut self) -> io::Result<()> {
        loop {
            let frame = match self.frame_at_hand().await {
                Some(frame) => frame?,
                None => {
                    // A server runs what it has been sent, whether or not its client has asked for the answers. A message that
                    // has come in part is about to be whole.
                    if self.buffer.is_empty() && !self.begin().await {
                        return Ok(());
                    }
                    self.frame().await?
                }
            };
            let Some(frame) = frame else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            let (tag, size) = (frame.tag(), frame.len());
            // What stands before these without a Sync is run before them.
            if matches!(tag, b'Q' | b'F' | b'd' | b'c' | b'f') && !self.begin().await {
                return Ok(());
            }
            let event = match tag {
                b'Q' | b'F' => self.unit(Work::Simple(frame), size).await,
                b'P' | b'B' | b'D' | b'E' | b'C' => {
                    self.frames.push(frame);
                    self.size += size;
                    if self.size < WINDOW as usize {
                        continue;
                    }
                    self.extended(End::More).await
                }
                b'S' => self.extended(End::Sync).await,
                b'H' => self.extended(End::Flush).await,
                b'd' | b'c' | b'f' => Event::Copy(self.id, frame, self.credit(size).await),
                b'X' => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ => return Err(io::ErrorKind::InvalidData.into()),
            };
            if self.events.send(event).is_err() {
                return Ok(());
            }
        }
    }

    /// Has the messages run whose end has not come; says whether there is anybody to run them.
    async fn begin(&mut self) -> bool {
        if self.frames.is_empty() {
            return true;
        }
        let begun = self.extended(End::More).await;
        self.events.send(begun).is_ok()
    }

    async fn extended(&mut self, end: End) -> Event {
        let frames = mem::take(&mut self.frames);
        let size = mem::take(&mut self.size);
        self.unit(Work::Extended(frames, end), size).await
    }

    async fn unit(&self, work: Work, size: usize) -> Event {
        let credit = self.credit(size).await;
        let data = Data::new();
        Event::Unit(self.id, Unit { work, data, credit })
    }

    async fn credit(&self, size: usize) -> Credit {
        let size = u32::try_from(size).unwrap_or(WINDOW).clamp(1, WINDOW);
        let permit = self.window.clone().acquire_many_owned(size).await;
        Credit(permit.ok())
    }

    /// Reads the next message if it is there already.
    async fn frame_at_hand(&mut self) -> Option<io::Result<Option<Frame>>> {
        // That a task has run for long enough says nothing of what its stream has.
        let mut reading = pin!(unconstrained(self.frame()));
        poll_fn(|cx| match reading.as_mut().poll(cx) {
            Poll::Ready(frame) => Poll::Ready(Some(frame)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    async fn frame(&mut self) -> io::Result<Option<Frame>> {
        read_frame(&mut self.stream, &mut self.buffer).await
    }
}

/// Reads the next message; `None` at the end of the stream.
///
/// # Errors
///
/// The stream's, and what is no message.
pub(super) async fn read_frame(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut BytesMut,
) -> io::Result<Option<Frame>> {
    loop {
        match Frame::take(buffer) {
            Ok(Some(frame)) => return Ok(Some(frame)),
            Ok(None) => {}
            Err(malformed) => return Err(io::Error::new(io::ErrorKind::InvalidData, malformed.0)),
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// Writes all of a buffer.
///
/// # Errors
///
/// The stream's.
pub(super) async fn write_all(
    stream: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}
