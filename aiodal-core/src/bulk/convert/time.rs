//! Times of day.

use super::digits::{microseconds, two};

pub(super) fn convert(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (time, rest) = read(text)?;
    out.extend_from_slice(&time.to_be_bytes());
    rest.is_empty().then_some(())
}

/// Reads a time at the beginning: its microseconds since midnight, and what follows. `24:00` and leap seconds, which are
/// times of the next day, are left to the server, and so is what it rounds.
#[inline]
pub(super) fn read(text: &[u8]) -> Option<(i64, &[u8])> {
    let (hours, text) = match text {
        [tens, ones, b':', rest @ ..] => (two(*tens, *ones)?, rest),
        [ones, b':', rest @ ..] => (two(b'0', *ones)?, rest),
        _ => return None,
    };
    let [m1, m2, text @ ..] = text else {
        return None;
    };
    let minutes = two(*m1, *m2)?;
    let (seconds, fraction, text) = match text {
        [b':', s1, s2, b'.', rest @ ..] => {
            let (fraction, rest) = fraction(rest)?;
            (two(*s1, *s2)?, fraction, rest)
        }
        [b':', s1, s2, rest @ ..] => (two(*s1, *s2)?, 0, rest),
        // `10:20.5` is minutes and seconds.
        [b'.', ..] => return None,
        _ => (0, 0, text),
    };
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let whole = i64::from(hours) * 3600 + i64::from(minutes) * 60 + i64::from(seconds);
    Some((whole * 1_000_000 + i64::from(fraction), text))
}

#[inline]
pub(super) fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(digits);
    Some((microseconds(digits)?, rest))
}
