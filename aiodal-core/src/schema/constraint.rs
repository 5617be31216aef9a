//! Keys, and the other constraints of a table.

use super::name::QualifiedName;

/// When a constraint is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Deferrable {
    /// At once: `NOT DEFERRABLE`.
    #[default]
    No,
    /// At the end of a statement, unless the transaction defers it: `DEFERRABLE INITIALLY IMMEDIATE`.
    InitiallyImmediate,
    /// At the end of the transaction: `DEFERRABLE INITIALLY DEFERRED`.
    InitiallyDeferred,
}

/// A primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PrimaryKey {
    /// Its name.
    pub name: String,
    /// Its columns, in the key's order.
    pub columns: Vec<String>,
    /// Columns that its index holds besides: `INCLUDE`.
    pub include: Vec<String>,
    /// When it is checked.
    pub deferrable: Deferrable,
    /// Whether its last column is `WITHOUT OVERLAPS` (PostgreSQL 18).
    pub without_overlaps: bool,
    /// Its comment.
    pub comment: Option<String>,
}

/// A unique constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct UniqueConstraint {
    /// Its name.
    pub name: String,
    /// Its columns, in the constraint's order.
    pub columns: Vec<String>,
    /// Columns that its index holds besides: `INCLUDE`.
    pub include: Vec<String>,
    /// Whether two nulls are equal (PostgreSQL 15): `NULLS NOT DISTINCT`.
    pub nulls_not_distinct: bool,
    /// When it is checked. A deferrable one cannot be the arbiter of `ON CONFLICT`.
    pub deferrable: Deferrable,
    /// Whether its last column is `WITHOUT OVERLAPS` (PostgreSQL 18).
    pub without_overlaps: bool,
    /// Its comment.
    pub comment: Option<String>,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct ForeignKey {
    /// Its name.
    pub name: String,
    /// The referring columns, in the constraint's order.
    pub columns: Vec<String>,
    /// The relation that it refers to.
    pub referred_table: QualifiedName,
    /// The columns that it refers to, one by one with `columns`.
    pub referred_columns: Vec<String>,
    /// What an update of the referred key does.
    pub on_update: Action,
    /// What deleting the referred row does.
    pub on_delete: Action,
    /// The columns that `ON DELETE SET NULL` or `SET DEFAULT` sets, where they were listed (PostgreSQL 15).
    pub on_delete_columns: Vec<String>,
    /// How nulls match.
    pub match_type: Match,
    /// When it is checked.
    pub deferrable: Deferrable,
    /// Whether existing rows were checked: not `NOT VALID`.
    pub validated: bool,
    /// Whether it is enforced at all (PostgreSQL 18 has `NOT ENFORCED`).
    pub enforced: bool,
    /// Whether its last column is `PERIOD` (PostgreSQL 18).
    pub period: bool,
    /// Whether a partition has it from its partitioned table.
    pub inherited: bool,
    /// Its comment.
    pub comment: Option<String>,
}

/// What happens to referring rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Action {
    /// An error, unless mended by the time the constraint is checked.
    #[default]
    NoAction,
    /// An error, at once.
    Restrict,
    /// The same happens to them.
    Cascade,
    /// They refer to nothing.
    SetNull,
    /// They refer to their default.
    SetDefault,
}

/// How a foreign key of several columns matches nulls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Match {
    /// A null in one column, and nothing is checked.
    #[default]
    Simple,
    /// All null or none.
    Full,
    /// Accepted by the grammar, built by nobody yet.
    Partial,
}

/// A check constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Check {
    /// Its name.
    pub name: String,
    /// Its expression.
    pub expression: String,
    /// The columns that it reads, by position.
    pub columns: Vec<String>,
    /// Whether existing rows were checked: not `NOT VALID`.
    pub validated: bool,
    /// Whether it is enforced at all (PostgreSQL 18 has `NOT ENFORCED`).
    pub enforced: bool,
    /// Whether children don't have it: `NO INHERIT`.
    pub no_inherit: bool,
    /// Whether the table has it from a parent only.
    pub inherited: bool,
    /// Its comment.
    pub comment: Option<String>,
}

/// An exclusion constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Exclusion {
    /// Its name, which is its index's too.
    pub name: String,
    /// What is compared, in order.
    pub elements: Vec<ExclusionElement>,
    /// Which rows it is about: `WHERE`.
    pub predicate: Option<String>,
    /// When it is checked.
    pub deferrable: Deferrable,
    /// Its comment.
    pub comment: Option<String>,
}

/// One part of an exclusion constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ExclusionElement {
    /// The column's name, or `None` for an expression.
    pub column: Option<String>,
    /// The expression, where it is no plain column.
    pub expression: Option<String>,
    /// The operator that must not hold, by its bare name: `=`, `&&`.
    pub operator: String,
}
