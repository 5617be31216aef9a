//! What a flight is, here and in a row of the table.

use std::fmt;

use aiodal::types::{FromSql, ToSql, Type};
use aiodal::{BoxError, FromRow, ToRow};
use jiff::Timestamp;
use jiff::civil::{Date, Time};

/// What tells one flight from all others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, FromRow, ToRow)]
pub struct FlightKey {
    /// The local date at the origin.
    pub day: Date,
    /// The airline's code, `UA` for instance.
    pub carrier: String,
    /// The number under which the airline sells it.
    pub number: i32,
    /// The code of the airport it leaves from.
    pub origin: String,
}

impl FlightKey {
    /// Names a flight.
    #[must_use]
    pub fn new(day: Date, carrier: &str, number: i32, origin: &str) -> FlightKey {
        FlightKey {
            day,
            carrier: carrier.to_owned(),
            number,
            origin: origin.to_owned(),
        }
    }

    /// Returns `$1` to `$4` of a statement that says `(day, carrier, number, origin) = ($1, ..)`.
    pub(crate) fn params(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.day, &self.carrier, &self.number, &self.origin]
    }
}

impl fmt::Display for FlightKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} from {} on {}",
            self.carrier, self.number, self.origin, self.day
        )
    }
}

/// A flight that is going to be scheduled.
#[derive(Debug, Clone, ToRow)]
pub struct NewFlight {
    /// Which flight it is.
    #[aiodal(flatten)]
    pub key: FlightKey,
    /// The code of the airport it goes to.
    pub dest: String,
    /// The plane, if one is assigned already.
    pub tailnum: Option<String>,
    /// When it is scheduled to leave, in the origin's local time.
    pub departs: Time,
    /// When it is scheduled to arrive, in the destination's local time.
    pub arrives: Time,
    /// How far it is.
    pub distance_miles: i32,
}

/// A flight as the database has it: a row of `select * from flights`.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Flight {
    /// Which flight it is.
    #[aiodal(flatten)]
    pub key: FlightKey,
    /// The code of the airport it goes to.
    pub dest: String,
    /// The plane, if one is assigned.
    pub tailnum: Option<String>,
    /// The instant of the scheduled departure.
    pub departs_at: Timestamp,
    /// How far it has come.
    pub status: Status,
    /// Minutes from the scheduled to the actual departure; `None` if it has not departed.
    pub departure_delay: Option<i32>,
    /// Minutes from the scheduled to the actual arrival; `None` if it has not landed.
    pub arrival_delay: Option<i32>,
}

/// The enum `flight_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is going to leave.
    Scheduled,
    /// It has left.
    Departed,
    /// It has arrived.
    Landed,
    /// It has left and did not arrive where, or when, it was expected.
    Diverted,
    /// It is not going to leave.
    Cancelled,
}

impl<'a> FromSql<'a> for Status {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Status, BoxError> {
        match raw {
            b"scheduled" => Ok(Status::Scheduled),
            b"departed" => Ok(Status::Departed),
            b"landed" => Ok(Status::Landed),
            b"diverted" => Ok(Status::Diverted),
            b"cancelled" => Ok(Status::Cancelled),
            other => Err(format!("unknown flight_status `{}`", other.escape_ascii()).into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        ty.name() == "flight_status"
    }
}
