//! Values of Rust types in columns of PostgreSQL's.

use std::error::Error;

use aiodal::schema::Table;
use aiodal::types::private::BytesMut;
use aiodal::types::{IsNull, Kind, ToSql, Type, to_sql_checked};
use aiodal::{Result, Transaction};

use super::{plain, table, texts};

const COLUMNS: &str = "
    create type mood as enum ('sad', 'it''s {ok}, \"so\"');
    create domain positive as int check (value > 0);
    create domain name5 as varchar(5);
    create type pair as (n positive, moods mood[]);
    create table t (s smallint, i int, b bigint, o oid, n numeric(30,2), r real, d double precision, t text, v varchar(5),
        c char(3), m mood, p positive, nm name5, ms mood[], ps positive[], bs bigint[], ns numeric[], us uuid[],
        pr pair, prs pair[], u uuid, tz timestamptz, ts timestamp, j jsonb, by bytea, bo bool, iv interval, ip inet,
        da date, rg int4range, pt point)";

type Value = Box<dyn ToSql + Sync + Send>;

/// Inserts a value into a column, and reads it as text.
async fn stored(
    tx: &Transaction,
    t: &Table,
    column: &str,
    value: &(dyn ToSql + Sync),
) -> Result<Option<String>> {
    tx.batch_execute("delete from t").await?;
    t.insert().set(column, value).execute(tx).await?;
    Ok(texts(tx, &format!("select {column}::text from t"))
        .await?
        .remove(0))
}

#[aiodal::test]
async fn values_fit_the_columns_they_can_be_meant_for(tx: &mut Transaction) -> Result<()> {
    let t = table(tx, COLUMNS).await?;
    let odd = "it's {ok}, \"so\"".to_owned();
    let cases: Vec<(&str, Value, &str)> = vec![
        ("s", Box::new(7_i64), "7"),
        ("i", Box::new(7_i16), "7"),
        ("b", Box::new(7_i32), "7"),
        ("b", Box::new(7_u32), "7"),
        ("o", Box::new(7_i32), "7"),
        ("n", Box::new(i64::MIN), "-9223372036854775808.00"),
        ("n", Box::new(9.99_f64), "9.99"),
        ("n", Box::new(0.1_f32), "0.10"),
        ("n", Box::new("12.345"), "12.35"),
        ("r", Box::new(0.1_f64), "0.1"),
        ("d", Box::new(0.5_f32), "0.5"),
        ("d", Box::new(3_i32), "3"),
        ("r", Box::new(-3_i64), "-3"),
        ("t", Box::new("x"), "x"),
        ("v", Box::new("x".to_owned()), "x"),
        ("c", Box::new("x"), "x"),
        ("m", Box::new("sad"), "sad"),
        ("m", Box::new(odd.clone()), "it's {ok}, \"so\""),
        ("p", Box::new(7_i64), "7"),
        ("p", Box::new("7"), "7"),
        ("nm", Box::new("x"), "x"),
        ("ps", Box::new(vec![1_i64, 2]), "{1,2}"),
        ("ps", Box::new(vec![1_i32]), "{1}"),
        ("bs", Box::new(vec![Some(1_i32), None]), "{1,NULL}"),
        ("bs", Box::new(Vec::<i32>::new()), "{}"),
        ("bs", Box::new("{{1,2},{3,4}}"), "{{1,2},{3,4}}"),
        ("ns", Box::new(vec![1_i32, -20_000]), "{1,-20000}"),
        ("ns", Box::new(vec!["1.50", "2"]), "{1.50,2}"),
        ("pr", Box::new("(3,{sad})"), "(3,{sad})"),
        (
            "u",
            Box::new("00000000-0000-0000-0000-000000000007"),
            "00000000-0000-0000-0000-000000000007",
        ),
        (
            "us",
            Box::new(vec!["00000000-0000-0000-0000-000000000007"]),
            "{00000000-0000-0000-0000-000000000007}",
        ),
        ("ts", Box::new("2026-01-02 12:00"), "2026-01-02 12:00:00"),
        ("j", Box::new("{\"a\":1}"), "{\"a\": 1}"),
        ("by", Box::new(vec![1_u8, 2]), "\\x0102"),
        ("bo", Box::new(true), "true"),
        ("iv", Box::new("1 day"), "1 day"),
        ("ip", Box::new("10.0.0.1"), "10.0.0.1/32"),
        ("rg", Box::new("[1,5)"), "[1,5)"),
        ("pt", Box::new("(1,2)"), "(1,2)"),
    ];
    for (column, value, text) in cases {
        let found = stored(tx, &t, column, &*value).await?;
        assert_eq!(
            found.as_deref().map(str::trim),
            Some(text),
            "{column} of {value:?}"
        );
    }
    let moods = vec![Some(odd), None, Some("sad".to_owned())];
    assert_eq!(
        stored(tx, &t, "ms", &moods).await?.as_deref(),
        Some(r#"{"it's {ok}, \"so\"",NULL,sad}"#)
    );
    for column in ["s", "n", "m", "p", "ms", "pr", "u", "tz"] {
        assert_eq!(stored(tx, &t, column, &None::<String>).await?, None);
        assert_eq!(
            stored(tx, &t, column, &None::<i32>).await?,
            None,
            "{column}"
        );
    }
    Ok(())
}

/// An enum and a composite as `#[derive(ToSql)]` of postgres-types makes them.
#[derive(Debug)]
struct Mood(&'static str);

impl ToSql for Mood {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        ty.name() == "mood"
            && matches!(ty.kind(), Kind::Enum(labels) if labels.iter().any(|label| label == "sad"))
    }

    to_sql_checked!();
}

#[derive(Debug)]
struct Pair(i32, Vec<Mood>);

impl ToSql for Pair {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let Kind::Composite(fields) = ty.kind() else {
            return Err("no composite".into());
        };
        out.extend_from_slice(&2_i32.to_be_bytes());
        for (field, value) in fields.iter().zip([&self.0 as &dyn ToSql, &self.1]) {
            let mut bytes = BytesMut::new();
            value.to_sql_checked(field.type_(), &mut bytes)?;
            out.extend_from_slice(&field.type_().oid().to_be_bytes());
            out.extend_from_slice(&i32::try_from(bytes.len())?.to_be_bytes());
            out.extend_from_slice(&bytes);
        }
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        let Kind::Composite(fields) = ty.kind() else {
            return false;
        };
        ty.name() == "pair"
            && <i32 as ToSql>::accepts(fields[0].type_())
            && Vec::<Mood>::accepts(fields[1].type_())
    }

    to_sql_checked!();
}

