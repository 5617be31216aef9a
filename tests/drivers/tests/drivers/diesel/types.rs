//! Values of all kinds, there and back.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use drivers::Outcome;
use serde_json::{Value, json};
use uuid::Uuid;

diesel::table! {
    use diesel::sql_types::*;
    use super::Mood;

    sample (id) {
        id -> BigInt,
        flag -> Bool,
        small -> SmallInt,
        whole -> Integer,
        big -> BigInt,
        near -> Float,
        nearer -> Double,
        word -> Text,
        bytes -> Binary,
        day -> Date,
        moment -> Timestamptz,
        key -> Uuid,
        document -> Jsonb,
        words -> Array<Nullable<Text>>,
        numbers -> Array<Integer>,
        feeling -> Mood,
    }
}

/// diesel asks the server for the number of a type that it knows by name only.
#[derive(Debug, diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(name = "mood"))]
pub struct Mood;

#[derive(Debug, Clone, PartialEq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Mood)]
struct Feeling(String);

impl diesel::serialize::ToSql<Mood, diesel::pg::Pg> for Feeling {
    fn to_sql<'b>(
        &'b self,
        out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
    ) -> diesel::serialize::Result {
        std::io::Write::write_all(out, self.0.as_bytes())?;
        Ok(diesel::serialize::IsNull::No)
    }
}

impl diesel::deserialize::FromSql<Mood, diesel::pg::Pg> for Feeling {
    fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Feeling> {
        Ok(Feeling(String::from_utf8(value.as_bytes().to_vec())?))
    }
}

#[derive(Debug, Clone, PartialEq, Insertable, Queryable, Selectable)]
#[diesel(table_name = sample)]
struct Sample {
    flag: bool,
    small: i16,
    whole: i32,
    big: i64,
    near: f32,
    nearer: f64,
    word: String,
    bytes: Vec<u8>,
    day: NaiveDate,
    moment: DateTime<Utc>,
    key: Uuid,
    document: Value,
    words: Vec<Option<String>>,
    numbers: Vec<i32>,
    feeling: Feeling,
}

pub(super) fn exercise(connection: &mut PgConnection) -> Outcome {
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).ok_or("a date")?;
    let moment = day.and_hms_micro_opt(23, 59, 59, 999_999);
    let sent = Sample {
        flag: true,
        small: i16::MIN,
        whole: i32::MAX,
        big: i64::MIN,
        near: 1.5,
        nearer: f64::MIN_POSITIVE,
        word: "Grüße".to_owned(),
        bytes: vec![0, 1, 0xff],
        day,
        moment: moment.ok_or("a time")?.and_utc(),
        key: Uuid::from_u128(7),
        document: json!({"a": [1, null, "ü"]}),
        words: vec![Some("a".to_owned()), None],
        numbers: vec![1, -2],
        feeling: Feeling("ok".to_owned()),
    };
    let returned: Sample = diesel::insert_into(sample::table)
        .values(&sent)
        .returning(Sample::as_returning())
        .get_result(connection)?;
    assert_eq!(returned, sent);
    let read = sample::table
        .select(Sample::as_select())
        .first(connection)?;
    assert_eq!(read, sent);
    Ok(())
}
