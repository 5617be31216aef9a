//! SHA-256 of several parts, as text: the same in every process and build.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Adds a part. Its length comes before it, so that moving a boundary between two parts changes the hash.
pub(crate) fn add(hash: &mut Sha256, part: &[u8]) {
    hash.update((part.len() as u64).to_le_bytes());
    hash.update(part);
}

/// Returns the hexadecimal digest of `parts`.
pub(crate) fn digest<T: AsRef<[u8]>>(parts: &[T]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        add(&mut hash, part.as_ref());
    }
    hex(&hash.finalize())
}

/// Returns two hexadecimal digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}
