//! What a CSV source begins with: its header, and how many fields its records have.

use super::dialect::Dialect;
use super::field::Row;
use super::scan::{Eol, Record, Scanner};
use crate::bulk::bad_row::BadRow;
use crate::bulk::format::{Csv, Header};
use crate::bulk::read::parse::Head;
use crate::error::{Error, Result};

/// What it takes to read it.
pub(super) struct Heading<'a> {
    pub(super) csv: &'a Csv,
    pub(super) dialect: &'a Dialect,
    pub(super) name: &'a str,
}

impl Heading<'_> {
    /// Returns it, with what ends the lines and how many there are of the header; `None` if there is not enough yet.
    pub(super) fn read(&self, data: &[u8], end: bool) -> Result<Option<(Head, Option<Eol>, u64)>> {
        let mut scanner = Scanner::new(self.dialect, true, None);
        let wanted = match self.csv.header {
            Header::ByName | Header::Skip => 2,
            Header::None => 1,
        };
        let mut all = false;
        while !all && scanner.found().0.len() < wanted {
            all = scanner.scan(data, super::WINDOW, end);
        }
        let (records, marks) = scanner.found();
        if records.len() < wanted && !end {
            return Ok(None);
        }
        let mut rest = records.iter();
        let (mut head, mut lines, mut before) = (Head::default(), 0, 0);
        if wanted == 2
            && let Some(header) = rest.next()
        {
            head.taken = header.end as usize;
            lines = 1 + u64::from(header.more);
            before = header.marks as usize;
            if self.csv.header == Header::ByName {
                let row = Row {
                    data,
                    start: 0,
                    end: head.taken,
                    marks: &marks[..before],
                };
                head.names = Some(self.names(&row, *header)?);
            }
        }
        head.width = rest.next().map(|first| first.marks as usize - before);
        Ok(Some((head, scanner.eol(), lines)))
    }

    fn names(&self, row: &Row<'_>, header: Record) -> Result<Vec<String>> {
        let fail = |reason: String| {
            let mut bad = BadRow::new(self.name, reason);
            bad.line = Some(1);
            Err(Error::row(bad, None))
        };
        if header.stray {
            return fail(
                "the header has half a line end: are its lines ended by CR LF in places, and by CR in others?".to_owned(),
            );
        }
        if header.is_open() {
            return fail("the header has a quote that is not closed".to_owned());
        }
        let mut scratch = Vec::new();
        let mut names = Vec::new();
        for at in 0..row.marks.len() {
            let name = self.dialect.text(row.field(at), &mut scratch);
            let latin = || {
                self.is_latin()
                    .then(|| name.iter().copied().map(char::from).collect())
            };
            let name = match std::str::from_utf8(name) {
                Ok(name) if self.dialect.utf8 || name.is_ascii() => Some(name.to_owned()),
                _ => latin(),
            };
            let Some(name) = name else {
                let (number, encoding) = (at + 1, self.csv.encoding.as_deref());
                let reason = match encoding {
                    Some(encoding) if !self.dialect.utf8 => format!(
                        "name {number} in the header is not ASCII, which is all that is read in {encoding}: skip the \
                         header and name the columns, or convert the source to UTF-8"
                    ),
                    _ => format!("name {number} in the header is not UTF-8: what is its encoding?"),
                };
                return fail(reason);
            };
            names.push(name);
        }
        Ok(names)
    }

    /// Whether each byte is the character of its number.
    fn is_latin(&self) -> bool {
        let encoding = self.csv.encoding.as_deref().unwrap_or_default();
        let plain = encoding.chars().filter(char::is_ascii_alphanumeric);
        let plain: String = plain.map(|c| c.to_ascii_lowercase()).collect();
        ["latin1", "iso88591"].contains(&plain.as_str())
    }
}
