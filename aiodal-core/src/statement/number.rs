//! Numbers in PostgreSQL's binary forms.

use bytes::{BufMut, Bytes, BytesMut};
use tokio_postgres::types::Type;

/// Reads an integer of any width; `None` for other types.
pub(super) fn integer(source: &Type, bytes: &Bytes) -> Option<i64> {
    let bytes: &[u8] = bytes;
    Some(match *source {
        Type::INT2 => i16::from_be_bytes(bytes.try_into().ok()?).into(),
        Type::INT4 => i32::from_be_bytes(bytes.try_into().ok()?).into(),
        Type::INT8 => i64::from_be_bytes(bytes.try_into().ok()?),
        Type::OID => u32::from_be_bytes(bytes.try_into().ok()?).into(),
        // What Rust's `i8` is encoded as.
        Type::CHAR => i8::from_be_bytes(bytes.try_into().ok()?).into(),
        _ => return None,
    })
}

/// Reads a float; `None` for other types.
///
/// The shorter one is widened by its digits, so that `0.1` stays `0.1` where it becomes text.
pub(super) fn float(source: &Type, bytes: &Bytes) -> Option<Float> {
    let bytes: &[u8] = bytes;
    Some(match *source {
        Type::FLOAT4 => Float::Four(f32::from_be_bytes(bytes.try_into().ok()?)),
        Type::FLOAT8 => Float::Eight(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => return None,
    })
}

/// A float of either width.
#[derive(Clone, Copy, Debug)]
pub(super) enum Float {
    Four(f32),
    Eight(f64),
}

impl std::fmt::Display for Float {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Float::Four(value) => value.fmt(f),
            Float::Eight(value) => value.fmt(f),
        }
    }
}

/// Writes an integer as another number; `None` if the type is no number.
pub(super) fn from_integer(value: i64, target: &Type) -> Option<Result<Bytes, String>> {
    let too_large = || format!("{value} is out of the range of {}", target.name());
    let mut out = BytesMut::new();
    let fits = match *target {
        Type::INT2 => i16::try_from(value).map(|value| out.put_i16(value)).is_ok(),
        Type::INT4 => i32::try_from(value).map(|value| out.put_i32(value)).is_ok(),
        Type::INT8 => {
            out.put_i64(value);
            true
        }
        Type::OID => u32::try_from(value).map(|value| out.put_u32(value)).is_ok(),
        Type::NUMERIC => {
            put_numeric(value, &mut out);
            true
        }
        Type::FLOAT4 | Type::FLOAT8 => return Some(exact(value, target)),
        _ => return None,
    };
    Some(if fits {
        Ok(out.freeze())
    } else {
        Err(too_large())
    })
}

/// Writes an integer as a float that is equal to it.
fn exact(value: i64, target: &Type) -> Result<Bytes, String> {
    // Every integer up to these is exact: 24 and 53 bits of mantissa.
    let limit = if *target == Type::FLOAT4 {
        1 << 24
    } else {
        1 << 53
    };
    if value.unsigned_abs() > limit {
        let name = target.name();
        return Err(format!("{value} is not exact as {name}: give a float"));
    }
    #[expect(clippy::cast_precision_loss, reason = "exact within the limit")]
    Ok(if *target == Type::FLOAT4 {
        Bytes::copy_from_slice(&(value as f32).to_be_bytes())
    } else {
        Bytes::copy_from_slice(&(value as f64).to_be_bytes())
    })
}

/// Writes a float as the other float; `None` if the type is none.
pub(super) fn from_float(value: Float, target: &Type) -> Option<Result<Bytes, String>> {
    let bytes = match (value, target) {
        (Float::Four(value), &Type::FLOAT8) => {
            Bytes::copy_from_slice(&f64::from(value).to_be_bytes())
        }
        (Float::Eight(value), &Type::FLOAT4) => {
            #[expect(clippy::cast_possible_truncation, reason = "checked below")]
            let short = value as f32;
            let overflows = short.is_infinite() && value.is_finite();
            let underflows = short == 0.0 && value != 0.0;
            if overflows || underflows {
                return Some(Err(format!("{value} is out of the range of float4")));
            }
            Bytes::copy_from_slice(&short.to_be_bytes())
        }
        _ => return None,
    };
    Some(Ok(bytes))
}

/// Writes an integer as `numeric`: digits to the base of 10000, most significant first (`numeric_send`).
fn put_numeric(value: i64, out: &mut BytesMut) {
    const BASE: u64 = 10_000;
    const POSITIVE: u16 = 0x0000;
    const NEGATIVE: u16 = 0x4000;
    let mut digits = [0_i16; 5];
    let mut count = 0_i16;
    let mut rest = value.unsigned_abs();
    for digit in digits.iter_mut().rev() {
        if rest == 0 {
            break;
        }
        *digit = i16::try_from(rest % BASE).expect("a digit is less than 10000");
        rest /= BASE;
        count += 1;
    }
    out.put_i16(count);
    out.put_i16((count - 1).max(0));
    out.put_u16(if value < 0 { NEGATIVE } else { POSITIVE });
    out.put_i16(0);
    for digit in &digits[digits.len() - usize::try_from(count).expect("a count")..] {
        out.put_i16(*digit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_become_numeric_digits() {
        let encoded = |value| {
            let mut out = BytesMut::new();
            put_numeric(value, &mut out);
            out.to_vec()
        };
        assert_eq!(encoded(0), [0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(encoded(-1), [0, 1, 0, 0, 0x40, 0, 0, 0, 0, 1]);
        assert_eq!(encoded(10_002), [0, 2, 0, 1, 0, 0, 0, 0, 0, 1, 0, 2]);
        assert_eq!(encoded(i64::MIN).len(), 8 + 10);
    }

    #[test]
    fn integers_keep_their_value_or_are_refused() {
        let to = |value, ty| {
            from_integer(value, &ty)
                .expect("a number")
                .map(|bytes| bytes.to_vec())
        };
        assert_eq!(to(-2, Type::INT2).unwrap(), (-2_i16).to_be_bytes());
        assert!(
            to(40_000, Type::INT2)
                .unwrap_err()
                .contains("40000 is out of the range of int2")
        );
        assert!(to(-1, Type::OID).is_err());
        assert!(to((1 << 53) + 1, Type::FLOAT8).is_err());
        assert_eq!(
            to(1 << 24, Type::FLOAT4).unwrap(),
            16_777_216_f32.to_be_bytes()
        );
        assert!(from_integer(1, &Type::TEXT).is_none());
    }

    #[test]
    fn floats_are_rounded_but_not_to_zero_or_infinity() {
        let to = |value| from_float(Float::Eight(value), &Type::FLOAT4).expect("a float");
        assert_eq!(to(0.1).unwrap().to_vec(), 0.1_f32.to_be_bytes());
        assert!(to(1e300).is_err() && to(1e-300).is_err());
        assert!(to(f64::INFINITY).is_ok());
    }
}
