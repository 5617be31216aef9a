//! Which column each field of a type is read from: made once per result, followed for every row.

use std::any::type_name;
use std::borrow::Cow;
use std::error::Error as _;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type, WasNull};

use super::columns::{Columns, Found};
use super::mismatch::{Mismatch, Place, Reason};
use super::{FromColumn, FromRow, describe};
use crate::error::{BoxError, Error, Result};

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

/// A [`Plan`] in the making, begun by [`Columns::plan`].
///
/// Fields are numbered in the order in which they are added. What does not fit is collected, so that
/// [`finish`](PlanBuilder::finish) reports all of it at once.
#[derive(Debug)]
#[must_use = "a plan is made by `finish`"]
pub struct PlanBuilder<'c, 'a> {
    columns: &'c Columns<'a>,
    plan: Plan,
    mismatches: Vec<Mismatch>,
    /// What a `resolve` by hand may have failed with.
    other: Option<Error>,
}

impl<'c, 'a> PlanBuilder<'c, 'a> {
    pub(super) fn new(columns: &'c Columns<'a>, plan: Plan) -> PlanBuilder<'c, 'a> {
        PlanBuilder {
            columns,
            plan,
            mismatches: Vec::new(),
            other: None,
        }
    }

    /// Reads the next field, a `T`, from the column of this name.
    pub fn column<T: FromColumn>(self, field: &'static str, column: &str) -> Self {
        self.named::<T>(field, column, false)
    }

    /// The same, but a missing column is no error: see [`Plan::is_missing`].
    pub fn optional_column<T: FromColumn>(self, field: &'static str, column: &str) -> Self {
        self.named::<T>(field, column, true)
    }

    fn named<T: FromColumn>(mut self, field: &'static str, column: &str, may_miss: bool) -> Self {
        let (source, reason) = match self.columns.find(column) {
            Found::One(position, ty) => (Source::Column(position), wrong_type::<T>(ty)),
            Found::None if may_miss => (Source::Missing, None),
            Found::None => {
                let near = self.columns.nearest(column);
                let names = self.columns.names();
                (Source::Missing, Some(Reason::Missing { near, names }))
            }
            Found::Several(positions) => (Source::Missing, Some(Reason::Ambiguous(positions))),
        };
        let column = self.columns.full_name(column);
        self.add(field.into(), source, reason, Some(column));
        self
    }

    /// Checks that there are exactly as many columns as the type reads by their order.
    pub fn exactly(mut self, expected: usize) -> Self {
        let names: Vec<String> = self
            .columns
            .iter()
            .map(|(_, name, _)| self.columns.full_name(name))
            .collect();
        if names.len() != expected {
            let reason = Reason::Arity { expected, names };
            let place = self.plan.place("".into());
            self.mismatches.push(Mismatch {
                place,
                column: None,
                reason,
            });
        }
        self
    }

    /// Reads the next field, a `T`, from the column that is `number`-th of all, from 0.
    ///
    /// One that is not there is reported by [`exactly`](PlanBuilder::exactly).
    pub fn position<T: FromColumn>(mut self, field: &'static str, number: usize) -> Self {
        let Some((position, name, ty)) = self.columns.iter().nth(number) else {
            self.add(field.into(), Source::Missing, None, None);
            return self;
        };
        let column = self.columns.full_name(name);
        let reason = wrong_type::<T>(ty);
        self.add(field.into(), Source::Column(position), reason, Some(column));
        self
    }

    /// Reads the next field, a type that reads columns of its own: those whose names begin with `prefix`.
    pub fn nested<T: FromRow>(mut self, field: &'static str, prefix: &str) -> Self {
        match T::resolve(&self.columns.with_prefix(prefix)) {
            Ok(plan) => self.add(field.into(), Source::Nested(plan), None, None),
            Err(error) => match error.into_mismatches() {
                Ok(mismatches) => self.mismatches.extend(mismatches),
                Err(error) => self.other = self.other.or(Some(error)),
            },
        }
        self
    }

    /// Reads the next field by what the column's type is.
    #[cfg(feature = "json")]
    pub(super) fn untyped(mut self, position: usize, name: &str, ty: &Type) -> Self {
        let decoder = super::untyped::Decoder::of(ty);
        let (source, reason) = match decoder {
            Ok(decoder) => (Source::Untyped(position, decoder), None),
            Err(ty) => (Source::Missing, Some(Reason::NoJson { ty })),
        };
        let column = self.columns.full_name(name);
        self.add(name.to_owned().into(), source, reason, Some(column));
        self
    }

    /// Reports two columns of the same name, of which a map would lose one.
    #[cfg(feature = "json")]
    pub(super) fn distinct(mut self) -> Self {
        for (position, name, _) in self.columns.iter() {
            if let Found::Several(positions) = self.columns.find(name)
                && positions.first() == Some(&position)
            {
                let column = self.columns.full_name(name);
                self.mismatches.push(Mismatch {
                    place: self.plan.place("".into()),
                    column: Some(column),
                    reason: Reason::Ambiguous(positions),
                });
            }
        }
        self
    }

    fn add(
        &mut self,
        name: Cow<'static, str>,
        source: Source,
        reason: Option<Reason>,
        column: Option<String>,
    ) {
        if let Some(reason) = reason {
            let place = self.plan.place(name.clone());
            self.mismatches.push(Mismatch {
                place,
                column,
                reason,
            });
        }
        self.plan.fields.push(Field { name, source });
    }

    /// Ends the plan.
    ///
    /// # Errors
    ///
    /// Every field whose column is missing, ambiguous or of a type that it does not read.
    pub fn finish(self) -> Result<Plan> {
        match self.other {
            Some(error) => Err(error),
            None if self.mismatches.is_empty() => Ok(self.plan),
            None => Err(Error::row(self.mismatches, None)),
        }
    }
}

fn wrong_type<T: FromColumn>(ty: &Type) -> Option<Reason> {
    (!T::accepts(ty)).then(|| Reason::Type {
        ty: ty.clone(),
        rust: type_name::<T>(),
        accepted: describe::accepted::<T>(),
    })
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
        Error::row(vec![mismatch], cause)
    }

    #[cold]
    fn foreign(&self, field: usize) -> Error {
        let name = self.fields.get(field).map(|field| field.name.clone());
        let mismatch = Mismatch {
            place: self.place(name.unwrap_or_default()),
            column: None,
            reason: Reason::Plan,
        };
        Error::row(vec![mismatch], None)
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
