//! What the reading thread asks of a format.

use super::{Limits, Transcode};
use crate::bulk::batch::{Batch, Place};
use crate::error::Result;

/// What a parser knows of its source when it is made.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// What the source is called in errors.
    pub(crate) name: String,
    /// Where the parser's first byte is: behind a byte order mark.
    pub(crate) offset: u64,
    /// How much is taken at a time.
    pub(crate) limits: Limits,
}

/// What a source begins with.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// The names in the header, as they are; `None` where there is none or it is skipped.
    pub(crate) names: Option<Vec<String>>,
    /// How many fields the first record has, where fields are told apart.
    pub(crate) width: Option<usize>,
    /// How many bytes are done with: those of the header. The first record is not among them.
    pub(crate) taken: usize,
}

/// Where batches go. An error means that nobody wants them any more.
pub(crate) type Emit<'a> = &'a mut dyn FnMut(Batch) -> Result<()>;

/// Makes batches of the bytes of a source.
///
/// The calls come in this order: `head` until it has one, `start` once, `parse` until the end. A parser keeps what it has
/// taken, and sees again what it has not, with more behind it: at least twice as much, if it has taken nothing, so that
/// looking again from the beginning stays cheap.
pub(crate) trait Parse: Send {
    /// Reads the header, and looks at the first record behind it; `None` asks for more bytes.
    ///
    /// At the `end` there are no more, and it has to decide.
    fn head(&mut self, data: &[u8], end: bool) -> Result<Option<Head>>;

    /// Says what is to become of the records.
    fn start(&mut self, transcode: Transcode);

    /// Takes whole records and emits batches; returns how many bytes are done with.
    ///
    /// At the `end` all of them have to be, and everything has to be emitted. Otherwise it may take nothing: the bytes are
    /// not a whole record yet. `consumed` of the batches is filled in by who calls.
    fn parse(&mut self, data: &[u8], end: bool, emit: Emit<'_>) -> Result<usize>;

    /// Returns where the first record begins that has not been taken: the one that is too long, if none can be.
    fn place(&self) -> Place;
}
