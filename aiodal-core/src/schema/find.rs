//! Looking things up by name; a miss says what is near.

use std::sync::Arc;

use super::constraint::UniqueConstraint;
use super::function::Function;
use super::lookup::{NameRef, Reading};
use super::name::QualifiedName;
use super::sequence::Sequence;
use super::table::{Column, Table};
use super::types::DataType;
use super::{ForeignKey, Schema};
use crate::error::{Error, Missing, Result};
use crate::nearest::nearest;

impl Schema {
    /// Returns a table, view, or other relation by its name: `author`, `shop.order`, `"My Schema"."a.b"`.
    ///
    /// [`NameRef`] says how a name is read. Without a schema it is looked for along the [search
    /// path](Schema::search_path), as the server would.
    ///
    /// # Errors
    ///
    /// None of the reflected relations has that name; the error names those that are near
    /// ([`is_not_found`](Error::is_not_found)).
    pub fn table<'a>(&self, name: impl Into<NameRef<'a>>) -> Result<&Arc<Table>> {
        let found = self.found(name.into(), &self.tables, |table| &table.name, "table")?;
        Ok(&found[0])
    }

    /// Returns a type by its name, as [`table`](Schema::table) does: an enum, domain, composite or range.
    ///
    /// # Errors
    ///
    /// None of these schemas has a type of that name.
    pub fn data_type<'a>(&self, name: impl Into<NameRef<'a>>) -> Result<&Arc<DataType>> {
        let found = self.found(name.into(), &self.types, |kind| &kind.name, "type")?;
        Ok(&found[0])
    }

    /// Returns a sequence by its name, as [`table`](Schema::table) does.
    ///
    /// # Errors
    ///
    /// None of these schemas has a sequence of that name.
    pub fn sequence<'a>(&self, name: impl Into<NameRef<'a>>) -> Result<&Sequence> {
        let name = name.into();
        let found = self.found(name, &self.sequences, |sequence| &sequence.name, "sequence")?;
        Ok(&found[0])
    }

    /// Returns the function by that name that returns a set.
    ///
    /// # Errors
    ///
    /// There is none, or there are several that differ in their arguments: the error lists them, and
    /// [`overloads`](Schema::overloads) returns them.
    pub fn function<'a>(&self, name: impl Into<NameRef<'a>>) -> Result<&Arc<Function>> {
        let name = name.into();
        match self.overloads(name)? {
            [function] => Ok(function),
            several => Err(Error::ambiguous(
                name.text(),
                "function",
                several.iter().map(|one| one.signature()).collect(),
            )),
        }
    }

    /// Returns all functions of a name that return a set, in the order of their arguments' types.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn overloads<'a>(&self, name: impl Into<NameRef<'a>>) -> Result<&[Arc<Function>]> {
        self.found(
            name.into(),
            &self.functions,
            |function| &function.name,
            "function that returns a set",
        )
    }

    /// Returns a unique constraint: by its own name, or by the name of a table that has exactly one.
    ///
    /// # Errors
    ///
    /// Neither has that name; or the table has none, or several, which the error lists
    /// ([`is_ambiguous`](Error::is_ambiguous)).
    pub fn unique_constraint<'a>(&self, name: impl Into<NameRef<'a>>) -> Result<&UniqueConstraint> {
        let name = name.into();
        let Err(missed) = self.table(name) else {
            return self.table(name)?.only_unique_constraint();
        };
        // Its index is a relation, so that a schema has neither another nor a table of its name.
        let readings = name.readings()?;
        let found = readings.iter().find_map(|reading| {
            self.schemas_of(reading).find_map(|schema| {
                let tables = self
                    .tables
                    .iter()
                    .filter(|table| table.name.schema == schema);
                tables
                    .flat_map(|table| &table.unique_constraints)
                    .find(|constraint| constraint.name == reading.name)
            })
        });
        found.ok_or_else(|| {
            let wrong = readings.first().map_or("", |reading| &reading.name);
            let constraints = self
                .tables
                .iter()
                .flat_map(|table| &table.unique_constraints);
            let near = nearest(
                wrong,
                constraints.map(|constraint| constraint.name.as_str()),
            );
            if near.is_empty() {
                return missed;
            }
            Error::missing(Missing {
                what: "unique constraint, or table with one,",
                name: name.text(),
                place: self.places(),
                near: near.iter().map(|near| format!("\"{near}\"")).collect(),
            })
        })
    }

    /// Returns the foreign keys that refer to a table, each with the table that has it.
    pub fn referenced_by<'a>(
        &'a self,
        table: &'a QualifiedName,
    ) -> impl Iterator<Item = (&'a Arc<Table>, &'a ForeignKey)> {
        self.tables.iter().flat_map(move |referring| {
            let keys = referring.foreign_keys.iter();
            keys.filter(move |key| key.referred_table == *table)
                .map(move |key| (referring, key))
        })
    }

    /// Finds all of one name in a list that is in the order of names.
    fn found<'s, T>(
        &'s self,
        name: NameRef<'_>,
        all: &'s [T],
        name_of: impl Fn(&T) -> &QualifiedName,
        what: &'static str,
    ) -> Result<&'s [T]> {
        let readings = name.readings()?;
        for reading in &readings {
            for schema in self.schemas_of(reading) {
                let wanted = (schema, reading.name.as_str());
                let key = |one: &T| {
                    let name = name_of(one);
                    (name.schema.as_str(), name.name.as_str()).cmp(&wanted)
                };
                let start = all.partition_point(|one| key(one).is_lt());
                let length = all[start..].partition_point(|one| key(one).is_eq());
                if length > 0 {
                    return Ok(&all[start..start + length]);
                }
            }
        }
        Err(self.missed(what, name, &readings, all.iter().map(name_of)))
    }

    /// Says that a name was not found among `all`.
    pub(crate) fn missed<'s>(
        &self,
        what: &'static str,
        name: NameRef<'_>,
        readings: &[Reading],
        all: impl Iterator<Item = &'s QualifiedName>,
    ) -> Error {
        Error::missing(Missing {
            what,
            name: name.text(),
            place: self.places(),
            near: self.near(readings, all),
        })
    }

    /// The schemas that a name may be in.
    fn schemas_of<'s>(&'s self, reading: &'s Reading) -> impl Iterator<Item = &'s str> {
        let named = reading.schema.as_deref();
        let path = self.search_path.iter().map(String::as_str);
        // The session's own temporary schema has a number behind its name.
        let own = move |schema: &&str| match named {
            None => true,
            Some("pg_temp") => schema.starts_with("pg_temp_"),
            Some(_) => false,
        };
        path.filter(own).chain(named)
    }

    /// What somebody may have meant: the same name in another schema, or one that looks like it, written so that it is found.
    fn near<'s>(
        &self,
        readings: &[Reading],
        all: impl Iterator<Item = &'s QualifiedName>,
    ) -> Vec<String> {
        let Some(wanted) = readings.last() else {
            return Vec::new();
        };
        let all: Vec<&QualifiedName> = all.collect();
        let mut names: Vec<&str> = all.iter().map(|name| name.name.as_str()).collect();
        // Overloads are neighbours, and so are equal names of two schemas after this.
        names.sort_unstable();
        names.dedup();
        // A dot that was meant to be part of the name.
        let joined = wanted
            .schema
            .as_ref()
            .map(|schema| format!("{schema}.{}", wanted.name));
        let mut near: Vec<&str> = joined
            .iter()
            .filter_map(|joined| names.iter().find(|name| *name == joined).copied())
            .collect();
        near.extend(nearest(&wanted.name, names));
        let mut written: Vec<String> = near
            .into_iter()
            .flat_map(|near| all.iter().filter(move |name| name.name == near))
            .map(|name| self.written(name))
            .collect();
        written.dedup();
        written.truncate(3);
        written
    }

    /// A name as short as the search path allows, and as it can be looked up.
    fn written(&self, name: &QualifiedName) -> String {
        let full = name.to_string();
        if full.contains('"') {
            return full;
        }
        let visible = self.search_path.first() == Some(&name.schema);
        format!("\"{}\"", if visible { &name.name } else { &full })
    }

    fn places(&self) -> String {
        match self.schemas.as_slice() {
            [] => "no schema at all: none was reflected".to_owned(),
            schemas => schemas.join(", "),
        }
    }
}

