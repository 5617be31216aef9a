//! `numeric`: digits to the base of 10000.

use std::fmt::Write as _;

use super::bytes::Bytes;
use crate::error::BoxError;

/// Writes all digits that there are, and as many behind the point as the value was given.
pub(super) fn write(raw: &[u8], out: &mut String) -> Result<(), BoxError> {
    // NUMERIC_POS and its siblings, in numeric.c of PostgreSQL.
    const NEGATIVE: u16 = 0x4000;
    const NAN: u16 = 0xC000;
    const INFINITY: u16 = 0xD000;
    const NEGATIVE_INFINITY: u16 = 0xF000;
    let mut bytes = Bytes::new(raw);
    let count = bytes.u16()?;
    // The first group counts this power of the base.
    let weight = i32::from(bytes.i16()?);
    let sign = bytes.u16()?;
    let mut behind_the_point = usize::from(bytes.u16()?);
    match sign {
        NAN => out.push_str("NaN"),
        INFINITY => out.push_str("Infinity"),
        NEGATIVE_INFINITY => out.push_str("-Infinity"),
        _ => {
            let groups: Vec<u16> = (0..count).map(|_| bytes.u16()).collect::<Result<_, _>>()?;
            // Zeros at either end are not sent.
            let group = |power: i32| {
                let index = usize::try_from(weight - power).ok();
                index
                    .and_then(|index| groups.get(index))
                    .copied()
                    .unwrap_or(0)
            };
            if sign == NEGATIVE {
                out.push('-');
            }
            write!(out, "{}", group(weight.max(0)))?;
            for power in (0..weight.max(0)).rev() {
                write!(out, "{:04}", group(power))?;
            }
            if behind_the_point > 0 {
                out.push('.');
            }
            let mut power = -1;
            while behind_the_point > 0 {
                let digits = format!("{:04}", group(power));
                let shown = behind_the_point.min(digits.len());
                out.push_str(&digits[..shown]);
                behind_the_point -= shown;
                power -= 1;
            }
        }
    }
    Ok(())
}
