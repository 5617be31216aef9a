//! Exact numbers: `numeric`, in groups of four decimal digits around the point (`numeric_send` in PostgreSQL's source).

use super::Session;
use super::digits::{four, sign};

const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const MINUS_INFINITY: u16 = 0xF000;

/// How long a number may be: far less than what the server stores.
const LONGEST: usize = 1_000;

/// Decimal numbers without an exponent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numeric {
    /// How many digits there may be before the point: more of them are for the server to refuse.
    whole: usize,
    /// Infinity is a number since PostgreSQL 14, unless there is a modifier.
    infinite: bool,
}

impl Numeric {
    pub(super) fn new(modifier: i32, session: &Session) -> Numeric {
        let Ok(packed) = u32::try_from(modifier - 4) else {
            return Numeric {
                whole: LONGEST,
                infinite: session.server_version >= 140_000,
            };
        };
        let precision = packed >> 16;
        let scale = packed & 0x7FF;
        // Eleven bits with a sign; the server rounds to a negative scale, and may then refuse.
        let whole = if scale < 0x400 {
            precision.saturating_sub(scale)
        } else {
            precision + (0x800 - scale)
        };
        Numeric {
            whole: usize::try_from(whole).unwrap_or(LONGEST),
            infinite: false,
        }
    }

    #[inline]
    pub(super) fn convert(self, text: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let (negative, digits) = sign(text);
        if digits.is_empty() || digits.len() > LONGEST {
            return None;
        }
        if digits[0].is_ascii_alphabetic() {
            return self.convert_word(text, out);
        }
        let point = digits.iter().position(|byte| *byte == b'.');
        let (whole, fraction) = match point {
            Some(point) => (&digits[..point], &digits[point + 1..]),
            None => (digits, &[][..]),
        };
        if whole.len() + fraction.len() == 0 {
            return None;
        }
        let start = out.len();
        out.extend_from_slice(&[0; 8]);
        let weight = self.write_groups(whole, fraction, out)?;
        while out.len() > start + 8 && out.ends_with(&[0, 0]) {
            out.truncate(out.len() - 2);
        }
        let groups = u16::try_from((out.len() - start - 8) / 2).ok()?;
        let scale = u16::try_from(fraction.len()).ok()?;
        let is_zero = groups == 0;
        let header = Header {
            groups,
            weight: if is_zero { 0 } else { weight },
            sign: if negative && !is_zero { NEGATIVE } else { 0 },
            scale,
        };
        out[start..start + 8].copy_from_slice(&header.bytes());
        Some(())
    }

    /// Writes the digits; returns which power of 10,000 the first group counts.
    #[inline]
    fn write_groups(self, whole: &[u8], fraction: &[u8], out: &mut Vec<u8>) -> Option<i16> {
        let zeros = whole.iter().take_while(|digit| **digit == b'0').count();
        let whole = &whole[zeros..];
        if whole.len() > self.whole {
            return None;
        }
        let (head, groups) = whole.split_at(whole.len() % 4);
        match *head {
            [] => {}
            [a] => write_group([b'0', b'0', b'0', a], out)?,
            [a, b] => write_group([b'0', b'0', a, b], out)?,
            [a, b, c, ..] => write_group([b'0', a, b, c], out)?,
        }
        for group in groups.as_chunks().0 {
            write_group(*group, out)?;
        }
        let mut weight = i16::try_from(whole.len().div_ceil(4)).ok()? - 1;
        let (groups, tail) = fraction.as_chunks();
        let mut groups = groups.iter();
        if whole.is_empty() {
            while groups.as_slice().first() == Some(b"0000") {
                groups.next();
                weight -= 1;
            }
        }
        for group in groups {
            write_group(*group, out)?;
        }
        match *tail {
            [] => {}
            [a] => write_group([a, b'0', b'0', b'0'], out)?,
            [a, b] => write_group([a, b, b'0', b'0'], out)?,
            [a, b, c, ..] => write_group([a, b, c, b'0'], out)?,
        }
        Some(weight)
    }

    #[cold]
    fn convert_word(self, text: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let is = |word: &str| text.eq_ignore_ascii_case(word.as_bytes());
        let sign = if is("NaN") {
            NAN
        } else if self.infinite && is("Infinity") {
            INFINITY
        } else if self.infinite && is("-Infinity") {
            MINUS_INFINITY
        } else {
            return None;
        };
        let header = Header {
            groups: 0,
            weight: 0,
            sign,
            scale: 0,
        };
        out.extend_from_slice(&header.bytes());
        Some(())
    }
}

#[inline]
fn write_group(digits: [u8; 4], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(&four(digits)?.to_be_bytes());
    Some(())
}

struct Header {
    groups: u16,
    weight: i16,
    sign: u16,
    /// How many digits there are after the point.
    scale: u16,
}

impl Header {
    #[inline]
    fn bytes(&self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..2].copy_from_slice(&self.groups.to_be_bytes());
        bytes[2..4].copy_from_slice(&self.weight.to_be_bytes());
        bytes[4..6].copy_from_slice(&self.sign.to_be_bytes());
        bytes[6..].copy_from_slice(&self.scale.to_be_bytes());
        bytes
    }
}
