//! UUIDs, with hyphens in the usual places or without any.

use super::bytea::NIBBLES;

/// Where the pairs of digits begin.
const HYPHENATED: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const PLAIN: [usize; 16] = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30];

pub(super) fn convert(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let pairs = match text.len() {
        36 if [8, 13, 18, 23].iter().all(|hyphen| text[*hyphen] == b'-') => HYPHENATED,
        32 => PLAIN,
        _ => return None,
    };
    let mut seen = 0;
    let bytes = pairs.map(|place| {
        let high = NIBBLES[usize::from(text[place])];
        let low = NIBBLES[usize::from(text[place + 1])];
        seen |= high | low;
        high << 4 | low & 0xF
    });
    out.extend_from_slice(&bytes);
    (seen <= 0xF).then_some(())
}
