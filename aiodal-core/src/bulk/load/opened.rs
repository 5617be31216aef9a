//! An input whose first words have been read.

use super::input::{Feed, Input};
use super::mapping::{Known, Mapping, Names};
use super::target::Target;
use crate::bulk::convert::Converter;
use crate::bulk::format::Format;
use crate::bulk::read::{Limits, Reader, Transcode};
use crate::bulk::rows::RowBatches;
use crate::error::Result;

pub(super) enum Opened<'a> {
    Source(Box<Reader<'a>>, Format),
    Rows(RowBatches<'a>),
}

/// How an input is to be read.
#[derive(Debug)]
pub(super) struct Reading<'r> {
    pub(super) target: &'r Target,
    /// Whether keys that are no columns are left out.
    pub(super) ignore_unknown: bool,
    /// Whether values may be parsed here.
    pub(super) ours: bool,
    /// Whether single records are wanted.
    pub(super) keep: bool,
}

impl<'a> Opened<'a> {
    pub(super) async fn open(input: Input<'a>, limits: Limits) -> Result<Opened<'a>> {
        Ok(match input {
            Input::Source(source, format) => {
                let reader = Reader::open(source, &format, limits).await?;
                Opened::Source(Box::new(reader), format)
            }
            Input::Rows(rows) => Opened::Rows(rows),
        })
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Opened::Source(reader, _) => &reader.name,
            Opened::Rows(rows) => &rows.name,
        }
    }

    /// Returns its size in bytes, if that is known.
    pub(super) fn total(&self) -> Option<u64> {
        match self {
            Opened::Source(reader, _) => reader.total,
            Opened::Rows(_) => None,
        }
    }

    pub(super) fn format(&self) -> Option<&Format> {
        match self {
            Opened::Source(_, format) => Some(format),
            Opened::Rows(_) => None,
        }
    }

    /// Says which field goes to which column.
    pub(super) fn map(&self, names: &Names, known: &Known) -> Result<Mapping> {
        match self {
            Opened::Source(reader, format) => match (format, &reader.header) {
                (Format::JsonLines(lines), header) => match &lines.record {
                    Some(column) => Names::into_one(column, known),
                    None => names.by_keys(header.as_deref().unwrap_or_default(), known),
                },
                (_, Some(header)) => names.by_header(header, known),
                (_, None) => names.by_position(known),
            },
            Opened::Rows(rows) => {
                let mapping = match &rows.header {
                    Some(header) => names.by_header(header, known)?,
                    None => names.by_position(known)?,
                };
                match mapping.left_out() {
                    Some(field) => Err(known.refuse(format!(
                        "the rows have a value for `{field}`, which cannot be left out"
                    ))),
                    None => Ok(mapping),
                }
            }
        }
    }

    /// Begins to read the rest.
    pub(super) fn start(self, mapping: Mapping, reading: &Reading<'_>) -> Result<Feed<'a>> {
        let Target { types, session, .. } = reading.target;
        let columns = mapping.columns.into_iter().zip(types);
        Ok(match self {
            Opened::Rows(rows) => {
                let columns = columns.map(|(name, (of, _))| (name, of.clone()));
                Feed::Rows(rows.start(columns.collect(), reading.keep)?)
            }
            Opened::Source(reader, _) => {
                let columns = columns.map(|(name, (of, modifier))| {
                    let converter = reading.ours.then(|| Converter::of(of, *modifier, session));
                    (name, converter.flatten())
                });
                Feed::Source(reader.start(Transcode {
                    fields: mapping.fields,
                    names: mapping.names,
                    ignore_unknown: reading.ignore_unknown,
                    columns: columns.collect(),
                    types: types.iter().map(|(of, _)| of.clone()).collect(),
                    keep: reading.keep,
                }))
            }
        })
    }
}
