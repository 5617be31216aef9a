//! Which column each field of a type is read from: made once per result, followed for every row.

mod builder;

use std::any::type_name;
use std::borrow::Cow;
use std::error::Error as _;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type, WasNull};

use super::mismatch::{Mismatch, Place, Reason};
use super::{FromColumn, FromRow};
use crate::error::{BoxError, Error, Result};

pub use self::builder::PlanBuilder;

/// Where the fields of a type are read from.
///
/// It holds for the rows of one result, and for any whose columns have the same positions and types.
#[derive(Debug)]
pub struct Plan {
    /// As `std::any::type_name` writes it: for errors.
    target: &'static str,
    fields: Vec<Field>,
}

#[derive(Debug)]
struct Field {
    name: Cow<'static, str>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// The column at this position.
    Column(usize),
    /// No column: the field's default.
    Missing,
    /// Another type, which reads columns of its own.
    Nested(Plan),
    #[cfg(feature = "json")]
    Untyped(usize, super::untyped::Decoder),
}

impl Plan {
    pub(super) fn new(target: &'static str) -> Plan {
        let fields = Vec::new();
        Plan { target, fields }
    }

    /// Reads a field by its number.
    ///
    /// # Errors
    ///
    /// A null where `T` has none, and a value that `T` refuses.
    #[inline]
    pub fn get<T: FromColumn>(&self, row: &Row, field: usize) -> Result<T> {
        match self.fields.get(field) {
            Some(Field {
                source: Source::Column(position),
                ..
            }) => row
                .try_get(*position)
                .map_err(|error| self.refused(row, field, type_name::<T>(), error)),
            _ => Err(self.foreign(field)),
        }
    }

    /// Reads a field that reads columns of its own.
    ///
    /// # Errors
    ///
    /// Those of `T`.
    #[inline]
    pub fn nested<T: FromRow>(&self, row: &Row, field: usize) -> Result<T> {
        match self.fields.get(field) {
            Some(Field {
                source: Source::Nested(plan),
                ..
            }) => T::decode(row, plan),
            _ => Err(self.foreign(field)),
        }
    }

    /// Makes the error of a field whose value, once read, could not be converted.
    #[must_use]
    pub fn not_converted<T>(&self, row: &Row, field: usize, source: impl Into<BoxError>) -> Error {
        self.mismatch(row, field, type_name::<T>(), Some(source.into()))
    }

    /// Says whether there is no column for a field.
    #[must_use]
    pub fn is_missing(&self, field: usize) -> bool {
        matches!(self.fields.get(field), Some(field) if matches!(field.source, Source::Missing))
    }

    /// Says whether all columns that are read are null; never where none is read.
    #[must_use]
    pub fn is_null(&self, row: &Row) -> bool {
        let mut columns = 0;
        let all_null = self.all_null(row, &mut columns);
        all_null && columns > 0
    }

    fn all_null(&self, row: &Row, columns: &mut usize) -> bool {
        self.fields.iter().all(|field| match &field.source {
            Source::Missing => true,
            Source::Nested(plan) => plan.all_null(row, columns),
            Source::Column(position) => {
                *columns += 1;
                is_null(row, *position)
            }
            #[cfg(feature = "json")]
            Source::Untyped(position, _) => {
                *columns += 1;
                is_null(row, *position)
            }
        })
    }

    /// Reads all fields by their columns' types.
    #[cfg(feature = "json")]
    pub(super) fn untyped<'p>(
        &'p self,
        row: &'p Row,
    ) -> impl Iterator<Item = Result<(&'p str, serde_json::Value)>> {
        let numbered = self.fields.iter().enumerate();
        numbered.map(move |(number, field)| {
            let Source::Untyped(position, decoder) = &field.source else {
                return Err(self.foreign(number));
            };
            let raw: super::untyped::Raw<'_> = row
                .try_get(*position)
                .map_err(|error| self.refused(row, number, "JSON", error))?;
            let value = decoder
                .decode(raw.0)
                .map_err(|error| self.mismatch(row, number, "JSON", Some(error)))?;
            Ok((&*field.name, value))
        })
    }

    fn place(&self, field: Cow<'static, str>) -> Place {
        let target = self.target;
        Place { target, field }
    }

    /// Takes the driver's error apart: what is said of it here, and its cause.
    #[cold]
    fn refused(
        &self,
        row: &Row,
        field: usize,
        rust: &'static str,
        error: tokio_postgres::Error,
    ) -> Error {
        match error.source() {
            Some(cause) if cause.is::<WasNull>() => self.mismatch(row, field, rust, None),
            _ => self.mismatch(row, field, rust, error.into_source()),
        }
    }

    /// Without a cause the value was null.
    #[cold]
    fn mismatch(
        &self,
        row: &Row,
        field: usize,
        rust: &'static str,
        cause: Option<BoxError>,
    ) -> Error {
        let Some(Field { name, source }) = self.fields.get(field) else {
            return self.foreign(field);
        };
        let column = match source {
            Source::Column(position) => row.columns().get(*position),
            #[cfg(feature = "json")]
            Source::Untyped(position, _) => row.columns().get(*position),
            Source::Missing | Source::Nested(_) => None,
        };
        let Some(column) = column else {
            return self.foreign(field);
        };
        let reason = match &cause {
            None => Reason::Null { rust },
            Some(_) => Reason::Value {
                ty: column.type_().clone(),
                rust,
            },
        };
        let mismatch = Mismatch {
            place: self.place(name.clone()),
            column: Some(column.name().to_owned()),
            reason,
        };
        Error::mismatches(vec![mismatch], cause)
    }

    #[cold]
    fn foreign(&self, field: usize) -> Error {
        let name = self.fields.get(field).map(|field| field.name.clone());
        let mismatch = Mismatch {
            place: self.place(name.unwrap_or_default()),
            column: None,
            reason: Reason::Plan,
        };
        Error::mismatches(vec![mismatch], None)
    }
}

/// Whether a column is null, whatever its type.
struct Nullness(bool);

impl<'a> FromSql<'a> for Nullness {
    fn from_sql(_: &Type, _: &'a [u8]) -> Result<Self, BoxError> {
        Ok(Nullness(false))
    }

    fn from_sql_null(_: &Type) -> Result<Self, BoxError> {
        Ok(Nullness(true))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn is_null(row: &Row, position: usize) -> bool {
    row.try_get(position).is_ok_and(|Nullness(is_null)| is_null)
}
