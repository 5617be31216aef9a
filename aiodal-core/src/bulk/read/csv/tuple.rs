//! Records as tuples of COPY's binary format (PostgreSQL manual, COPY, "Binary Format").

use super::dialect::Dialect;
use super::field::Row;
use crate::bulk::convert::{Converter, Defer};

/// What stands for the length of NULL.
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// One column of a tuple.
#[derive(Debug)]
pub(super) struct Column {
    /// Its field in the record.
    pub(super) field: usize,
    pub(super) converter: Converter,
    /// Whether the NULL text is NULL in quotes, too.
    pub(super) force_null: bool,
    /// Whether the NULL text is a value.
    pub(super) force_not_null: bool,
}

#[derive(Debug)]
pub(super) struct Tuples {
    columns: Vec<Column>,
    /// How many fields a record has.
    width: usize,
    /// How many columns a tuple has, as it is written.
    count: [u8; 2],
    scratch: Vec<u8>,
}

impl Tuples {
    /// `None` if there are more columns than a tuple can have.
    pub(super) fn new(columns: Vec<Column>, width: usize) -> Option<Tuples> {
        let count = i16::try_from(columns.len()).ok()?.to_be_bytes();
        Some(Tuples {
            columns,
            width,
            count,
            scratch: Vec::new(),
        })
    }

    /// Appends a record; if it is left to the server, what has been appended is rubbish.
    #[inline]
    pub(super) fn append(
        &mut self,
        row: &Row<'_>,
        quoted: bool,
        dialect: &Dialect,
        out: &mut Vec<u8>,
    ) -> Result<(), Defer> {
        if row.marks.len() != self.width {
            return Err(Defer);
        }
        out.extend_from_slice(&self.count);
        for column in &self.columns {
            let field = row.field(column.field);
            let mut null = field == dialect.null && !column.force_not_null;
            let mut text = field;
            if quoted {
                text = dialect.text(field, &mut self.scratch);
                null |= column.force_null && text.len() != field.len() && text == dialect.null;
            }
            if null {
                out.extend_from_slice(&NULL);
                continue;
            }
            let at = out.len();
            out.extend_from_slice(&[0; 4]);
            column.converter.convert(text, out)?;
            let length = i32::try_from(out.len() - at - 4).map_err(|_| Defer)?;
            out[at..at + 4].copy_from_slice(&length.to_be_bytes());
        }
        Ok(())
    }
}
