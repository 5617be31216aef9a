//! What quoted text stands for.

use std::borrow::Cow;

use crate::tokens::Quoting;

/// Removes the quotes of an identifier; the escapes of `U&".."` stay.
pub(super) fn undoubled(text: &str) -> Cow<'_, str> {
    let inner = text.find('"').map_or(text, |quote| &text[quote + 1..]);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    if inner.contains('"') {
        Cow::Owned(inner.replace("\"\"", "\""))
    } else {
        Cow::Borrowed(inner)
    }
}

/// Returns the value of a string, if it is text and its escapes are right.
pub(super) fn decode(text: &str, quoting: Quoting) -> Option<String> {
    if quoting == Quoting::Dollar {
        let quote = text[1..].find('$')? + 2;
        return Some(text[quote..text.len() - quote].to_owned());
    }
    match quoting {
        Quoting::Plain => Some(parts(text, false).concat()),
        Quoting::Escaped => unescaped(&parts(text, true)),
        Quoting::Unicode => unicode(&parts(text, false).concat()),
        Quoting::Bits | Quoting::Dollar => None,
    }
}

/// The parts of a continued string, without quotes. What `escapes` keep stays behind its backslash.
fn parts(text: &str, escapes: bool) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut inside = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' if inside && chars.peek() == Some(&'\'') => {
                chars.next();
                part.push('\'');
            }
            '\'' => {
                if inside {
                    parts.push(std::mem::take(&mut part));
                }
                inside = !inside;
            }
            '\\' if inside && escapes => {
                part.push(c);
                part.extend(chars.next());
            }
            // Between two parts: a quote in a comment there opens nothing.
            '-' if !inside => {
                chars.find(|c| matches!(c, '\n' | '\r'));
            }
            c if inside => part.push(c),
            _ => {}
        }
    }
    parts
}

/// No escape goes on in the next part, but the bytes of a character may.
fn unescaped(parts: &[String]) -> Option<String> {
    let mut bytes = Vec::new();
    for part in parts {
        unescape(part, &mut bytes)?;
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
}

fn unescape(part: &str, bytes: &mut Vec<u8>) -> Option<()> {
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let escape = after.chars().next()?;
        rest = &after[escape.len_utf8()..];
        match escape {
            'b' => bytes.push(0x08),
            'f' => bytes.push(0x0c),
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            'v' => bytes.push(0x0b),
            '0'..='7' => bytes.push(number(&mut rest, after, 0, 3, 8)?.to_le_bytes()[0]),
            'x' if rest.starts_with(|c: char| c.is_ascii_hexdigit()) => {
                bytes.push(number(&mut rest, after, 1, 2, 16)?.to_le_bytes()[0]);
            }
            // A character may be written as the two halves that UTF-16 has for it.
            'u' | 'U' => {
                let unit = |rest: &mut &'_ str, escape: char| match escape {
                    'u' => exactly(rest, 4),
                    _ => exactly(rest, 8),
                };
                let first = unit(&mut rest, escape)?;
                let second = if is_high(first) {
                    let next = rest.strip_prefix('\\')?;
                    let escape = next.chars().next().filter(|c| matches!(c, 'u' | 'U'))?;
                    rest = &next[1..];
                    Some(unit(&mut rest, escape)?)
                } else {
                    None
                };
                let c = character(first, second)?;
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(())
}

/// The number of at most `most` digits behind the first `skipped` characters of `text`; `rest` begins behind it.
fn number<'a>(
    rest: &mut &'a str,
    text: &'a str,
    skipped: usize,
    most: usize,
    radix: u32,
) -> Option<u32> {
    let digits = &text[skipped..];
    let length = digits
        .bytes()
        .take(most)
        .take_while(|byte| char::from(*byte).is_digit(radix))
        .count();
    *rest = &digits[length..];
    u32::from_str_radix(&digits[..length], radix).ok()
}

fn exactly(rest: &mut &str, length: usize) -> Option<u32> {
    let digits = rest.get(..length)?;
    *rest = &rest[length..];
    let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    all.then(|| u32::from_str_radix(digits, 16).ok())?
}

fn unicode(raw: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('\\') {
            text.push('\\');
            rest = after;
            continue;
        }
        let unit = |rest: &mut &'_ str| match rest.strip_prefix('+') {
            Some(after) => {
                *rest = after;
                exactly(rest, 6)
            }
            None => exactly(rest, 4),
        };
        let first = unit(&mut rest)?;
        let second = if is_high(first) {
            rest = rest.strip_prefix('\\')?;
            Some(unit(&mut rest)?)
        } else {
            None
        };
        text.push(character(first, second)?);
    }
    text.push_str(rest);
    Some(text).filter(|text| !text.contains('\0'))
}

fn is_high(unit: u32) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

fn character(first: u32, second: Option<u32>) -> Option<char> {
    let Some(second) = second else {
        return char::from_u32(first);
    };
    (0xdc00..0xe000)
        .contains(&second)
        .then(|| char::from_u32(0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff)))?
}
