//! Where a byte occurs among 64 of them: bit `i` of an answer is byte `i`.

/// How many bytes are looked at at once.
pub(super) const BLOCK: usize = 64;

/// The bit of a byte among its eight.
const BITS: [u8; BLOCK] = {
    let mut bits = [0; BLOCK];
    let mut at = 0;
    while at < BLOCK {
        bits[at] = 1 << (at % 8);
        at += 1;
    }
    bits
};

/// Returns where the byte is.
#[inline]
pub(super) fn equal(block: &[u8; BLOCK], byte: u8) -> u64 {
    // In this form compilers make few vector instructions of it: two compares and sums for every 16 bytes.
    let mut bits = [0; BLOCK];
    for at in 0..BLOCK {
        bits[at] = if block[at] == byte { BITS[at] } else { 0 };
    }
    let mut eights = [0; BLOCK / 8];
    for (at, eight) in bits.as_chunks::<8>().0.iter().enumerate() {
        eights[at] = eight.iter().fold(0_u8, |sum, bit| sum.wrapping_add(*bit));
    }
    u64::from_le_bytes(eights)
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, equal};

    #[test]
    fn every_byte_is_found_where_it_is() {
        let mut bytes = [0; BLOCK];
        for round in 0..=255_u8 {
            for (at, byte) in bytes.iter_mut().enumerate() {
                let mixed = at.wrapping_mul(usize::from(round) + 7) ^ usize::from(round);
                *byte = mixed.to_le_bytes()[0];
            }
            for wanted in 0..=255 {
                let places = |at: usize| u64::from(bytes[at] == wanted) << at;
                let expected = (0..BLOCK).map(places).sum::<u64>();
                assert_eq!(equal(&bytes, wanted), expected, "{wanted} in {bytes:?}");
            }
        }
    }
}
