//! Values of all kinds, there and back.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use drivers::Outcome;
use serde_json::{Value, json};
use uuid::Uuid;

use super::connect;

pub(super) async fn exercise(url: &str) -> Outcome {
    let (client, other) = (connect(url).await?, connect(url).await?);
    let bytes: &[u8] = &[0, 1, 0xff];
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).ok_or("a date")?;
    let clock = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).ok_or("a time")?;
    let local = day.and_time(clock);
    let moment = local.and_utc();
    let key = Uuid::from_u128(7);
    let document = json!({"a": [1, null, "ü"]});
    let words = vec![Some("a"), None, Some("{\"'\\}")];
    client
        .execute(
            "insert into sample (flag, small, whole, big, near, nearer, word, bytes, day, clock, moment, local, key, \
             document, words, numbers) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            &[
                &true,
                &i16::MIN,
                &i32::MAX,
                &i64::MIN,
                &1.5_f32,
                &f64::MIN_POSITIVE,
                &"Grüße",
                &bytes,
                &day,
                &clock,
                &moment,
                &local,
                &key,
                &document,
                &words,
                &vec![1, -2],
            ],
        )
        .await?;
    let row = other.query_one("select * from sample", &[]).await?;
    assert!(row.get::<_, bool>("flag"));
    assert_eq!(row.get::<_, i16>("small"), i16::MIN);
    assert_eq!(row.get::<_, i32>("whole"), i32::MAX);
    assert_eq!(row.get::<_, i64>("big"), i64::MIN);
    assert_eq!(row.get::<_, f32>("near").to_bits(), 1.5_f32.to_bits());
    let nearer: f64 = row.get("nearer");
    assert_eq!(nearer.to_bits(), f64::MIN_POSITIVE.to_bits());
    assert_eq!(row.get::<_, &str>("word"), "Grüße");
    assert_eq!(row.get::<_, &[u8]>("bytes"), bytes);
    assert_eq!(row.get::<_, NaiveDate>("day"), day);
    assert_eq!(row.get::<_, NaiveTime>("clock"), clock);
    assert_eq!(row.get::<_, DateTime<Utc>>("moment"), moment);
    assert_eq!(row.get::<_, NaiveDateTime>("local"), local);
    assert_eq!(row.get::<_, Uuid>("key"), key);
    assert_eq!(row.get::<_, Value>("document"), document);
    assert_eq!(row.get::<_, Vec<Option<&str>>>("words"), words);
    assert_eq!(row.get::<_, Vec<i32>>("numbers"), [1, -2]);

    // A type that the driver has to look up, with statements of its own.
    let sql = "update sample set feeling = $1::text::mood, feelings = array[$1::text::mood] returning feeling, feelings";
    let row = other.query_one(sql, &[&"ok"]).await?;
    let feeling = row.columns().first().ok_or("a column")?.type_();
    assert_eq!(feeling.name(), "mood");
    Ok(())
}
