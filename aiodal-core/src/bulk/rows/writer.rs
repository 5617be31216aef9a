//! One row into COPY's binary format.

use std::any::type_name;
use std::error::Error as StdError;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{IsNull, Type};

use super::ToColumn;
use super::columns::Target;
use super::json::{AsJson, ToJson};
use crate::bulk::BadRow;
use crate::error::{BoxError, Error, Result};
use crate::row::describe;

/// Takes the values of one row, in the order of its columns: what [`ToRow::write`](super::ToRow::write) writes to.
#[derive(Debug)]
pub struct RowWriter<'a> {
    out: &'a mut BytesMut,
    columns: &'a [Target],
    /// The column that is next.
    next: usize,
    /// What the rows are called in errors.
    source: &'a str,
    /// The number of the row, from 0.
    record: u64,
}

impl<'a> RowWriter<'a> {
    /// Begins a row.
    pub(super) fn begin(
        out: &'a mut BytesMut,
        columns: &'a [Target],
        source: &'a str,
        record: u64,
    ) -> RowWriter<'a> {
        let count = i16::try_from(columns.len()).expect("a table has at most 1600 columns");
        out.put_i16(count);
        RowWriter {
            out,
            columns,
            next: 0,
            source,
            record,
        }
    }

    /// Writes the next value.
    ///
    /// # Errors
    ///
    /// It cannot be encoded as its column's type, or there is no column left for it.
    #[inline]
    pub fn field<T: ToColumn>(&mut self, value: &T) -> Result<()> {
        let Some(column) = self.columns.get(self.next) else {
            return Err(self.too_many());
        };
        // Two types with the same code for it accept the same.
        if !std::ptr::fn_addr_eq(T::accepts as fn(&Type) -> bool, column.accepts)
            && !T::accepts(&column.ty)
        {
            return Err(self.another_type(type_name::<T>()));
        }
        let start = self.out.len();
        self.out.put_i32(-1);
        match value.to_sql(&column.ty, self.out) {
            Ok(IsNull::Yes) => self.out.truncate(start + 4),
            Ok(IsNull::No) => {
                let Ok(length) = i32::try_from(self.out.len() - start - 4) else {
                    return Err(self.refuse("a value has at most 2147483647 bytes"));
                };
                self.out[start..start + 4].copy_from_slice(&length.to_be_bytes());
            }
            Err(cause) => return Err(self.not_encoded(&column.ty, cause.as_ref())),
        }
        self.next += 1;
        Ok(())
    }

    /// Writes the next value as JSON.
    ///
    /// # Errors
    ///
    /// Those of [`field`](RowWriter::field); what serde cannot write.
    #[inline]
    pub fn json<T: ToJson + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.field(&AsJson(value))
    }

    /// Leaves the next columns null.
    ///
    /// # Errors
    ///
    /// There are not so many left.
    pub fn nulls(&mut self, count: usize) -> Result<()> {
        if self.columns.len() - self.next < count {
            self.next = self.columns.len();
            return Err(self.too_many());
        }
        for _ in 0..count {
            self.out.put_i32(-1);
        }
        self.next += count;
        Ok(())
    }

    /// Returns the error of a row that has no value for the next column, and why.
    ///
    /// For rows whose values have to be converted first, and may not be convertible.
    #[must_use]
    pub fn refuse(&self, cause: impl Into<BoxError>) -> Error {
        self.bad_value(in_full(cause.into().as_ref()))
    }

    /// Ends the row.
    pub(super) fn end(self) -> Result<()> {
        match self.columns.get(self.next) {
            None => Ok(()),
            Some(_) => {
                let (written, all) = (self.next, self.columns.len());
                let reason = format!(
                    "it wrote {written} values of {all}; its `write` has to write what its `columns` names"
                );
                Err(self.bad_value(reason))
            }
        }
    }

    #[cold]
    fn too_many(&self) -> Error {
        let all = self.columns.len();
        let reason = format!(
            "it wrote more values than {all}; its `write` has to write what its `columns` names"
        );
        Error::row(self.bad_row(reason), None)
    }

    #[cold]
    fn another_type(&self, rust: &str) -> Error {
        let column = &self.columns[self.next];
        let reason = format!(
            "{} cannot be written as {}; its `write` has to write what its `columns` names",
            describe::rust(rust),
            describe::sql(&column.ty)
        );
        self.bad_value(reason)
    }

    #[cold]
    fn not_encoded(&self, ty: &Type, cause: &(dyn StdError + 'static)) -> Error {
        let (ty, cause) = (describe::sql(ty), in_full(cause));
        self.bad_value(format!("it cannot be written as {ty}: {cause}"))
    }

    /// Returns the error about the next column.
    fn bad_value(&self, reason: String) -> Error {
        let mut row = self.bad_row(reason);
        row.column = self.columns.get(self.next).map(|next| next.name.clone());
        Error::row(row, None)
    }

    fn bad_row(&self, reason: String) -> BadRow {
        let mut row = BadRow::new(self.source, reason);
        row.record = Some(self.record + 1);
        row
    }
}

/// Words an error with all its causes, which a rejected row has no other place for.
fn in_full(error: &(dyn StdError + 'static)) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}
