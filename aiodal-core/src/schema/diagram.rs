//! What diagrams of a schema have in common: which tables are drawn, and how they relate.

mod dot;
mod mermaid;

use std::collections::HashMap;

pub use self::dot::Dot;
pub use self::mermaid::Mermaid;
use super::{Column, DataType, ForeignKey, Index, QualifiedName, Schema, Table, TypeKind};

impl Schema {
    /// Draws the tables as an entity relationship diagram of [Mermaid](https://mermaid.js.org/syntax/entityRelationshipDiagram.html).
    ///
    /// Partitions are drawn as the table that they are part of.
    ///
    /// ```no_run
    /// # fn example(schema: &aiodal_core::Schema) -> std::io::Result<()> {
    /// std::fs::write("schema.mmd", schema.mermaid().to_string())?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn mermaid(&self) -> Mermaid<'_> {
        Mermaid::new(self)
    }

    /// Draws the tables as a graph for [Graphviz](https://graphviz.org), a cluster per PostgreSQL schema.
    ///
    /// Partitions are drawn as the table that they are part of.
    ///
    /// ```no_run
    /// # fn example(schema: &aiodal_core::Schema) -> std::io::Result<()> {
    /// std::fs::write("schema.dot", schema.dot().to_string())?; // dot -Tsvg schema.dot
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn dot(&self) -> Dot<'_> {
        Dot::new(self)
    }
}

/// The tables of a schema, partitions folded into what they are partitions of.
struct Folded<'a> {
    schema: &'a Schema,
    by_name: HashMap<&'a QualifiedName, &'a Table>,
}

/// A foreign key between drawn tables.
struct Relation<'a> {
    from: &'a QualifiedName,
    to: &'a QualifiedName,
    key: &'a ForeignKey,
    /// Whether a row may refer to none: a referring column takes nulls.
    optional: bool,
    /// Whether no two rows refer to the same one: the referring columns contain a key.
    single: bool,
    /// Whether the referring columns are part of the primary key.
    identifying: bool,
}

impl<'a> Folded<'a> {
    fn new(schema: &'a Schema) -> Folded<'a> {
        let by_name = schema
            .tables
            .iter()
            .map(|table| (&table.name, &**table))
            .collect();
        Folded { schema, by_name }
    }

    /// The tables that are drawn.
    fn tables(&self) -> impl Iterator<Item = &'a Table> {
        let tables = self.schema.tables.iter().map(|table| &**table);
        tables.filter(|table| self.root(&table.name) == &table.name)
    }

    /// What a table is drawn as: itself, or the outermost table that it is a partition of.
    fn root<'n>(&self, name: &'n QualifiedName) -> &'n QualifiedName
    where
        'a: 'n,
    {
        let mut root = name;
        // The catalogs have no circle of partitions; data that somebody made may.
        for _ in 0..self.by_name.len() {
            let parent = self
                .by_name
                .get(root)
                .and_then(|table| table.partition_of.as_ref())
                .map(|partition| &partition.parent)
                .filter(|parent| self.by_name.contains_key(parent));
            match parent {
                Some(parent) => root = parent,
                None => break,
            }
        }
        root
    }

    fn relations(&self) -> impl Iterator<Item = Relation<'a>> {
        self.by_name_order().flat_map(move |table| {
            let keys = table.foreign_keys.iter();
            // Those it has from its partitioned table are drawn there.
            keys.filter(|key| !key.inherited || self.root(&table.name) == &table.name)
                .map(|key| Relation {
                    from: self.root(&table.name),
                    to: self.root(&key.referred_table),
                    key,
                    optional: is_optional(table, key),
                    single: is_single(table, key),
                    identifying: table
                        .primary_key
                        .as_ref()
                        .is_some_and(|primary| is_within(&key.columns, &primary.columns)),
                })
        })
    }

    fn by_name_order(&self) -> impl Iterator<Item = &'a Table> {
        self.schema.tables.iter().map(|table| &**table)
    }

    /// What tables are called: by name alone where all are of one schema.
    fn title(&self, name: &QualifiedName) -> String {
        let one = self
            .schema
            .tables
            .iter()
            .all(|table| table.name.schema == name.schema);
        if one {
            name.name.clone()
        } else {
            name.to_string()
        }
    }
}

fn is_within(some: &[String], all: &[String]) -> bool {
    some.iter().all(|column| all.contains(column))
}

fn is_optional(table: &Table, key: &ForeignKey) -> bool {
    let takes_nulls = |name: &String| {
        let column = table.columns.iter().find(|column| &column.name == name);
        column.is_none_or(|column| !column.not_null)
    };
    key.columns.iter().any(takes_nulls)
}

fn is_single(table: &Table, key: &ForeignKey) -> bool {
    unique_keys(table).any(|unique| {
        !unique.is_empty()
            && unique
                .iter()
                .all(|column| key.columns.iter().any(|c| c == column))
    })
}

/// The columns of each key: of the primary key, the unique constraints, and the indexes that are as good.
fn unique_keys(table: &Table) -> impl Iterator<Item = Vec<&str>> {
    fn columns(names: &[String]) -> Vec<&str> {
        names.iter().map(String::as_str).collect()
    }
    let primary = table.primary_key.iter().map(|key| columns(&key.columns));
    let constraints = table.unique_constraints.iter();
    let constraints = constraints.map(|key| columns(&key.columns));
    let indexes = table.indexes.iter().filter(|index| is_key(index));
    let indexes = indexes.map(|index| {
        let names = index.elements.iter();
        names
            .filter_map(|element| element.column.as_deref())
            .collect()
    });
    primary.chain(constraints).chain(indexes)
}

fn is_key(index: &Index) -> bool {
    let columns_only = index
        .elements
        .iter()
        .all(|element| element.column.is_some());
    index.unique && index.valid && index.predicate.is_none() && columns_only
}

/// What a column is part of.
struct Marks {
    primary: bool,
    foreign: bool,
    /// Unique by itself, and not as the primary key.
    unique: bool,
}

impl Marks {
    fn of(table: &Table, column: &Column) -> Marks {
        let primary = table
            .primary_key
            .as_ref()
            .is_some_and(|key| key.columns.contains(&column.name));
        let foreign = table
            .foreign_keys
            .iter()
            .any(|key| key.columns.contains(&column.name));
        let alone = table
            .primary_key
            .as_ref()
            .is_some_and(|key| key.columns == [column.name.as_str()]);
        let unique = !alone && unique_keys(table).any(|key| key == [column.name.as_str()]);
        Marks {
            primary,
            foreign,
            unique,
        }
    }

    fn texts(&self) -> Vec<&'static str> {
        [
            (self.primary, "PK"),
            (self.foreign, "FK"),
            (self.unique, "UK"),
        ]
        .into_iter()
        .filter_map(|(holds, text)| holds.then_some(text))
        .collect()
    }
}

/// A type's name without its schema, with its modifier.
fn short(data_type: &DataType) -> String {
    if let TypeKind::Array(element) = &data_type.kind {
        return short(element) + "[]";
    }
    let QualifiedName { schema, name } = &data_type.name;
    let quoted = format!("\"{}\"", schema.replace('"', "\"\""));
    let Some(rest) = [schema, &quoted]
        .into_iter()
        .find_map(|schema| data_type.sql.strip_prefix(schema)?.strip_prefix('.'))
    else {
        return data_type.sql.clone();
    };
    // Only the modifier is of interest behind the name.
    if rest.starts_with('"') {
        name.clone()
    } else {
        rest.to_owned()
    }
}
