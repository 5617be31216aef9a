//! Opening a source, on the reading thread.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::decompress::{Compression, MAGIC, Unreadable};
use crate::error::{Error, Result};

/// How much is read of a compressed source at a time.
const STORED: usize = 64 << 10;

/// What the thread opens.
pub(super) enum Opening {
    Path(PathBuf),
    Stdin,
    Bytes(Bytes),
    /// Chunks that a future hands over.
    Chunks(mpsc::Receiver<io::Result<Bytes>>),
}

/// The bytes of a source, decompressed.
pub(super) struct Plain {
    name: String,
    reader: Box<dyn Read>,
    compression: Option<Compression>,
    consumed: Rc<Consumed>,
    /// Its size as it is stored.
    pub(super) total: Option<u64>,
}

impl Opening {
    pub(super) fn open(self, name: &str) -> Result<Plain> {
        let (reader, total): (Box<dyn Read>, _) = match self {
            Opening::Path(path) => {
                let (file, total) = open(&path, name)?;
                (Box::new(file), total)
            }
            Opening::Stdin => (Box::new(io::stdin()), None),
            Opening::Bytes(bytes) => {
                let total = bytes.len() as u64;
                (Box::new(Cursor::new(bytes)), Some(total))
            }
            Opening::Chunks(chunks) => {
                let chunk = Bytes::new();
                (Box::new(Chunks { chunks, chunk }), None)
            }
        };
        Plain::new(name, reader, total)
    }
}

impl Plain {
    fn new(name: &str, mut reader: Box<dyn Read>, total: Option<u64>) -> Result<Plain> {
        let consumed = Rc::new(Consumed::default());
        let mut plain = Plain {
            name: name.to_owned(),
            reader: Box::new(io::empty()),
            compression: None,
            consumed: Rc::clone(&consumed),
            total,
        };
        let mut magic = Vec::with_capacity(MAGIC);
        reader
            .by_ref()
            .take(MAGIC as u64)
            .read_to_end(&mut magic)
            .inspect_err(|_| consumed.failed.set(true))
            .map_err(|error| plain.failed(error))?;
        plain.compression = Compression::of(&magic);
        let whole = Cursor::new(magic).chain(reader);
        let Some(compression) = plain.compression else {
            plain.reader = Box::new(Counted {
                reader: BufReader::with_capacity(STORED, whole),
                consumed,
            });
            return Ok(plain);
        };
        let stored = Box::new(Counted {
            reader: BufReader::with_capacity(STORED, whole),
            consumed,
        });
        plain.reader = compression
            .reader(stored)
            .map_err(|unreadable| match unreadable {
                Unreadable::Refused(reason) => Error::refused(&format!("read {name}"), reason),
                Unreadable::Failed(error) => plain.failed(error),
            })?;
        Ok(plain)
    }

    /// How much has been read of the source as it is stored.
    pub(super) fn consumed(&self) -> u64 {
        self.consumed.bytes.get()
    }

    /// Reads until the buffer is full or the source at its end.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(filled)
    }

    fn failed(&self, error: io::Error) -> Error {
        let at = self.consumed();
        let reason = match self.compression {
            Some(compression) if !self.consumed.failed.get() => {
                let name = compression.name();
                if error.kind() == ErrorKind::UnexpectedEof {
                    format!(
                        "the {name} data end in the middle, after byte {at}; the source is not whole, get it again"
                    )
                } else {
                    format!("the {name} data are damaged near byte {at}; get the source again")
                }
            }
            _ => format!("it broke off after byte {at}"),
        };
        Error::bulk(&format!("read {}", self.name), reason, Some(error.into()))
    }
}

fn open(path: &Path, name: &str) -> Result<(File, Option<u64>)> {
    let fail = |reason: &str, error: io::Error| {
        Error::bulk(&format!("open {name}"), reason, Some(error.into()))
    };
    let file = File::open(path).map_err(|error| {
        let reason = match error.kind() {
            ErrorKind::NotFound => match std::env::current_dir() {
                Ok(dir) if path.is_relative() => {
                    format!("there is no such file, seen from {}", dir.display())
                }
                _ => "there is no such file".to_owned(),
            },
            ErrorKind::PermissionDenied => {
                "this user may not read it; change its permissions, or run as one who may"
                    .to_owned()
            }
            _ => "the system doesn't open it".to_owned(),
        };
        fail(&reason, error)
    })?;
    let about = file
        .metadata()
        .map_err(|error| fail("the system doesn't say what it is", error))?;
    if about.is_dir() {
        return Err(Error::bulk(
            &format!("open {name}"),
            "it is a directory; name a file in it",
            None,
        ));
    }
    // A pipe has no size.
    Ok((file, about.is_file().then_some(about.len())))
}

/// How far the source has been read as it is stored.
#[derive(Default)]
struct Consumed {
    bytes: Cell<u64>,
    /// Whether it was the source itself that failed, and not its decompression.
    failed: Cell<bool>,
}

/// Counts what is read.
struct Counted<R> {
    reader: R,
    consumed: Rc<Consumed>,
}

impl<R> Counted<R> {
    fn count(&self, bytes: usize) {
        let before = self.consumed.bytes.get();
        self.consumed.bytes.set(before + bytes as u64);
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let failed = &self.consumed.failed;
        let read = self.reader.read(buffer).inspect_err(|_| failed.set(true))?;
        self.count(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let failed = &self.consumed.failed;
        self.reader.fill_buf().inspect_err(|_| failed.set(true))
    }

    fn consume(&mut self, bytes: usize) {
        self.reader.consume(bytes);
        self.count(bytes);
    }
}

/// What a future hands over.
struct Chunks {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    chunk: Bytes,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.chunk = chunk?,
                None => return Ok(0),
            }
        }
        let taken = self.chunk.split_to(buffer.len().min(self.chunk.len()));
        buffer[..taken.len()].copy_from_slice(&taken);
        Ok(taken.len())
    }
}
