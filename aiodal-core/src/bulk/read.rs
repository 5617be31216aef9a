//! Reading a source into batches: on a thread of its own, ahead of what is being sent.
//!
//! A thread, and none of the runtime's: it may wait for the standard input forever, and a runtime waits for its threads.

mod binary;
mod buffer;
mod csv;
mod decompress;
mod encoding;
mod input;
mod json_lines;
mod pack;
mod parse;
mod pump;
mod refuse;
mod select;
mod stretch;
mod text;
mod thread;
mod write;

use std::fmt;
use std::sync::mpsc as std_mpsc;
use std::thread::JoinHandle;

use bytes::BytesMut;
use tokio::sync::{mpsc, oneshot};

use self::input::Opening;
use self::pump::{Pieces, Pump, pumping};
use self::thread::{Ends, Opened, Told};
use super::batch::Batch;
use super::convert::Converter;
use super::format::Format;
use super::source::{Origin, Source};
use crate::error::{Error, Result};

/// How many batches are read ahead of the one that is being sent.
const AHEAD: usize = 2;

/// What is to become of the records of a source.
#[derive(Debug, Default)]
pub(crate) struct Transcode {
    /// For each field of a record, in the order of the source: the place of its column among `columns`; `None` is left out.
    /// Empty where fields are not told apart: they are sent as they are.
    pub(crate) fields: Vec<Option<usize>>,
    /// The names of these fields, where each record names its own: the keys of JSON lines. They may be others than those in
    /// the header.
    pub(crate) names: Vec<String>,
    /// Whether a key that is not among `names` is left out; otherwise it is an error.
    pub(crate) ignore_unknown: bool,
    /// The columns, in the order in which COPY lists them: name and converter. Records are sent in binary if every one has
    /// a converter and takes its value.
    pub(crate) columns: Vec<(String, Option<Converter>)>,
    /// Their types, for JSON lines: an array becomes another text for `jsonb` than for `int[]`.
    pub(crate) types: Vec<tokio_postgres::types::Type>,
    /// Whether single records are to be kept, to be rejected or sent again.
    pub(crate) keep: bool,
}

/// How much is taken at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// A batch is sent when it has so many bytes.
    pub(crate) batch: usize,
    /// A record with more is refused.
    pub(crate) record: usize,
}

/// A source whose format is known, and whose header has been read.
pub(crate) struct Reader<'a> {
    /// What the source is called in errors.
    pub(crate) name: String,
    /// The names in its header, as they are; `None` where there is none or it is skipped. Of JSON lines: the keys of the
    /// records at the beginning, in the order of their appearance.
    pub(crate) header: Option<Vec<String>>,
    /// How many fields its first record has, where fields are told apart.
    pub(crate) width: Option<usize>,
    /// Its size in bytes as it is stored, if that is known.
    pub(crate) total: Option<u64>,
    thread: Thread<'a>,
}

/// The thread, and what connects us with it.
struct Thread<'a> {
    start: std_mpsc::Sender<Transcode>,
    told: mpsc::Receiver<Told>,
    pump: Option<Pump<'a>>,
    /// `None` when it has been waited for.
    handle: Option<JoinHandle<()>>,
}

/// The batches of a source.
pub(crate) struct Batches<'a> {
    /// `None` after the last.
    thread: Option<Thread<'a>>,
}

impl<'a> Reader<'a> {
    /// Opens a source and reads its header.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the source is closed.
    pub(crate) async fn open(
        source: Source<'a>,
        format: &Format,
        limits: Limits,
    ) -> Result<Reader<'a>> {
        let name = source.name();
        let (chunks, to_read) = mpsc::channel(pump::AHEAD);
        let (opening, pieces) = match source.from {
            Origin::Path(path) => (Opening::Path(path), None),
            Origin::Stdin => (Opening::Stdin, None),
            Origin::Bytes(bytes) => (Opening::Bytes(bytes), None),
            Origin::Reader(reader) => (
                Opening::Chunks(to_read),
                Some(Pieces::Reader(reader, BytesMut::new())),
            ),
            Origin::Stream(stream) => (Opening::Chunks(to_read), Some(Pieces::Stream(stream))),
        };
        let mut pump = pieces.map(|pieces| Pump::new(pieces, chunks));
        let (opened, answer) = oneshot::channel();
        let (start, to_start) = std_mpsc::channel();
        let (tell, told) = mpsc::channel(AHEAD);
        let ends = Ends {
            opened,
            start: to_start,
            told: tell,
        };
        let (format, named) = (format.clone(), name.clone());
        let mut handle = Some(
            std::thread::Builder::new()
                .name("aiodal-read".to_owned())
                .spawn(move || thread::run(named, opening, &format, limits, ends))
                .map_err(|error| {
                    Error::bulk(
                        &format!("read {name}"),
                        "the system gave no thread",
                        Some(error.into()),
                    )
                })?,
        );
        let Ok(opened) = pumping(pump.as_mut(), answer).await else {
            propagate(&mut handle);
        };
        let Opened { head, total } = opened?;
        Ok(Reader {
            name,
            header: head.names,
            width: head.width,
            total,
            thread: Thread {
                start,
                told,
                pump,
                handle,
            },
        })
    }

    /// Begins to read the rest.
    pub(crate) fn start(self, transcode: Transcode) -> Batches<'a> {
        // If it has panicked, the first call of `next` tells.
        let _gone = self.thread.start.send(transcode);
        Batches {
            thread: Some(self.thread),
        }
    }
}

impl Batches<'_> {
    /// Returns the next batch; `None` after the last, and after an error.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, no batch is lost.
    pub(crate) async fn next(&mut self) -> Result<Option<Batch>> {
        let Some(thread) = &mut self.thread else {
            return Ok(None);
        };
        let told = pumping(thread.pump.as_mut(), thread.told.recv()).await;
        match told {
            Some(Told::Batch(batch)) => Ok(Some(batch)),
            Some(Told::End) => {
                self.thread = None;
                Ok(None)
            }
            Some(Told::Failed(error)) => {
                self.thread = None;
                Err(error)
            }
            None => propagate(&mut thread.handle),
        }
    }
}

/// Panics as the thread has done: it has ended without an answer.
fn propagate(handle: &mut Option<JoinHandle<()>>) -> ! {
    match handle.take().map(JoinHandle::join) {
        Some(Err(panic)) => std::panic::resume_unwind(panic),
        _ => unreachable!("a thread that doesn't panic tells its end"),
    }
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("name", &self.name)
            .field("header", &self.header)
            .field("width", &self.width)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Batches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").finish_non_exhaustive()
    }
}
