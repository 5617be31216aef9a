//! What a field says: what COPY's own reading of fields makes of it (PostgreSQL source, `CopyReadAttributesCSV`).

use memchr::memchr;

use super::dialect::Dialect;

/// A record and its fields, as they are in the source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) data: &'a [u8],
    /// Where it begins.
    pub(super) start: usize,
    /// Where the next one begins.
    pub(super) end: usize,
    /// Where its fields end.
    pub(super) marks: &'a [u32],
}

impl<'a> Row<'a> {
    /// The record with its line end.
    pub(super) fn raw(&self) -> &'a [u8] {
        &self.data[self.start..self.end]
    }

    /// The record without its line end.
    pub(super) fn text(&self) -> &'a [u8] {
        let end = self.marks.last().map_or(self.end, |end| *end as usize);
        &self.data[self.start..end]
    }

    /// One of its fields, with all quotes.
    #[inline]
    pub(super) fn field(&self, at: usize) -> &'a [u8] {
        let start = match at.checked_sub(1) {
            Some(before) => self.marks[before] as usize + 1,
            None => self.start,
        };
        &self.data[start..self.marks[at] as usize]
    }
}

impl Dialect {
    /// Returns what a field says, without its quotes.
    #[inline]
    pub(super) fn text<'a>(&self, field: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
        let Some(first) = memchr(self.quote, field) else {
            return field;
        };
        if first == 0
            && let [_, inner @ .., last] = field
            && *last == self.quote
            && memchr(self.quote, inner).is_none()
            && (self.escape == self.quote || memchr(self.escape, inner).is_none())
        {
            return inner;
        }
        self.unquote(field, scratch);
        scratch
    }

    fn unquote(&self, field: &[u8], out: &mut Vec<u8>) {
        out.clear();
        let mut inside = false;
        let mut bytes = field.iter();
        while let Some(&byte) = bytes.next() {
            if inside && byte == self.escape {
                match bytes.as_slice().first() {
                    Some(&next) if next == self.escape || next == self.quote => {
                        out.push(next);
                        bytes.next();
                        continue;
                    }
                    _ => {}
                }
            }
            if byte == self.quote {
                inside = !inside;
            } else {
                out.push(byte);
            }
        }
    }
}
