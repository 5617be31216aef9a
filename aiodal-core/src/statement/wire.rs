//! A value as the driver encoded it, before it is known what the server wants.

use std::error::Error as StdError;
use std::fmt;

use bytes::{Bytes, BytesMut};
use tokio_postgres::types::{Format, IsNull, ToSql, Type, WrongType};

use super::convert::convert;
use super::types::without_domains;

/// An encoded value, and the type that it is encoded as.
///
/// It is made from a `&dyn ToSql`, which does not tell its type, when a column's type is known only from the reflection;
/// it is [converted](convert) to the type of the parameter once the server has told that.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub(super) ty: Type,
    pub(super) format: Format,
    /// `None` is null.
    pub(super) bytes: Option<Bytes>,
}

/// What a value may be encoded as where the wanted type does not take it: what [`convert`] can start from.
const PROBES: [Type; 14] = [
    Type::INT4,
    Type::INT8,
    Type::INT2,
    Type::TEXT,
    Type::FLOAT8,
    Type::FLOAT4,
    Type::OID,
    Type::CHAR,
    Type::INT4_ARRAY,
    Type::INT8_ARRAY,
    Type::INT2_ARRAY,
    Type::TEXT_ARRAY,
    Type::FLOAT8_ARRAY,
    Type::FLOAT4_ARRAY,
];

impl Wire {
    /// Encodes a value for a type, or as something that converts to it without loss.
    ///
    /// The error is a reason: why the type does not take the value.
    pub(super) fn encode(value: &(dyn ToSql + Sync), target: &Type) -> Result<Wire, String> {
        let refused = match Wire::encode_as(value, target) {
            Ok(wire) => return Ok(wire),
            Err(Refusal::Type(reason) | Refusal::Value(reason)) => reason,
        };
        let bare = without_domains(target);
        if bare != *target {
            match Wire::encode_as(value, &bare) {
                Ok(wire) => return Ok(wire),
                Err(Refusal::Value(reason)) => return Err(reason),
                Err(Refusal::Type(_)) => {}
            }
        }
        for probe in PROBES {
            if let Ok(wire) = Wire::encode_as(value, &probe) {
                return match convert(&wire, target) {
                    Ok(_) => Ok(wire),
                    Err(Refusal::Value(reason)) => Err(reason),
                    // What names the Rust type says more.
                    Err(Refusal::Type(_)) => Err(refused),
                };
            }
        }
        Err(refused)
    }

    /// Encodes a value as a type that it is known to take.
    pub(super) fn encode_as(value: &(dyn ToSql + Sync), ty: &Type) -> Result<Wire, Refusal> {
        let mut bytes = BytesMut::new();
        match value.to_sql_checked(ty, &mut bytes) {
            Ok(is_null) => Ok(Wire {
                ty: ty.clone(),
                format: value.encode_format(ty),
                bytes: matches!(is_null, IsNull::No).then(|| bytes.freeze()),
            }),
            Err(error) if error.is::<WrongType>() => Err(Refusal::Type(error.to_string())),
            Err(error) => Err(Refusal::Value(reason(&*error))),
        }
    }

    /// Makes one of text that the server shall read as it reads a quoted literal.
    #[cfg(feature = "sea-query")]
    pub(super) fn text(text: Option<&str>) -> Wire {
        Wire {
            ty: Type::TEXT,
            format: Format::Binary,
            bytes: text.map(|text| Bytes::copy_from_slice(text.as_bytes())),
        }
    }

    /// Makes one of an integer.
    pub(super) fn int8(value: i64) -> Wire {
        Wire {
            ty: Type::INT8,
            format: Format::Binary,
            bytes: Some(Bytes::copy_from_slice(&value.to_be_bytes())),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        self.bytes.is_none()
    }
}

/// Why a value was not encoded.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Its Rust type does not go with the type.
    Type(String),
    /// The value itself is the matter.
    Value(String),
}

impl From<String> for Refusal {
    fn from(reason: String) -> Refusal {
        Refusal::Value(reason)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Refusal::Type(reason) | Refusal::Value(reason)) = self;
        f.write_str(reason)
    }
}

/// The whole chain, in one line.
fn reason(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
