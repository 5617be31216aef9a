//! Makes a plan, and collects what does not fit.

use std::any::type_name;
use std::borrow::Cow;

use tokio_postgres::types::Type;

use super::{Field, Plan, Source};
use crate::error::{Error, Result};
use crate::row::columns::{Columns, Found};
use crate::row::mismatch::{Mismatch, Reason};
use crate::row::{FromColumn, FromRow, describe};

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
    pub(in crate::row) fn new(columns: &'c Columns<'a>, plan: Plan) -> PlanBuilder<'c, 'a> {
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
    pub(in crate::row) fn untyped(mut self, position: usize, name: &str, ty: &Type) -> Self {
        let decoder = crate::row::untyped::Decoder::of(ty);
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
    pub(in crate::row) fn distinct(mut self) -> Self {
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
            None => Err(Error::mismatches(self.mismatches, None)),
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
