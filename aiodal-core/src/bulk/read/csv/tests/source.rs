//! Random dialects, and random sources in them.
//!
//! It stands alone beside the model, so that tests can include both and compare them with a server.

use super::model::Rules;

pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("a small number");
        usize::try_from(self.next() % limit).expect("a small number")
    }

    pub(crate) fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// Returns the number in an environment variable.
pub(crate) fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}

const TEXT: [&[u8]; 12] = [
    b"a",
    b"bc",
    b"1",
    b"22",
    b" ",
    b"\\.",
    b"\\",
    b"NA",
    b"\xC3\xA9",
    b"a long value, without an end in sight for more than sixty-four bytes",
    b"\xFF",
    b"\0",
];

const NUMBERS: [&[u8]; 10] = [
    b"1",
    b"-22",
    b"007",
    b"333333",
    b"",
    b"2147483647",
    b" 4",
    b"+5 ",
    b"2147483648",
    b"x",
];

/// What a source may have besides what is plainly legal.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a trouble of its own"
)]
struct Trouble {
    /// Quotes, escapes and line ends outside of quotes.
    wild: bool,
    /// Records with other numbers of fields.
    ragged: bool,
    /// Lines of `\.`.
    dots: bool,
    /// Values that no server takes.
    bad: bool,
}

/// Makes a source of so many columns, some of numbers.
pub(crate) fn source(random: &mut Random, rules: &Rules, numbers: &[bool]) -> Vec<u8> {
    let ends: &[&[u8]] = match random.below(8) {
        0..4 => &[b"\n"],
        4 => &[b"\r\n"],
        5 => &[b"\r"],
        6 => &[b"\n", b"\r\n"],
        _ => &[b"\n", b"\r\n", b"\r"],
    };
    let trouble = Trouble {
        wild: random.one_in(5),
        ragged: random.one_in(8),
        dots: random.one_in(6),
        bad: random.one_in(5),
    };
    let records = match random.below(8) {
        0 => 0,
        1 => 1,
        _ => random.below(40),
    };
    let mut data = Vec::new();
    for _ in 0..records {
        if trouble.dots && random.one_in(8) {
            data.extend_from_slice(b"\\.");
            data.extend_from_slice(random.of(ends));
            continue;
        }
        let fields = if trouble.ragged && random.one_in(6) {
            random.below(6)
        } else {
            numbers.len()
        };
        for at in 0..fields {
            if at > 0 {
                data.push(rules.delimiter);
            }
            let number = numbers.get(at) == Some(&true);
            field(random, rules, number, &trouble, &mut data);
        }
        data.extend_from_slice(random.of(ends));
    }
    if random.one_in(3) {
        data.pop();
    }
    data
}

fn field(random: &mut Random, rules: &Rules, number: bool, trouble: &Trouble, data: &mut Vec<u8>) {
    if random.one_in(8) {
        data.extend_from_slice(&rules.null);
        return;
    }
    let quoted = random.one_in(3);
    if quoted {
        data.push(rules.quote);
    }
    if number {
        let all = if trouble.bad { 10 } else { 8 };
        data.extend_from_slice(random.of(&NUMBERS[..all]));
    } else {
        for _ in 0..random.below(4) {
            match random.below(if quoted || trouble.wild { 12 } else { 6 }) {
                0..6 => {
                    let all = if trouble.bad { 12 } else { 10 };
                    let value = random.of(&TEXT[..all]);
                    let special = [rules.delimiter, rules.quote, rules.escape];
                    if trouble.wild || !value.iter().any(|byte| special.contains(byte)) {
                        data.extend_from_slice(value);
                    }
                }
                6 | 7 => data.extend_from_slice(&[rules.escape, rules.quote]),
                8 => data.extend_from_slice(&[rules.escape, rules.escape]),
                9 => data.push(rules.delimiter),
                10 => data.push(random.of(b"\n\r")),
                _ if trouble.wild => {
                    data.push(random.of(&[rules.quote, rules.escape, b'\n', b'\r']));
                }
                _ => {}
            }
        }
    }
    if quoted {
        data.push(rules.quote);
    }
}

/// Makes a dialect that is legal.
pub(crate) fn rules(random: &mut Random) -> Rules {
    let mut rules = Rules {
        delimiter: b',',
        quote: b'"',
        escape: b'"',
        null: Vec::new(),
        force_null: false,
        force_not_null: false,
        strict: false,
    };
    rules.delimiter = random.of(b",,,;|\t.\\");
    rules.quote = random.of(b"\"\"\"'\\~");
    rules.escape = random.of(&[rules.quote, rules.quote, b'\\', b'^', rules.delimiter]);
    rules.null = random.of(&["", "", "NA", "\\N", "a"]).as_bytes().to_vec();
    rules.force_null = random.one_in(4);
    rules.force_not_null = random.one_in(4);
    if rules.delimiter == rules.quote || rules.null.contains(&rules.quote) {
        rules.quote = b'"';
    }
    if rules.null.contains(&rules.delimiter) {
        rules.delimiter = b',';
    }
    if rules.quote == b'\\' && rules.delimiter == b'.' {
        rules.delimiter = b',';
    }
    rules
}
