//! Floating-point numbers: the nearest one to a decimal number, as the server's C library finds it, too.

use std::str::FromStr;

pub(super) fn convert_4(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let number: f32 = decimal(text).or_else(|| word(text))?;
    let lost = number == 0.0 && !is_zero(text) || number.is_infinite() && has_digits(text);
    out.extend_from_slice(&number.to_be_bytes());
    (!lost).then_some(())
}

pub(super) fn convert_8(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let number: f64 = decimal(text).or_else(|| word(text))?;
    let lost = number == 0.0 && !is_zero(text) || number.is_infinite() && has_digits(text);
    out.extend_from_slice(&number.to_be_bytes());
    (!lost).then_some(())
}

#[inline]
fn decimal<T: FromStr>(text: &[u8]) -> Option<T> {
    let is_decimal = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
    if text.iter().all(is_decimal) {
        std::str::from_utf8(text).ok()?.parse().ok()
    } else {
        None
    }
}

#[cold]
fn word<T: FromStr>(text: &[u8]) -> Option<T> {
    let is = |word: &str| text.eq_ignore_ascii_case(word.as_bytes());
    let words = ["NaN", "Infinity", "-Infinity", "inf", "-inf"];
    words.into_iter().find(|word| is(word))?.parse().ok()
}

/// Says whether what has become zero was zero: the server refuses what is too small.
fn is_zero(text: &[u8]) -> bool {
    let significand = text.split(|byte| matches!(byte, b'e' | b'E')).next();
    significand.is_some_and(|digits| !digits.iter().any(|digit| matches!(digit, b'1'..=b'9')))
}

/// Says whether what has become infinite was a number: the server refuses what is too large.
fn has_digits(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_digit)
}
