//! Dates with a time of day, in a time zone or without one.

use super::date::Order;
use super::digits::two;
use super::{Session, time};

const DAY: i64 = 86_400_000_000;
const SECOND: i64 = 1_000_000;
/// Of an offset, in hours; the server knows none that is longer.
const LONGEST_OFFSET: u8 = 15;

/// The time zone of a timestamp that names none.
#[derive(Clone, Copy, Debug)]
pub(super) enum Zone {
    Utc,
    /// Any other: the server knows when its clocks are changed.
    Other,
}

/// Without a time zone: the server reads past an offset.
#[inline]
pub(super) fn convert(order: Order, text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let time = match read(order, text) {
        Some((time, [])) => time,
        Some((time, rest)) => offset(rest).map(|_| time)?,
        None => infinity(text)?,
    };
    out.extend_from_slice(&time.to_be_bytes());
    Some(())
}

impl Zone {
    pub(super) fn of(session: &Session) -> Zone {
        match session.time_zone.as_str() {
            "UTC" | "Etc/UTC" | "GMT" | "Etc/GMT" => Zone::Utc,
            _ => Zone::Other,
        }
    }

    #[inline]
    pub(super) fn convert(self, order: Order, text: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let time = match (self, read(order, text)) {
            (Zone::Utc, Some((time, []))) => time,
            (Zone::Other, Some((_, []))) => return None,
            (_, Some((time, rest))) => time - offset(rest)?,
            (_, None) => infinity(text)?,
        };
        out.extend_from_slice(&time.to_be_bytes());
        Some(())
    }
}

/// Reads a timestamp at the beginning: its microseconds since 2000-01-01, and what follows.
#[inline]
fn read(order: Order, text: &[u8]) -> Option<(i64, &[u8])> {
    let (days, text) = order.read(text)?;
    let (time, text) = match text {
        [b' ' | b'T', text @ ..] => time::read(text)?,
        [] => (0, text),
        _ => return None,
    };
    Some((i64::from(days) * DAY + time, text))
}

/// Reads an offset from UTC, in microseconds: `Z`, `+02`, `+02:00` or `+0200`.
fn offset(text: &[u8]) -> Option<i64> {
    let (hours, minutes) = match text {
        [b'Z'] => return Some(0),
        [b'+' | b'-', h1, h2] => (two(*h1, *h2)?, 0),
        [b'+' | b'-', h1, h2, m1, m2] | [b'+' | b'-', h1, h2, b':', m1, m2] => {
            (two(*h1, *h2)?, two(*m1, *m2)?)
        }
        _ => return None,
    };
    if hours > LONGEST_OFFSET || minutes > 59 {
        return None;
    }
    let offset = (i64::from(hours) * 3600 + i64::from(minutes) * 60) * SECOND;
    Some(if text[0] == b'-' { -offset } else { offset })
}

#[cold]
fn infinity(text: &[u8]) -> Option<i64> {
    if text.eq_ignore_ascii_case(b"infinity") {
        Some(i64::MAX)
    } else if text.eq_ignore_ascii_case(b"-infinity") {
        Some(i64::MIN)
    } else {
        None
    }
}
