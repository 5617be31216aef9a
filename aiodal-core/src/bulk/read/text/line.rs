//! Where lines of the text format end, and their fields (PostgreSQL source, `copyfromparse.c`: `CopyReadLineText` and
//! `CopyReadAttributesText`).

use memchr::{memchr2, memchr3};

/// What ends a line: the first line decides. Line feeds may have a carriage return before them, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Lf,
    Cr,
}

/// A line at the beginning of some data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// How long it is without its end.
    pub(super) text: usize,
    /// How long it is.
    pub(super) whole: usize,
    /// How many line feeds, escaped by a backslash, lie within.
    pub(super) more: u32,
    /// Whether it has a `\.` that isn't a backslash and a point.
    pub(super) marker: bool,
    /// Whether it ends with a backslash, and so does the source.
    pub(super) dangling: bool,
    /// What it ends with; `None` at the end of the source.
    pub(super) ends: Option<Ends>,
}

/// Finds the first line; `None` if it isn't whole, or at the end if there is none.
pub(super) fn find(data: &[u8], end: bool, ends: Option<Ends>) -> Option<Found> {
    let mut found = Found {
        text: data.len(),
        whole: data.len(),
        more: 0,
        marker: false,
        dangling: false,
        ends: None,
    };
    let mut at = 0;
    loop {
        let next = match ends {
            // A carriage return alone is data, which the server refuses.
            Some(Ends::Lf) => memchr2(b'\n', b'\\', &data[at..]),
            Some(Ends::Cr) => memchr2(b'\r', b'\\', &data[at..]),
            None => memchr3(b'\n', b'\r', b'\\', &data[at..]),
        };
        let Some(next) = next else {
            return (end && !data.is_empty()).then_some(found);
        };
        at += next;
        match data[at] {
            b'\\' => {
                match data.get(at + 1) {
                    None => {
                        found.dangling = true;
                        return end.then_some(found);
                    }
                    Some(b'.') => found.marker = true,
                    Some(b'\n') => found.more += 1,
                    Some(_) => {}
                }
                at += 2;
            }
            b'\n' => {
                found.ends = Some(Ends::Lf);
                found.whole = at + 1;
                found.text = at;
                // An escaped one is of the value, and of two the server has to see both: it refuses them.
                if is_bare_return(&data[..at]) && !is_bare_return(&data[..at - 1]) {
                    found.text = at - 1;
                }
                return Some(found);
            }
            _ => match (ends, data.get(at + 1)) {
                (None, None) if !end => return None,
                (None, Some(b'\n')) => at += 1,
                _ => {
                    found.ends = Some(Ends::Cr);
                    found.text = at;
                    found.whole = at + 1;
                    return Some(found);
                }
            },
        }
    }
}

/// Whether the last byte is a carriage return that no backslash escapes.
fn is_bare_return(data: &[u8]) -> bool {
    let [before @ .., b'\r'] = data else {
        return false;
    };
    let backslashes = before.iter().rev().take_while(|&&byte| byte == b'\\');
    backslashes.count() % 2 == 0
}

/// Returns the fields of a line, as they are written.
pub(super) fn fields(text: &[u8], delimiter: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut at = 0;
        while let Some(next) = memchr2(delimiter, b'\\', &text[at..]) {
            at += next;
            if text[at] == delimiter {
                rest = Some(&text[at + 1..]);
                return Some(&text[..at]);
            }
            at = text.len().min(at + 2);
        }
        rest = None;
        Some(text)
    })
}

/// Returns the value of a field.
pub(super) fn unescape(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut bytes = field.iter().copied().peekable();
    let digit = |byte: Option<&u8>, radix| byte.and_then(|&byte| char::from(byte).to_digit(radix));
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        // A backslash at the end is nothing.
        let Some(escaped) = bytes.next() else {
            break;
        };
        out.push(match escaped {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'0'..=b'7' => {
                let mut value = u32::from(escaped - b'0');
                for _ in 0..2 {
                    let Some(next) = digit(bytes.peek(), 8) else {
                        break;
                    };
                    value = value * 8 + next;
                    bytes.next();
                }
                // The server takes the low bits, too.
                (value & 0xff) as u8
            }
            b'x' if digit(bytes.peek(), 16).is_some() => {
                let mut value = 0;
                for _ in 0..2 {
                    let Some(next) = digit(bytes.peek(), 16) else {
                        break;
                    };
                    value = value * 16 + next;
                    bytes.next();
                }
                (value & 0xff) as u8
            }
            other => other,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(data: &str) -> Vec<(&str, u32)> {
        let mut ends = None;
        let mut rest = data;
        let mut lines = Vec::new();
        while let Some(found) = find(rest.as_bytes(), true, ends) {
            ends = ends.or(found.ends);
            lines.push((&rest[..found.text], found.more));
            rest = &rest[found.whole..];
        }
        assert_eq!(rest, "");
        lines
    }

    #[test]
    fn the_first_line_says_how_lines_end() {
        assert_eq!(lines("a\nb\n"), [("a", 0), ("b", 0)]);
        assert_eq!(lines("a\r\nb\nc"), [("a", 0), ("b", 0), ("c", 0)]);
        assert_eq!(lines("a\nb\r\nc\rd"), [("a", 0), ("b", 0), ("c\rd", 0)]);
        assert_eq!(lines("a\rb\nc\r"), [("a", 0), ("b\nc", 0)]);
        assert_eq!(lines("\n\nx"), [("", 0), ("", 0), ("x", 0)]);
        assert_eq!(lines(""), []);
    }

    #[test]
    fn an_escaped_line_end_is_of_the_value() {
        assert_eq!(lines("a\\\nb\nc"), [("a\\\nb", 1), ("c", 0)]);
        assert_eq!(lines("a\\\\\nb"), [("a\\\\", 0), ("b", 0)]);
        assert_eq!(lines("x\na\\\r\nb"), [("x", 0), ("a\\\r", 0), ("b", 0)]);
        assert_eq!(lines("a\\"), [("a\\", 0)]);
        assert_eq!(lines("x\na\r\r\nb"), [("x", 0), ("a\r\r", 0), ("b", 0)]);
    }

    #[test]
    fn a_line_that_is_not_whole_is_not_found() {
        assert_eq!(find(b"abc", false, None), None);
        assert_eq!(find(b"abc\r", false, None), None);
        assert_eq!(find(b"abc\\", false, Some(Ends::Lf)), None);
        assert_eq!(find(b"abc\\\n", false, Some(Ends::Lf)), None);
    }

    #[test]
    fn a_marker_is_a_point_behind_a_single_backslash() {
        let marker = |data: &[u8]| find(data, true, None).unwrap().marker;
        assert!(marker(b"\\."));
        assert!(marker(b"a\\.\n"));
        assert!(!marker(b"a\\\\.\n"));
        assert!(marker(b"a\\\\\\.\n"));
    }

    #[test]
    fn fields_are_split_at_delimiters_that_are_not_escaped() {
        let split = |text: &'static str| -> Vec<&'static str> {
            fields(text.as_bytes(), b'\t')
                .map(|field| std::str::from_utf8(field).unwrap())
                .collect()
        };
        assert_eq!(split(""), [""]);
        assert_eq!(split("a\tb\\\tc\t"), ["a", "b\\\tc", ""]);
        assert_eq!(split("a\\"), ["a\\"]);
    }

    #[test]
    fn names_are_unescaped_as_values_are() {
        assert_eq!(unescape(br"a\tb\\\101\x41\x4Ag\q\"), b"a\tb\\AAJgq");
        assert_eq!(unescape(br"\xg\08"), b"xg\x008");
    }
}
