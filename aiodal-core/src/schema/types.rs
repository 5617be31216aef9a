//! Types: as `format_type` writes them, and in a form to match on.

use std::sync::Arc;

use super::name::QualifiedName;

/// A type, as a column has it: with its modifier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DataType {
    /// Its schema and name, as in `pg_type`: `pg_catalog.int4`, `pg_catalog._text`, `public.mood`.
    pub name: QualifiedName,
    /// Its OID. User-defined types have another one in each database that was not cloned.
    pub oid: u32,
    /// As SQL writes it, always qualified outside `pg_catalog`: `numeric(12,2)`, `text[]`, `public.mood`.
    pub sql: String,
    /// What `sql` has in parentheses, taken apart.
    pub modifier: Option<Modifier>,
    /// What it is made of.
    pub kind: TypeKind,
    /// Its comment, where it is a type of the reflected schemas.
    pub comment: Option<String>,
    /// The extension that it belongs to.
    pub extension: Option<String>,
}

/// What a type is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum TypeKind {
    /// A base type.
    Base,
    /// An enum; its labels, in their order.
    Enum(Vec<String>),
    /// A domain over another type.
    Domain(Domain),
    /// An array of elements; PostgreSQL does not keep the number of dimensions.
    Array(Arc<DataType>),
    /// A composite type, the row type of a table included; its fields, in order. The fields are left out
    /// (empty) where a type contains itself.
    Composite(Vec<Field>),
    /// A range over another type.
    Range(Arc<DataType>),
    /// A multirange over ranges of another type; that type.
    Multirange(Arc<DataType>),
    /// A pseudo-type, such as `record`.
    Pseudo,
}

/// A domain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Domain {
    /// The type that it is over, another domain perhaps, with the modifier it was given.
    pub base: Arc<DataType>,
    /// Whether it refuses nulls.
    pub not_null: bool,
    /// The expression of its default.
    pub default: Option<String>,
    /// Its check constraints, by name.
    pub checks: Vec<DomainCheck>,
}

/// A check constraint of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DomainCheck {
    /// Its name.
    pub name: String,
    /// The expression, over `VALUE`.
    pub expression: String,
    /// Whether existing values were checked: not `NOT VALID`.
    pub validated: bool,
}

/// A field of a composite type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: Arc<DataType>,
}

/// A type modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Modifier {
    /// Of `varchar(n)` and `char(n)` in characters, of `bit(n)` and `varbit(n)` in bits.
    Length(u32),
    /// Of `numeric(precision, scale)`; the scale may be negative, or greater than the precision, from 15 on.
    Numeric {
        /// Digits in all.
        precision: u16,
        /// Digits behind the point.
        scale: i16,
    },
    /// Digits of the seconds of `time`, `timetz`, `timestamp` and `timestamptz`.
    Seconds(u8),
    /// Of `interval`.
    Interval {
        /// Which fields it keeps; `None` is all.
        fields: Option<IntervalFields>,
        /// Digits of the seconds.
        precision: Option<u8>,
    },
    /// Of any other type, an extension's for instance: as the catalogs have it.
    Raw(i32),
}

/// The fields that an `interval` keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(missing_docs, reason = "they say what SQL says")]
pub enum IntervalFields {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    YearToMonth,
    DayToHour,
    DayToMinute,
    DayToSecond,
    HourToMinute,
    HourToSecond,
    MinuteToSecond,
}