impl Table {
    /// Returns a column by its name, as it is: unquoted.
    ///
    /// # Errors
    ///
    /// The table has no such column; the error names those that are near.
    pub fn column(&self, name: &str) -> Result<&Column> {
        let found = self.columns.iter().find(|column| column.name == name);
        found.ok_or_else(|| {
            let names = self.columns.iter().map(|column| column.name.as_str());
            self.missing("column", name, names)
        })
    }

    /// Returns a unique constraint by its name, as it is: unquoted.
    ///
    /// # Errors
    ///
    /// The table has no such unique constraint; the error names those that are near.
    pub fn unique_constraint(&self, name: &str) -> Result<&UniqueConstraint> {
        let mut all = self.unique_constraints.iter();
        let found = all.find(|constraint| constraint.name == name);
        found.ok_or_else(|| {
            let all = self.unique_constraints.iter();
            let names = all.map(|constraint| constraint.name.as_str());
            self.missing("unique constraint", name, names)
        })
    }

    /// Returns the unique constraint of a table that has exactly one.
    ///
    /// # Errors
    ///
    /// The table has none, or several, which the error lists.
    pub fn only_unique_constraint(&self) -> Result<&UniqueConstraint> {
        match self.unique_constraints.as_slice() {
            [only] => Ok(only),
            [] => Err(Error::missing(Missing {
                what: "unique constraint",
                name: String::new(),
                place: format!("table {}", self.name),
                near: Vec::new(),
            })),
            several => Err(Error::ambiguous(
                format!("unique constraint of {}", self.name),
                "unique constraint",
                several
                    .iter()
                    .map(|one| format!("\"{}\" ({})", one.name, one.columns.join(", ")))
                    .collect(),
            )),
        }
    }

