//! An export as it comes.

use std::fmt;
use std::io::{self, Write as _};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;

use super::ExportReport;
use super::compress::{Compression, Encoder};
use super::records::Records;
use crate::error::{Error, Result};
use crate::transaction::CopyOut;

/// How large pieces are, about. The server sends a row at a time.
const PIECE: usize = 64 << 10;

/// The data of an export, as it comes: see [`Export::stream`](super::Export::stream).
///
/// The pieces have some 64 KiB, and end anywhere. It borrows its transaction. Dropped half-way, it gives the export up.
pub struct ExportStream<'a> {
    /// `None` once it has ended.
    copy: Option<CopyOut<'a>>,
    records: Records,
    buffer: BytesMut,
    /// `None` if it is not compressed here, or has been to the end.
    encoder: Option<Encoder<Vec<u8>>>,
    uncompressed: u64,
    bytes: u64,
    started: Instant,
}

impl<'a> ExportStream<'a> {
    pub(super) fn new(
        copy: CopyOut<'a>,
        records: Records,
        compression: Compression,
        started: Instant,
    ) -> Result<ExportStream<'a>> {
        let encoder = match compression {
            Compression::None => None,
            compression => Some(Encoder::new(compression, Vec::new()).map_err(compressing)?),
        };
        Ok(ExportStream {
            copy: Some(copy),
            records,
            buffer: BytesMut::new(),
            encoder,
            uncompressed: 0,
            bytes: 0,
            started,
        })
    }

    /// Returns what has been exported so far; once it has ended, that is all.
    #[must_use]
    pub fn report(&self) -> ExportReport {
        ExportReport {
            rows: self.records.rows(),
            uncompressed: self.uncompressed,
            bytes: self.bytes,
            elapsed: self.started.elapsed(),
        }
    }

    /// Takes rows until there is enough of them. Says whether there are more to come.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        let Some(copy) = &mut self.copy else {
            return Poll::Ready(Ok(false));
        };
        if self.buffer.is_empty() {
            // The last row takes it beyond.
            self.buffer.reserve(PIECE + PIECE / 16);
        }
        while self.buffer.len() < PIECE {
            match ready!(Pin::new(&mut *copy).poll_next(cx)) {
                Some(Ok(message)) => self.records.take(&message, &mut self.buffer)?,
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => return Poll::Ready(Ok(false)),
            }
        }
        Poll::Ready(Ok(true))
    }

    /// Compresses what has been taken; the result may be empty before the end.
    fn piece(&mut self, more: bool) -> io::Result<Bytes> {
        let data = self.buffer.split().freeze();
        self.uncompressed += data.len() as u64;
        let Some(encoder) = &mut self.encoder else {
            return Ok(data);
        };
        encoder.write_all(&data)?;
        if more {
            return Ok(mem::take(encoder.inner()).into());
        }
        match self.encoder.take() {
            Some(encoder) => Ok(encoder.finish()?.into()),
            None => Ok(Bytes::new()),
        }
    }
}

impl Stream for ExportStream<'_> {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let this = self.get_mut();
        while this.copy.is_some() {
            let piece = match ready!(this.poll_fill(cx)) {
                Ok(more) => {
                    if !more {
                        this.copy = None;
                    }
                    this.piece(more).map_err(compressing)
                }
                Err(error) => Err(error),
            };
            match piece {
                Ok(piece) if piece.is_empty() => {}
                Ok(piece) => {
                    this.bytes += piece.len() as u64;
                    return Poll::Ready(Some(Ok(piece)));
                }
                Err(error) => {
                    this.copy = None;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        Poll::Ready(None)
    }
}

fn compressing(error: io::Error) -> Error {
    Error::bulk("compress an export", "see the cause", Some(error.into()))
}

impl fmt::Debug for ExportStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportStream")
            .field("rows", &self.records.rows())
            .field("ended", &self.copy.is_none())
            .finish_non_exhaustive()
    }
}
