//! Writing values for COPY.

use memchr::memchr;

use crate::bulk::convert::{Converter, Defer};

/// Appends a value of a binary tuple: its length, and what a converter makes of its text.
pub(super) fn converted(
    out: &mut Vec<u8>,
    converter: &Converter,
    text: &[u8],
) -> Result<(), Defer> {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    converter.convert(text, out)?;
    let length = i32::try_from(out.len() - at - 4).map_err(|_too_long| Defer)?;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// Appends a value of CSV, in quotes.
pub(super) fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let mut rest = text;
    while let Some(quote) = memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=quote]);
        out.push(b'"');
        rest = &rest[quote + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}
