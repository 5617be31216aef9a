//! Relations and their columns.

use std::sync::Arc;

use super::constraint::{Check, Exclusion, ForeignKey, PrimaryKey, UniqueConstraint};
use super::index::Index;
use super::name::QualifiedName;
use super::sequence::SequenceOptions;
use super::types::DataType;

/// A relation with columns: a table, a view, or another [kind](TableKind).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Table {
    /// Its schema and name.
    pub name: QualifiedName,
    /// What kind of relation it is.
    pub kind: TableKind,
    /// How its rows are kept.
    pub persistence: Persistence,
    /// Its columns, in the order of `select *`.
    pub columns: Vec<Column>,
    /// Its primary key.
    pub primary_key: Option<PrimaryKey>,
    /// All its unique constraints, by name. A unique index that is no constraint is among the [indexes](Table::indexes).
    pub unique_constraints: Vec<UniqueConstraint>,
    /// Its foreign keys, by name; of a partition, those it has from its partitioned table included.
    pub foreign_keys: Vec<ForeignKey>,
    /// Its check constraints, by name.
    pub checks: Vec<Check>,
    /// Its exclusion constraints, by name.
    pub exclusions: Vec<Exclusion>,
    /// Its indexes, by name; those behind constraints included.
    pub indexes: Vec<Index>,
    /// How it is partitioned, if it is a partitioned table.
    pub partitioning: Option<Partitioning>,
    /// What it is a partition of.
    pub partition_of: Option<PartitionOf>,
    /// The tables that it inherits from, in order; a partition's parent is not among them.
    pub inherits: Vec<QualifiedName>,
    /// The composite type that it was made `of`.
    pub of_type: Option<QualifiedName>,
    /// The server of a foreign table.
    pub foreign_server: Option<String>,
    /// Its comment.
    pub comment: Option<String>,
    /// The extension that it belongs to.
    pub extension: Option<String>,
    /// The query of a view, where it was asked for: it is slow to read.
    pub definition: Option<String>,
}

impl Table {
    /// Makes a permanent one of columns, and of nothing else.
    pub(crate) fn bare(name: QualifiedName, kind: TableKind, columns: Vec<Column>) -> Table {
        Table {
            name,
            kind,
            persistence: Persistence::Permanent,
            columns,
            primary_key: None,
            unique_constraints: Vec::new(),
            foreign_keys: Vec::new(),
            checks: Vec::new(),
            exclusions: Vec::new(),
            indexes: Vec::new(),
            partitioning: None,
            partition_of: None,
            inherits: Vec::new(),
            of_type: None,
            foreign_server: None,
            comment: None,
            extension: None,
            definition: None,
        }
    }
}

/// A kind of relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum TableKind {
    /// An ordinary table, a partition included.
    Table,
    /// A partitioned table, one that is itself a partition included.
    PartitionedTable,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A foreign table.
    ForeignTable,
}

/// How the rows of a relation are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Persistence {
    /// With a log: they survive a crash.
    #[default]
    Permanent,
    /// `UNLOGGED`: a crash empties it.
    Unlogged,
    /// `TEMPORARY`: gone with the session.
    Temporary,
}

/// A column of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its position among the columns there are, from 1; `attnum` differs once a column was dropped.
    pub position: u16,
    /// Its type.
    pub data_type: Arc<DataType>,
    /// Whether it refuses nulls, on its own account or because its domain does.
    pub not_null: bool,
    /// The expression of its default, or that of its domain.
    pub default: Option<String>,
    /// How it is generated from other columns.
    pub generated: Option<Generated>,
    /// How it counts, if it is an identity column.
    pub identity: Option<Identity>,
    /// The sequence that it owns: behind `serial` and identity columns.
    pub sequence: Option<QualifiedName>,
    /// Its collation, where that is not its type's own.
    pub collation: Option<QualifiedName>,
    /// Its comment.
    pub comment: Option<String>,
}

/// How a column is computed: `GENERATED ALWAYS AS (expression)`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Generated {
    /// The expression.
    pub expression: String,
    /// Whether it is computed on write and kept (`STORED`), rather than on read (`VIRTUAL`, PostgreSQL 18).
    pub stored: bool,
}

/// How an identity column counts: `GENERATED .. AS IDENTITY`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Identity {
    /// `ALWAYS`: an INSERT may give a value only with `OVERRIDING SYSTEM VALUE`; otherwise `BY DEFAULT`.
    pub always: bool,
    /// The options of its sequence.
    pub options: SequenceOptions,
}

/// How a partitioned table decides where a row goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Partitioning {
    /// By range, list or hash.
    pub strategy: PartitionStrategy,
    /// The key's columns and expressions, in order.
    pub key: Vec<String>,
}

/// A partitioning strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PartitionStrategy {
    /// `PARTITION BY RANGE`.
    Range,
    /// `PARTITION BY LIST`.
    List,
    /// `PARTITION BY HASH`.
    Hash,
}

/// A partition's place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PartitionOf {
    /// The partitioned table.
    pub parent: QualifiedName,
    /// Which rows it takes, as SQL: `FOR VALUES FROM (1) TO (10)`, or `DEFAULT`.
    pub bound: String,
}
