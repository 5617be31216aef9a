//! INSERT .. ON CONFLICT: what is written, and what is told of it.

use aiodal::{Result, SqlState, Transaction};

use super::arbiters::{BOOK, reason};
use super::{table, texts};

#[aiodal::test]
async fn equal_keys_in_a_batch_are_refused_or_explained(tx: &mut Transaction) -> Result<()> {
    let ddl = "create table t (k numeric primary key, n int)";
    let t = table(tx, ddl).await?;
    let batch = |first: &'static str, second: &'static str| {
        t.upsert()
            .values(&[("k", &first), ("n", &1)])
            .values(&[("k", &"7"), ("n", &1)])
            .values(&[("k", &second), ("n", &2)])
    };
    assert_eq!(
        reason(batch("1", "1").bind()),
        "refused to upsert into keys.t: rows 1 and 3 have the same key (k), and a statement may write a row once"
    );
    // Nothing is written twice here.
    assert_eq!(batch("1", "1").do_nothing().execute(tx).await?, 2);
    // Equal, and not alike: only the server sees it.
    let error = batch("1", "1.0").execute(tx).await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::CARDINALITY_VIOLATION));
    assert!(
        error
            .to_string()
            .contains("two of its rows have the same key (k)"),
        "{error}"
    );
    Ok(())
}

#[aiodal::test]
async fn action_is_what_was_asked_for(tx: &mut Transaction) -> Result<()> {
    let t = table(tx, BOOK).await?;
    let row = || t.upsert().set("catalog", &"QA").set("name", &"n");
    let state =
        async |tx: &Transaction| texts(tx, "select concat_ws(' ', name, stock) from t").await;
    assert_eq!(row().set("stock", &1).execute(tx).await?, 1);
    assert_eq!(row().do_nothing().execute(tx).await?, 0);
    assert!(
        row()
            .do_nothing()
            .returning_all()
            .fetch_opt(tx)
            .await?
            .is_none()
    );
    assert_eq!(
        t.upsert()
            .set("catalog", &"QA")
            .set("name", &"m")
            .set("stock", &2)
            .update(["name"])
            .execute(tx)
            .await?,
        1
    );
    assert_eq!(state(tx).await?[0].as_deref(), Some("m 1"));
    // A column without a value takes what an insert would have given it: its default.
    assert_eq!(row().update(["stock"]).execute(tx).await?, 1);
    assert_eq!(state(tx).await?[0].as_deref(), Some("m 5"));
    let nothing = reason(t.upsert().set("catalog", &"QA").update_rest().bind());
    assert!(
        nothing.contains("nothing but the key has values"),
        "{nothing}"
    );
    Ok(())
}

#[aiodal::test]
async fn equal_rows_are_left_alone_where_only_changes_count(tx: &mut Transaction) -> Result<()> {
    let ddl = "create table t (id int primary key, a int, j json, p point, bx box[])";
    let t = table(tx, ddl).await?;
    let row = |j: &str, bx: &str| {
        let upsert = t
            .upsert()
            .set("id", &1)
            .set("a", &None::<i32>)
            .set("j", &j)
            .set("p", &"(1,2)")
            .set("bx", &bx);
        upsert.update_if_changed().returning_inserted()
    };
    assert!(
        row("{}", "{(1,1),(0,0)}")
            .fetch_one(tx)
            .await?
            .get::<_, bool>(0)
    );
    assert!(row("{}", "{(1,1),(0,0)}").fetch_opt(tx).await?.is_none());
    assert_eq!(row("{}", "{(1,1),(0,0)}").execute(tx).await?, 0);
    assert!(
        !row("[]", "{(1,1),(0,0)}")
            .fetch_one(tx)
            .await?
            .get::<_, bool>(0)
    );
    // Another box of the same area, which `=` takes for the same.
    assert!(
        !row("[]", "{(3,3),(2,2)}")
            .fetch_one(tx)
            .await?
            .get::<_, bool>(0)
    );
    Ok(())
}

#[aiodal::test]
async fn inserted_is_told_behind_triggers_and_locks(tx: &mut Transaction) -> Result<()> {
    let ddl = "create table t (id int primary key, v text); create table child (t int references t);
               create function shout() returns trigger language plpgsql as $$ begin new.v := upper(new.v); return new; end $$;
               create trigger shout before insert or update on t for each row execute function shout();
               insert into t values (1, 'a'), (2, 'b'); insert into child values (2)";
    let t = table(tx, ddl).await?;
    t.select().key(&[&1]).for_update().fetch_one(tx).await?;
    let upsert = t
        .upsert()
        .values(&[("id", &1), ("v", &"x")])
        .values(&[("id", &2), ("v", &"x")])
        .values(&[("id", &3), ("v", &"x")]);
    let rows = upsert
        .returning(["id"])
        .returning_inserted()
        .fetch_all(tx)
        .await?;
    let found: Vec<(i32, bool)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(found, [(1, false), (2, false), (3, true)]);
    Ok(())
}
