//! Booleans.

/// Any of the server's words, unless they are shortened by less than all but a letter.
pub(super) fn convert(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let value = match text {
        [b't' | b'T' | b'y' | b'Y' | b'1'] => true,
        [b'f' | b'F' | b'n' | b'N' | b'0'] => false,
        _ => word(text)?,
    };
    out.push(u8::from(value));
    Some(())
}

fn word(text: &[u8]) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word.as_bytes());
    if is("true") || is("yes") || is("on") {
        Some(true)
    } else if is("false") || is("no") || is("off") {
        Some(false)
    } else {
        None
    }
}
