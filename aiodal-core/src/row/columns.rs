//! The columns of a result, as a type that reads them sees them.

use std::any::type_name;
use std::fmt;

use tokio_postgres::Column;
use tokio_postgres::types::Type;

use super::plan::{Plan, PlanBuilder};
use crate::nearest::nearest;

/// The columns of a result, or those of them that have a common prefix.
#[derive(Clone)]
pub struct Columns<'a> {
    all: &'a [Column],
    /// What the names must begin with; it is no part of them here.
    prefix: String,
}

/// What a look-up by name found.
pub(crate) enum Found<'a> {
    One(usize, &'a Type),
    Several(Vec<usize>),
    None,
}

impl<'a> Columns<'a> {
    /// Takes all columns of a row or statement.
    #[must_use]
    pub fn new(all: &'a [Column]) -> Columns<'a> {
        let prefix = String::new();
        Columns { all, prefix }
    }

    /// Takes those whose names begin with `prefix`; their names are what follows it.
    #[must_use]
    pub fn with_prefix(&self, prefix: &str) -> Columns<'a> {
        let prefix = format!("{}{prefix}", self.prefix);
        Columns {
            all: self.all,
            prefix,
        }
    }

    /// Begins a plan that reads `T` from these columns.
    pub fn plan<T>(&self) -> PlanBuilder<'_, 'a> {
        PlanBuilder::new(self, Plan::new(type_name::<T>()))
    }

    /// Returns the columns: position in the row, name, type.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &'a str, &'a Type)> {
        let named = self.all.iter().enumerate();
        named.filter_map(|(position, column)| {
            let name = column.name().strip_prefix(self.prefix.as_str())?;
            Some((position, name, column.type_()))
        })
    }

    /// Finds a column by its exact name. Two of the same name, as a join of tables has them, are no answer.
    pub(crate) fn find(&self, name: &str) -> Found<'a> {
        let mut found = self.iter().filter(|(_, this, _)| *this == name);
        match (found.next(), found.next()) {
            (None, _) => Found::None,
            (Some((position, _, ty)), None) => Found::One(position, ty),
            (Some(_), Some(_)) => {
                let named = self.iter().filter(|(_, this, _)| *this == name);
                Found::Several(named.map(|(position, ..)| position).collect())
            }
        }
    }

    /// Returns the column's name in the row, with the prefix.
    pub(crate) fn full_name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Returns the names in the row of what `wrong` may be a slip of the pen for.
    pub(crate) fn nearest(&self, wrong: &str) -> Vec<String> {
        let near = nearest(wrong, self.iter().map(|(_, name, _)| name));
        near.into_iter().map(|name| self.full_name(name)).collect()
    }

    /// Returns the names of all columns in the row, whatever the prefix.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.all.iter().map(Column::name);
        names.map(str::to_owned).collect()
    }
}

impl fmt::Debug for Columns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.iter().map(|(_, name, ty)| (name, ty.to_string()));
        f.debug_map().entries(columns).finish()
    }
}
