//! Indexes.

use super::name::QualifiedName;

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Index {
    /// Its name; it is in its table's schema.
    pub name: String,
    /// The access method: `btree`, `gin` …
    pub method: String,
    /// What it is over, in order.
    pub elements: Vec<IndexElement>,
    /// Columns that it holds besides: `INCLUDE`.
    pub include: Vec<String>,
    /// Which rows it holds: `WHERE`.
    pub predicate: Option<String>,
    /// Whether no two rows may be equal.
    pub unique: bool,
    /// Whether two nulls are equal (PostgreSQL 15): `NULLS NOT DISTINCT`.
    pub nulls_not_distinct: bool,
    /// Whether queries may use it. A `CREATE INDEX CONCURRENTLY` that failed leaves one that they may not.
    pub valid: bool,
    /// Whether uniqueness is checked at once; not, where its constraint is deferrable.
    pub immediate: bool,
    /// The constraint that it is behind: a primary key, unique constraint or exclusion of the same table.
    pub constraint: Option<String>,
    /// Whether a partition has it from its partitioned table.
    pub inherited: bool,
    /// Its storage parameters, such as `fillfactor=70`.
    pub options: Vec<String>,
    /// Its comment.
    pub comment: Option<String>,
}

/// One part of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct IndexElement {
    /// The column's name, or `None` for an expression.
    pub column: Option<String>,
    /// The expression, where it is no plain column.
    pub expression: Option<String>,
    /// Its operator class, where that is not the default one of the type and method.
    pub operator_class: Option<QualifiedName>,
    /// Its collation, where that is not the column's.
    pub collation: Option<QualifiedName>,
    /// Whether it is in descending order.
    pub descending: bool,
    /// Whether nulls come first.
    pub nulls_first: bool,
}
