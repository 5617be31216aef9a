//! A value written to a column of JSON.

use std::fmt;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::error::BoxError;

/// A type that `#[aiodal(json)]` writes to a column of `json` or `jsonb`: whatever implements serde's `Serialize`.
///
/// Needs the feature `json`.
#[cfg_attr(
    feature = "json",
    diagnostic::on_unimplemented(
        message = "`{Self}` cannot be written as JSON",
        label = "not a `Serialize`",
        note = "derive `serde::Serialize` for it"
    )
)]
#[cfg_attr(
    not(feature = "json"),
    diagnostic::on_unimplemented(
        message = "`#[aiodal(json)]` needs the feature `json` of aiodal",
        label = "to be written as JSON",
        note = "write `aiodal = {{ version = \"..\", features = [\"json\"] }}` in Cargo.toml"
    )
)]
pub trait ToJson {
    /// Appends the value's JSON.
    ///
    /// # Errors
    ///
    /// What has no form in JSON, a map whose keys are no strings for instance.
    fn to_json(&self, out: &mut BytesMut) -> Result<(), BoxError>;
}

/// What derived code calls ahead of all that needs the same of `T`: each mistake is then reported once.
#[doc(hidden)]
pub const fn is_json<T: ToJson>() {}

/// A value that is written as JSON.
pub(super) struct AsJson<'a, T: ?Sized>(pub(super) &'a T);

pub(super) fn accepts(ty: &Type) -> bool {
    matches!(*ty, Type::JSON | Type::JSONB)
}

impl<T: ToJson + ?Sized> ToSql for AsJson<'_, T> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        if *ty == Type::JSONB {
            // The version of its binary form (jsonb_recv).
            out.put_u8(1);
        }
        self.0.to_json(out)?;
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        accepts(ty)
    }

    to_sql_checked!();
}

impl<T: ?Sized> fmt::Debug for AsJson<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AsJson")
    }
}

#[cfg(feature = "json")]
#[diagnostic::do_not_recommend]
impl<T: serde::Serialize + ?Sized> ToJson for T {
    fn to_json(&self, out: &mut BytesMut) -> Result<(), BoxError> {
        Ok(serde_json::to_writer(out.writer(), self)?)
    }
}
