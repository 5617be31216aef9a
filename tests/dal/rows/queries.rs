//! `query_as` and its siblings, with tuples and scalars.

use aiodal::{FromRow, Transaction};
use futures_util::{StreamExt, TryStreamExt};

#[aiodal::test]
async fn columns_go_into_tuples_by_their_order(tx: &Transaction) -> aiodal::Result<()> {
    let rows: Vec<(i32, String)> = tx
        .query_as("values (1, 'Hep'), (2, 'Jansson')", &[])
        .await?;
    assert_eq!(rows, [(1, "Hep".to_owned()), (2, "Jansson".to_owned())]);

    // Two columns of one name are no trouble to who counts.
    let (a, b): (i32, Option<bool>) = tx
        .query_one_as("select 1 as x, null::bool as x", &[])
        .await?;
    assert_eq!((a, b), (1, None));
    Ok(())
}

#[aiodal::test]
async fn a_tuple_may_have_sixteen_values(tx: &Transaction) -> aiodal::Result<()> {
    type Sixteen = (
        i32,
        i32,
        i32,
        i32,
        i32,
        i32,
        i32,
        i32,
        i32,
        i32,
        i32,
        i32,
        i32,
        i32,
        i32,
        String,
    );
    let last = tx
        .query_one_as::<Sixteen>("select 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,'sixteen'", &[])
        .await?;
    assert_eq!((last.14, &*last.15), (15, "sixteen"));
    Ok(())
}

#[aiodal::test]
async fn rows_are_counted_as_they_are_for_untyped_queries(tx: &Transaction) -> aiodal::Result<()> {
    let none = "select 1 where false";
    assert_eq!(tx.query_as::<(i32,)>(none, &[]).await?, []);
    assert_eq!(tx.query_opt_as::<(i32,)>(none, &[]).await?, None);
    assert_eq!(
        tx.query_opt_as::<(i32,)>("select $1::int4", &[&7]).await?,
        Some((7,))
    );
    let error = tx
        .query_one_as::<(i32,)>(none, &[])
        .await
        .expect_err("no row");
    assert!(!error.is_mapping_error(), "{error:?}");
    Ok(())
}

#[aiodal::test]
async fn a_scalar_is_one_column(tx: &Transaction) -> aiodal::Result<()> {
    let count: i64 = tx
        .query_scalar("select count(*) from generate_series(1, 3)", &[])
        .await?;
    assert_eq!(count, 3);
    let none: Option<String> = tx.query_scalar("select null::text", &[]).await?;
    assert_eq!(none, None);
    let all: Vec<i32> = tx
        .query_scalars("select generate_series(1, $1)", &[&3])
        .await?;
    assert_eq!(all, [1, 2, 3]);
    let no_row = tx
        .query_opt_scalar::<i32>("select 1 where false", &[])
        .await?;
    assert_eq!(no_row, None);
    let null_row = tx
        .query_opt_scalar::<Option<i32>>("select null::int4", &[])
        .await?;
    assert_eq!(null_row, Some(None));

    let error = tx
        .query_scalar::<i32>("select 1 as one, 2 as two", &[])
        .await
        .expect_err("two columns");
    assert_eq!(
        error.to_string(),
        "cannot read i32: it takes 1 column, and the row has 2: \"one\", \"two\""
    );
    let error = tx
        .query_scalar::<i32>("select count(*)", &[])
        .await
        .expect_err("another type");
    assert_eq!(
        error.to_string(),
        "cannot read i32 from column \"count\": it is int8, and i32 reads int4; its Rust type is i64"
    );
    Ok(())
}

#[aiodal::test]
async fn a_row_that_is_at_hand_is_read_alone(tx: &Transaction) -> aiodal::Result<()> {
    let row = tx.query_one("select 1 as a, 'x' as b", &[]).await?;
    assert_eq!(<(i32, String)>::from_row(&row)?, (1, "x".to_owned()));
    assert!(<(i32,)>::from_row(&row).is_err());
    Ok(())
}

#[aiodal::test]
async fn a_query_behind_a_savepoint_is_read_too(tx: &mut Transaction) -> aiodal::Result<()> {
    let savepoint = tx.savepoint().await?;
    let one: (i32,) = savepoint.query_one_as("select 1", &[]).await?;
    assert_eq!(one, (1,));
    savepoint.rollback().await
}

#[aiodal::test]
async fn a_stream_reads_rows_as_they_come(tx: &mut Transaction) -> aiodal::Result<()> {
    let sql = "select n, 'x' || n from generate_series(1, $1::int4) n";
    let mut stream = tx.query_stream_as::<(i32, String)>(sql, &[&1000]).await?;
    assert_eq!(stream.try_next().await?, Some((1, "x1".to_owned())));
    let rest: Vec<(i32, String)> = stream.try_collect().await?;
    assert_eq!(
        (rest.len(), rest.last()),
        (999, Some(&(1000, "x1000".to_owned())))
    );
    Ok(())
}

#[aiodal::test]
async fn a_stream_goes_on_behind_a_row_that_does_not_fit(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let sql = "select nullif(n, 2) as n from generate_series(1, 3) n";
    let stream = tx.query_stream_as::<(i32,)>(sql, &[]).await?;
    let rows: Vec<aiodal::Result<(i32,)>> = stream.collect().await;
    assert_eq!(rows.len(), 3);
    assert!(matches!((&rows[0], &rows[2]), (Ok((1,)), Ok((3,)))));
    let error = rows[1].as_ref().expect_err("a null");
    assert_eq!(
        error.to_string(),
        "cannot read (i32,).0 from column \"n\": it is null, which i32 cannot be; use Option<i32> (row 2 of the result)"
    );
    assert_eq!(tx.query_scalar::<i32>("select 1", &[]).await?, 1);
    Ok(())
}