#[aiodal::test]
async fn derived_enums_and_composites_fit(tx: &mut Transaction) -> Result<()> {
    let t = table(tx, COLUMNS).await?;
    let ok = "it's {ok}, \"so\"";
    let pair = || Pair(3, vec![Mood("sad"), Mood(ok)]);
    t.insert()
        .set("m", &Mood("sad"))
        .set("ms", &vec![Mood(ok)])
        .execute(tx)
        .await?;
    // Its field is of a domain over int, which an i32 alone does not take.
    t.insert()
        .set("pr", &pair())
        .set("prs", &vec![Some(pair()), None])
        .execute(tx)
        .await?;
    let texts = texts(
        tx,
        "select concat_ws(' ', m, ms, pr, prs) from t order by pr nulls first",
    )
    .await?;
    let one = r#"(3,"{sad,""it's {ok}, \\""so\\""""}")"#;
    assert_eq!(texts[0].as_deref(), Some(r#"sad {"it's {ok}, \"so\""}"#));
    assert!(
        texts[1]
            .as_deref()
            .is_some_and(|text| text.starts_with(one)),
        "{texts:?}"
    );
    Ok(())
}

#[aiodal::test]
async fn value_that_does_not_fit_is_refused_with_column_and_types(
    tx: &mut Transaction,
) -> Result<()> {
    let t = table(tx, COLUMNS).await?;
    let cases: [(&str, &(dyn ToSql + Sync), &str); 8] = [
        (
            "s",
            &70_000,
            "column \"s\" is smallint: 70000 is out of the range of int2",
        ),
        ("o", &-1_i64, "-1 is out of the range of oid"),
        (
            "p",
            &i64::MAX,
            "column \"p\" is keys.positive: 9223372036854775807 is out of the range of int4",
        ),
        ("d", &i64::MAX, "is not exact as float8"),
        ("r", &1e300, "out of the range of float4"),
        (
            "t",
            &7,
            "column \"t\" is text: cannot convert between the Rust type `i32` and the Postgres type `text`",
        ),
        ("bs", &7_i64, "column \"bs\" is bigint[]: cannot convert"),
        ("bo", &1_i32, "`bool`"),
    ];
    for (column, value, what) in cases {
        let error = t.insert().set(column, value).execute(tx).await.unwrap_err();
        let error = plain(&error);
        assert!(
            error.starts_with("refused to insert into keys.t: ") && error.contains(what),
            "{error}"
        );
    }
    assert_eq!(t.insert().execute(tx).await?, 1);
    Ok(())
}

#[aiodal::test]
async fn filter_fits_what_the_server_compares_with(tx: &mut Transaction) -> Result<()> {
    let t = table(tx, COLUMNS).await?;
    let values: [(&str, &(dyn ToSql + Sync)); 11] = [
        ("s", &7_i64),
        ("n", &7),
        ("v", &"x"),
        ("c", &"x"),
        ("m", &"sad"),
        ("p", &7_i64),
        ("nm", &"x"),
        ("ms", &vec!["sad"]),
        ("ps", &vec![7_i64]),
        ("u", &"00000000-0000-0000-0000-000000000007"),
        ("tz", &"2026-01-02 12:00Z"),
    ];
    t.insert().values(&values).execute(tx).await?;
    for (column, value) in values {
        assert_eq!(
            t.select().filter(column, value).fetch_all(tx).await?.len(),
            1,
            "{column}"
        );
    }
    Ok(())
}

#[aiodal::test]
async fn type_that_changed_since_the_reflection_still_gets_its_value(
    tx: &mut Transaction,
) -> Result<()> {
    let t = table(
        tx,
        "create type mood as enum ('sad'); create table t (a int, m mood, ms mood[])",
    )
    .await?;
    tx.batch_execute(
        "drop table t; drop type mood; create type mood as enum ('sad'); create table t (a bigint, m mood, ms mood[])",
    )
    .await?;
    let insert = t
        .insert()
        .set("a", &1)
        .set("m", &Mood("sad"))
        .set("ms", &vec![Mood("sad")]);
    assert_eq!(insert.execute(tx).await?, 1);
    Ok(())
}

#[cfg(all(feature = "with-chrono-0_4", feature = "json", feature = "with-uuid-1"))]
#[aiodal::test]
async fn moments_and_json_of_rust_fit_their_columns_only(tx: &mut Transaction) -> Result<()> {
    use sea_query::prelude::serde_json::json;
    use sea_query::prelude::{NaiveDate, Utc, Uuid, chrono::TimeZone as _};

    let t = table(tx, COLUMNS).await?;
    tx.batch_execute("set local time zone 'America/New_York'")
        .await?;
    let noon = Utc
        .with_ymd_and_hms(2026, 1, 2, 12, 0, 0)
        .single()
        .expect("a moment");
    let local = NaiveDate::from_ymd_opt(2026, 1, 2)
        .and_then(|day| day.and_hms_opt(12, 0, 0))
        .expect("a time");
    t.insert()
        .set("tz", &noon)
        .set("ts", &local)
        .set("da", &local.date())
        .set("j", &json!([1]))
        .set("u", &Uuid::nil())
        .execute(tx)
        .await?;
    let found = texts(
        tx,
        "select concat_ws(' ', tz at time zone 'UTC', ts, da, j, u) from t",
    )
    .await?;
    assert_eq!(
        found[0].as_deref(),
        Some(
            "2026-01-02 12:00:00 2026-01-02 12:00:00 2026-01-02 [1] 00000000-0000-0000-0000-000000000000"
        )
    );
    for (column, value) in [
        ("tz", &local as &(dyn ToSql + Sync)),
        ("ts", &noon),
        ("da", &noon),
        ("t", &Uuid::nil()),
    ] {
        let error = t.insert().set(column, value).execute(tx).await.unwrap_err();
        assert!(
            error
                .to_string()
                .contains("cannot convert between the Rust type"),
            "{error}"
        );
    }
    Ok(())
}
