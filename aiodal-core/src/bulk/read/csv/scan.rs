//! Where fields and records end: what COPY's own reading of lines finds (PostgreSQL source, `CopyReadLineText`).

use super::block::{BLOCK, equal};
use super::dialect::Dialect;

/// A record in the bytes that have been scanned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// How many marks there are up to its end; they begin behind those of the previous record.
    pub(super) marks: u32,
    /// Where the next one begins.
    pub(super) end: u32,
    /// How many line ends lie within its quotes.
    pub(super) more: u32,
    /// Whether it has quotes.
    pub(super) quoted: bool,
    /// Whether half a line end lies outside of its quotes.
    pub(super) stray: bool,
    pub(super) ending: Ending,
}

/// What a record ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// LF, or CR where that ends lines.
    Byte,
    CrLf,
    /// The source ends.
    Source,
    /// The source ends, within quotes.
    Open,
}

impl Record {
    /// Whether it is a line, ended by one byte.
    #[inline]
    pub(super) fn is_line(&self) -> bool {
        self.ending == Ending::Byte && self.more == 0 && !self.stray
    }

    pub(super) fn is_open(&self) -> bool {
        self.ending == Ending::Open
    }
}

/// What ends a line. The first line decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Eol {
    /// LF, with or without a CR before it.
    Lf,
    /// CR alone.
    Cr,
}

/// What is known of the record that has not ended.
#[derive(Clone, Copy, Debug, Default)]
struct Unended {
    start: u32,
    more: u32,
    quoted: bool,
    stray: bool,
}

/// Finds the ends of fields and records, each byte once.
#[derive(Debug)]
pub(super) struct Scanner {
    delimiter: u8,
    quote: u8,
    escape: u8,
    /// Whether ends of fields are wanted, not only those of records.
    fields: bool,
    /// `None` before the first line end.
    eol: Option<Eol>,
    /// How far it has come.
    at: usize,
    /// Where the fields end: room for more behind the first `marked`.
    marks: Vec<u32>,
    marked: usize,
    records: Vec<Record>,
    unended: Unended,
    /// All ones within quotes.
    inside: u64,
    /// Whether the byte before is an escape that counts.
    escaping: bool,
    /// Whether the byte before is a CR outside of quotes.
    returned: bool,
}

impl Scanner {
    pub(super) fn new(dialect: &Dialect, fields: bool, eol: Option<Eol>) -> Scanner {
        Scanner {
            delimiter: dialect.delimiter,
            quote: dialect.quote,
            escape: dialect.escape,
            fields,
            eol,
            at: 0,
            marks: Vec::new(),
            marked: 0,
            records: Vec::new(),
            unended: Unended::default(),
            inside: 0,
            escaping: false,
            returned: false,
        }
    }

    pub(super) fn eol(&self) -> Option<Eol> {
        self.eol
    }

    /// The records that have ended, and the marks.
    pub(super) fn found(&self) -> (&[Record], &[u32]) {
        (&self.records, &self.marks[..self.marked])
    }

