//! What decides in `ON CONFLICT` whether a row is there already.

use std::fmt;

use crate::schema::{Deferrable, Table, TableKind};

/// A key, or another constraint, that the server takes as the arbiter of `INSERT .. ON CONFLICT`.
///
/// Which those are (PostgreSQL manual, INSERT, "ON CONFLICT Clause"; each was tried on a server):
///
/// - never a deferrable constraint (55000), nor an index that is not valid;
/// - an exclusion constraint, and a key `WITHOUT OVERLAPS`, for `DO NOTHING` only (42809), and by its name;
/// - a unique index that is no constraint by its columns only, never by its name (42704); the predicate of a
///   partial one and the expressions of another are repeated, else it is not found (42P10).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Arbiter<'t> {
    /// The name of the constraint or index.
    pub name: &'t str,
    /// What it is.
    pub kind: ArbiterKind,
    /// Its columns and expressions, in order.
    pub elements: Vec<ArbiterElement<'t>>,
    /// Which rows it is about, if not all: those of a partial index.
    pub predicate: Option<&'t str>,
    /// Whether two nulls are equal. Else a row with a null in its key is always new.
    pub nulls_not_distinct: bool,
}

/// A kind of [`Arbiter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArbiterKind {
    /// The primary key.
    PrimaryKey,
    /// A unique constraint.
    UniqueConstraint,
    /// A unique index that is no constraint.
    UniqueIndex,
    /// An exclusion constraint, or a key `WITHOUT OVERLAPS`: for `DO NOTHING` only.
    Exclusion,
}

/// A part of an [`Arbiter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArbiterElement<'t> {
    /// A column, by its name.
    Column(&'t str),
    /// An expression, as SQL.
    Expression(&'t str),
}

impl<'t> Arbiter<'t> {
    /// Returns its columns, unless it has expressions.
    #[must_use]
    pub fn columns(&self) -> Option<Vec<&'t str>> {
        let columns = self.elements.iter().map(|element| match element {
            ArbiterElement::Column(name) => Some(*name),
            ArbiterElement::Expression(_) => None,
        });
        columns.collect()
    }

    /// Says whether a conflict may be answered with an update.
    #[must_use]
    pub fn allows_update(&self) -> bool {
        self.kind != ArbiterKind::Exclusion
    }

    /// Says whether it may be chosen without being named: a unique key over columns, of all rows.
    pub(super) fn is_plain(&self) -> bool {
        self.allows_update() && self.predicate.is_none() && self.columns().is_some()
    }

    fn over(
        name: &'t str,
        kind: ArbiterKind,
        without_overlaps: bool,
        columns: &'t [String],
    ) -> Arbiter<'t> {
        let columns = columns.iter();
        Arbiter {
            name,
            kind: if without_overlaps {
                ArbiterKind::Exclusion
            } else {
                kind
            },
            elements: columns.map(|name| ArbiterElement::Column(name)).collect(),
            predicate: None,
            nulls_not_distinct: false,
        }
    }
}

/// As errors name it: `book_title_key (title, year)`.
impl fmt::Display for Arbiter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<&str> = (self.elements.iter())
            .map(|element| match element {
                ArbiterElement::Column(text) | ArbiterElement::Expression(text) => *text,
            })
            .collect();
        write!(f, "\"{}\" ({})", self.name, parts.join(", "))?;
        if let Some(predicate) = self.predicate {
            write!(f, " where {predicate}")?;
        }
        if self.kind == ArbiterKind::Exclusion {
            write!(f, ", for do_nothing() only")?;
        }
        Ok(())
    }
}

impl Table {
    /// Lists what the server takes as the arbiter of an upsert: the primary key first, then unique constraints, unique
    /// indexes and exclusion constraints.
    #[must_use]
    pub fn arbiters(&self) -> Vec<Arbiter<'_>> {
        let mut arbiters = Vec::new();
        if let Some(key) = &self.primary_key
            && key.deferrable == Deferrable::No
        {
            let kind = ArbiterKind::PrimaryKey;
            arbiters.push(Arbiter::over(
                &key.name,
                kind,
                key.without_overlaps,
                &key.columns,
            ));
        }
        for key in &self.unique_constraints {
            if key.deferrable == Deferrable::No {
                let kind = ArbiterKind::UniqueConstraint;
                let over = Arbiter::over(&key.name, kind, key.without_overlaps, &key.columns);
                arbiters.push(Arbiter {
                    nulls_not_distinct: key.nulls_not_distinct,
                    ..over
                });
            }
        }
        for index in &self.indexes {
            if index.unique && index.valid && index.immediate && index.constraint.is_none() {
                let elements = index.elements.iter();
                arbiters.push(Arbiter {
                    name: &index.name,
                    kind: ArbiterKind::UniqueIndex,
                    elements: elements
                        .filter_map(|element| {
                            part(element.column.as_deref(), element.expression.as_deref())
                        })
                        .collect(),
                    predicate: index.predicate.as_deref(),
                    nulls_not_distinct: index.nulls_not_distinct,
                });
            }
        }
        for exclusion in &self.exclusions {
            if exclusion.deferrable == Deferrable::No {
                let elements = exclusion.elements.iter();
                arbiters.push(Arbiter {
                    name: &exclusion.name,
                    kind: ArbiterKind::Exclusion,
                    elements: elements
                        .filter_map(|element| {
                            part(element.column.as_deref(), element.expression.as_deref())
                        })
                        .collect(),
                    predicate: exclusion.predicate.as_deref(),
                    nulls_not_distinct: false,
                });
            }
        }
        arbiters
    }

    /// Says why something that looks like a key is none of the [arbiters](Table::arbiters).
    pub(super) fn unusable(&self, is_it: impl Fn(&str, &[String]) -> bool) -> Option<String> {
        let deferrable = |name: &str| {
            Some(format!(
                "\"{name}\" is deferrable, and the server takes no deferrable constraint for this"
            ))
        };
        if let Some(key) = &self.primary_key
            && key.deferrable != Deferrable::No
            && is_it(&key.name, &key.columns)
        {
            return deferrable(&key.name);
        }
        for key in &self.unique_constraints {
            if key.deferrable != Deferrable::No && is_it(&key.name, &key.columns) {
                return deferrable(&key.name);
            }
        }
        for exclusion in &self.exclusions {
            if exclusion.deferrable != Deferrable::No && is_it(&exclusion.name, &[]) {
                return deferrable(&exclusion.name);
            }
        }
        let index = self.indexes.iter().find(|index| is_it(&index.name, &[]))?;
        if !index.unique {
            return Some(format!("\"{}\" is an index that is not unique", index.name));
        }
        (!index.valid).then(|| {
            format!(
                "\"{}\" is an index that is not valid: rebuild it",
                index.name
            )
        })
    }

    /// Says whether the keys of the relation are not reflected because it has none of its own.
    pub(super) fn has_keys_elsewhere(&self) -> bool {
        self.kind == TableKind::View
    }
}

fn part<'t>(column: Option<&'t str>, expression: Option<&'t str>) -> Option<ArbiterElement<'t>> {
    match (column, expression) {
        (Some(name), _) => Some(ArbiterElement::Column(name)),
        (None, Some(text)) => Some(ArbiterElement::Expression(text)),
        (None, None) => None,
    }
}
