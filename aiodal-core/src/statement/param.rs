//! A value as the driver takes it: converted when the parameter's type is known.

use std::error::Error as StdError;
use std::fmt;

use bytes::BytesMut;
use tokio_postgres::types::{Format, IsNull, ToSql, Type};

use super::convert::convert;
use super::wire::Wire;

/// A value, and what it is for.
#[derive(Clone)]
pub(super) struct Param {
    pub(super) wire: Wire,
    /// Said in errors: `column "name"`.
    pub(super) what: String,
}

impl Param {
    /// A number that the builder itself needs: a limit, say.
    pub(super) fn int8(value: i64, what: &str) -> Param {
        Param {
            wire: Wire::int8(value),
            what: what.to_owned(),
        }
    }
}

impl ToSql for Param {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        let converted = convert(&self.wire, ty)
            .map_err(|reason| format!("{} ({}): {reason}", self.what, ty.name()))?;
        Ok(match converted.bytes {
            None => IsNull::Yes,
            Some(bytes) => {
                out.extend_from_slice(&bytes);
                IsNull::No
            }
        })
    }

    fn to_sql_checked(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        self.to_sql(ty, out)
    }

    /// Every type: whether the value converts is seen by converting it.
    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, ty: &Type) -> Format {
        convert(&self.wire, ty).map_or(Format::Binary, |converted| converted.format)
    }
}

/// Values are the application's and may be secret.
impl fmt::Debug for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.wire.ty.name())
    }
}
