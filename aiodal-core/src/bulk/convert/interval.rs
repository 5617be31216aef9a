//! Intervals: fields with units, the largest first, and a time, as the server writes them by default.

use super::Session;
use super::digits::{sign, two, up_to_19};
use super::time::fraction;

/// No field may have more digits: then nothing overflows.
const LONGEST: usize = 7;
const SECOND: i64 = 1_000_000;

/// What the server keeps of an interval.
#[derive(Clone, Copy, Debug, Default)]
struct Interval {
    microseconds: i64,
    days: i32,
    months: i32,
}

/// The units, in the order in which they have to come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
}

/// Says whether text is read as by default: fields of a modifier say what a number without a unit is, and the SQL standard
/// has one sign for all fields.
pub(super) fn is_known(modifier: i32, session: &Session) -> bool {
    modifier == -1 && session.interval_style == "postgres"
}

pub(super) fn convert(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let interval = read(text)?;
    out.extend_from_slice(&interval.microseconds.to_be_bytes());
    out.extend_from_slice(&interval.days.to_be_bytes());
    out.extend_from_slice(&interval.months.to_be_bytes());
    Some(())
}

fn read(text: &[u8]) -> Option<Interval> {
    let mut interval = Interval::default();
    let mut last = None;
    let mut words = text.split(|byte| *byte == b' ').peekable();
    while let Some(word) = words.next() {
        let (negative, digits) = sign(word);
        if digits.contains(&b':') {
            let time = read_time(digits)?;
            interval.microseconds = if negative { -time } else { time };
            let is_last = words.peek().is_none() && last < Some(Unit::Hour);
            return is_last.then_some(interval);
        }
        if digits.len() > LONGEST {
            return None;
        }
        let number = i32::try_from(up_to_19(digits)?).ok()?;
        let unit = Unit::read(words.next()?)?;
        if last >= Some(unit) {
            return None;
        }
        last = Some(unit);
        interval.add(if negative { -number } else { number }, unit);
    }
    Some(interval)
}

/// Reads hours, minutes and seconds.
fn read_time(text: &[u8]) -> Option<i64> {
    let colon = text.iter().position(|byte| *byte == b':')?;
    let (hours, rest) = text.split_at(colon);
    let [b':', m1, m2, b':', s1, s2, rest @ ..] = rest else {
        return None;
    };
    if hours.len() > LONGEST {
        return None;
    }
    let hours = i64::try_from(up_to_19(hours)?).ok()?;
    let (minutes, seconds) = (two(*m1, *m2)?, two(*s1, *s2)?);
    if minutes > 59 || seconds > 59 {
        return None;
    }
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => fraction(rest)?,
        _ => (0, rest),
    };
    let whole = hours * 3600 + i64::from(minutes) * 60 + i64::from(seconds);
    rest.is_empty()
        .then_some(whole * SECOND + i64::from(fraction))
}

impl Interval {
    fn add(&mut self, number: i32, unit: Unit) {
        match unit {
            Unit::Year => self.months += number * 12,
            Unit::Month => self.months += number,
            Unit::Week => self.days += number * 7,
            Unit::Day => self.days += number,
            Unit::Hour => self.microseconds += i64::from(number) * 3600 * SECOND,
            Unit::Minute => self.microseconds += i64::from(number) * 60 * SECOND,
            Unit::Second => self.microseconds += i64::from(number) * SECOND,
        }
    }
}

impl Unit {
    fn read(word: &[u8]) -> Option<Unit> {
        match word {
            b"year" | b"years" => Some(Unit::Year),
            b"mon" | b"mons" | b"month" | b"months" => Some(Unit::Month),
            b"week" | b"weeks" => Some(Unit::Week),
            b"day" | b"days" => Some(Unit::Day),
            b"hour" | b"hours" => Some(Unit::Hour),
            b"min" | b"mins" | b"minute" | b"minutes" => Some(Unit::Minute),
            b"sec" | b"secs" | b"second" | b"seconds" => Some(Unit::Second),
            _ => None,
        }
    }
}
