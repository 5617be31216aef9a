//! The text of values into their binary form, as the server's own input functions would read it.
//!
//! A converter takes what it is sure of. All else it leaves to the server: [`Defer`] is no error, but "send this row as it
//! is". So what is stored, or refused, is always what the server makes of the text. Modifiers, those of `varchar(5)` or
//! `numeric(10,2)`, are applied by the server to binary values, too.
//!
//! It stands alone, so that tests can include it and compare it with a server.

mod array;
mod boolean;
mod bytea;
mod date;
mod digits;
mod float;
mod integer;
mod interval;
mod numeric;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod timestamp;
mod uuid;

use tokio_postgres::types::{Kind, Type};

use self::array::Array;
use self::date::Order;
use self::numeric::Numeric;
use self::text::Text;
use self::timestamp::Zone;

/// What the reading of values depends on, besides their types: settings of the session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// `DateStyle`, as shown: `ISO, MDY`.
    pub(crate) date_style: String,
    /// `IntervalStyle`: `postgres`.
    pub(crate) interval_style: String,
    /// `TimeZone`: `UTC`.
    pub(crate) time_zone: String,
    /// `array_nulls`: `on`. Without it, `NULL` in an array is the text.
    pub(crate) array_nulls: String,
    /// `server_encoding`: `UTF8`.
    pub(crate) server_encoding: String,
    /// `server_version_num`.
    pub(crate) server_version: u32,
}

/// The server has to look at this value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Defer;

/// Turns the text of one column's values into their binary form.
#[derive(Clone, Debug)]
pub(crate) struct Converter(Input);

/// The types whose input is known.
#[derive(Clone, Debug)]
enum Input {
    Array(Box<Array>),
    Bool,
    Bytea,
    Char,
    Date(Order),
    Float4,
    Float8,
    Int2,
    Int4,
    Int8,
    Interval,
    Jsonb(Text),
    Numeric(Numeric),
    Oid,
    Text(Text),
    Time,
    Timestamp(Order),
    Timestamptz(Order, Zone),
    Uuid,
}

impl Converter {
    /// Returns the converter for a type, with its modifier (-1 is none); `None` if every value has to be left to the server.
    pub(crate) fn of(of: &Type, modifier: i32, session: &Session) -> Option<Converter> {
        Input::of(of, modifier, session).map(Converter)
    }

    /// Appends the binary form of a value, without its length.
    ///
    /// After [`Defer`] whatever has been appended is rubbish.
    #[inline]
    pub(crate) fn convert(&self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Defer> {
        let start = out.len();
        match self.0.convert(text, out) {
            Some(()) => Ok(()),
            None => self.0.convert_padded(text, start, out).ok_or(Defer),
        }
    }
}

impl Input {
    fn of(of: &Type, modifier: i32, session: &Session) -> Option<Input> {
        let text = |text: Text| Some(Input::Text(text));
        match *of {
            Type::BOOL => Some(Input::Bool),
            Type::BYTEA => Some(Input::Bytea),
            Type::CHAR => Some(Input::Char),
            Type::DATE => Some(Input::Date(Order::of(session))),
            Type::FLOAT4 => Some(Input::Float4),
            Type::FLOAT8 => Some(Input::Float8),
            Type::INT2 => Some(Input::Int2),
            Type::INT4 => Some(Input::Int4),
            Type::INT8 => Some(Input::Int8),
            Type::INTERVAL => interval::is_known(modifier, session).then_some(Input::Interval),
            Type::JSON | Type::TEXT => text(Text::new(session)),
            Type::JSONB => Some(Input::Jsonb(Text::new(session))),
            Type::NAME => text(Text::name(session)),
            Type::NUMERIC => Some(Input::Numeric(Numeric::new(modifier, session))),
            Type::OID => Some(Input::Oid),
            Type::VARCHAR | Type::BPCHAR => text(Text::of_length(modifier, session)),
            Type::TIME => Some(Input::Time),
            Type::TIMESTAMP => Some(Input::Timestamp(Order::of(session))),
            Type::TIMESTAMPTZ => Some(Input::Timestamptz(Order::of(session), Zone::of(session))),
            Type::UUID => Some(Input::Uuid),
            // Their text is not that of an array.
            Type::INT2_VECTOR | Type::OID_VECTOR => None,
            _ => match of.kind() {
                Kind::Enum(_) => text(Text::new(session)),
                Kind::Array(member) => {
                    Array::of(member, modifier, session).map(|array| Input::Array(Box::new(array)))
                }
                // The modifier is the domain's own, which is not known here.
                Kind::Domain(base) if *base != Type::INTERVAL => Input::of(base, -1, session),
                _ => None,
            },
        }
    }

    #[inline]
    fn convert(&self, text: &[u8], out: &mut Vec<u8>) -> Option<()> {
        match self {
            Input::Array(array) => array.convert(text, out),
            Input::Bool => boolean::convert(text, out),
            Input::Bytea => bytea::convert(text, out),
            Input::Char => text::convert_char(text, out),
            Input::Date(order) => order.convert(text, out),
            Input::Float4 => float::convert_4(text, out),
            Input::Float8 => float::convert_8(text, out),
            Input::Int2 => integer::convert_2(text, out),
            Input::Int4 => integer::convert_4(text, out),
            Input::Int8 => integer::convert_8(text, out),
            Input::Interval => interval::convert(text, out),
            Input::Jsonb(json) => {
                out.push(1);
                json.convert(text, out)
            }
            Input::Numeric(numeric) => numeric.convert(text, out),
            Input::Oid => integer::convert_oid(text, out),
            Input::Text(kind) => kind.convert(text, out),
            Input::Time => time::convert(text, out),
            Input::Timestamp(order) => timestamp::convert(*order, text, out),
            Input::Timestamptz(order, zone) => zone.convert(*order, text, out),
            Input::Uuid => uuid::convert(text, out),
        }
    }

    /// Takes a value with blanks around it, where the server drops them.
    #[cold]
    fn convert_padded(&self, text: &[u8], start: usize, out: &mut Vec<u8>) -> Option<()> {
        let trimmed = text.trim_ascii();
        if trimmed.len() == text.len() || !self.drops_blanks() {
            return None;
        }
        out.truncate(start);
        self.convert(trimmed, out)
    }

    fn drops_blanks(&self) -> bool {
        match self {
            Input::Bool
            | Input::Date(_)
            | Input::Float4
            | Input::Float8
            | Input::Int2
            | Input::Int4
            | Input::Int8
            | Input::Numeric(_)
            | Input::Time
            | Input::Timestamp(_)
            | Input::Timestamptz(..) => true,
            Input::Array(_)
            | Input::Bytea
            | Input::Char
            | Input::Interval
            | Input::Jsonb(_)
            | Input::Oid
            | Input::Text(_)
            | Input::Uuid => false,
        }
    }
}
