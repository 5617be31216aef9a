//! Values in PostgreSQL's text form, made of their binary form.

use std::fmt::Write as _;

use tokio_postgres::types::{Kind, Type};

use super::bytes::Bytes;
use super::{calendar, network, numeric};
use crate::error::BoxError;

/// How values of a type are written.
#[derive(Debug)]
pub(in crate::row) enum Text {
    /// The binary form is the text.
    Plain,
    Char,
    Int4,
    Int8,
    /// `oid`, `xid`, `cid`.
    Unsigned4,
    /// `xid8`.
    Unsigned8,
    Numeric,
    Bytea,
    Uuid,
    Date,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
    Interval,
    /// `inet` and `cidr`.
    Network,
    /// `macaddr` and `macaddr8`.
    Mac,
    /// `bit` and `varbit`.
    Bits,
    Lsn,
    Tid,
    Range(Box<Text>),
    Multirange(Box<Text>),
}

impl Text {
    /// Finds the way for a type.
    ///
    /// # Errors
    ///
    /// The type that there is none for: this one, or one that it is made of.
    pub(super) fn of(ty: &Type) -> Result<Text, Type> {
        Ok(match *ty {
            Type::TEXT
            | Type::VARCHAR
            | Type::BPCHAR
            | Type::NAME
            | Type::UNKNOWN
            | Type::CSTRING
            | Type::XML
            | Type::VOID => Text::Plain,
            Type::CHAR => Text::Char,
            Type::INT4 => Text::Int4,
            Type::INT8 => Text::Int8,
            Type::OID | Type::XID | Type::CID => Text::Unsigned4,
            Type::XID8 => Text::Unsigned8,
            Type::NUMERIC => Text::Numeric,
            Type::BYTEA => Text::Bytea,
            Type::UUID => Text::Uuid,
            Type::DATE => Text::Date,
            Type::TIME => Text::Time,
            Type::TIMETZ => Text::TimeTz,
            Type::TIMESTAMP => Text::Timestamp,
            Type::TIMESTAMPTZ => Text::TimestampTz,
            Type::INTERVAL => Text::Interval,
            Type::INET | Type::CIDR => Text::Network,
            Type::MACADDR | Type::MACADDR8 => Text::Mac,
            Type::BIT | Type::VARBIT => Text::Bits,
            Type::PG_LSN => Text::Lsn,
            Type::TID => Text::Tid,
            _ => match ty.kind() {
                Kind::Enum(_) => Text::Plain,
                Kind::Domain(base) => Text::of(base)?,
                Kind::Range(element) => Text::Range(Box::new(Text::of(element)?)),
                // The driver names what the ranges are over, not the ranges.
                Kind::Multirange(element) => Text::Multirange(Box::new(Text::of(element)?)),
                // Wherever the extension was installed to.
                Kind::Simple if ty.name() == "citext" => Text::Plain,
                _ => return Err(ty.clone()),
            },
        })
    }

    /// Reads a value that stands alone: times of a day are separated from it as in ISO 8601.
    pub(super) fn read(&self, raw: &[u8]) -> Result<String, BoxError> {
        let mut out = String::new();
        match self {
            Text::Timestamp => calendar::timestamp(raw, calendar::Style::Iso, false, &mut out)?,
            Text::TimestampTz => calendar::timestamp(raw, calendar::Style::Iso, true, &mut out)?,
            _ => self.write(raw, &mut out)?,
        }
        Ok(out)
    }

