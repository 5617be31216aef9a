//! Values of all kinds, there and back.

use chrono::{DateTime, NaiveDate, Utc};
use drivers::Outcome;
use serde_json::{Value, json};
use uuid::Uuid;

use super::sqlx::postgres::PgPool;
use super::sqlx::{self, Row as _};

/// A type that sqlx asks the server for by its name.
#[derive(Debug, PartialEq)]
struct Feeling(String);

impl sqlx::Type<sqlx::Postgres> for Feeling {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        sqlx::postgres::PgTypeInfo::with_name("mood")
    }
}

impl sqlx::Encode<'_, sqlx::Postgres> for Feeling {
    fn encode_by_ref(
        &self,
        buffer: &mut sqlx::postgres::PgArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        <&str as sqlx::Encode<'_, sqlx::Postgres>>::encode(&self.0, buffer)
    }
}

impl<'r> sqlx::Decode<'r, sqlx::Postgres> for Feeling {
    fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
        Ok(Feeling(value.as_str()?.to_owned()))
    }
}

pub(super) async fn exercise(pool: &PgPool) -> Outcome {
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).ok_or("a date")?;
    let moment = day.and_hms_micro_opt(23, 59, 59, 999_999);
    let moment = moment.ok_or("a time")?.and_utc();
    let document = json!({"a": [1, null, "ü"]});
    sqlx::query(
        "insert into sample (flag, small, whole, big, near, nearer, word, bytes, day, moment, key, document, words, \
         numbers, feeling) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(true)
    .bind(i16::MIN)
    .bind(i32::MAX)
    .bind(i64::MIN)
    .bind(1.5_f32)
    .bind(f64::MIN_POSITIVE)
    .bind("Grüße")
    .bind([0_u8, 1, 0xff].as_slice())
    .bind(day)
    .bind(moment)
    .bind(Uuid::from_u128(7))
    .bind(&document)
    .bind(vec![Some("a"), None])
    .bind(vec![1, -2])
    .bind(Feeling("ok".to_owned()))
    .execute(pool)
    .await?;
    let row = sqlx::query("select * from sample").fetch_one(pool).await?;
    assert!(row.try_get::<bool, _>("flag")?);
    assert_eq!(row.try_get::<i16, _>("small")?, i16::MIN);
    assert_eq!(row.try_get::<i32, _>("whole")?, i32::MAX);
    assert_eq!(row.try_get::<i64, _>("big")?, i64::MIN);
    assert_eq!(row.try_get::<f32, _>("near")?.to_bits(), 1.5_f32.to_bits());
    let nearer: f64 = row.try_get("nearer")?;
    assert_eq!(nearer.to_bits(), f64::MIN_POSITIVE.to_bits());
    assert_eq!(row.try_get::<&str, _>("word")?, "Grüße");
    assert_eq!(row.try_get::<&[u8], _>("bytes")?, [0, 1, 0xff]);
    assert_eq!(row.try_get::<NaiveDate, _>("day")?, day);
    assert_eq!(row.try_get::<DateTime<Utc>, _>("moment")?, moment);
    assert_eq!(row.try_get::<Uuid, _>("key")?, Uuid::from_u128(7));
    assert_eq!(row.try_get::<Value, _>("document")?, document);
    let words: Vec<Option<String>> = row.try_get("words")?;
    assert_eq!(words, [Some("a".to_owned()), None]);
    assert_eq!(row.try_get::<Vec<i32>, _>("numbers")?, [1, -2]);
    let feeling: Feeling = row.try_get("feeling")?;
    assert_eq!(feeling, Feeling("ok".to_owned()));
    Ok(())
}
