//! Integers: a sign and digits. What newer servers take besides, `0x2A` or `1_000`, is theirs.

use super::digits::{sign, up_to_19};

pub(super) fn convert_2(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let number = i16::try_from(read(text)?).ok()?;
    out.extend_from_slice(&number.to_be_bytes());
    Some(())
}

pub(super) fn convert_4(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let number = i32::try_from(read(text)?).ok()?;
    out.extend_from_slice(&number.to_be_bytes());
    Some(())
}

pub(super) fn convert_8(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let number = read(text)?;
    out.extend_from_slice(&number.to_be_bytes());
    Some(())
}

/// Without a sign: the server reads `-1` as the greatest one.
pub(super) fn convert_oid(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let number = u32::try_from(up_to_19(text)?).ok()?;
    out.extend_from_slice(&number.to_be_bytes());
    Some(())
}

#[inline]
fn read(text: &[u8]) -> Option<i64> {
    let (negative, digits) = sign(text);
    let number = up_to_19(digits)?;
    if negative {
        0_i64.checked_sub_unsigned(number)
    } else {
        i64::try_from(number).ok()
    }
}