    /// Writes a value as the server's output function does.
    fn write(&self, raw: &[u8], out: &mut String) -> Result<(), BoxError> {
        use calendar::Style::Sql;
        match self {
            Text::Plain => out.push_str(std::str::from_utf8(raw)?),
            Text::Char => char(u8::from_be_bytes(Bytes::whole(raw)?), out)?,
            Text::Int4 => write!(out, "{}", i32::from_be_bytes(Bytes::whole(raw)?))?,
            Text::Int8 => write!(out, "{}", i64::from_be_bytes(Bytes::whole(raw)?))?,
            Text::Unsigned4 => write!(out, "{}", u32::from_be_bytes(Bytes::whole(raw)?))?,
            Text::Unsigned8 => write!(out, "{}", u64::from_be_bytes(Bytes::whole(raw)?))?,
            Text::Numeric => numeric::write(raw, out)?,
            Text::Bytea => {
                out.push_str("\\x");
                hex(raw, out)?;
            }
            Text::Uuid => uuid(Bytes::whole(raw)?, out)?,
            Text::Date => calendar::date(raw, out)?,
            Text::Time => calendar::time(raw, out)?,
            Text::TimeTz => calendar::time_tz(raw, out)?,
            Text::Timestamp => calendar::timestamp(raw, Sql, false, out)?,
            Text::TimestampTz => calendar::timestamp(raw, Sql, true, out)?,
            Text::Interval => calendar::interval(raw, out)?,
            Text::Network => network::address(raw, out)?,
            Text::Mac => network::mac(raw, out)?,
            Text::Bits => bits(raw, out)?,
            Text::Lsn => {
                let lsn = u64::from_be_bytes(Bytes::whole(raw)?);
                write!(out, "{:X}/{:X}", lsn >> 32, lsn & 0xffff_ffff)?;
            }
            Text::Tid => {
                let mut bytes = Bytes::new(raw);
                write!(out, "({},{})", bytes.u32()?, bytes.u16()?)?;
            }
            Text::Range(element) => range(element, raw, out)?,
            Text::Multirange(element) => {
                let mut bytes = Bytes::new(raw);
                out.push('{');
                for i in 0..bytes.count()? {
                    out.push_str(if i == 0 { "" } else { "," });
                    let one = bytes.value()?.ok_or("a range in it is null")?;
                    range(element, one, out)?;
                }
                out.push('}');
            }
        }
        Ok(())
    }
}

/// `"char"`: a byte, in octal where it is no ASCII; zero is empty.
fn char(byte: u8, out: &mut String) -> Result<(), BoxError> {
    match byte {
        0 => {}
        1..=127 => out.push(char::from(byte)),
        _ => write!(out, "\\{byte:03o}")?,
    }
    Ok(())
}

fn hex(bytes: &[u8], out: &mut String) -> Result<(), BoxError> {
    for byte in bytes {
        write!(out, "{byte:02x}")?;
    }
    Ok(())
}

fn uuid(bytes: [u8; 16], out: &mut String) -> Result<(), BoxError> {
    let groups = [
        &bytes[..4],
        &bytes[4..6],
        &bytes[6..8],
        &bytes[8..10],
        &bytes[10..],
    ];
    for (i, group) in groups.into_iter().enumerate() {
        out.push_str(if i == 0 { "" } else { "-" });
        hex(group, out)?;
    }
    Ok(())
}

fn bits(raw: &[u8], out: &mut String) -> Result<(), BoxError> {
    let mut bytes = Bytes::new(raw);
    let count = bytes.count()?;
    let packed = bytes.take(count.div_ceil(8))?;
    let bits = packed
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    out.extend(bits.take(count).map(|bit| if bit == 1 { '1' } else { '0' }));
    Ok(())
}

/// A range in the form that it is written in SQL: `[1,5)`, `(,"2024-01-01 00:00:00")`, `empty`.
fn range(element: &Text, raw: &[u8], out: &mut String) -> Result<(), BoxError> {
    // RANGE_EMPTY and its siblings, in utils/rangetypes.h of PostgreSQL.
    const EMPTY: u8 = 0x01;
    const LOWER_INCLUSIVE: u8 = 0x02;
    const UPPER_INCLUSIVE: u8 = 0x04;
    const LOWER_INFINITE: u8 = 0x08;
    const UPPER_INFINITE: u8 = 0x10;
    let mut bytes = Bytes::new(raw);
    let flags = bytes.u8()?;
    let has = |flag| flags & flag != 0;
    if has(EMPTY) {
        out.push_str("empty");
        return Ok(());
    }
    out.push(if has(LOWER_INCLUSIVE) { '[' } else { '(' });
    if !has(LOWER_INFINITE) {
        bound(element, &mut bytes, out)?;
    }
    out.push(',');
    if !has(UPPER_INFINITE) {
        bound(element, &mut bytes, out)?;
    }
    out.push(if has(UPPER_INCLUSIVE) { ']' } else { ')' });
    Ok(())
}

/// In quotes if it could be mistaken (PostgreSQL manual, 8.17.5).
fn bound(element: &Text, bytes: &mut Bytes<'_>, out: &mut String) -> Result<(), BoxError> {
    let mut text = String::new();
    element.write(bytes.value()?.ok_or("a bound of it is null")?, &mut text)?;
    let is_plain =
        |letter: char| !letter.is_ascii_whitespace() && !"\"\\()[],\x0b".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        out.push_str(&text);
        return Ok(());
    }
    out.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            out.push(letter);
        }
        out.push(letter);
    }
    out.push('"');
    Ok(())
}
