//! Rows as JSON, whatever their types: for command lines, snapshots and logs.

mod bytes;
mod calendar;
mod decoder;
mod network;
mod numeric;
mod text;

use serde_json::{Map, Value};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use super::{Columns, FromRow, Plan};
use crate::error::{BoxError, Result};

pub(super) use self::decoder::Decoder;

/// An object with a member per column.
///
/// It is what `to_json` makes of the row on the server, except that
///
/// - `numeric` is a string: no number of JSON is read exactly by everybody, and money is often `numeric`;
/// - `timestamptz` is in UTC, and an `interval` as in ISO 8601, whatever the session's settings;
/// - a float with a whole value keeps its point;
/// - two columns of one name are an error.
///
/// Floats that are not finite, object and transaction identifiers, ranges, network addresses, bit strings and `bytea` are
/// strings in PostgreSQL's own text form. Types that are not known here (those of extensions but `citext`, geometric types,
/// `money`, text search, `regclass` and its kin) are an error that names the column: cast it to `text`, or to `jsonb`.
/// Fields of a row that has no type of its own (`row(1, 'x')`) are called `f1`, `f2` …, as on the server.
impl FromRow for Map<String, Value> {
    fn resolve(columns: &Columns<'_>) -> Result<Plan> {
        let plan = columns.plan::<Self>().distinct();
        let columns = columns.iter();
        columns
            .fold(plan, |plan, (position, name, ty)| {
                plan.untyped(position, name, ty)
            })
            .finish()
    }

    fn decode(row: &Row, plan: &Plan) -> Result<Self> {
        let members = plan.untyped(row);
        members
            .map(|member| member.map(|(name, value)| (name.to_owned(), value)))
            .collect()
    }
}

/// An object; see `Map<String, Value>`.
impl FromRow for Value {
    fn resolve(columns: &Columns<'_>) -> Result<Plan> {
        Map::resolve(columns)
    }

    fn decode(row: &Row, plan: &Plan) -> Result<Self> {
        Map::decode(row, plan).map(Value::Object)
    }
}

/// A column as it was sent; nothing is null.
pub(super) struct Raw<'a>(pub(super) Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        Ok(Raw(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, BoxError> {
        Ok(Raw(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
