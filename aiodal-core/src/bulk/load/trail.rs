//! What has been sent lately, so that a line of the server's can be traced back to the source.

use std::collections::VecDeque;

use crate::bulk::batch::{Batch, Form, Place, Span, place_of};
use crate::bulk::format::Format;

/// The server may be behind by what is in sockets and in its own buffers: a few megabytes.
const KEPT: usize = 64;

/// How the server counts lines in what is sent [plain](Form::Plain). Tuples in binary are lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counting {
    /// A line for each record, whatever it contains.
    Records,
    /// Line ends within quotes count, too: those of the kind that ends the first record.
    Quotes { quote: u8, escape: u8 },
}

impl Counting {
    pub(super) fn of(format: Option<&Format>) -> Counting {
        match format {
            Some(Format::Csv(csv)) => Counting::Quotes {
                quote: csv.quote,
                escape: csv.escape.unwrap_or(csv.quote),
            },
            Some(Format::JsonLines(_)) => Counting::Quotes {
                quote: b'"',
                escape: b'"',
            },
            _ => Counting::Records,
        }
    }
}

/// The batches of one COPY.
#[derive(Debug)]
pub(super) struct Trail {
    counting: Counting,
    sent: VecDeque<Sent>,
    /// How many lines there have been, as the server counts.
    lines: u64,
    /// What ends a line, once there has been one.
    line_end: Option<u8>,
}

#[derive(Debug)]
struct Sent {
    /// The lines of those before it.
    before: u64,
    records: u32,
    first: Place,
    spans: Vec<Span>,
    /// The records that are more than one line to the server: which, and how many more.
    more: Vec<(u32, u32)>,
}

/// A record that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Which of its batch, from 0.
    pub(super) record: u32,
    /// Its offset is that of its batch.
    pub(super) place: Place,
}

impl Trail {
    pub(super) fn new(counting: Counting) -> Trail {
        Trail {
            counting,
            sent: VecDeque::new(),
            lines: 0,
            line_end: None,
        }
    }

    /// Notes that a batch is about to be sent.
    pub(super) fn push(&mut self, batch: &Batch) {
        let more = self.more(batch.form, &batch.data, batch.records);
        self.add(batch.records, batch.first, batch.spans.clone(), more);
    }

    /// Notes that some records of a batch are about to be sent, from the first of these on: `data` is theirs.
    pub(super) fn push_some(&mut self, batch: &Batch, records: u32, data: &[u8]) {
        let more = self.more(batch.form, data, records);
        self.add(records, Place::default(), Vec::new(), more);
    }

    fn add(&mut self, records: u32, first: Place, spans: Vec<Span>, more: Vec<(u32, u32)>) {
        if self.sent.len() == KEPT {
            self.sent.pop_front();
        }
        let lines: u64 = more.iter().map(|(_, more)| u64::from(*more)).sum();
        self.sent.push_back(Sent {
            before: self.lines,
            records,
            first,
            spans,
            more,
        });
        self.lines += u64::from(records) + lines;
    }

    fn more(&mut self, form: Form, data: &[u8], records: u32) -> Vec<(u32, u32)> {
        let (Form::Plain, Counting::Quotes { quote, escape }) = (form, self.counting) else {
            return Vec::new();
        };
        if let Some(end) = self.line_end
            && memchr::memchr_iter(end, data).count() as u64 <= u64::from(records)
        {
            return Vec::new();
        }
        walk(data, quote, escape, &mut self.line_end)
    }

    /// Returns the record that a line of the server's is in, unless it was sent too long ago.
    pub(super) fn find(&self, line: u64) -> Option<Found> {
        let line = line.checked_sub(1)?;
        let sent = self.sent.iter().rev().find(|sent| sent.before <= line)?;
        let mut at = line - sent.before;
        for (record, more) in &sent.more {
            let (record, more) = (u64::from(*record), u64::from(*more));
            if at <= record {
                break;
            }
            // Within the record's own lines it is the record.
            at = record.max(at.saturating_sub(more));
        }
        let record = u32::try_from(at)
            .ok()
            .filter(|record| *record < sent.records)?;
        Some(Found {
            record,
            place: place_of(sent.first, &sent.spans, record),
        })
    }
}

