//! Where the bytes of a load come from.

use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use tokio::io::AsyncRead;

/// Where the bytes of a load come from.
///
/// Paths convert into it, and `-` is the standard input. gzip and zstd are recognised by their first bytes, whatever the
/// name says, and need the features `gzip` and `zstd`.
///
/// Files and the standard input are read on a thread of their own. While the standard input has nothing to read, that
/// thread waits for it, even when nobody wants its bytes any more; it doesn't keep a runtime or the program from ending.
///
/// ```
/// use aiodal_core::bulk::Source;
///
/// let file = Source::from("data/flights.csv.gz");
/// let pasted = Source::bytes("name\nUrsula").named("what was pasted");
/// ```
#[must_use]
pub struct Source<'a> {
    pub(super) from: Origin<'a>,
    name: Option<String>,
}

pub(super) enum Origin<'a> {
    Path(PathBuf),
    Stdin,
    Bytes(Bytes),
    Reader(Pin<Box<dyn AsyncRead + Send + 'a>>),
    Stream(Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send + 'a>>),
}

impl<'a> Source<'a> {
    fn new(from: Origin<'a>) -> Source<'a> {
        Source { from, name: None }
    }

    /// A file; `-` is the standard input.
    pub fn path(path: impl Into<PathBuf>) -> Source<'a> {
        let path = path.into();
        if path.as_os_str() == "-" {
            return Source::stdin();
        }
        Source::new(Origin::Path(path))
    }

    /// The standard input.
    pub fn stdin() -> Source<'a> {
        Source::new(Origin::Stdin)
    }

    /// What is there already.
    pub fn bytes(bytes: impl Into<Bytes>) -> Source<'a> {
        Source::new(Origin::Bytes(bytes.into()))
    }

    /// What an asynchronous reader reads: a socket, the body of a request.
    ///
    /// It is read while the load waits for data, no further ahead than a few hundred kilobytes.
    pub fn reader(reader: impl AsyncRead + Send + 'a) -> Source<'a> {
        Source::new(Origin::Reader(Box::pin(reader)))
    }

    /// What a stream yields, in pieces of whatever size: they need not end where records do.
    ///
    /// An error ends the load, and is the cause of its error.
    pub fn stream(stream: impl Stream<Item = std::io::Result<Bytes>> + Send + 'a) -> Source<'a> {
        Source::new(Origin::Stream(Box::pin(stream)))
    }

    /// Sets what errors and rejects call it; a path is called as it was given, by default.
    pub fn named(mut self, name: impl Into<String>) -> Source<'a> {
        self.name = Some(name.into());
        self
    }

    /// Returns what it is called.
    pub(super) fn name(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        match &self.from {
            Origin::Path(path) => path.display().to_string(),
            Origin::Stdin => "standard input".to_owned(),
            Origin::Bytes(_) => "bytes".to_owned(),
            Origin::Reader(_) => "reader".to_owned(),
            Origin::Stream(_) => "stream".to_owned(),
        }
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.name()).finish()
    }
}

impl From<&str> for Source<'_> {
    fn from(path: &str) -> Self {
        Source::path(path)
    }
}

impl From<String> for Source<'_> {
    fn from(path: String) -> Self {
        Source::path(path)
    }
}

impl From<&Path> for Source<'_> {
    fn from(path: &Path) -> Self {
        Source::path(path)
    }
}

impl From<PathBuf> for Source<'_> {
    fn from(path: PathBuf) -> Self {
        Source::path(path)
    }
}