    /// Returns the columns of a constraint or unique index by its name, as a violation of it reports that name.
    ///
    /// Of a check these are the columns that it reads, of a foreign key those that refer; expressions are left out.
    /// `None` if the table has neither by that name.
    #[must_use]
    pub fn constraint_columns(&self, name: &str) -> Option<Vec<&str>> {
        let primary = self.primary_key.iter().map(|key| (&key.name, &key.columns));
        let unique = self.unique_constraints.iter();
        let foreign = self.foreign_keys.iter();
        let checks = self.checks.iter();
        let listed = primary
            .chain(unique.map(|one| (&one.name, &one.columns)))
            .chain(foreign.map(|one| (&one.name, &one.columns)))
            .chain(checks.map(|one| (&one.name, &one.columns)))
            .find(|(own, _)| *own == name)
            .map(|(_, columns)| columns.iter().map(String::as_str).collect());
        listed.or_else(|| {
            // Those of an exclusion constraint are its index's.
            let index = self.indexes.iter().find(|index| index.name == name)?;
            let columns = index
                .elements
                .iter()
                .filter_map(|part| part.column.as_deref());
            Some(columns.collect())
        })
    }

    fn missing<'a>(
        &self,
        what: &'static str,
        name: &str,
        names: impl Iterator<Item = &'a str>,
    ) -> Error {
        let near = nearest(name, names);
        Error::missing(Missing {
            what,
            name: format!("\"{name}\""),
            place: format!("table {}", self.name),
            near: near.iter().map(|near| format!("\"{near}\"")).collect(),
        })
    }
}
