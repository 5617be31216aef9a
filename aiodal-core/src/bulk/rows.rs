//! Typed rows into COPY's binary format: checked against the columns before the first byte.

pub(super) mod batches;
mod columns;
mod json;
#[cfg(test)]
mod tests;
mod tuples;
mod writer;

use crate::error::Result;

pub(crate) use self::batches::RowBatches;
pub use self::columns::RowColumns;
pub use self::json::ToJson;
#[doc(hidden)]
pub use self::json::is_json;
pub use self::writer::RowWriter;

use tokio_postgres::types::ToSql;

/// A type that a row of a table can be written from.
///
/// Structs derive it (`#[derive(aiodal::ToRow)]`, the facade's feature `derive`) and say by name which columns they
/// write. Tuples of up to 16 values are written in order: what the columns are is said to the load. `&T` is written
/// like `T`, and an `Option` that is `None` is null in every column that `T` writes.
///
/// # By hand
///
/// What the derive writes can be written:
///
/// ```
/// use aiodal_core::bulk::{RowColumns, RowWriter};
/// use aiodal_core::{Result, ToRow};
///
/// struct Author<'a> {
///     id: i32,
///     name: &'a str,
/// }
///
/// impl ToRow for Author<'_> {
///     fn columns(columns: RowColumns) -> RowColumns {
///         columns.column::<i32>("id", "id").column::<&str>("name", "name")
///     }
///
///     fn write(&self, row: &mut RowWriter<'_>) -> Result<()> {
///         row.field(&self.id)?;
///         row.field(&self.name)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a row cannot be written from `{Self}`",
    label = "not a `ToRow`",
    note = "a struct takes `#[derive(aiodal::ToRow)]`; values in the order of the columns go into a tuple, a single one \
            into `(value,)`"
)]
pub trait ToRow {
    /// Adds the columns that this type writes, in order, each with the type of its values.
    fn columns(columns: RowColumns) -> RowColumns;

    /// Writes the values of a row, one for each column, in the same order.
    ///
    /// # Errors
    ///
    /// A value that cannot be encoded; a value too many, or of another type than was said.
    fn write(&self, row: &mut RowWriter<'_>) -> Result<()>;
}

impl<T: ToRow + ?Sized> ToRow for &T {
    fn columns(columns: RowColumns) -> RowColumns {
        columns.nested::<T>("")
    }

    fn write(&self, row: &mut RowWriter<'_>) -> Result<()> {
        T::write(self, row)
    }
}

impl<T: ToRow + ?Sized> ToRow for Box<T> {
    fn columns(columns: RowColumns) -> RowColumns {
        columns.nested::<T>("")
    }

    fn write(&self, row: &mut RowWriter<'_>) -> Result<()> {
        T::write(self, row)
    }
}

impl<T: ToRow> ToRow for Option<T> {
    fn columns(columns: RowColumns) -> RowColumns {
        columns.nested::<T>("")
    }

    fn write(&self, row: &mut RowWriter<'_>) -> Result<()> {
        match self {
            Some(written) => written.write(row),
            None => row.nulls(RowColumns::count::<T>()),
        }
    }
}

/// A type that one column can be written from: whatever implements `ToSql`.
#[diagnostic::on_unimplemented(
    message = "a column cannot be written from `{Self}`",
    label = "not a `ToSql`",
    note = "a struct of several columns takes `#[aiodal(flatten)]` and `ToRow`, one in JSON takes `#[aiodal(json)]`, one \
            written as another type `#[aiodal(into = \"..\")]`",
    note = "values of chrono, jiff, time and uuid need a feature of aiodal such as `with-uuid-1`"
)]
pub trait ToColumn: ToSql {}

#[diagnostic::do_not_recommend]
impl<T: ToSql> ToColumn for T {}

/// What derived code calls ahead of all that needs the same of `T`: each mistake is then reported once.
#[doc(hidden)]
pub const fn is_column<T: ToColumn>() {}

/// Like [`is_column`].
#[doc(hidden)]
pub const fn is_row<T: ToRow>() {}