/// Finds the records with line ends in quotes, as the server does (PostgreSQL's `CopyReadLineText`).
fn walk(data: &[u8], quote: u8, escape: u8, line_end: &mut Option<u8>) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    let (mut record, mut more) = (0, 0);
    let (mut quoted, mut escaped) = (false, false);
    let mut bytes = data.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if quoted && byte == escape && escape != quote {
            escaped = !escaped;
        }
        if byte == quote && !escaped {
            quoted = !quoted;
        }
        if byte != escape {
            escaped = false;
        }
        if byte != b'\n' && byte != b'\r' {
            continue;
        }
        if quoted {
            // As long as it doesn't know what ends a record, the server counts carriage returns.
            more += u32::from(byte == line_end.unwrap_or(b'\r'));
            continue;
        }
        let pair = byte == b'\r' && bytes.next_if_eq(&b'\n').is_some();
        line_end.get_or_insert(if pair { b'\r' } else { byte });
        if more > 0 {
            found.push((record, more));
        }
        record += 1;
        more = 0;
    }
    if more > 0 {
        found.push((record, more));
    }
    found
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const QUOTES: Counting = Counting::Quotes {
        quote: b'"',
        escape: b'"',
    };

    fn batch(data: &'static str, records: u32, line: u64, spans: Vec<Span>) -> Batch {
        Batch {
            form: Form::Plain,
            data: Bytes::from_static(data.as_bytes()),
            records,
            first: Place {
                record: line - 2,
                line,
                offset: 0,
            },
            spans,
            consumed: 0,
            kept: None,
            refused: Vec::new(),
        }
    }

    fn span(record: u32, more: u32) -> Span {
        Span {
            record,
            skipped: 0,
            more,
        }
    }

    fn lines(trail: &Trail, upto: u64) -> Vec<Option<(u64, u64)>> {
        let found = (0..=upto).map(|line| trail.find(line));
        found
            .map(|found| found.map(|found| (found.place.record, found.place.line)))
            .collect()
    }

    #[test]
    fn line_of_the_server_is_a_line_of_the_source() {
        let mut trail = Trail::new(QUOTES);
        trail.push(&batch("1\n2\n", 2, 2, Vec::new()));
        trail.push(&batch("3\n4\n", 2, 4, Vec::new()));
        assert_eq!(
            lines(&trail, 5),
            [
                None,
                Some((0, 2)),
                Some((1, 3)),
                Some((2, 4)),
                Some((3, 5)),
                None
            ]
        );
    }

    #[test]
    fn line_ends_in_quotes_are_lines_to_the_server_from_the_second_record_on() {
        let mut trail = Trail::new(QUOTES);
        let spans = vec![span(0, 1), span(1, 2)];
        trail.push(&batch("\"a\nb\"\n\"c\nd\ne\"\nf\n", 3, 2, spans));
        let c = Some((1, 4));
        assert_eq!(
            lines(&trail, 6),
            [None, Some((0, 2)), c, c, c, Some((2, 7)), None]
        );
    }

    #[test]
    fn line_feeds_in_quotes_don_t_count_where_records_end_in_carriage_returns_too() {
        let mut trail = Trail::new(QUOTES);
        let spans = vec![span(1, 1)];
        trail.push(&batch("a\r\n\"c\nd\"\r\nf\r\n", 3, 2, spans));
        assert_eq!(
            lines(&trail, 4),
            [None, Some((0, 2)), Some((1, 3)), Some((2, 5)), None]
        );
    }

    #[test]
    fn what_was_sent_long_ago_is_forgotten() {
        let mut trail = Trail::new(Counting::Records);
        for line in 2..200 {
            trail.push(&batch("1\n", 1, line, Vec::new()));
        }
        assert_eq!(trail.find(1), None);
        assert_eq!(trail.find(198).map(|found| found.place.line), Some(199));
    }
}
