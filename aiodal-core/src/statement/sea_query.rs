//! Statements built with sea-query, bound by our own binder.
//!
//! sea-query's values carry a Rust type, not the column's: `1` is an `i32` whatever it is compared with. Sent as what they
//! are, they are refused or, worse, misread; here they convert to the types of the prepared statement's parameters.

use sea_query::{OptionEnum, PostgresQueryBuilder, QueryStatementWriter, Value};
use tokio_postgres::types::{Format, Kind, ToSql, Type};

use super::array::Array;
use super::bound::BoundStatement;
use super::param::Param;
use super::wire::Wire;
use crate::error::{Error, Result};

/// sea-query's statements, with a way to run them.
///
/// ```no_run
/// # async fn example(tx: &aiodal_core::Transaction) -> aiodal_core::Result<()> {
/// use aiodal_core::SeaQuery as _;
/// use sea_query::{Expr, ExprTrait as _, Query};
///
/// let rows = Query::select()
///     .columns(["id", "name"])
///     .from("author")
///     .and_where(Expr::col("born").gt(1900)) // whatever integer "born" is
///     .bind()?
///     .fetch_all(tx)
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// Values of other crates take the features of this one: `with-chrono-0_4`, `with-uuid-1` …
pub trait SeaQuery: QueryStatementWriter {
    /// Renders the statement for PostgreSQL, with its values as parameters.
    ///
    /// # Errors
    ///
    /// A value that no feature of this crate covers, and an array of values of several types. Whether a value goes with
    /// its parameter is seen when the statement is run.
    fn bind(&self) -> Result<BoundStatement>;
}

impl<Q: QueryStatementWriter> SeaQuery for Q {
    fn bind(&self) -> Result<BoundStatement> {
        let (sql, values) = self.build(PostgresQueryBuilder);
        let params = values.0.iter().zip(1..).map(|(value, number)| {
            let what = format!("parameter ${number}");
            match wire(value) {
                Ok(wire) => Ok(Param { wire, what }),
                Err(reason) => Err(Error::refused(
                    "bind values of sea-query",
                    format!("{what}: {reason}"),
                )),
            }
        });
        BoundStatement {
            params: params.collect::<Result<_>>()?,
            sql,
            ..BoundStatement::default()
        }
        .checked()
    }
}

