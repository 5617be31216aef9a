//! What a database holds, as plain data: relations, types, sequences and functions, as the catalogs tell them.
//!
//! Nothing here does I/O, and nothing was read by parsing SQL text. Everything is ordered by (schema, name), columns by
//! their position, so that two reflections of the same database are equal.

mod constraint;
mod diagram;
mod display;
mod find;
mod function;
mod index;
mod lookup;
mod name;
#[cfg(test)]
mod sample;
mod sequence;
mod table;
mod types;

pub use self::constraint::{
    Action, Check, Deferrable, Exclusion, ExclusionElement, ForeignKey, Match, PrimaryKey,
    UniqueConstraint,
};
pub use self::diagram::{Dot, Mermaid};
pub use self::function::{Argument, ArgumentMode, Function};
pub use self::index::{Index, IndexElement};
pub use self::lookup::NameRef;
pub(crate) use self::lookup::Reading;
pub use self::name::QualifiedName;
pub use self::sequence::{Sequence, SequenceOptions};
pub use self::table::{
    Column, Generated, Identity, PartitionOf, PartitionStrategy, Partitioning, Persistence, Table,
    TableKind,
};
pub use self::types::{DataType, Domain, DomainCheck, Field, IntervalFields, Modifier, TypeKind};

use std::sync::Arc;

/// A reflected database, or the part of it that was asked for.
///
/// It is a snapshot: immutable, cheap to share, and outdated by the next DDL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Schema {
    /// The server's version as a number: 150018 is 15.18.
    pub server_version: u32,
    /// Where an unqualified name is looked for, in this order: what `current_schemas(false)` was.
    pub search_path: Vec<String>,
    /// The PostgreSQL schemas that were reflected, by name.
    pub schemas: Vec<String>,
    /// Tables, partitioned tables, partitions, views, materialized views and foreign tables.
    pub tables: Vec<Arc<Table>>,
    /// Enums, domains, composites and ranges of these schemas, those that no column uses included.
    pub types: Vec<Arc<DataType>>,
    /// Sequences, those behind identity and serial columns included.
    pub sequences: Vec<Sequence>,
    /// Functions that return a set of rows.
    pub functions: Vec<Arc<Function>>,
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use super::sample::library;
    use super::*;

    #[test]
    fn json_comes_back_as_it_was() {
        let schema = library();
        let json = serde_json::to_string_pretty(&schema).unwrap();
        assert_eq!(serde_json::from_str::<Schema>(&json).unwrap(), schema);
        assert!(json.contains(r#""on_delete": "cascade""#), "{json}");
    }
}
