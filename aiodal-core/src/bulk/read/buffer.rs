//! The bytes that are being parsed: a window on the source, which grows while a record doesn't fit.

use super::input::Plain;
use crate::error::Result;

/// How much is read at first.
const FIRST: usize = 256 << 10;

/// The mark that some programs begin UTF-8 with.
const MARK: &[u8] = b"\xEF\xBB\xBF";

pub(super) struct Buffer {
    source: Plain,
    data: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether nothing has been taken since the last reading.
    stuck: bool,
    /// The most that it may grow to.
    most: usize,
    ended: bool,
}

impl Buffer {
    pub(super) fn new(source: Plain, most: usize) -> Buffer {
        // The mark isn't of the first record.
        let most = most.saturating_add(MARK.len());
        Buffer {
            source,
            data: vec![0; FIRST.min(most)],
            start: 0,
            end: 0,
            stuck: false,
            most,
            ended: false,
        }
    }

    /// Returns what there is, and whether nothing comes after it.
    pub(super) fn data(&self) -> (&[u8], bool) {
        (&self.data[self.start..self.end], self.ended)
    }

    pub(super) fn take(&mut self, bytes: usize) {
        self.start += bytes;
        assert!(self.start <= self.end, "no more is taken than there is");
        self.stuck &= bytes == 0;
    }

    /// How much has been read of the source as it is stored.
    pub(super) fn consumed(&self) -> u64 {
        self.source.consumed()
    }

    /// Drops a byte order mark; returns how long it was.
    pub(super) fn strip_mark(&mut self) -> u64 {
        if self.data().0.starts_with(MARK) {
            self.start += MARK.len();
            return MARK.len() as u64;
        }
        0
    }

    /// Whether there is no room for more.
    pub(super) fn is_full(&self) -> bool {
        self.end - self.start >= self.most
    }

    /// Reads on until the buffer is full, or the source at its end; a buffer that nothing has been taken of doubles.
    ///
    /// So whoever parses from the beginning of a record each time reads it twice at most, all in all.
    pub(super) fn fill(&mut self) -> Result<()> {
        self.data.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.stuck || self.end == self.data.len() {
            let grown = self.data.len().saturating_mul(2).min(self.most);
            self.data.resize(grown.max(self.data.len()), 0);
        }
        self.stuck = true;
        let room = &mut self.data[self.end..];
        let wanted = room.len();
        let filled = self.source.fill(room)?;
        self.end += filled;
        self.ended = filled < wanted;
        Ok(())
    }
}
