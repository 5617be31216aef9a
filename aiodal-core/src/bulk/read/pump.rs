//! Handing asynchronous sources over to the reading thread.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};

use bytes::{Bytes, BytesMut};
use futures_util::future::{self, Either};
use futures_util::{Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::mpsc;

/// How much of a reader is taken at a time.
const CHUNK: usize = 64 << 10;

/// How many chunks may wait for the thread.
pub(super) const AHEAD: usize = 4;

/// An asynchronous source on its way to the thread.
pub(super) struct Pump<'a> {
    from: Pieces<'a>,
    /// `None` at the end.
    to: Option<mpsc::Sender<io::Result<Bytes>>>,
}

pub(super) enum Pieces<'a> {
    Reader(Pin<Box<dyn AsyncRead + Send + 'a>>, BytesMut),
    Stream(Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send + 'a>>),
}

impl Pieces<'_> {
    /// Cancel safe: what has been read is kept until it is returned.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        match self {
            Pieces::Reader(reader, buffer) => {
                buffer.reserve(CHUNK);
                match reader.read_buf(buffer).await {
                    Ok(0) => None,
                    Ok(_) => Some(Ok(buffer.split().freeze())),
                    Err(error) => Some(Err(error)),
                }
            }
            Pieces::Stream(stream) => stream.next().await,
        }
    }
}

impl<'a> Pump<'a> {
    pub(super) fn new(from: Pieces<'a>, to: mpsc::Sender<io::Result<Bytes>>) -> Pump<'a> {
        Pump { from, to: Some(to) }
    }

    /// Hands over all that comes, for as long as it is polled. No piece is lost when it is dropped.
    async fn run(&mut self) -> Infallible {
        while let Some(to) = &self.to {
            // The place first, the piece second: nothing is in the hands of a future that may be dropped.
            let Ok(place) = to.reserve().await else {
                // The thread has ended, and has said why.
                self.to = None;
                break;
            };
            match self.from.next().await {
                Some(piece) => {
                    let failed = piece.is_err();
                    place.send(piece);
                    if failed {
                        self.to = None;
                    }
                }
                None => {
                    drop(place);
                    self.to = None;
                }
            }
        }
        future::pending().await
    }
}

/// Waits for what the thread says, handing over its source meanwhile.
pub(super) async fn pumping<T>(pump: Option<&mut Pump<'_>>, answer: impl Future<Output = T>) -> T {
    let Some(pump) = pump else {
        return answer.await;
    };
    match future::select(pin!(answer), pin!(pump.run())).await {
        Either::Left((answer, _)) => answer,
        Either::Right((never, _)) => match never {},
    }
}