    /// Scans so many more bytes of the data, or all there are; returns whether it has come to their end.
    pub(super) fn scan(&mut self, data: &[u8], bytes: usize, end: bool) -> bool {
        if self.eol.is_none() {
            self.eol = self.first_eol(data, end);
        }
        let Some(eol) = self.eol else {
            return true;
        };
        let to = data.len().min(self.at + bytes);
        let room = self.marked + to - self.at + BLOCK;
        if self.marks.len() < room {
            self.marks.resize(room, 0);
        }
        let (blocks, rest) = data[self.at..to].as_chunks::<BLOCK>();
        for block in blocks {
            self.block(block, !0, eol);
            self.at += BLOCK;
        }
        if !rest.is_empty() {
            let mut block = [0; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            self.block(&block, (1 << rest.len()) - 1, eol);
            self.at += rest.len();
        }
        let all = self.at == data.len();
        if all && end {
            self.last();
        }
        all
    }

    /// Forgets the records that have ended.
    pub(super) fn forget(&mut self) {
        if let Some(last) = self.records.last() {
            let done = last.marks as usize;
            self.marks.copy_within(done..self.marked, 0);
            self.marked -= done;
            self.records.clear();
        }
    }

    /// Follows the data, of which so many bytes have been taken. All records must be forgotten.
    pub(super) fn shift(&mut self, taken: usize) {
        self.at -= taken;
        let taken = position(taken);
        self.unended.start -= taken;
        for mark in &mut self.marks[..self.marked] {
            *mark -= taken;
        }
    }

    /// Looks for the first line end outside of quotes; at the end of the source, there may be none.
    fn first_eol(&self, data: &[u8], end: bool) -> Option<Eol> {
        let (mut inside, mut escaping) = (false, false);
        for (at, &byte) in data.iter().enumerate() {
            if byte == self.escape && self.escape != self.quote {
                escaping = inside && !escaping;
                continue;
            }
            if byte == self.quote && !escaping {
                inside = !inside;
            }
            escaping = false;
            if inside {
                continue;
            }
            if byte == b'\n' {
                return Some(Eol::Lf);
            }
            if byte == b'\r' {
                return match data.get(at + 1) {
                    Some(b'\n') => Some(Eol::Lf),
                    None if !end => None,
                    _ => Some(Eol::Cr),
                };
            }
        }
        end.then_some(Eol::Lf)
    }

    #[inline]
    fn block(&mut self, block: &[u8; BLOCK], valid: u64, eol: Eol) {
        let quotes = equal(block, self.quote) & valid;
        let inside = self.inside(block, quotes, valid);
        let (end, half) = match eol {
            Eol::Lf => (b'\n', b'\r'),
            Eol::Cr => (b'\r', b'\n'),
        };
        let every_end = equal(block, end) & valid;
        let ends = every_end & !inside;
        let halves = equal(block, half) & valid & !inside;
        let mut marks = ends;
        if self.fields {
            marks |= equal(block, self.delimiter) & valid & !inside;
        }
        let base = position(self.at);
        let before = position(self.marked);
        self.mark(marks, base);

        // What of a line end is not whole.
        let (pairs, strays) = match eol {
            Eol::Lf => {
                let behind = halves << 1 | u64::from(self.returned);
                self.returned = halves & (valid ^ (valid >> 1)) != 0;
                (behind, behind & valid & !ends)
            }
            Eol::Cr => (0, halves),
        };
        let within = every_end & inside;
        let plain = (quotes | within | strays) == 0;
        let mut rest = ends;
        let mut seen = 0_u64;
        while rest != 0 {
            let bit = rest & rest.wrapping_neg();
            rest ^= bit;
            let up_to = bit | (bit - 1);
            if !plain {
                let own = up_to & !seen;
                self.notice(quotes & own, within & own, strays & own);
                seen = up_to;
            }
            let marks = before + (marks & up_to).count_ones();
            let crlf = pairs & bit != 0;
            if crlf {
                self.marks[marks as usize - 1] -= 1;
            }
            let end = base + bit.trailing_zeros() + 1;
            self.records.push(Record {
                marks,
                end,
                more: self.unended.more,
                quoted: self.unended.quoted,
                stray: self.unended.stray,
                ending: if crlf { Ending::CrLf } else { Ending::Byte },
            });
            self.unended = Unended {
                start: end,
                ..Unended::default()
            };
        }
        if !plain {
            let own = !seen;
            self.notice(quotes & own, within & own, strays & own);
        }
    }

    #[inline]
    fn notice(&mut self, quotes: u64, within: u64, strays: u64) {
        self.unended.quoted |= quotes != 0;
        self.unended.more += within.count_ones();
        self.unended.stray |= strays != 0;
    }

    /// Writes down the places of these bits.
    #[inline]
    fn mark(&mut self, mut bits: u64, base: u32) {
        let count = bits.count_ones() as usize;
        let room = &mut self.marks[self.marked..];
        let (eights, _) = room.as_chunks_mut::<8>();
        // More than there are, rather than a branch for each: what is too much is written over.
        for eight in &mut eights[..count.div_ceil(8)] {
            for mark in eight {
                *mark = base + bits.trailing_zeros();
                bits &= bits.wrapping_sub(1);
            }
        }
        self.marked += count;
    }

    /// Returns which bytes are within quotes, an opening quote among them, and a closing one not.
    #[inline]
    fn inside(&mut self, block: &[u8; BLOCK], quotes: u64, valid: u64) -> u64 {
        let toggles = if self.escape == self.quote {
            quotes
        } else {
            self.toggles(quotes, equal(block, self.escape) & valid, valid)
        };
        if toggles == 0 {
            return self.inside;
        }
        let inside = parity(toggles) ^ self.inside;
        let last = valid ^ (valid >> 1);
        self.inside = if inside & last == 0 { 0 } else { !0 };
        inside
    }

    /// Returns the quotes that begin and end something, those that are escaped not among them.
    fn toggles(&mut self, quotes: u64, escapes: u64, valid: u64) -> u64 {
        let last = valid ^ (valid >> 1);
        let mut toggles = 0;
        let mut inside = self.inside != 0;
        // The byte behind an escape that counts.
        let mut behind = u64::from(self.escaping);
        self.escaping = false;
        let mut rest = quotes | escapes;
        while rest != 0 {
            let bit = rest & rest.wrapping_neg();
            rest ^= bit;
            if escapes & bit != 0 {
                let counts = inside && behind != bit;
                behind = if counts { bit << 1 } else { 0 };
                self.escaping = counts && bit == last;
            } else {
                if behind != bit {
                    toggles |= bit;
                    inside = !inside;
                }
                behind = 0;
            }
        }
        toggles
    }

    /// Ends the record that the source ends in.
    fn last(&mut self) {
        let end = position(self.at);
        if self.unended.start == end {
            return;
        }
        self.marks[self.marked] = end;
        self.marked += 1;
        self.records.push(Record {
            marks: position(self.marked),
            end,
            more: self.unended.more,
            quoted: self.unended.quoted,
            stray: self.unended.stray || self.returned,
            ending: if self.inside == 0 {
                Ending::Source
            } else {
                Ending::Open
            },
        });
        self.unended.start = end;
    }
}

/// The bits below which, or at which, an odd number is set.
#[inline]
fn parity(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ bits << 32
}

/// A place in the data, of which there is never as much as 4 GiB.
#[inline]
fn position(at: usize) -> u32 {
    u32::try_from(at).expect("a buffer is smaller than 4 GiB")
}
