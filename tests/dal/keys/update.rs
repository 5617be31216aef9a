//! UPDATE, DELETE and SELECT by key and by columns.

use aiodal::{Result, Transaction};

use super::{plain, table, texts};

const T: &str = "create table t (a int, b text, n int, primary key (b, a));
                 insert into t values (1, 'x', null), (2, 'x', 20), (2, 'y', 30)";

#[aiodal::test]
async fn key_is_in_the_keys_order(tx: &mut Transaction) -> Result<()> {
    let t = table(tx, T).await?;
    let statement = t.update().set("n", &5).key(&[&"x", &2]).bind()?;
    assert_eq!(
        plain(&statement.sql()),
        "update \"keys\".\"t\" set \"n\" = $1 where \"b\" = $2 and \"a\" = $3"
    );
    assert_eq!(statement.execute(tx).await?, 1);
    let row = t
        .select()
        .columns(["n"])
        .key(&[&"x", &2_i64])
        .fetch_one(tx)
        .await?;
    assert_eq!(row.get::<_, i32>(0), 5);
    let error = t.delete().key(&[&"x"]).execute(tx).await.unwrap_err();
    assert_eq!(
        plain(&error),
        "refused to delete from keys.t: its primary key is (b, a), and 1 values were given"
    );
    Ok(())
}

#[aiodal::test]
async fn null_is_looked_for_as_null_and_by_an_index(tx: &mut Transaction) -> Result<()> {
    let t = table(tx, T).await?;
    let none = t.select().columns(["a"]).filter("n", &None::<i32>).bind()?;
    assert_eq!(
        plain(&none.sql()),
        "select \"a\" from \"keys\".\"t\" where \"n\" is null"
    );
    assert_eq!(none.fetch_one(tx).await?.get::<_, i32>(0), 1);
    let some = t.select().filter("n", &Some(20)).fetch_one(tx).await?;
    assert_eq!(some.get::<_, i32>("a"), 2);
    Ok(())
}

#[aiodal::test]
async fn update_sets_expressions_and_defaults_and_returns(tx: &mut Transaction) -> Result<()> {
    let t = table(tx, T).await?;
    let rows = t
        .update()
        .set_sql("n", "n + 1")
        .filter("b", &"x")
        .filter("a", &2)
        .returning(["n"])
        .fetch_all(tx)
        .await?;
    assert_eq!(
        rows.iter()
            .map(|row| row.get::<_, i32>(0))
            .collect::<Vec<_>>(),
        [21]
    );
    assert_eq!(
        t.update()
            .values(&[("n", &None::<i32>), ("b", &"z")])
            .all_rows()
            .execute(tx)
            .await
            .err()
            .map(|error| error.is_unique_violation()),
        Some(true)
    );
    Ok(())
}

#[aiodal::test]
async fn all_rows_have_to_be_meant(tx: &mut Transaction) -> Result<()> {
    let t = table(tx, T).await?;
    for error in [
        t.update().set("n", &1).execute(tx).await.unwrap_err(),
        t.delete().execute(tx).await.unwrap_err(),
    ] {
        assert!(
            error
                .to_string()
                .contains("neither key() nor filter(): add all_rows()"),
            "{error}"
        );
    }
    assert_eq!(t.update().set("n", &1).all_rows().execute(tx).await?, 3);
    let gone = t
        .delete()
        .filter("b", &"x")
        .returning_all()
        .fetch_all(tx)
        .await?;
    assert_eq!(gone.len(), 2);
    assert_eq!(t.delete().all_rows().execute(tx).await?, 1);
    let error = t.update().key(&[&"x", &1]).execute(tx).await.unwrap_err();
    assert!(plain(&error).contains("it sets nothing"), "{error}");
    Ok(())
}

#[aiodal::test]
async fn select_orders_limits_and_locks(tx: &mut Transaction) -> Result<()> {
    let t = table(tx, T).await?;
    let statement = t
        .select()
        .columns(["b", "a"])
        .order_by_desc("a")
        .order_by("b")
        .limit(2)
        .offset(1)
        .for_update()
        .skip_locked()
        .bind()?;
    assert_eq!(
        plain(&statement.sql()),
        "select \"b\", \"a\" from \"keys\".\"t\" order by \"a\" desc, \"b\" limit $1 offset $2 for update skip locked"
    );
    let rows = statement.fetch_all(tx).await?;
    let found: Vec<(&str, i32)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(found, [("y", 2), ("x", 1)]);
    let all = t.select().bind()?;
    assert_eq!(
        plain(&all.sql()),
        "select \"a\", \"b\", \"n\" from \"keys\".\"t\""
    );
    for locked in [
        t.select().for_share().no_wait(),
        t.select().for_no_key_update(),
        t.select().for_key_share(),
    ] {
        assert_eq!(locked.fetch_all(tx).await?.len(), 3);
    }
    let error = t.select().skip_locked().bind().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("skip locked says nothing without a lock"),
        "{error}"
    );
    assert!(t.select().key(&[&"q", &1]).fetch_opt(tx).await?.is_none());
    Ok(())
}

#[aiodal::test]
async fn selected_page_has_the_total(tx: &mut Transaction) -> Result<()> {
    let t = table(tx, T).await?;
    let page = t
        .select()
        .filter("b", &"x")
        .order_by("a")
        .fetch_page(tx, 1, 1)
        .await?;
    assert_eq!((page.rows[0].get::<_, i32>("a"), page.total), (2, 2));
    Ok(())
}

#[aiodal::test]
async fn table_without_primary_key_says_so(tx: &mut Transaction) -> Result<()> {
    let t = table(tx, "create table t (a int); insert into t values (1)").await?;
    let error = t.select().key(&[&1]).fetch_one(tx).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("it has no primary key: use filter()"),
        "{error}"
    );
    assert_eq!(texts(tx, "select a::text from t").await?.len(), 1);
    Ok(())
}
