//! Values of each family of types: usual ones, odd ones, and what is none.

use std::sync::LazyLock;

/// Types that are written alike.
#[derive(Clone, Copy, Debug)]
pub(super) enum Family {
    Array(&'static Family),
    Bool,
    Bytea,
    Date,
    Enum,
    Float,
    Integer,
    Interval,
    Json,
    Numeric,
    Text,
    Time,
    Timestamp,
    Uuid,
}

impl Family {
    /// Says whether settings have to do with how they are read.
    pub(super) fn has_settings(self) -> bool {
        use Family::{Array, Date, Interval, Time, Timestamp};
        matches!(self, Array(_) | Date | Interval | Time | Timestamp)
    }
}

/// One value a line, with the escapes of a Rust string for what is not to be seen.
type Values = LazyLock<Vec<Vec<u8>>>;

/// What no type expects.
static ANYWHERE: Values = LazyLock::new(|| read(include_str!("values/anywhere.txt")));
static ARRAY: Values = LazyLock::new(|| read(include_str!("values/array.txt")));
static BOOL: Values = LazyLock::new(|| read(include_str!("values/bool.txt")));
static BYTEA: Values = LazyLock::new(|| read(include_str!("values/bytea.txt")));
static DATE: Values = LazyLock::new(|| read(include_str!("values/date.txt")));
static ENUM: Values = LazyLock::new(|| read(include_str!("values/enum.txt")));
static FLOAT: Values = LazyLock::new(|| read(include_str!("values/float.txt")));
static INTEGER: Values = LazyLock::new(|| read(include_str!("values/integer.txt")));
static INTERVAL: Values = LazyLock::new(|| read(include_str!("values/interval.txt")));
static JSON: Values = LazyLock::new(|| read(include_str!("values/json.txt")));
static NUMERIC: Values = LazyLock::new(|| read(include_str!("values/numeric.txt")));
static TEXT: Values = LazyLock::new(|| read(include_str!("values/text.txt")));
static TIME: Values = LazyLock::new(|| read(include_str!("values/time.txt")));
static TIMESTAMP: Values = LazyLock::new(|| read(include_str!("values/timestamp.txt")));
static UUID: Values = LazyLock::new(|| read(include_str!("values/uuid.txt")));

/// Returns all of a family, and what is of none.
pub(super) fn values(family: Family) -> Vec<Vec<u8>> {
    let mut values = [ANYWHERE.as_slice(), usual(family)].concat();
    if let Family::Array(members) = family {
        for member in usual(*members) {
            values.push([b"{", member.as_slice(), b"}"].concat());
            values.push([b"{NULL,", quoted(member).as_slice(), b"}"].concat());
        }
    }
    values
}

/// Returns those of the family alone.
pub(super) fn usual(family: Family) -> &'static [Vec<u8>] {
    match family {
        Family::Array(_) => &ARRAY,
        Family::Bool => &BOOL,
        Family::Bytea => &BYTEA,
        Family::Date => &DATE,
        Family::Enum => &ENUM,
        Family::Float => &FLOAT,
        Family::Integer => &INTEGER,
        Family::Interval => &INTERVAL,
        Family::Json => &JSON,
        Family::Numeric => &NUMERIC,
        Family::Text => &TEXT,
        Family::Time => &TIME,
        Family::Timestamp => &TIMESTAMP,
        Family::Uuid => &UUID,
    }
}

/// Writes a member of an array as the server would.
pub(super) fn quoted(member: &[u8]) -> Vec<u8> {
    let mut text = vec![b'"'];
    for byte in member {
        if matches!(byte, b'"' | b'\\') {
            text.push(b'\\');
        }
        text.push(*byte);
    }
    text.push(b'"');
    text
}

fn read(lines: &str) -> Vec<Vec<u8>> {
    lines.lines().map(unescape).collect()
}

fn unescape(line: &str) -> Vec<u8> {
    let mut value = Vec::new();
    let mut rest = line.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'\\' {
            value.push(*byte);
            continue;
        }
        let (escape, after) = rest.split_first().expect("something is escaped");
        rest = after;
        value.push(match escape {
            b'\\' => b'\\',
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'x' => {
                let (digits, after) = rest.split_at(2);
                rest = after;
                let digits = str::from_utf8(digits).expect("digits");
                u8::from_str_radix(digits, 16).expect("two digits")
            }
            other => panic!("no escape: {}", char::from(*other)),
        });
    }
    value
}
