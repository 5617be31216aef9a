//! Functions that return rows.

use std::sync::Arc;

use super::name::QualifiedName;
use super::types::{DataType, Field};

/// A function that returns a set: something to select from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Function {
    /// Its schema and name; functions of one name differ in their arguments.
    pub name: QualifiedName,
    /// What it takes, in order: arguments of the modes IN, INOUT and VARIADIC.
    pub arguments: Vec<Argument>,
    /// The type of a row: a composite, a scalar, or `record`.
    pub returns: Arc<DataType>,
    /// The columns of a row, as far as the function says: its OUT and TABLE arguments, else its composite's fields, else
    /// one column of its own name; none for a bare `record`, whose columns the query must declare.
    pub columns: Vec<Field>,
    /// Its comment.
    pub comment: Option<String>,
    /// The extension that it belongs to.
    pub extension: Option<String>,
}

impl Function {
    /// Returns its name with the types of its arguments, which tell it from others of its name: `public.f(integer, text)`.
    #[must_use]
    pub fn signature(&self) -> String {
        let arguments: Vec<&str> = self
            .arguments
            .iter()
            .map(|argument| argument.data_type.sql.as_str())
            .collect();
        format!("{}({})", self.name, arguments.join(", "))
    }
}

/// An argument of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Argument {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its type.
    pub data_type: Arc<DataType>,
    /// How it is passed.
    pub mode: ArgumentMode,
    /// Whether it may be left out.
    pub has_default: bool,
}

/// How an argument is passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ArgumentMode {
    /// `IN`.
    #[default]
    In,
    /// `INOUT`: a column of the result too.
    InOut,
    /// `VARIADIC`: any number, as an array.
    Variadic,
}
