//! Dates: with the year first, which is read alike in every session, or with the year last.

use super::Session;
use super::digits::{four, two};

const DAYS_BEFORE: [i32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_IN: [u8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/// The days from 0001-01-01 to 2000-01-01.
const EPOCH: i32 = 730_119;

/// What comes first where the year comes last, which `DateStyle` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Month,
    Day,
    /// The year, or what is not known.
    Year,
}

impl Order {
    pub(super) fn of(session: &Session) -> Order {
        match session.date_style.rsplit(", ").next() {
            Some("MDY") => Order::Month,
            Some("DMY") => Order::Day,
            _ => Order::Year,
        }
    }

    #[inline]
    pub(super) fn convert(self, text: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let days = match self.read(text) {
            Some((days, [])) => days,
            None if text.eq_ignore_ascii_case(b"infinity") => i32::MAX,
            None if text.eq_ignore_ascii_case(b"-infinity") => i32::MIN,
            _ => return None,
        };
        out.extend_from_slice(&days.to_be_bytes());
        Some(())
    }

    /// Reads a date at the beginning: its days since 2000-01-01, and what follows.
    #[inline]
    pub(super) fn read(self, text: &[u8]) -> Option<(i32, &[u8])> {
        match text {
            [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, rest @ ..] => {
                let year = four([*y1, *y2, *y3, *y4])?;
                Some((days(year, two(*m1, *m2)?, two(*d1, *d2)?)?, rest))
            }
            _ => self.read_other(text),
        }
    }

    /// Reads a month or a day of one digit, or a year that comes last.
    #[cold]
    fn read_other(self, text: &[u8]) -> Option<(i32, &[u8])> {
        if let [y1, y2, y3, y4, b'-', rest @ ..] = text {
            let year = four([*y1, *y2, *y3, *y4])?;
            let (month, rest) = one_or_two(rest)?;
            let (day, rest) = one_or_two(rest.strip_prefix(b"-")?)?;
            return Some((days(year, month, day)?, rest));
        }
        let (first, rest) = one_or_two(text)?;
        let (between, rest) = rest.split_first()?;
        let (second, rest) = one_or_two(rest)?;
        let [again, y1, y2, y3, y4, rest @ ..] = rest else {
            return None;
        };
        let (month, day) = match self {
            Order::Month => (first, second),
            Order::Day => (second, first),
            Order::Year => return None,
        };
        if between != again || !matches!(between, b'/' | b'-' | b'.') {
            return None;
        }
        Some((days(four([*y1, *y2, *y3, *y4])?, month, day)?, rest))
    }
}

fn one_or_two(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [tens, ones, rest @ ..] if ones.is_ascii_digit() => Some((two(*tens, *ones)?, rest)),
        [ones, rest @ ..] => Some((two(b'0', *ones)?, rest)),
        [] => None,
    }
}

#[inline]
fn days(year: u16, month: u8, day: u8) -> Option<i32> {
    let place = usize::from(month).checked_sub(1)?;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = DAYS_IN.get(place)? + u8::from(is_leap && month == 2);
    if year == 0 || day == 0 || day > last {
        return None;
    }
    // A year before is counted whole; the leap day of this one if it is behind us.
    let before = i32::from(year) - 1;
    let leaps = before / 4 - before / 100 + before / 400;
    let leap = i32::from(is_leap && month > 2);
    let of_year = DAYS_BEFORE[place] + leap + i32::from(day) - 1;
    Some(before * 365 + leaps + of_year - EPOCH)
}
