//! Sequences.

use super::name::QualifiedName;

/// A sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Sequence {
    /// Its schema and name.
    pub name: QualifiedName,
    /// The type of its values: `smallint`, `integer` or `bigint`.
    pub data_type: String,
    /// How it counts.
    pub options: SequenceOptions,
    /// The table and column that it belongs to: it goes when they go.
    pub owned_by: Option<(QualifiedName, String)>,
    /// Its comment.
    pub comment: Option<String>,
    /// The extension that it belongs to.
    pub extension: Option<String>,
}

/// How a sequence counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SequenceOptions {
    /// Its first value.
    pub start: i64,
    /// What it adds.
    pub increment: i64,
    /// Its least value.
    pub min: i64,
    /// Its greatest value.
    pub max: i64,
    /// How many values a session takes at once.
    pub cache: i64,
    /// Whether it begins again behind its last value.
    pub cycle: bool,
}
