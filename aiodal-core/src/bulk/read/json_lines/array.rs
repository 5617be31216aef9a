//! Arrays of JSON as array literals (PostgreSQL manual, "Array Input").

use super::scan::{Kind, Scanner, Value, unescape};
use crate::SqlState;
use crate::bulk::read::refuse::Fault;

/// How many dimensions the server allows for.
const MOST: usize = 6;

/// How the elements of an array are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elements {
    pub(super) delimiter: u8,
    /// Whether they are JSON themselves, where a string keeps its quotes.
    pub(super) json: bool,
}

/// Appends the literal of an array, which is known to be right.
///
/// It has as many dimensions as it begins with brackets, as for `json_populate_record` (PostgreSQL source, `jsonfuncs.c`,
/// `populate_array`): arrays below are elements.
pub(super) fn literal(array: &[u8], elements: Elements, out: &mut Vec<u8>) {
    let dimensions = dimensions(array);
    let mut inside = array.iter().filter(|byte| !byte.is_ascii_whitespace());
    if inside.nth(dimensions) == Some(&b']') {
        // Empty within empty: the server doesn't take `{{}}`.
        out.extend_from_slice(b"{}");
        return;
    }
    dimension(array, elements, dimensions, out);
}

fn dimensions(array: &[u8]) -> usize {
    let begins = array.iter().filter(|byte| !byte.is_ascii_whitespace());
    begins.take_while(|&&byte| byte == b'[').count()
}

/// Refuses what is no array of the server's: before version 17 it takes some of them, for empty ones.
pub(super) fn check(array: &[u8]) -> Result<(), Fault> {
    let dimensions = dimensions(array);
    if dimensions > MOST {
        let reason = format!("an array of {dimensions} dimensions, and {MOST} are the most");
        return Err(Fault::new(SqlState::PROGRAM_LIMIT_EXCEEDED, reason));
    }
    // A flat one has no shape to be wrong.
    if dimensions == 1 || is_even(array, &mut vec![None; dimensions]) {
        return Ok(());
    }
    let reason = "a multidimensional array has to have sub-arrays with matching dimensions";
    Err(Fault::new(SqlState::INVALID_TEXT_REPRESENTATION, reason))
}

/// `lengths` are those of the dimensions, as far as they are known.
fn is_even(array: &[u8], lengths: &mut [Option<usize>]) -> bool {
    let Some((known, below)) = lengths.split_first_mut() else {
        return true;
    };
    let (mut length, mut even) = (0, true);
    let read = Scanner::new(array).array(|value| {
        length += 1;
        if !below.is_empty() {
            even &= value.kind == Kind::Array && is_even(value.inner(array), below);
        }
    });
    read.expect("it has been read before");
    even && *known.get_or_insert(length) == length
}

fn dimension(array: &[u8], elements: Elements, below: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut first = true;
    let read = Scanner::new(array).array(|value| {
        if !first {
            out.push(elements.delimiter);
        }
        first = false;
        element(value, array, elements, below - 1, out);
    });
    read.expect("it has been read before");
    out.push(b'}');
}

/// `below` is how many dimensions there are below.
fn element(value: Value, array: &[u8], elements: Elements, below: usize, out: &mut Vec<u8>) {
    let inner = value.inner(array);
    match value.kind {
        Kind::Null => out.extend_from_slice(b"NULL"),
        Kind::Bare => out.extend_from_slice(inner),
        Kind::Array if below > 0 => dimension(inner, elements, below, out),
        Kind::String if elements.json => quoted(value.whole(array), out),
        Kind::String if inner.contains(&b'\\') => {
            let mut said = Vec::with_capacity(inner.len());
            unescape(inner, &mut said);
            quoted(&said, out);
        }
        Kind::Array | Kind::Object | Kind::String => quoted(inner, out),
    }
}

fn quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(array: &str, json: bool) -> String {
        let mut out = Vec::new();
        let delimiter = b',';
        literal(array.as_bytes(), Elements { delimiter, json }, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn elements_are_quoted_where_it_matters() {
        assert_eq!(of("[]", false), "{}");
        assert_eq!(of("[ ]", false), "{}");
        assert_eq!(of("[[ ], []]", false), "{}");
        assert_eq!(of("[1, -2.5,true,null]", false), "{1,-2.5,true,NULL}");
        assert_eq!(
            of(r#"["", "NULL", "a\"b\\c\n{}"]"#, false),
            "{\"\",\"NULL\",\"a\\\"b\\\\c\n{}\"}"
        );
        assert_eq!(of("[[1,2],[3,4]]", false), "{{1,2},{3,4}}");
        assert_eq!(of(r#"["a",[3,4]]"#, false), r#"{"a","[3,4]"}"#);
        assert_eq!(
            of(r#"["a\n", {"b":"c"}, 1]"#, true),
            r#"{"\"a\\n\"","{\"b\":\"c\"}",1}"#
        );
    }

    #[test]
    fn uneven_arrays_are_none() {
        let deep = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for array in [
            "[]",
            "[[]]",
            "[1,[2]]",
            "[[1,2],[3,4]]",
            "[ [[1]], [[null]] ]",
            &deep(6),
        ] {
            assert!(check(array.as_bytes()).is_ok(), "{array}");
        }
        for array in [
            "[[1],2]",
            "[[1],[2,3]]",
            "[[],[1]]",
            "[[[1],[2]],[3,4]]",
            "[[1],null]",
        ] {
            let fault = check(array.as_bytes()).expect_err(array);
            assert_eq!(fault.code, SqlState::INVALID_TEXT_REPRESENTATION);
        }
        let fault = check(deep(100_000).as_bytes()).unwrap_err();
        assert_eq!(fault.code, SqlState::PROGRAM_LIMIT_EXCEEDED);
    }
}
