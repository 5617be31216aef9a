//! A column of JSON, deserialized into whatever serde can.

use crate::row::FromColumn;

/// A type that `#[aiodal(json)]` reads from a column of `json` or `jsonb`: whatever implements serde's `Deserialize`
/// and owns its value.
///
/// Needs the feature `json`. A null is read as JSON's `null`, so that an `Option` is `None` for both.
#[cfg_attr(
    feature = "json",
    diagnostic::on_unimplemented(
        message = "`{Self}` cannot be read from JSON",
        label = "not a `Deserialize` that owns its value",
        note = "derive `serde::Deserialize` for it"
    )
)]
#[cfg_attr(
    not(feature = "json"),
    diagnostic::on_unimplemented(
        message = "`#[aiodal(json)]` needs the feature `json` of aiodal",
        label = "to be read from JSON",
        note = "write `aiodal = {{ version = \"..\", features = [\"json\"] }}` in Cargo.toml"
    )
)]
pub trait FromJson: Sized {
    /// What the column is read into first.
    type Column: FromColumn;

    /// Takes the value out.
    fn from_column(column: Self::Column) -> Self;
}

#[cfg(feature = "json")]
mod with_serde {
    use tokio_postgres::types::{self, FromSql, Type, WasNull};

    use super::FromJson;
    use crate::error::BoxError;

    /// Like the `Json` of postgres-types, except for nulls.
    #[derive(Debug)]
    pub struct Json<T>(T);

    impl<'a, T> FromSql<'a> for Json<T>
    where
        types::Json<T>: FromSql<'a>,
    {
        fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
            types::Json::from_sql(ty, raw).map(|types::Json(value)| Json(value))
        }

        fn from_sql_null(_: &Type) -> Result<Self, BoxError> {
            // What has no `null` has no use for serde's words about it either.
            Json::from_sql(&Type::JSON, b"null").map_err(|_| WasNull.into())
        }

        fn accepts(ty: &Type) -> bool {
            <types::Json<T> as FromSql<'a>>::accepts(ty)
        }
    }

    #[diagnostic::do_not_recommend]
    impl<T> FromJson for T
    where
        types::Json<T>: for<'a> FromSql<'a>,
    {
        type Column = Json<T>;

        fn from_column(column: Json<T>) -> T {
            column.0
        }
    }
}
