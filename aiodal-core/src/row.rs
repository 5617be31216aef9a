//! Rows into structs: which column each field is read from is settled once per result, and checked.

mod columns;
pub(crate) mod describe;
mod json_column;
mod mismatch;
mod plan;
mod query;
mod scalar;
mod stream;
mod tuples;
#[cfg(feature = "json")]
mod untyped;

use tokio_postgres::Row;
use tokio_postgres::types::FromSqlOwned;

use crate::error::Result;

pub use self::columns::Columns;
pub use self::json_column::FromJson;
pub(crate) use self::mismatch::Mismatch;
pub use self::plan::{Plan, PlanBuilder};
pub use self::stream::TypedRows;

/// A type that a row can be read into.
///
/// Structs derive it (`#[derive(aiodal::FromRow)]`, the facade's feature `derive`) and find their columns by
/// name. Tuples of up to 16 values read the columns in order. `Option<T>` is `None` where every column that
/// `T` reads is null, as behind a LEFT JOIN. With the feature `json`, `serde_json::Value` and
/// `serde_json::Map` read any row.
///
/// Rows are read with [`Transaction::query_as`](crate::Transaction::query_as) and its siblings, or one by
/// one with [`from_row`](FromRow::from_row).
///
/// # By hand
///
/// What the derive writes can be written:
///
/// ```
/// use aiodal_core::row::{Columns, Plan};
/// use aiodal_core::{FromRow, Result, Row};
///
/// struct Author {
///     id: i32,
///     name: String,
/// }
///
/// impl FromRow for Author {
///     fn resolve(columns: &Columns<'_>) -> Result<Plan> {
///         columns
///             .plan::<Self>()
///             .column::<i32>("id", "id")
///             .column::<String>("name", "name")
///             .finish()
///     }
///
///     fn decode(row: &Row, plan: &Plan) -> Result<Self> {
///         Ok(Self { id: plan.get(row, 0)?, name: plan.get(row, 1)? })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a row cannot be read into `{Self}`",
    label = "not a `FromRow`",
    note = "a struct takes `#[derive(aiodal::FromRow)]`; columns in order go into a tuple; a single column is read \
            with `query_scalar`, or by a field without `flatten`"
)]
pub trait FromRow: Sized {
    /// Finds the columns that this type reads, and checks that it can read their types.
    ///
    /// # Errors
    ///
    /// Every column that is missing, ambiguous or of another type.
    fn resolve(columns: &Columns<'_>) -> Result<Plan>;

    /// Reads a row of the result that `plan` was resolved for.
    ///
    /// # Errors
    ///
    /// A null in a type that has none, and a value that does not fit.
    fn decode(row: &Row, plan: &Plan) -> Result<Self>;

    /// Reads one row, by a plan for it alone.
    ///
    /// # Errors
    ///
    /// Those of [`resolve`](FromRow::resolve) and [`decode`](FromRow::decode).
    fn from_row(row: &Row) -> Result<Self> {
        let plan = Self::resolve(&Columns::new(row.columns()))?;
        Self::decode(row, &plan)
    }
}

impl<T: FromRow> FromRow for Option<T> {
    fn resolve(columns: &Columns<'_>) -> Result<Plan> {
        T::resolve(columns)
    }

    fn decode(row: &Row, plan: &Plan) -> Result<Self> {
        if plan.is_null(row) {
            return Ok(None);
        }
        T::decode(row, plan).map(Some)
    }
}

/// A type that one column can be read into: whatever implements `FromSql` and owns its value.
#[diagnostic::on_unimplemented(
    message = "a column cannot be read into `{Self}`",
    label = "not a `FromSql` that owns its value",
    note = "a struct of several columns takes `#[aiodal(flatten)]` and `FromRow`, one in JSON takes \
            `#[aiodal(json)]`, one made of another type `#[aiodal(try_from = \"..\")]`",
    note = "values of chrono, jiff, time and uuid need a feature of aiodal such as `with-uuid-1`"
)]
pub trait FromColumn: FromSqlOwned {}

#[diagnostic::do_not_recommend]
impl<T: FromSqlOwned> FromColumn for T {}

/// What derived code calls ahead of all that needs the same of `T`: each mistake is then reported once.
#[doc(hidden)]
pub const fn is_column<T: FromColumn>() {}

/// Like [`is_column`].
#[doc(hidden)]
pub const fn is_row<T: FromRow>() {}
