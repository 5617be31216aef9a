//! Bytes: as `\x` and hexadecimal digits, or as they are.

use super::text::is_ascii;

/// What a byte counts as a hexadecimal digit; anything above 15 is none.
pub(super) static NIBBLES: [u8; 256] = nibbles();

pub(super) fn convert(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    match text {
        [b'\\', b'x', digits @ ..] => convert_hex(digits, out),
        _ if !text.contains(&b'\\') && is_ascii(text) => {
            out.extend_from_slice(text);
            Some(())
        }
        _ => None,
    }
}

fn convert_hex(digits: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (pairs, rest) = digits.as_chunks();
    let mut seen = 0;
    out.extend(pairs.iter().map(|&[high, low]| {
        let (high, low) = (NIBBLES[usize::from(high)], NIBBLES[usize::from(low)]);
        seen |= high | low;
        high << 4 | low & 0xF
    }));
    (seen <= 0xF && rest.is_empty()).then_some(())
}

const fn nibbles() -> [u8; 256] {
    let mut table = [u8::MAX; 256];
    let mut digit = 0;
    while digit < 16 {
        table[b"0123456789abcdef"[digit as usize] as usize] = digit;
        table[b"0123456789ABCDEF"[digit as usize] as usize] = digit;
        digit += 1;
    }
    table
}
