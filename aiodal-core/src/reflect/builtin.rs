//! The types that are in every database: what `format_type` would say of them, without asking.

use tokio_postgres::types::{Kind, Type};

use super::catalog::FIRST_UNKNOWN_TYPE;
use crate::schema::{IntervalFields, Modifier};

/// Returns a type of the system's by its OID, if the catalogs need not be asked for it.
pub(super) fn builtin(oid: u32) -> Option<Type> {
    (oid < FIRST_UNKNOWN_TYPE)
        .then(|| Type::from_oid(oid))
        .flatten()
}

/// Returns the OID of the elements, of an array.
pub(super) fn element(array: &Type) -> Option<&Type> {
    match array.kind() {
        Kind::Array(element) => Some(element),
        _ => None,
    }
}

/// Returns the OID of the collation of a type's columns: `C` for names, the database's for other text.
pub(super) fn collation(oid: u32) -> u32 {
    match builtin(oid) {
        Some(Type::NAME | Type::NAME_ARRAY) => 950,
        _ => 100,
    }
}

/// Takes a modifier apart.
pub(super) fn modifier(oid: u32, raw: i32) -> Option<Modifier> {
    // The four bytes of a length word that a varlena once had; still in these modifiers.
    const HEADER: i32 = 4;
    if raw < 0 {
        return None;
    }
    let kind = builtin(oid);
    Some(match kind {
        Some(Type::BPCHAR | Type::VARCHAR) => length(raw - HEADER),
        Some(Type::BIT | Type::VARBIT) => length(raw),
        Some(Type::NUMERIC) => numeric(raw - HEADER),
        Some(Type::TIME | Type::TIMETZ | Type::TIMESTAMP | Type::TIMESTAMPTZ) => {
            u8::try_from(raw).map_or(Modifier::Raw(raw), Modifier::Seconds)
        }
        Some(Type::INTERVAL) => interval(raw),
        _ => Modifier::Raw(raw),
    })
}

fn length(raw: i32) -> Modifier {
    u32::try_from(raw).map_or(Modifier::Raw(raw), Modifier::Length)
}

/// Precision in the upper half; the scale in eleven bits of the lower, signed since 15 (`numeric.c`).
fn numeric(raw: i32) -> Modifier {
    let scale = ((raw & 0x7ff) ^ 1024) - 1024;
    match (u16::try_from(raw >> 16), i16::try_from(scale)) {
        (Ok(precision), Ok(scale)) => Modifier::Numeric { precision, scale },
        _ => Modifier::Raw(raw),
    }
}

/// A bit per field in the upper half, all of them for no restriction; digits in the lower (`timestamp.h`).
fn interval(raw: i32) -> Modifier {
    use IntervalFields as F;
    const YEAR: i32 = 1 << 2;
    const MONTH: i32 = 1 << 1;
    const DAY: i32 = 1 << 3;
    const HOUR: i32 = 1 << 10;
    const MINUTE: i32 = 1 << 11;
    const SECOND: i32 = 1 << 12;
    const ALL: i32 = 0x7fff;
    let bits = [
        (YEAR, F::Year),
        (MONTH, F::Month),
        (DAY, F::Day),
        (HOUR, F::Hour),
        (MINUTE, F::Minute),
        (SECOND, F::Second),
        (YEAR | MONTH, F::YearToMonth),
        (DAY | HOUR, F::DayToHour),
        (DAY | HOUR | MINUTE, F::DayToMinute),
        (DAY | HOUR | MINUTE | SECOND, F::DayToSecond),
        (HOUR | MINUTE, F::HourToMinute),
        (HOUR | MINUTE | SECOND, F::HourToSecond),
        (MINUTE | SECOND, F::MinuteToSecond),
    ];
    let mask = (raw >> 16) & ALL;
    let fields = bits.iter().find(|(bits, _)| *bits == mask);
    if fields.is_none() && mask != ALL {
        return Modifier::Raw(raw);
    }
    // Six digits are what there is; 0xffff says that none were asked for.
    let precision = u8::try_from(raw & 0xffff).ok();
    Modifier::Interval {
        fields: fields.map(|(_, fields)| *fields),
        precision,
    }
}

/// Writes a type as `format_type` does.
pub(super) fn sql(kind: &Type, modifier: Option<Modifier>) -> String {
    if let Some(element) = element(kind)
        && kind.name().starts_with('_')
    {
        return format!("{}[]", sql(element, modifier));
    }
    let (name, behind) = match *kind {
        Type::BOOL => ("boolean", ""),
        Type::INT2 => ("smallint", ""),
        Type::INT4 => ("integer", ""),
        Type::INT8 => ("bigint", ""),
        Type::FLOAT4 => ("real", ""),
        Type::FLOAT8 => ("double precision", ""),
        Type::VARCHAR => ("character varying", ""),
        // Without a length these differ from `character` and `bit`, which SQL reads as of length 1.
        Type::BPCHAR if modifier.is_some() => ("character", ""),
        Type::BIT if modifier.is_none() => ("\"bit\"", ""),
        Type::VARBIT => ("bit varying", ""),
        Type::TIME => ("time", " without time zone"),
        Type::TIMETZ => ("time", " with time zone"),
        Type::TIMESTAMP => ("timestamp", " without time zone"),
        Type::TIMESTAMPTZ => ("timestamp", " with time zone"),
        // Key words.
        Type::CHAR => ("\"char\"", ""),
        Type::ANY => ("\"any\"", ""),
        _ => (kind.name(), ""),
    };
    format!(
        "{name}{}{behind}",
        modifier.map_or_else(String::new, parentheses)
    )
}

fn parentheses(modifier: Modifier) -> String {
    match modifier {
        Modifier::Length(length) => format!("({length})"),
        Modifier::Numeric { precision, scale } => format!("({precision},{scale})"),
        Modifier::Seconds(digits) => format!("({digits})"),
        Modifier::Interval { fields, precision } => {
            let digits = precision.map_or_else(String::new, |digits| format!("({digits})"));
            match fields {
                Some(fields) => format!(" {}{digits}", words(fields)),
                None => digits,
            }
        }
        Modifier::Raw(raw) => format!("({raw})"),
    }
}

fn words(fields: IntervalFields) -> &'static str {
    match fields {
        IntervalFields::Year => "year",
        IntervalFields::Month => "month",
        IntervalFields::Day => "day",
        IntervalFields::Hour => "hour",
        IntervalFields::Minute => "minute",
        IntervalFields::Second => "second",
        IntervalFields::YearToMonth => "year to month",
        IntervalFields::DayToHour => "day to hour",
        IntervalFields::DayToMinute => "day to minute",
        IntervalFields::DayToSecond => "day to second",
        IntervalFields::HourToMinute => "hour to minute",
        IntervalFields::HourToSecond => "hour to second",
        IntervalFields::MinuteToSecond => "minute to second",
    }
}
