//! Statements of sea-query: what goes wrong with its values elsewhere goes right here.

use aiodal::{Result, SeaQuery as _, Transaction};
use sea_query::{Expr, ExprTrait as _, Query, SimpleExpr, Value};

async fn table(tx: &Transaction) -> Result<()> {
    super::schema_of_its_own(tx).await?;
    tx.batch_execute(
        "create type mood as enum ('sad', 'happy');
         create domain positive as int check (value > 0);
         create table t (id serial, s smallint, i int, b bigint, n numeric, r real, d double precision, txt text,
             m mood, p positive, bs bigint[], ms mood[], ts timestamp, tz timestamptz, j jsonb, u uuid, by bytea)",
    )
    .await
}

async fn insert(
    tx: &Transaction,
    column: &'static str,
    value: impl Into<SimpleExpr>,
) -> Result<u64> {
    let mut query = Query::insert();
    query
        .into_table("t")
        .columns([column])
        .values_panic([value.into()]);
    query.bind()?.execute(tx).await
}

async fn text(tx: &Transaction, column: &str) -> Result<Vec<Option<String>>> {
    let rows = tx
        .query(&format!("select {column}::text from t order by id"), &[])
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

#[aiodal::test]
async fn integers_compare_with_columns_of_any_width(tx: &mut Transaction) -> Result<()> {
    table(tx).await?;
    tx.batch_execute("insert into t (s, i, b, n, r, d, p) values (1, 1, 1, 1, 1, 1, 1)")
        .await?;
    for column in ["s", "i", "b", "n", "r", "d", "p"] {
        let values = [
            Value::from(1_i8),
            1_u8.into(),
            1_i16.into(),
            1_u16.into(),
            1_i32.into(),
            1_u32.into(),
            1_i64.into(),
            1_u64.into(),
        ];
        for value in values {
            let query = Query::select()
                .column("id")
                .from("t")
                .and_where(Expr::col(column).eq(value.clone()))
                .take();
            let rows = query.bind()?.fetch_all(tx).await?;
            assert_eq!(rows.len(), 1, "{column} = {value:?}");
        }
    }
    Ok(())
}

#[aiodal::test]
async fn integer_that_does_not_fit_is_refused_by_number_and_type(
    tx: &mut Transaction,
) -> Result<()> {
    table(tx).await?;
    let error = insert(tx, "s", 70_000).await.unwrap_err();
    assert!(
        format!("{error:#}").contains("parameter $1 (int2): 70000 is out of the range of int2"),
        "{error:#}"
    );
    // It was refused before it was sent: the transaction goes on.
    insert(tx, "n", u64::MAX).await?;
    assert_eq!(text(tx, "n").await?, [Some(u64::MAX.to_string())]);
    Ok(())
}

#[aiodal::test]
async fn arrays_and_nulls_convert(tx: &mut Transaction) -> Result<()> {
    table(tx).await?;
    insert(tx, "bs", vec![1_i32, 2]).await?;
    insert(tx, "bs", Vec::<i32>::new()).await?;
    insert(tx, "bs", None::<i32>).await?;
    assert_eq!(
        text(tx, "bs").await?,
        [Some("{1,2}".into()), Some("{}".into()), None]
    );
    tx.batch_execute("delete from t").await?;
    insert(tx, "ms", vec!["sad".to_owned(), "happy".to_owned()]).await?;
    assert_eq!(text(tx, "ms").await?, [Some("{sad,happy}".into())]);
    let any = Query::select()
        .column("id")
        .from("t")
        .and_where(Expr::cust_with_values(
            "2::bigint = any($1)",
            [vec![1_i32, 2]],
        ))
        .take();
    assert_eq!(any.bind()?.fetch_all(tx).await?.len(), 1);
    Ok(())
}

#[aiodal::test]
async fn strings_fit_enums_and_bytes_are_bytes(tx: &mut Transaction) -> Result<()> {
    table(tx).await?;
    insert(tx, "m", "happy").await?;
    let query = Query::select()
        .column("m")
        .from("t")
        .and_where(Expr::col("m").eq("happy"))
        .take();
    assert_eq!(query.bind()?.fetch_all(tx).await?.len(), 1);
    insert(tx, "by", vec![0_u8, 255]).await?;
    assert_eq!(text(tx, "by").await?[1].as_deref(), Some("\\x00ff"));
    Ok(())
}

#[cfg(feature = "with-chrono-0_4")]
#[aiodal::test]
async fn moments_never_shift_with_the_sessions_zone(tx: &mut Transaction) -> Result<()> {
    use sea_query::prelude::{NaiveDate, Utc, chrono::TimeZone as _};

    table(tx).await?;
    tx.batch_execute("set local time zone 'America/New_York'")
        .await?;
    let noon = Utc
        .with_ymd_and_hms(2026, 1, 2, 12, 0, 0)
        .single()
        .expect("a moment");
    insert(tx, "tz", noon).await?;
    let stored: String = tx
        .query_one("select (tz at time zone 'UTC')::text from t", &[])
        .await?
        .get(0);
    assert_eq!(stored, "2026-01-02 12:00:00");
    let naive = NaiveDate::from_ymd_opt(2026, 1, 2)
        .and_then(|day| day.and_hms_opt(12, 0, 0))
        .expect("a time");
    insert(tx, "ts", naive).await?;
    assert_eq!(
        text(tx, "ts").await?[1].as_deref(),
        Some("2026-01-02 12:00:00")
    );

    let error = insert(tx, "tz", naive).await.unwrap_err();
    assert!(
        format!("{error:#}").contains("is no moment in time"),
        "{error:#}"
    );
    let error = insert(tx, "ts", noon).await.unwrap_err();
    assert!(
        format!("{error:#}").contains("only in some zone"),
        "{error:#}"
    );
    Ok(())
}

#[cfg(all(feature = "with-bigdecimal-0_4", feature = "with-rust_decimal-1"))]
#[aiodal::test]
async fn decimals_keep_every_digit(tx: &mut Transaction) -> Result<()> {
    use sea_query::prelude::{BigDecimal, Decimal};

    table(tx).await?;
    let digits = "12345678901234567890123456789.000000000000000000001";
    insert(tx, "n", digits.parse::<BigDecimal>().expect("a number")).await?;
    insert(tx, "n", "0.10".parse::<Decimal>().expect("a number")).await?;
    assert_eq!(
        text(tx, "n").await?,
        [Some(digits.into()), Some("0.10".into())]
    );
    Ok(())
}

#[cfg(all(feature = "json", feature = "with-uuid-1"))]
#[aiodal::test]
async fn json_fits_jsonb_and_uuids_are_uuids(tx: &mut Transaction) -> Result<()> {
    use sea_query::prelude::{Uuid, serde_json::json};

    table(tx).await?;
    insert(tx, "j", json!({"a": [1]})).await?;
    assert_eq!(text(tx, "j").await?, [Some("{\"a\": [1]}".into())]);
    insert(tx, "u", Uuid::from_u128(7)).await?;
    assert_eq!(
        text(tx, "u").await?[1].as_deref(),
        Some("00000000-0000-0000-0000-000000000007")
    );
    Ok(())
}

#[aiodal::test]
async fn string_is_read_by_the_columns_type(tx: &mut Transaction) -> Result<()> {
    table(tx).await?;
    insert(tx, "tz", "2026-01-02 12:00:00Z").await?;
    let query = Query::select()
        .column("id")
        .from("t")
        .and_where(Expr::col("tz").is_not_null())
        .take();
    assert_eq!(query.bind()?.fetch_all(tx).await?.len(), 1);
    Ok(())
}
