//! Tables under other names, and functions that return rows.

use aiodal::{Result, TableSource, Transaction};

use super::{plain, reflected};

const FUNCTIONS: &str = "
    create table t (id int, \"T x\" text); insert into t values (1, 'a'), (2, 'b');
    create function f(n int, m bigint default 10) returns table (i bigint) language sql
        as 'select generate_series(n::bigint, m)';
    create function f(t text) returns setof t language sql as 'select * from t where \"T x\" = f.t';
    create function v(variadic xs int[]) returns setof int language sql as 'select unnest(xs)';
    create function w(a smallint) returns setof int language sql as 'select 2';
    create function w(a bigint) returns setof int language sql as 'select 8'";

#[aiodal::test]
async fn table_has_another_name(tx: &mut Transaction) -> Result<()> {
    let schema = reflected(tx, FUNCTIONS).await?;
    let source = TableSource::table(schema.table("t")?)?.alias("Re\"cent")?;
    assert_eq!(plain(&source), "\"keys\".\"t\" as \"Re\"\"cent\"");
    let sql = format!("select \"Re\"\"cent\".id from {source} where id = $1");
    assert_eq!(tx.query_one(&sql, &[&2]).await?.get::<_, i32>(0), 2);
    let rows = source
        .select()
        .columns(["T x"])
        .filter("id", &2)
        .for_update()
        .fetch_all(tx)
        .await?;
    assert_eq!(rows[0].get::<_, &str>(0), "b");
    Ok(())
}

#[aiodal::test]
async fn function_is_found_by_count_and_types_of_arguments(tx: &mut Transaction) -> Result<()> {
    let schema = reflected(tx, FUNCTIONS).await?;
    let f = schema.overloads("f")?;
    let one = TableSource::function(f, &[&8])?.alias("x")?;
    assert_eq!(plain(&one), "\"keys\".\"f\"($1::integer) as \"x\"(\"i\")");
    let rows = tx
        .query(
            &format!("select x.i from {one} order by i desc"),
            &one.params(),
        )
        .await?;
    assert_eq!(rows[0].get::<_, i64>(0), 10);

    let two = TableSource::function(f, &[&1, &5])?;
    let rows = two.select().filter("i", &3).fetch_all(tx).await?;
    assert_eq!(rows.len(), 1);
    let page = two.select().order_by_desc("i").fetch_page(tx, 2, 1).await?;
    assert_eq!((page.rows[0].get::<_, i64>(0), page.total), (4, 5));

    let text = TableSource::function(f, &[&"b"])?;
    assert_eq!(plain(&text.first_parameter(4)), "\"keys\".\"f\"($4::text)");
    Ok(())
}

#[aiodal::test]
async fn variadic_and_exact_types_are_preferred(tx: &mut Transaction) -> Result<()> {
    let schema = reflected(tx, FUNCTIONS).await?;
    let three = TableSource::function(schema.overloads("v")?, &[&1, &2, &3])?;
    assert_eq!(three.select().fetch_all(tx).await?.len(), 3);
    // An alias alone would be the name of the only column too.
    let named = three.alias("numbers")?;
    assert_eq!(named.columns()[0].name, "v");
    assert_eq!(named.select().filter("v", &2).fetch_all(tx).await?.len(), 1);
    let exact = TableSource::function(schema.overloads("w")?, &[&1_i64])?;
    assert_eq!(exact.select().fetch_one(tx).await?.get::<_, i32>(0), 8);
    let error = TableSource::function(schema.overloads("w")?, &[&1_i32]).unwrap_err();
    assert_eq!(
        plain(&error),
        "refused to call keys.w: the arguments fit keys.w(bigint) and keys.w(smallint)"
    );
    Ok(())
}

#[aiodal::test]
async fn arguments_that_fit_nothing_list_what_there_is(tx: &mut Transaction) -> Result<()> {
    let schema = reflected(tx, FUNCTIONS).await?;
    let error = TableSource::function(schema.overloads("f")?, &[&1, &2, &3]).unwrap_err();
    let error = plain(&error);
    assert!(
        error.contains("keys.f(integer, bigint): it takes 1 to 2 arguments, not 3"),
        "{error}"
    );
    assert!(
        error.contains("keys.f(text): it takes 1 arguments, not 3"),
        "{error}"
    );
    let error = TableSource::function(schema.overloads("f")?, &[&true]).unwrap_err();
    let error = plain(&error);
    assert!(error.contains("argument 1 is integer"), "{error}");
    Ok(())
}
