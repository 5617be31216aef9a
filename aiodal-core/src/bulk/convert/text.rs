//! Text, and what is sent as text: JSON, the labels of enums.

use super::Session;

/// One less than `NAMEDATALEN`: the server cuts off what is longer.
const LONGEST_NAME: usize = 63;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Text that is valid in the server's encoding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    utf8: bool,
    limit: Limit,
}

/// How long it may be; a longer one the server cuts short, or refuses.
#[derive(Clone, Copy, Debug)]
enum Limit {
    None,
    Bytes(usize),
    Characters(usize),
}

impl Text {
    pub(super) fn new(session: &Session) -> Text {
        let utf8 = session.server_encoding == "UTF8";
        let limit = Limit::None;
        Text { utf8, limit }
    }

    pub(super) fn name(session: &Session) -> Text {
        let limit = Limit::Bytes(LONGEST_NAME);
        Text {
            limit,
            ..Text::new(session)
        }
    }

    pub(super) fn of_length(modifier: i32, session: &Session) -> Text {
        let limit = match usize::try_from(modifier - 4) {
            Ok(limit) => Limit::Characters(limit),
            Err(_) => Limit::None,
        };
        Text {
            limit,
            ..Text::new(session)
        }
    }

    #[inline]
    pub(super) fn convert(self, text: &[u8], out: &mut Vec<u8>) -> Option<()> {
        if !self.is_valid(text) || !self.limit.holds(text) {
            return None;
        }
        out.extend_from_slice(text);
        Some(())
    }

    /// Says whether the server takes the bytes for text.
    #[inline]
    pub(super) fn is_valid(self, text: &[u8]) -> bool {
        is_ascii(text) || self.utf8 && is_utf8(text)
    }
}

impl Limit {
    #[inline]
    fn holds(self, text: &[u8]) -> bool {
        match self {
            Limit::None => true,
            Limit::Bytes(limit) => text.len() <= limit,
            Limit::Characters(limit) => text.len() <= limit || characters(text) <= limit,
        }
    }
}

/// `"char"`: a byte.
pub(super) fn convert_char(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    match *text {
        // From PostgreSQL 16 on a backslash begins an octal number.
        [byte @ 1..=0x7F] if byte != b'\\' => {
            out.push(byte);
            Some(())
        }
        _ => None,
    }
}

/// Says whether all bytes are from 1 to 127.
#[inline]
pub(super) fn is_ascii(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else {
        return text.iter().all(|byte| matches!(byte, 1..=0x7F));
    };
    // The last eight overlap with those before.
    let words = text.as_chunks().0.iter().chain([last]);
    let found = words.fold(0, |found, word| {
        let word = u64::from_ne_bytes(*word);
        // Of a byte above 127 the first has the high bit, of a zero the second.
        found | word | word.wrapping_sub(ONES)
    });
    found & HIGHS == 0
}

#[cold]
fn is_utf8(text: &[u8]) -> bool {
    !text.contains(&0) && std::str::from_utf8(text).is_ok()
}

#[cold]
fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| *byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::is_ascii;

    #[test]
    fn only_bytes_from_1_to_127_are_plain_text() {
        for length in 0..20 {
            for byte in 0..=u8::MAX {
                let mut text = vec![1; length];
                assert!(is_ascii(&text));
                for place in 0..length {
                    text[place] = byte;
                    let plain = byte > 0 && byte < 128;
                    assert_eq!(is_ascii(&text), plain, "{text:?}");
                    text[place] = 127;
                }
            }
        }
    }
}
