//! Dates, times and intervals, in ISO 8601's form.

use std::fmt::Write as _;

use super::bytes::Bytes;
use crate::error::BoxError;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How a time of a day is put behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `2024-01-02T03:04:05+00:00`
    Iso,
    /// `2024-01-02 03:04:05+00`
    Sql,
}

pub(super) fn date(raw: &[u8], out: &mut String) -> Result<(), BoxError> {
    match i32::from_be_bytes(Bytes::whole(raw)?) {
        i32::MAX => out.push_str("infinity"),
        i32::MIN => out.push_str("-infinity"),
        days => {
            let is_bc = day(i64::from(days), out)?;
            era(is_bc, out);
        }
    }
    Ok(())
}

/// A point in time, which was sent in UTC, or the time on some clock.
pub(super) fn timestamp(
    raw: &[u8],
    style: Style,
    with_zone: bool,
    out: &mut String,
) -> Result<(), BoxError> {
    match i64::from_be_bytes(Bytes::whole(raw)?) {
        i64::MAX => out.push_str("infinity"),
        i64::MIN => out.push_str("-infinity"),
        micros => {
            let is_bc = day(micros.div_euclid(DAY), out)?;
            out.push(if style == Style::Iso { 'T' } else { ' ' });
            time_of_day(micros.rem_euclid(DAY), out)?;
            out.push_str(match (with_zone, style) {
                (false, _) => "",
                (true, Style::Iso) => "+00:00",
                (true, Style::Sql) => "+00",
            });
            era(is_bc, out);
        }
    }
    Ok(())
}

pub(super) fn time(raw: &[u8], out: &mut String) -> Result<(), BoxError> {
    time_of_day(i64::from_be_bytes(Bytes::whole(raw)?), out)
}

pub(super) fn time_tz(raw: &[u8], out: &mut String) -> Result<(), BoxError> {
    let mut bytes = Bytes::new(raw);
    time_of_day(bytes.i64()?, out)?;
    // PostgreSQL counts seconds west of Greenwich.
    let east = -bytes.i32()?;
    let sign = if east < 0 { '-' } else { '+' };
    let east = east.unsigned_abs();
    let (hours, minutes, seconds) = (east / 3600, east / 60 % 60, east % 60);
    write!(out, "{sign}{hours:02}")?;
    if minutes > 0 || seconds > 0 {
        write!(out, ":{minutes:02}")?;
    }
    if seconds > 0 {
        write!(out, ":{seconds:02}")?;
    }
    Ok(())
}

/// As under `IntervalStyle = iso_8601`: each field has a sign of its own.
pub(super) fn interval(raw: &[u8], out: &mut String) -> Result<(), BoxError> {
    let mut bytes = Bytes::new(raw);
    let (micros, days, months) = (bytes.i64()?, bytes.i32()?, bytes.i32()?);
    match (micros, days, months) {
        (i64::MAX, i32::MAX, i32::MAX) => out.push_str("infinity"),
        (i64::MIN, i32::MIN, i32::MIN) => out.push_str("-infinity"),
        (0, 0, 0) => out.push_str("PT0S"),
        _ => {
            out.push('P');
            field(i64::from(months / 12), 'Y', out)?;
            field(i64::from(months % 12), 'M', out)?;
            field(i64::from(days), 'D', out)?;
            if micros != 0 {
                out.push('T');
                field(micros / HOUR, 'H', out)?;
                field(micros % HOUR / MINUTE, 'M', out)?;
                let rest = micros % MINUTE;
                if rest != 0 {
                    out.push_str(if rest < 0 { "-" } else { "" });
                    let rest = rest.abs();
                    write!(out, "{}", rest / SECOND)?;
                    fraction(rest % SECOND, out)?;
                    out.push('S');
                }
            }
        }
    }
    Ok(())
}

fn field(value: i64, unit: char, out: &mut String) -> Result<(), BoxError> {
    if value != 0 {
        write!(out, "{value}{unit}")?;
    }
    Ok(())
}

fn time_of_day(micros: i64, out: &mut String) -> Result<(), BoxError> {
    let (hours, minutes, seconds) = (micros / HOUR, micros / MINUTE % 60, micros / SECOND % 60);
    write!(out, "{hours:02}:{minutes:02}:{seconds:02}")?;
    fraction(micros % SECOND, out)
}

/// Six digits without the zeros at their end.
fn fraction(micros: i64, out: &mut String) -> Result<(), BoxError> {
    if micros != 0 {
        let digits = format!("{micros:06}");
        write!(out, ".{}", digits.trim_end_matches('0'))?;
    }
    Ok(())
}

fn era(is_bc: bool, out: &mut String) {
    if is_bc {
        out.push_str(" BC");
    }
}

/// Writes a day, counted from 2000-01-01, and says whether it was before Christ.
fn day(days: i64, out: &mut String) -> Result<bool, BoxError> {
    let (year, month, day) = civil(days);
    // There was no year 0.
    let is_bc = year <= 0;
    let year = if is_bc { 1 - year } else { year };
    write!(out, "{year:04}-{month:02}-{day:02}")?;
    Ok(is_bc)
}

/// The Gregorian calendar, in both directions without end: year, month and day.
///
/// Years are taken to begin in March, so that a leap day is the last one of its year.
fn civil(days_since_2000: i64) -> (i64, i64, i64) {
    const YEAR: i64 = 365;
    const FOUR_YEARS: i64 = 4 * YEAR + 1;
    const CENTURY: i64 = 25 * FOUR_YEARS - 1;
    const FOUR_CENTURIES: i64 = 4 * CENTURY + 1;
    // 2000-03-01 is the 60th day on.
    let days = days_since_2000 - 60;
    let (cycle, rest) = (
        days.div_euclid(FOUR_CENTURIES),
        days.rem_euclid(FOUR_CENTURIES),
    );
    // The last day of the cycle, and of each four years, is the leap day: it belongs to what it ends.
    let century = (rest / CENTURY).min(3);
    let rest = rest - century * CENTURY;
    let (four_years, rest) = (rest / FOUR_YEARS, rest % FOUR_YEARS);
    let year = (rest / YEAR).min(3);
    let mut rest = rest - year * YEAR;
    let year = 2000 + 400 * cycle + 100 * century + 4 * four_years + year;
    // From March on.
    let months = [31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 29];
    let mut month = 0;
    while let Some(length) = months.get(month)
        && rest >= *length
    {
        rest -= length;
        month += 1;
    }
    match i64::try_from(month).unwrap_or_default() {
        month @ 0..10 => (year, month + 3, rest + 1),
        month => (year + 1, month - 9, rest + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_followed_by_the_next() {
        let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = |year, month| match month {
            2 => 28 + i64::from(is_leap(year)),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        assert_eq!(civil(0), (2000, 1, 1));
        // Four centuries and a year on both sides: the calendar repeats itself.
        let mut expected = civil(-150_000);
        for days in -150_000..150_000 {
            assert_eq!(civil(days), expected, "{days}");
            let (year, month, day) = expected;
            expected = match (day == length(year, month), month) {
                (false, _) => (year, month, day + 1),
                (true, 12) => (year + 1, 1, 1),
                (true, _) => (year, month + 1, 1),
            };
        }
    }
}
