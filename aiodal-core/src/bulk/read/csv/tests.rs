//! What becomes of CSV sources, compared with a model of COPY; that the model is right is tested beside a server.

mod facts;
mod model;
mod random;
mod source;

use tokio_postgres::types::Type;

use self::model::{Fields, Read, Rules};
use super::parser;
use crate::bulk::batch::{Batch, Form};
use crate::bulk::convert::{Converter, Session};
use crate::bulk::format::{Columns, Csv, Header};
use crate::bulk::read::parse::{Head, Input, Parse};
use crate::bulk::read::{Limits, Transcode};
use crate::error::{Error, Result};

/// A source, and what is wanted of it.
#[derive(Clone, Debug)]
struct Case {
    data: Vec<u8>,
    rules: Rules,
    header: Header,
    /// The converters of the columns: text, or numbers, or none.
    types: Vec<Option<Type>>,
    /// As in [`Transcode`]: empty takes records as they are.
    fields: Vec<Option<usize>>,
    keep: bool,
    /// In how large pieces the data come, one after the other, over and over.
    pieces: Vec<usize>,
    batch: usize,
}

fn rules() -> Rules {
    Rules {
        delimiter: b',',
        quote: b'"',
        escape: b'"',
        null: Vec::new(),
        force_null: false,
        force_not_null: false,
        strict: false,
    }
}

fn session() -> Session {
    Session {
        date_style: "ISO, MDY".to_owned(),
        interval_style: "postgres".to_owned(),
        time_zone: "UTC".to_owned(),
        array_nulls: "on".to_owned(),
        server_encoding: "UTF8".to_owned(),
        server_version: 150_000,
    }
}

impl Case {
    /// Columns of text, in the order of the source, without a header.
    fn text(data: impl AsRef<[u8]>, width: usize) -> Case {
        Case {
            data: data.as_ref().to_vec(),
            rules: rules(),
            header: Header::None,
            types: vec![Some(Type::TEXT); width],
            fields: (0..width).map(Some).collect(),
            keep: false,
            pieces: vec![usize::MAX],
            batch: 1 << 16,
        }
    }

    fn csv(&self) -> Csv {
        let force = |all: bool| if all { Columns::All } else { Columns::None };
        Csv::new()
            .delimiter(self.rules.delimiter)
            .quote(self.rules.quote)
            .escape(self.rules.escape)
            .null(String::from_utf8(self.rules.null.clone()).expect("ASCII"))
            .header(self.header)
            .force_null(force(self.rules.force_null))
            .force_not_null(force(self.rules.force_not_null))
    }

    fn transcode(&self) -> Transcode {
        let columns = self.types.iter().enumerate().map(|(at, of)| {
            let converter = of.as_ref().and_then(|of| Converter::of(of, -1, &session()));
            (format!("c{at}"), converter)
        });
        Transcode {
            fields: self.fields.clone(),
            columns: columns.collect(),
            keep: self.keep,
            ..Transcode::default()
        }
    }

    fn parser(&self) -> Result<Box<dyn Parse>> {
        let limits = Limits {
            batch: self.batch,
            record: 1 << 24,
        };
        let input = Input {
            name: "a.csv".to_owned(),
            offset: 0,
            limits,
        };
        parser(&self.csv(), input)
    }

    /// Reads the source as the reading thread does.
    fn run(&self) -> (Head, Vec<Batch>, Option<Error>) {
        let mut parser = self.parser().expect("a legal dialect");
        let mut pieces = self.pieces.iter().cycle();
        let (mut from, mut to) = (0, 0);
        let mut more = |to: &mut usize| {
            let piece = *pieces.next().expect("there are pieces");
            *to = to.saturating_add(piece).min(self.data.len());
        };
        let mut batches = Vec::new();
        let head = loop {
            more(&mut to);
            let end = to == self.data.len();
            match parser.head(&self.data[from..to], end) {
                Ok(Some(head)) => break head,
                Ok(None) => assert!(!end, "at the end it decides"),
                Err(error) => return (Head::default(), batches, Some(error)),
            }
        };
        from += head.taken;
        parser.start(self.transcode());
        loop {
            let end = to == self.data.len();
            let data = &self.data[from..to];
            let taken = parser.parse(data, end, &mut |batch| {
                batches.push(batch);
                Ok(())
            });
            match taken {
                Ok(taken) => from += taken,
                Err(error) => return (head, batches, Some(error)),
            }
            if end {
                assert_eq!(from, self.data.len(), "at the end all is taken");
                return (head, batches, None);
            }
            more(&mut to);
        }
    }

    /// What a server makes of the batches: Plain ones in a row are one COPY.
    fn loaded(&self, batches: &[Batch]) -> std::result::Result<Vec<Read>, String> {
        let mut all = Vec::new();
        for copy in batches.chunk_by(|one, next| one.form == next.form) {
            let data: Vec<u8> = copy.iter().flat_map(|batch| batch.data.to_vec()).collect();
            let read = if copy[0].form == Form::Binary {
                let rows = tuples(&data, self.types.len());
                rows.into_iter().map(Read::Record).collect()
            } else {
                let strict = Rules {
                    strict: true,
                    ..self.rules.clone()
                };
                model::read(&data, &strict)
            };
            let records: u32 = copy.iter().map(|batch| batch.records).sum();
            if read.last() != Some(&Read::Refused) && read.len() != records as usize {
                let (number, data) = (read.len(), data.escape_ascii());
                return Err(format!("{number} instead of {records} records in {data}"));
            }
            let mut read = read.into_iter();
            for batch in copy {
                all.extend(read.by_ref().take(batch.records as usize));
                all.extend(batch.refused.iter().map(|_| Read::Refused));
            }
        }
        Ok(all)
    }
}

/// The values of tuples, each column's as it is in text; numbers are 8 bytes.
fn tuples(mut data: &[u8], columns: usize) -> Vec<Fields> {
    let mut rows = Vec::new();
    while !data.is_empty() {
        let count = i16::from_be_bytes(*data.first_chunk().expect("a count"));
        assert_eq!(usize::try_from(count), Ok(columns));
        data = &data[2..];
        let mut row = Vec::new();
        for _ in 0..columns {
            let length = i32::from_be_bytes(*data.first_chunk().expect("a length"));
            data = &data[4..];
            let Ok(length) = usize::try_from(length) else {
                assert_eq!(length, -1);
                row.push(None);
                continue;
            };
            row.push(Some(data[..length].to_vec()));
            data = &data[length..];
        }
        rows.push(row);
    }
    rows
}
