//! Decimal digits, several at a time.

/// Returns the number that four digits make.
#[inline]
pub(super) fn four(digits: [u8; 4]) -> Option<u16> {
    let word = u32::from_le_bytes(digits) ^ 0x3030_3030;
    if (word | word.wrapping_add(0x0606_0606)) & 0xF0F0_F0F0 != 0 {
        return None;
    }
    // Bytes become pairs, and pairs the number; no step carries into its neighbour.
    let pairs = (word * 10 + (word >> 8)) & 0x00FF_00FF;
    let number = (pairs * 100 + (pairs >> 16)) & 0xFFFF;
    u16::try_from(number).ok()
}

/// Returns the number that two digits make.
#[inline]
pub(super) fn two(tens: u8, ones: u8) -> Option<u8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| tens * 10 + ones)
}

/// Returns the number that up to 19 digits make; one, at least.
#[inline]
pub(super) fn up_to_19(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    let mut number = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number)
}

/// Returns the microseconds of up to six digits after a point; one, at least.
#[inline]
pub(super) fn microseconds(digits: &[u8]) -> Option<u32> {
    if let [a, b, c, d, e, f] = *digits {
        return Some(u32::from(four([a, b, c, d])?) * 100 + u32::from(two(e, f)?));
    }
    if digits.is_empty() || digits.len() > 6 {
        return None;
    }
    let mut padded = [b'0'; 8];
    padded[2..2 + digits.len()].copy_from_slice(digits);
    let (high, low) = padded.split_at(4);
    let high = four(high.try_into().ok()?)?;
    let low = four(low.try_into().ok()?)?;
    Some(u32::from(high) * 10_000 + u32::from(low))
}

/// Splits a sign off.
#[inline]
pub(super) fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_are_a_number_and_nothing_else_is() {
        for number in 0..10_000_u16 {
            let text = format!("{number:04}");
            let digits = text.as_bytes().try_into().expect("four of them");
            assert_eq!(four(digits), Some(number));
        }
        for byte in (0..=u8::MAX).filter(|byte| !byte.is_ascii_digit()) {
            for place in 0..4 {
                for other in [b'0', b'9'] {
                    let mut digits = [other; 4];
                    digits[place] = byte;
                    assert_eq!(four(digits), None, "{digits:?}");
                }
            }
        }
    }

    #[test]
    fn digits_after_a_point_are_microseconds() {
        assert_eq!(microseconds(b"5"), Some(500_000));
        assert_eq!(microseconds(b"000001"), Some(1));
        assert_eq!(microseconds(b"999999"), Some(999_999));
        assert_eq!(microseconds(b"0000001"), None);
        assert_eq!(microseconds(b""), None);
        assert_eq!(microseconds(b"1a"), None);
    }
}
