//! From a value in PostgreSQL's binary form to JSON: the way is settled by the column's type, once.

use serde_json::{Map, Number, Value};
use tokio_postgres::types::{Kind, Type};

use super::bytes::Bytes;
use super::text::Text;
use crate::error::BoxError;

/// How values of a type become JSON.
#[derive(Debug)]
pub(in crate::row) enum Decoder {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Json,
    Jsonb,
    /// A string of the value in its text form.
    Text(Text),
    Array(Box<Decoder>),
    Composite(Vec<(String, Decoder)>),
    /// A row without a type of its own: it says itself what its fields are.
    Record,
}

impl Decoder {
    /// Finds the way for a type.
    ///
    /// # Errors
    ///
    /// The type that there is none for: this one, or one that it is made of.
    pub(in crate::row) fn of(ty: &Type) -> Result<Decoder, Type> {
        let decoder = match *ty {
            Type::BOOL => Decoder::Bool,
            Type::INT2 => Decoder::Int2,
            Type::INT4 => Decoder::Int4,
            Type::INT8 => Decoder::Int8,
            Type::FLOAT4 => Decoder::Float4,
            Type::FLOAT8 => Decoder::Float8,
            Type::JSON => Decoder::Json,
            Type::JSONB => Decoder::Jsonb,
            Type::RECORD => Decoder::Record,
            Type::RECORD_ARRAY => Decoder::Array(Box::new(Decoder::Record)),
            _ => match ty.kind() {
                Kind::Domain(base) => Decoder::of(base)?,
                Kind::Array(element) => Decoder::Array(Box::new(Decoder::of(element)?)),
                Kind::Composite(fields) => {
                    let fields = fields.iter().map(|field| {
                        Decoder::of(field.type_()).map(|decoder| (field.name().to_owned(), decoder))
                    });
                    Decoder::Composite(fields.collect::<Result<_, _>>()?)
                }
                _ => Decoder::Text(Text::of(ty)?),
            },
        };
        Ok(decoder)
    }

    /// Reads a value; `None` is null.
    ///
    /// # Errors
    ///
    /// A value that is not in the form that its type has.
    pub(in crate::row) fn decode(&self, raw: Option<&[u8]>) -> Result<Value, BoxError> {
        let Some(raw) = raw else {
            return Ok(Value::Null);
        };
        Ok(match self {
            Decoder::Bool => Value::Bool(u8::from_be_bytes(Bytes::whole(raw)?) != 0),
            Decoder::Int2 => i16::from_be_bytes(Bytes::whole(raw)?).into(),
            Decoder::Int4 => i32::from_be_bytes(Bytes::whole(raw)?).into(),
            Decoder::Int8 => i64::from_be_bytes(Bytes::whole(raw)?).into(),
            Decoder::Float4 => {
                let float = f32::from_be_bytes(Bytes::whole(raw)?);
                // 0.1 is 0.1 and not 0.10000000149011612, which is as near.
                let shortest = float.to_string().parse();
                number(shortest.unwrap_or_else(|_| f64::from(float)))
            }
            Decoder::Float8 => number(f64::from_be_bytes(Bytes::whole(raw)?)),
            Decoder::Json => serde_json::from_slice(raw)?,
            Decoder::Jsonb => {
                let mut bytes = Bytes::new(raw);
                match bytes.u8()? {
                    1 => serde_json::from_slice(bytes.rest())?,
                    version => return Err(format!("it is jsonb of version {version}").into()),
                }
            }
            Decoder::Text(text) => Value::String(text.read(raw)?),
            Decoder::Array(element) => array(element, raw)?,
            Decoder::Composite(fields) => composite(fields, raw)?,
            Decoder::Record => record(raw)?,
        })
    }
}

/// JSON has no infinities and no NaN; PostgreSQL's words for them are Rust's but for the case.
fn number(float: f64) -> Value {
    match Number::from_f64(float) {
        Some(number) => Value::Number(number),
        None if float.is_nan() => "NaN".into(),
        None if float > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

/// Arrays within arrays for more dimensions; their lower bounds are lost, as on the server.
fn array(element: &Decoder, raw: &[u8]) -> Result<Value, BoxError> {
    let mut bytes = Bytes::new(raw);
    let dimensions = bytes.count()?;
    let _has_nulls = bytes.i32()?;
    let _element_type = bytes.u32()?;
    let mut lengths = Vec::new();
    for _ in 0..dimensions {
        lengths.push(bytes.count()?);
        let _lower_bound = bytes.i32()?;
    }
    if lengths.is_empty() {
        return Ok(Value::Array(Vec::new()));
    }
    nested(element, &lengths, &mut bytes)
}

fn nested(element: &Decoder, lengths: &[usize], bytes: &mut Bytes<'_>) -> Result<Value, BoxError> {
    let Some((length, inner)) = lengths.split_first() else {
        return element.decode(bytes.value()?);
    };
    let elements = (0..*length).map(|_| nested(element, inner, bytes));
    elements.collect::<Result<_, _>>().map(Value::Array)
}

fn composite(fields: &[(String, Decoder)], raw: &[u8]) -> Result<Value, BoxError> {
    let mut bytes = Bytes::new(raw);
    let count = bytes.count()?;
    if count != fields.len() {
        let expected = fields.len();
        return Err(format!("it has {count} fields instead of {expected}; was it altered?").into());
    }
    let mut object = Map::new();
    for (name, decoder) in fields {
        let _type = bytes.u32()?;
        object.insert(name.clone(), decoder.decode(bytes.value()?)?);
    }
    Ok(Value::Object(object))
}

fn record(raw: &[u8]) -> Result<Value, BoxError> {
    let mut bytes = Bytes::new(raw);
    let mut object = Map::new();
    for number in 1..=bytes.count()? {
        let oid = bytes.u32()?;
        let decoder = Type::from_oid(oid).and_then(|ty| Decoder::of(&ty).ok());
        let decoder = decoder.ok_or_else(|| {
            format!(
                "there is no JSON form for field {number} of the row, whose type has the OID {oid}; cast it to text"
            )
        })?;
        object.insert(format!("f{number}"), decoder.decode(bytes.value()?)?);
    }
    Ok(Value::Object(object))
}
