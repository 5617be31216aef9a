//! Values that a type is likely to take, in the many ways in which they are written.

use super::random::Random;
use super::values::Family;

/// Returns one; none of the families that have no grammar to speak of.
pub(super) fn plausible(family: Family, random: &mut Random) -> Option<String> {
    match family {
        Family::Date => Some(date(random)),
        Family::Float => Some(float(random)),
        Family::Integer => Some(integer(random)),
        Family::Interval => Some(interval(random)),
        Family::Numeric => Some(numeric(random)),
        Family::Text => Some(text(random)),
        Family::Time => Some(time(random)),
        Family::Timestamp => Some(timestamp(random)),
        _ => None,
    }
}

fn date(random: &mut Random) -> String {
    let year = *random.pick(&[
        1, 4, 100, 400, 1582, 1752, 1899, 1900, 1970, 2000, 2024, 9999,
    ]);
    let year = if random.chance(1, 2) {
        year
    } else {
        random.between(0, 10_000)
    };
    let (month, day) = (random.between(0, 13), random.between(0, 32));
    let mark = *random.pick(&['-', '/', '.']);
    match random.below(8) {
        0 => format!("{month}{mark}{day}{mark}{year:04}"),
        1 => format!("{month:02}{mark}{day:02}{mark}{year:04}"),
        2 => format!("{year:04}{mark}{month}{mark}{day}"),
        _ => format!("{year:04}-{month:02}-{day:02}"),
    }
}

fn time(random: &mut Random) -> String {
    let hours = random.between(0, 24);
    let (minutes, seconds) = (random.between(0, 60), random.between(0, 60));
    let digits = random.between(1, 7);
    let fraction =
        random.below(10_usize.pow(7)) % 10_usize.pow(u32::try_from(digits).expect("few"));
    match random.below(6) {
        0 => format!("{hours}:{minutes:02}"),
        1 => format!("{hours:02}:{minutes:02}"),
        2 => format!("{hours:02}:{minutes:02}:{seconds:02}"),
        3 => format!("{hours}:{minutes:02}:{seconds:02}.{fraction:0digits$}"),
        _ => format!("{hours:02}:{minutes:02}:{seconds:02}.{fraction:0digits$}"),
    }
}

fn timestamp(random: &mut Random) -> String {
    let between = *random.pick(&[" ", "T", "T", "t", "  "]);
    let sign = *random.pick(&['+', '-']);
    let (hours, minutes) = (random.between(0, 16), random.between(0, 60));
    let offset = match random.below(6) {
        0 => String::new(),
        1 => "Z".to_owned(),
        2 => format!("{sign}{hours:02}"),
        3 => format!("{sign}{hours:02}:{minutes:02}"),
        4 => format!("{sign}{hours:02}{minutes:02}"),
        _ => format!("{sign}{hours}"),
    };
    format!("{}{between}{}{offset}", date(random), time(random))
}

fn interval(random: &mut Random) -> String {
    let units = [
        "year", "mon", "month", "week", "day", "hour", "min", "minute", "sec", "second",
    ];
    let mut words = Vec::new();
    for unit in units {
        if random.chance(1, 4) {
            let sign = *random.pick(&["", "", "-", "+"]);
            let most = *random.pick(&[3, 100, 10_000_000]);
            let number = random.below(most);
            let plural = *random.pick(&["s", ""]);
            words.push(format!("{sign}{number} {unit}{plural}"));
        }
    }
    if random.chance(1, 2) {
        let sign = *random.pick(&["", "-", "+"]);
        words.push(format!("{sign}{}", time(random)));
    }
    words.join(" ")
}

fn integer(random: &mut Random) -> String {
    let bits = random.between(1, 64);
    let number = word(random) >> (64 - bits);
    let edges = [1 << 15, 1 << 16, 1 << 31, 1 << 32, 1 << 63, u64::MAX];
    let number = match random.below(3) {
        0 => random.pick(&edges).wrapping_add(number % 3).wrapping_sub(1),
        _ => number,
    };
    let sign = *random.pick(&["", "-", "+", "00", "-0"]);
    format!("{sign}{number}")
}

fn numeric(random: &mut Random) -> String {
    let digits = |most: usize, random: &mut Random| -> String {
        let most = random.between(0, most);
        let zeros = random.chance(1, 3);
        let digit = |_| char::from(*random.pick(if zeros { b"0001" } else { b"0123456789" }));
        (0..most).map(digit).collect()
    };
    let sign = *random.pick(&["", "-", "+"]);
    let most = *random.pick(&[3, 9, 40]);
    let (whole, fraction) = (digits(most, random), digits(most, random));
    let point = if random.chance(1, 5) { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// Numbers of any bits, shortly and at length, and what lies between two neighbours.
fn float(random: &mut Random) -> String {
    let bits = word(random);
    let double = f64::from_bits(bits);
    let single = f32::from_bits(u32::try_from(bits >> 32).expect("32 of them"));
    let middle = f64::midpoint(f64::from(single), f64::from(single.next_up()));
    match random.below(7) {
        0 => format!("{double}"),
        1 => format!("{double:e}"),
        2 => format!("{double:.16e}"),
        3 => format!("{single:e}"),
        4 => format!("{middle:e}"),
        5 => format!("{middle:.80e}"),
        _ => format!("{:.30e}", f64::from_bits(bits >> 12)),
    }
}

fn text(random: &mut Random) -> String {
    let ends = [0x80, 0x800, 0xD800, 0x1_0000, 0x11_0000];
    let any = |_| {
        let end = *random.pick(&ends);
        let code = random.below(end);
        u32::try_from(code)
            .ok()
            .and_then(char::from_u32)
            .unwrap_or(' ')
    };
    let length = 7;
    (0..length).map(any).collect()
}

fn word(random: &mut Random) -> u64 {
    let part = |bits: u64, _| bits << 16 | random.below(1 << 16) as u64;
    (0..4).fold(0, part)
}
