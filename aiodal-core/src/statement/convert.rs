//! Conversions between PostgreSQL's binary forms, without loss.
//!
//! What converts: integers to integers that hold them, to `numeric` and to floats that are equal; floats to the other float
//! (rounded, as an assignment in SQL rounds) and to `numeric`; strings to anything, read by the server as it reads a quoted
//! literal; arrays by their elements, and composite values by their fields. Nothing else: a timestamp without a time zone
//! never becomes one with.

use bytes::{BufMut, Bytes, BytesMut};
use tokio_postgres::types::{Format, Kind, Type};

use super::array::Array;
use super::number;
use super::types::without_domain;
use super::wire::{Refusal, Wire};

/// A value in the form that a parameter of some type takes.
#[derive(Clone, Debug)]
pub(super) struct Converted {
    pub(super) format: Format,
    pub(super) bytes: Option<Bytes>,
}

/// Converts a value to a type.
pub(super) fn convert(wire: &Wire, target: &Type) -> Result<Converted, Refusal> {
    let Some(bytes) = &wire.bytes else {
        return Ok(Converted {
            format: Format::Binary,
            bytes: None,
        });
    };
    if wire.ty == *target || matches!(wire.format, Format::Text) {
        return Ok(Converted {
            format: wire.format,
            bytes: Some(bytes.clone()),
        });
    }
    let base = without_domain(target);
    if let Some(text) = literal(&wire.ty, bytes, base)? {
        return Ok(Converted {
            format: Format::Text,
            bytes: Some(text),
        });
    }
    Ok(Converted {
        format: Format::Binary,
        bytes: Some(binary(&wire.ty, bytes, base)?),
    })
}

/// Returns the text form, where there is a way by text only.
fn literal(source: &Type, bytes: &Bytes, target: &Type) -> Result<Option<Bytes>, Refusal> {
    if is_text(source) {
        return Ok((!is_text(target)).then(|| bytes.clone()));
    }
    if let (Kind::Array(element), Kind::Array(wanted)) = (source.kind(), target.kind()) {
        let wanted = without_domain(wanted);
        if is_text(element) && !is_text(wanted) {
            return Ok(Some(Array::parse(bytes)?.literal(wanted)?));
        }
    }
    if *target == Type::NUMERIC
        && let Some(float) = number::float(source, bytes)
    {
        return Ok(Some(Bytes::from(float.to_string())));
    }
    Ok(None)
}

/// Converts a binary form to another.
fn binary(source: &Type, bytes: &Bytes, target: &Type) -> Result<Bytes, Refusal> {
    let target = without_domain(target);
    if source == target || is_text(source) && is_text(target) {
        return Ok(bytes.clone());
    }
    if let Some(integer) = number::integer(source, bytes) {
        let converted = number::from_integer(integer, target);
        return Ok(converted.ok_or_else(|| mismatch(source, target))??);
    }
    if let Some(float) = number::float(source, bytes) {
        let converted = number::from_float(float, target);
        return Ok(converted.ok_or_else(|| mismatch(source, target))??);
    }
    match (source.kind(), target.kind()) {
        (Kind::Array(element), Kind::Array(wanted)) => {
            Array::parse(bytes)?.rewrite(wanted.oid(), |bytes| binary(element, bytes, wanted))
        }
        (Kind::Composite(fields), Kind::Composite(wanted)) if fields.len() == wanted.len() => {
            let types: Vec<(&Type, &Type)> = (fields.iter().zip(wanted))
                .map(|(field, wanted)| (field.type_(), wanted.type_()))
                .collect();
            record(bytes, &types)
        }
        // The same type of another database that the reflection was read from: only its OID differs.
        (Kind::Simple, Kind::Simple) | (Kind::Enum(_), Kind::Enum(_))
            if source.name() == target.name() && source.schema() == target.schema() =>
        {
            Ok(bytes.clone())
        }
        _ if *source == Type::JSON && *target == Type::JSONB => {
            // The one version there is of its binary form.
            const VERSION: u8 = 1;
            let mut out = BytesMut::with_capacity(bytes.len() + 1);
            out.put_u8(VERSION);
            out.put_slice(bytes);
            Ok(out.freeze())
        }
        _ => Err(mismatch(source, target)),
    }
}

/// Converts the fields of a composite value: a count, then OID, length and bytes of each.
fn record(bytes: &Bytes, types: &[(&Type, &Type)]) -> Result<Bytes, Refusal> {
    const NULL: i32 = -1;
    let mut reader = super::array::Reader(bytes.clone());
    let mut out = BytesMut::with_capacity(bytes.len());
    out.put_i32(reader.int()?);
    for (source, wanted) in types {
        reader.int()?;
        out.put_u32(wanted.oid());
        match reader.value()? {
            None => out.put_i32(NULL),
            Some(field) => {
                let field = binary(source, &field, wanted)?;
                out.put_i32(super::array::length(&field)?);
                out.put_slice(&field);
            }
        }
    }
    Ok(out.freeze())
}

/// Says whether a type's binary form is its text.
pub(super) fn is_text(ty: &Type) -> bool {
    matches!(
        *ty,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN
    ) || ty.name() == "citext"
}

fn mismatch(source: &Type, target: &Type) -> Refusal {
    Refusal::Type(match (source, target) {
        (&Type::TIMESTAMP, &Type::TIMESTAMPTZ) => {
            "a timestamp without a time zone is no moment in time: give one with a zone, such as UTC".into()
        }
        (&Type::TIMESTAMPTZ, &Type::TIMESTAMP) => {
            "a moment in time is a timestamp without a time zone only in some zone: choose it, and give one without".into()
        }
        _ => format!("{} does not convert to {}", source.name(), target.name()),
    })
}