fn wire(value: &Value) -> Result<Wire, String> {
    #[expect(clippy::allow_attributes, reason = "the last arm is reached with some features only")]
    #[allow(unreachable_patterns)]
    match value {
        Value::Bool(value) => native(value, &Type::BOOL),
        Value::TinyInt(value) => native(&value.map(i16::from), &Type::INT2),
        Value::SmallInt(value) => native(value, &Type::INT2),
        Value::Int(value) => native(value, &Type::INT4),
        Value::BigInt(value) => native(value, &Type::INT8),
        Value::TinyUnsigned(value) => native(&value.map(i16::from), &Type::INT2),
        Value::SmallUnsigned(value) => native(&value.map(i32::from), &Type::INT4),
        Value::Unsigned(value) => native(&value.map(i64::from), &Type::INT8),
        Value::BigUnsigned(value) => match value.map(i64::try_from) {
            // For `numeric`; the other integers refuse the text.
            Some(Err(_)) => Ok(text(value.as_ref())),
            Some(Ok(value)) => native(&Some(value), &Type::INT8),
            None => native(&None::<i64>, &Type::INT8),
        },
        Value::Float(value) => native(value, &Type::FLOAT4),
        Value::Double(value) => native(value, &Type::FLOAT8),
        Value::String(value) => Ok(Wire::text(value.as_deref())),
        Value::Enum(OptionEnum::Some(value)) => Ok(Wire::text(Some(&value.value))),
        Value::Enum(OptionEnum::None(_)) => Ok(Wire::text(None)),
        Value::Char(value) => Ok(text(value.as_ref())),
        Value::Bytes(value) => native(value, &Type::BYTEA),
        Value::Array(_, None) => Ok(Wire::text(None)),
        Value::Array(_, Some(values)) => array(values),
        #[cfg(feature = "with-serde_json-1")]
        Value::Json(value) => native(value, &Type::JSON),
        #[cfg(feature = "with-chrono-0_4")]
        Value::ChronoDate(value) => native(value, &Type::DATE),
        #[cfg(feature = "with-chrono-0_4")]
        Value::ChronoTime(value) => native(value, &Type::TIME),
        #[cfg(feature = "with-chrono-0_4")]
        Value::ChronoDateTime(value) => native(value, &Type::TIMESTAMP),
        #[cfg(feature = "with-chrono-0_4")]
        Value::ChronoDateTimeUtc(value) => native(value, &Type::TIMESTAMPTZ),
        #[cfg(feature = "with-chrono-0_4")]
        Value::ChronoDateTimeLocal(value) => native(value, &Type::TIMESTAMPTZ),
        #[cfg(feature = "with-chrono-0_4")]
        Value::ChronoDateTimeWithTimeZone(value) => native(value, &Type::TIMESTAMPTZ),
        #[cfg(feature = "with-time-0_3")]
        Value::TimeDate(value) => native(value, &Type::DATE),
        #[cfg(feature = "with-time-0_3")]
        Value::TimeTime(value) => native(value, &Type::TIME),
        #[cfg(feature = "with-time-0_3")]
        Value::TimeDateTime(value) => native(value, &Type::TIMESTAMP),
        #[cfg(feature = "with-time-0_3")]
        Value::TimeDateTimeWithTimeZone(value) => native(value, &Type::TIMESTAMPTZ),
        #[cfg(feature = "with-jiff-0_2")]
        Value::JiffDate(value) => native(value, &Type::DATE),
        #[cfg(feature = "with-jiff-0_2")]
        Value::JiffTime(value) => native(value, &Type::TIME),
        #[cfg(feature = "with-jiff-0_2")]
        Value::JiffDateTime(value) => native(value, &Type::TIMESTAMP),
        #[cfg(feature = "with-jiff-0_2")]
        Value::JiffTimestamp(value) => native(value, &Type::TIMESTAMPTZ),
        #[cfg(feature = "with-uuid-1")]
        Value::Uuid(value) => native(value, &Type::UUID),
        #[cfg(feature = "with-rust_decimal-1")]
        Value::Decimal(value) => Ok(text(value.as_ref())),
        #[cfg(feature = "with-bigdecimal-0_4")]
        Value::BigDecimal(value) => Ok(text(value.as_deref())),
        _ => Err(
            "it is of another crate: enable the feature of aiodal for that, or cast a string in SQL"
                .into(),
        ),
    }
}

fn native(value: &(impl ToSql + Sync), ty: &Type) -> Result<Wire, String> {
    Wire::encode_as(value, ty).map_err(|refusal| refusal.to_string())
}

/// By its digits: no number is rounded on the way.
fn text(value: Option<&impl ToString>) -> Wire {
    Wire::text(value.map(ToString::to_string).as_deref())
}

fn array(values: &[Value]) -> Result<Wire, String> {
    let wires = values.iter().map(wire).collect::<Result<Vec<_>, _>>()?;
    let mut types = wires
        .iter()
        .filter(|wire| !wire.is_null())
        .map(|wire| &wire.ty);
    // Of nothing but nulls any type is right, and text converts to all.
    let element = types.next().cloned().unwrap_or(Type::TEXT);
    if let Some(other) = types.find(|ty| **ty != element) {
        return Err(format!(
            "its elements are of the types {} and {}",
            element.name(),
            other.name()
        ));
    }
    let elements = wires.into_iter().map(|wire| wire.bytes).collect();
    Ok(Wire {
        bytes: Some(
            Array::of(elements)?.rewrite(element.oid(), |bytes| Ok::<_, String>(bytes.clone()))?,
        ),
        format: Format::Binary,
        ty: array_of(element),
    })
}

/// The driver's type without an OID: only what it is made of is looked at.
fn array_of(element: Type) -> Type {
    const NO_OID: u32 = 0;
    let name = format!("_{}", element.name());
    Type::new(name, NO_OID, Kind::Array(element), "pg_catalog".to_owned())
}
