//! The reading thread: from bytes to batches.

use std::sync::mpsc::Receiver;

use tokio::sync::{mpsc, oneshot};

use super::buffer::Buffer;
use super::encoding::is_utf8;
use super::input::Opening;
use super::parse::{Head, Input, Parse};
use super::{Limits, Transcode, binary, csv, json_lines, text};
use crate::bulk::bad_row::BadRow;
use crate::bulk::batch::Batch;
use crate::bulk::format::Format;
use crate::error::{Error, Result};

/// What the thread says when it has read the header.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) head: Head,
    pub(super) total: Option<u64>,
}

/// What the thread tells.
#[derive(Debug)]
pub(super) enum Told {
    Batch(Batch),
    /// Everything has been read.
    End,
    Failed(Error),
}

/// The thread's ends of what connects it with the future that waits for it.
pub(super) struct Ends {
    pub(super) opened: oneshot::Sender<Result<Opened>>,
    pub(super) start: Receiver<Transcode>,
    pub(super) told: mpsc::Sender<Told>,
}

/// Reads a source from its beginning to its end, or until nobody wants it any more.
pub(super) fn run(name: String, opening: Opening, format: &Format, limits: Limits, ends: Ends) {
    let Ends {
        opened,
        start,
        told,
    } = ends;
    let (mut reading, head) = match Reading::open(name, opening, format, limits) {
        Ok(open) => open,
        Err(error) => {
            // Whoever asked may have gone.
            let _gone = opened.send(Err(error));
            return;
        }
    };
    let total = reading.total;
    if opened.send(Ok(Opened { head, total })).is_err() {
        return;
    }
    let Ok(transcode) = start.recv() else {
        return;
    };
    reading.parser.start(transcode);
    let last = match reading.rest(&told) {
        Ok(Read::All) => Told::End,
        Ok(Read::Unwanted) => return,
        Err(error) => Told::Failed(error),
    };
    let _gone = told.blocking_send(last);
}

struct Reading {
    name: String,
    total: Option<u64>,
    buffer: Buffer,
    parser: Box<dyn Parse>,
    limits: Limits,
}

enum Read {
    All,
    Unwanted,
}

impl Reading {
    fn open(
        name: String,
        opening: Opening,
        format: &Format,
        limits: Limits,
    ) -> Result<(Reading, Head)> {
        let source = opening.open(&name)?;
        let total = source.total;
        let mut buffer = Buffer::new(source, limits.record);
        buffer.fill()?;
        let mut offset = 0;
        if is_utf8_text(format) {
            // Neither byte is of UTF-8.
            if let (&[0xff, 0xfe, ..] | &[0xfe, 0xff, ..], _) = buffer.data() {
                return Err(Error::refused(
                    &format!("read {name}"),
                    "it is UTF-16; convert it first: `iconv -f UTF-16 -t UTF-8`".to_owned(),
                ));
            }
            offset = buffer.strip_mark();
        }
        let input = Input {
            name: name.clone(),
            offset,
            limits,
        };
        let parser = parser(format, input)?;
        let mut reading = Reading {
            name,
            total,
            buffer,
            parser,
            limits,
        };
        let head = loop {
            let (data, end) = reading.buffer.data();
            if let Some(head) = reading.parser.head(data, end)? {
                break head;
            }
            assert!(!end, "at the end a parser decides");
            reading.more()?;
        };
        reading.buffer.take(head.taken);
        Ok((reading, head))
    }

    fn rest(&mut self, told: &mpsc::Sender<Told>) -> Result<Read> {
        loop {
            let mut wanted = true;
            let consumed = self.buffer.consumed();
            let (data, end) = self.buffer.data();
            let taken = self.parser.parse(data, end, &mut |mut batch| {
                batch.consumed = consumed;
                told.blocking_send(Told::Batch(batch)).map_err(|_gone| {
                    wanted = false;
                    Error::bulk("read", "nobody wants it any more", None)
                })
            });
            if !wanted {
                return Ok(Read::Unwanted);
            }
            self.buffer.take(taken?);
            if end {
                return Ok(Read::All);
            }
            if told.is_closed() {
                return Ok(Read::Unwanted);
            }
            self.more()?;
        }
    }

    /// Reads on; fails if there is no room, because a single record has filled it.
    fn more(&mut self) -> Result<()> {
        if self.buffer.is_full() {
            let place = self.parser.place();
            let mut row = BadRow::new(
                &self.name,
                format!(
                    "a row of more than {} bytes: is a quote missing, or is it another format? If it is right, raise \
                     `max_record`",
                    self.limits.record
                ),
            );
            row.record = Some(place.record + 1);
            row.line = (place.line > 0).then_some(place.line);
            row.offset = Some(place.offset);
            return Err(Error::row(row, None));
        }
        self.buffer.fill()
    }
}

/// Whether it is text, and in UTF-8.
fn is_utf8_text(format: &Format) -> bool {
    match format {
        Format::Csv(csv) => is_utf8(csv.encoding.as_deref()),
        Format::Text(text) => is_utf8(text.encoding.as_deref()),
        Format::JsonLines(_) => true,
        Format::Binary(_) => false,
    }
}

fn parser(format: &Format, input: Input) -> Result<Box<dyn Parse>> {
    match format {
        Format::Csv(csv) => csv::parser(csv, input),
        Format::Text(text) => text::parser(text, input),
        Format::JsonLines(lines) => Ok(json_lines::parser(lines, input)),
        Format::Binary(_) => Ok(binary::parser(input)),
    }
}
