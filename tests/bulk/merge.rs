//! Staged rows become rows of a table: inserted, upserted, deleted, deduplicated, rid of orphans.

mod orphans;
mod random;

use std::time::Duration;

use aiodal::bulk::{Csv, Dedupe, Header, Load, LoadReport, Merge, Orphans, Source, Stage};
use aiodal::{SqlState, Transaction};
use serde_json::Value;

const PRICE: &str = "
    create schema shop;
    create table shop.price (
        sku text primary key, name text not null unique, amount numeric(8,2), changed int not null default 7,
        twice numeric generated always as (amount * 2) stored);
    insert into shop.price values ('a', 'Apple', 1, 0), ('b', 'Bean', 2, 0), ('c', 'Corn', 3, 0)";

/// A load of CSV without a header into the named columns; none are all.
fn csv<'a>(csv: &str, columns: &[&str]) -> Load<'a> {
    let source = Source::bytes(csv.to_owned()).named("test.csv");
    let load = Load::new(source, Csv::new().header(Header::None));
    match columns {
        [] => load,
        columns => load.columns(columns.iter().copied()),
    }
}

async fn price(tx: &mut Transaction, rows: &str, merge: Merge<'_>) -> aiodal::Result<LoadReport> {
    let load = csv(rows, &["sku", "name", "amount"]).into_table("shop.price");
    load.merge(merge).run(tx).await
}

/// All columns of a table's rows.
async fn whole(
    tx: &mut Transaction,
    table: &str,
    rows: &str,
    merge: Merge<'_>,
) -> aiodal::Result<LoadReport> {
    let load = csv(rows, &[]).into_table(table);
    load.merge(merge).run(tx).await
}

/// The same with what was rejected: constraint, column, value, reason and row.
async fn rejecting(
    tx: &mut Transaction,
    table: &str,
    rows: &str,
    merge: Merge<'_>,
) -> aiodal::Result<(LoadReport, Vec<[String; 5]>)> {
    let mut written = Vec::new();
    let load = csv(rows, &[]).into_table(table).merge(merge);
    let report = load.reject_to(&mut written, 100).run(tx).await?;
    let text = String::from_utf8(written).expect("rejects are UTF-8");
    let rejected = text.lines().map(|line| {
        let reject: Value = serde_json::from_str(line).expect("a reject is JSON");
        assert_eq!(reject["source"], "test.csv");
        assert_eq!(reject["code"], "23503");
        let text = |name: &str| reject[name].as_str().unwrap_or_default().to_owned();
        ["constraint", "column", "value", "reason", "row"].map(text)
    });
    let mut rejected: Vec<_> = rejected.collect();
    rejected.sort();
    assert_eq!(report.rejected, rejected.len() as u64);
    Ok((report, rejected))
}

/// A query's rows, as the server writes rows.
async fn rows(tx: &Transaction, query: &str) -> aiodal::Result<String> {
    let sql = format!("select coalesce(string_agg(q::text, ' '), '') from ({query}) q");
    tx.query_scalar(&sql, &[]).await
}

async fn prices(tx: &Transaction) -> aiodal::Result<String> {
    rows(
        tx,
        "select sku, name, amount, changed from shop.price order by sku",
    )
    .await
}

fn counts(report: &LoadReport) -> (u64, u64, u64, u64) {
    let LoadReport {
        inserted,
        updated,
        unchanged,
        deleted,
        ..
    } = report;
    (*inserted, *updated, *unchanged, *deleted)
}

async fn refusal(tx: &mut Transaction, csv: &str, merge: Merge<'_>) -> String {
    let error = price(tx, csv, merge).await.expect_err("it is refused");
    tx.execute("select 1", &[])
        .await
        .expect("the transaction goes on");
    error.to_string()
}

#[aiodal::test]
async fn insert_leaves_other_columns_to_their_defaults(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(PRICE).await?;
    let done = price(tx, "d,Dill,4\ne,Elder,\n", Merge::insert()).await?;
    assert_eq!(counts(&done), (2, 0, 0, 0));
    assert_eq!(
        prices(tx).await?,
        "(a,Apple,1.00,0) (b,Bean,2.00,0) (c,Corn,3.00,0) (d,Dill,4.00,7) (e,Elder,,7)"
    );
    Ok(())
}

#[aiodal::test]
async fn insert_of_what_is_there_is_the_servers_to_refuse(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(PRICE).await?;
    let error = price(tx, "a,Apricot,4\n", Merge::insert())
        .await
        .expect_err("a is there");
    assert_eq!(error.constraint(), Some("price_pkey"));
    assert_eq!(
        prices(tx).await?,
        "(a,Apple,1.00,0) (b,Bean,2.00,0) (c,Corn,3.00,0)"
    );
    Ok(())
}

#[aiodal::test]
async fn upsert_goes_by_the_primary_key_and_updates_the_rest(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(PRICE).await?;
    let done = price(tx, "a,Apricot,1\nd,Dill,4\nb,Bean,2\n", Merge::upsert()).await?;
    assert_eq!(counts(&done), (1, 2, 0, 0));
    assert_eq!(
        prices(tx).await?,
        "(a,Apricot,1.00,0) (b,Bean,2.00,0) (c,Corn,3.00,0) (d,Dill,4.00,7)"
    );
    Ok(())
}

#[aiodal::test]
async fn equal_rows_are_not_written(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(PRICE).await?;
    let before = rows(tx, "select ctid from shop.price where sku = 'b'").await?;
    let csv = "a,Apple,1.5\nd,Dill,4\nb,Bean,2.000\n";
    let done = price(tx, csv, Merge::upsert().if_changed()).await?;
    assert_eq!(counts(&done), (1, 1, 1, 0));
    assert_eq!(
        rows(tx, "select ctid from shop.price where sku = 'b'").await?,
        before
    );
    let done = price(tx, csv, Merge::upsert().if_changed()).await?;
    assert_eq!(counts(&done), (0, 0, 3, 0));
    Ok(())
}

#[aiodal::test]
async fn null_is_another_value_than_any(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(PRICE).await?;
    let done = price(tx, "a,Apple,\n", Merge::upsert().if_changed()).await?;
    assert_eq!(counts(&done), (0, 1, 0, 0));
    let done = price(tx, "a,Apple,\n", Merge::upsert().if_changed()).await?;
    assert_eq!(counts(&done), (0, 0, 1, 0));
    Ok(())
}

#[aiodal::test]
async fn nothing_is_done_about_any_conflict_unless_a_key_is_named(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(PRICE).await?;
    // d conflicts by its name, and is there twice.
    let csv = "a,Apricot,9\nd,Bean,4\ne,Elder,5\ne,Elder,6\n";
    let done = price(tx, csv, Merge::upsert().do_nothing()).await?;
    assert_eq!(counts(&done), (1, 0, 3, 0));
    assert_eq!(
        prices(tx).await?,
        "(a,Apple,1.00,0) (b,Bean,2.00,0) (c,Corn,3.00,0) (e,Elder,5.00,7)"
    );
    let error = price(tx, "d,Bean,4\n", Merge::upsert().do_nothing().on(["sku"])).await;
    let error = error.expect_err("another key than the one that was named");
    assert_eq!(error.constraint(), Some("price_name_key"));
    Ok(())
}

#[aiodal::test]
async fn named_key_and_named_columns_are_what_an_upsert_goes_by(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(PRICE).await?;
    let merge = Merge::upsert()
        .on_constraint("price_name_key")
        .update(["amount"]);
    let done = price(tx, "x,Apple,10\ny,Yam,11\n", merge).await?;
    assert_eq!(counts(&done), (1, 1, 0, 0));
    let merge = Merge::upsert().on(["name"]).update(["amount", "changed"]);
    price(tx, "z,Yam,12\n", merge).await?;
    assert_eq!(
        rows(
            tx,
            "select sku, amount, changed from shop.price where sku in ('a', 'y') order by sku"
        )
        .await?,
        "(a,10.00,0) (y,12.00,7)"
    );
    Ok(())
}

#[aiodal::test]
async fn what_is_not_staged_is_deleted_first(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(PRICE).await?;
    // The name of d was that of a, which is no more.
    let merge = Merge::upsert().if_changed().delete_missing();
    let done = price(tx, "b,Bean,2\nd,Apple,4\n", merge).await?;
    assert_eq!(counts(&done), (1, 0, 1, 2));
    assert_eq!(prices(tx).await?, "(b,Bean,2.00,0) (d,Apple,4.00,7)");
    Ok(())
}

#[aiodal::test]
async fn empty_source_deletes_nothing(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(PRICE).await?;
    let error = refusal(tx, "", Merge::upsert().delete_missing()).await;
    assert!(error.contains("no row is staged"), "{error}");
    assert!(
        error.starts_with("refused to merge into shop.price"),
        "{error}"
    );
    tx.execute("delete from shop.price", &[]).await?;
    let done = price(tx, "", Merge::upsert().delete_missing()).await?;
    assert_eq!(counts(&done), (0, 0, 0, 0));
    Ok(())
}

#[aiodal::test]
async fn duplicates_are_an_error_that_names_the_key(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(PRICE).await?;
    let csv = "z,Zest,1\nd,Dill,4\ne,E,1\nd,Dill,5\ne,E,2\nd,Dill,6\n";
    let error = price(tx, csv, Merge::upsert())
        .await
        .expect_err("d and e are there twice");
    let text = error.to_string();
    assert_eq!(
        text,
        "failed to merge into shop.price: 3 staged rows have the same key (sku) = (d), and so it is with another key; \
         keep one of each by dedupe(Dedupe::Last) or dedupe(Dedupe::First)"
    );
    assert_eq!(error.code(), Some(&SqlState::CARDINALITY_VIOLATION));
    assert_eq!(rows(tx, "select from shop.price").await?, "() () ()");
    Ok(())
}

#[aiodal::test]
async fn one_of_the_duplicates_is_kept_by_the_order_of_the_source(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(PRICE).await?;
    let csv = "d,Dill,4\na,Apple,9\nd,Dill,5\ne,E,1\nd,Dill,6\n";
    let done = price(tx, csv, Merge::upsert().dedupe(Dedupe::Last)).await?;
    assert_eq!((counts(&done), done.duplicates), ((2, 1, 0, 0), 2));
    let amount = "select amount from shop.price where sku = 'd'";
    assert_eq!(rows(tx, amount).await?, "(6.00)");
    let done = price(tx, csv, Merge::upsert().dedupe(Dedupe::First)).await?;
    assert_eq!((counts(&done), done.duplicates), ((0, 3, 0, 0), 2));
    assert_eq!(rows(tx, amount).await?, "(4.00)");
    Ok(())
}

#[aiodal::test]
async fn nulls_in_a_key_are_no_duplicates_unless_they_are_not_distinct(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(
        "create table d (k int unique, v int);
         create table n (k int unique nulls not distinct, v int);
         insert into d values (null, 0); insert into n values (null, 0)",
    )
    .await?;
    let merge = || Merge::upsert().dedupe(Dedupe::Last).delete_missing();
    let done = whole(tx, "d", ",1\n,2\n3,3\n3,4\n", merge()).await?;
    assert_eq!((counts(&done), done.duplicates), ((3, 0, 0, 1), 1));
    let done = whole(tx, "n", ",1\n,2\n3,3\n3,4\n", merge()).await?;
    assert_eq!((counts(&done), done.duplicates), ((1, 1, 0, 0), 2));
    assert_eq!(rows(tx, "select * from n order by v").await?, "(,2) (3,4)");
    Ok(())
}

#[aiodal::test]
async fn partial_and_expression_keys_decide_about_their_rows(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(
        "create table p (k int, live bool, v int);
         create unique index p_live on p (k) where live;
         insert into p values (1, true, 0), (1, false, 0), (2, true, 0);
         create table e (name text, v int);
         create unique index e_lower on e (lower(name));
         insert into e values ('Ann', 0), ('Bob', 0)",
    )
    .await?;
    let merge = Merge::upsert()
        .on(["k"])
        .dedupe(Dedupe::Last)
        .delete_missing();
    let done = whole(tx, "p", "1,t,1\n1,t,2\n1,f,3\n1,f,4\n", merge).await?;
    assert_eq!((counts(&done), done.duplicates), ((2, 1, 0, 1), 1));
    assert_eq!(
        rows(tx, "select * from p order by v").await?,
        "(1,f,0) (1,t,2) (1,f,3) (1,f,4)"
    );
    let merge = || Merge::upsert().on_constraint("e_lower");
    let done = whole(
        tx,
        "e",
        "ANN,1\nCy,1\ncy,2\n",
        merge().dedupe(Dedupe::First),
    )
    .await?;
    assert_eq!((counts(&done), done.duplicates), ((1, 1, 0, 0), 1));
    let error = whole(tx, "e", "dot,1\nDot,2\n", merge())
        .await
        .expect_err("twice");
    assert!(
        error.to_string().contains("key (lower(name)) = (dot);"),
        "{error}"
    );
    let error = whole(tx, "e", "dot,1\n", merge().delete_missing())
        .await
        .expect_err("refused");
    assert!(
        error.to_string().contains("this one has expressions"),
        "{error}"
    );
    Ok(())
}

#[aiodal::test]
async fn partitioned_table_tells_inserted_rows_from_updated_ones(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(
        "create table m (region text, k int, v int, primary key (region, k)) partition by list (region);
         create table m_eu partition of m for values in ('eu');
         create table m_us partition of m for values in ('us');
         insert into m values ('eu', 1, 0), ('us', 1, 0), ('us', 2, 0)",
    )
    .await?;
    let csv = "eu,1,1\nus,1,0\nus,3,1\n";
    let done = whole(tx, "m", csv, Merge::upsert().if_changed().delete_missing()).await?;
    assert_eq!(counts(&done), (1, 1, 1, 1));
    let done = whole(tx, "m", csv, Merge::upsert()).await?;
    assert_eq!(counts(&done), (0, 3, 0, 0));
    assert_eq!(
        rows(tx, "select * from m order by 1, 2").await?,
        "(eu,1,1) (us,1,0) (us,3,1)"
    );
    Ok(())
}

#[aiodal::test]
async fn view_is_upserted_by_the_columns_of_a_key_below(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute("create table t (k int primary key, v int); create view w as select * from t; insert into t values (1, 0)")
        .await?;
    let done = whole(tx, "w", "1,1\n2,2\n", Merge::upsert().on(["k"])).await?;
    assert_eq!(counts(&done), (1, 1, 0, 0));
    Ok(())
}

#[aiodal::test]
async fn identity_and_serial_columns_are_taken_as_they_come(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(
        "create table i (id int generated always as identity primary key, v text);
         create table s (id serial primary key, v text not null)",
    )
    .await?;
    whole(tx, "i", "7,seven\n", Merge::insert()).await?;
    let done = whole(tx, "i", "7,sept\n8,huit\n", Merge::upsert()).await?;
    assert_eq!(counts(&done), (1, 1, 0, 0));
    let load = csv("one\ntwo\n", &["v"]).into_table("s");
    load.merge(Merge::insert()).run(tx).await?;
    // The stage has not counted.
    assert_eq!(
        rows(tx, "select * from s order by 1").await?,
        "(1,one) (2,two)"
    );
    Ok(())
}

#[aiodal::test]
async fn null_where_none_may_be_is_refused_by_the_merge(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute("create table t (id int primary key, v text not null, w text not null)")
        .await?;
    let error = whole(tx, "t", "1,,x\n", Merge::insert())
        .await
        .expect_err("v is null");
    assert_eq!(error.column(), Some("v"));
    let load = csv("1,x\n", &["id", "v"]).into_table("t");
    let error = load.merge(Merge::upsert()).run(tx).await;
    let error = error.expect_err("w is left out").to_string();
    assert_eq!(
        error,
        "failed to merge into public.t: it leaves out \"w\": not null, and without a default"
    );
    Ok(())
}

#[aiodal::test]
async fn stage_can_be_filled_up_before_the_merge(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create table author (id int primary key, name text unique);
         create table book (title text primary key, author_id int references author, added date default '2020-01-01');
         insert into author values (1, 'Ann'), (2, 'Bob')",
    )
    .await?;
    let stage = Stage::columns([("title", "text"), ("author", "text"), ("author_id", "int")])
        .name("Staged_Book");
    let after = [
        "create index on staged_book (author)",
        "update staged_book s set author_id = a.id from author a where a.name = s.author",
    ];
    let merge = Merge::upsert().columns(["title", "author_id"]);
    let load = csv("A,Ann\nB,Bob\n", &["title", "author"])
        .into_table("book")
        .stage(stage);
    let load = after.into_iter().fold(load, Load::after_copy);
    let done = load.merge(merge).run(tx).await?;
    assert_eq!(counts(&done), (2, 0, 0, 0));
    assert_eq!(
        rows(tx, "select * from book order by 1").await?,
        "(A,1,2020-01-01) (B,2,2020-01-01)"
    );
    let gone = tx
        .query_scalar::<Option<String>>("select to_regclass('staged_book')::text", &[])
        .await?;
    assert_eq!(gone, None);
    Ok(())
}

#[aiodal::test]
async fn statement_of_ones_own_takes_parameters(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create table t (id int, v text)").await?;
    let (least, word) = (2, "new");
    let merge = Merge::sql("insert into t select id, $2 from staged_t where id >= $1")
        .params(&[&least, &word]);
    let load = csv("1\n2\n3\n", &["id"]).into_table("t");
    let done = load.merge(merge).run(tx).await?;
    assert_eq!(done.affected, 2);
    assert_eq!(
        rows(tx, "select * from t order by 1").await?,
        "(2,new) (3,new)"
    );
    let load = csv("1\n", &[]).stage(Stage::columns([("n", "int")]));
    let merge = Merge::sql("insert into t select n from staged");
    let done = load.merge(merge).run(tx).await?;
    assert_eq!(done.affected, 1);
    Ok(())
}

#[aiodal::test]
async fn merge_takes_no_longer_than_its_timeout(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create table t (id int); set local statement_timeout = '77s'")
        .await?;
    let merge = Merge::sql("insert into t select id from staged_t, pg_sleep(60)")
        .timeout(Duration::from_millis(50));
    let error = whole(tx, "t", "1\n", merge).await.expect_err("it sleeps");
    assert_eq!(
        error.to_string(),
        "failed to merge into public.t: it takes longer than its timeout of 50ms"
    );
    assert!(error.is_timeout());
    let limit = "show statement_timeout";
    assert_eq!(tx.query_scalar::<String>(limit, &[]).await?, "77s");
    let merge = Merge::insert().timeout(Duration::from_secs(60));
    whole(tx, "t", "1\n", merge).await?;
    assert_eq!(tx.query_scalar::<String>(limit, &[]).await?, "77s");
    assert_eq!(rows(tx, "select * from t").await?, "(1)");
    Ok(())
}

#[aiodal::test]
async fn options_that_do_not_go_together_are_refused(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(PRICE).await?;
    let cases = [
        (Merge::insert().on(["sku"]), "on(..) is for Merge::upsert()"),
        (
            Merge::insert().params(&[&1]),
            "params(..) are for Merge::sql(..)",
        ),
        (
            Merge::sql("x").columns(["a"]),
            "columns(..) are not for Merge::sql(..)",
        ),
        (
            Merge::upsert().do_nothing().if_changed(),
            "do_nothing() never does",
        ),
        (
            Merge::upsert().do_nothing().dedupe(Dedupe::Last),
            "dedupe(..) goes by a key, and none is named",
        ),
        (
            Merge::upsert().on(["amount"]),
            "no key is over (amount), but \"price_pkey\" (sku)",
        ),
        (
            Merge::upsert().on_constraint("price_key"),
            "no unique constraint or index \"price_key\"",
        ),
        (
            Merge::upsert().columns(["sku"]),
            "nothing but the key has values",
        ),
        (Merge::upsert().update(["twice"]), "\"twice\" is generated"),
        (
            Merge::insert().columns(["sku", "twice"]),
            "\"twice\" is generated",
        ),
        (Merge::insert().columns(["nam"]), "did you mean \"name\"?"),
        (
            Merge::upsert()
                .columns(["name", "amount"])
                .on(["sku"])
                .delete_missing(),
            "the staged rows have no \"sku\"",
        ),
    ];
    for (merge, reason) in cases {
        let error = refusal(tx, "a,b,1\n", merge).await;
        assert!(error.contains(reason), "{error}");
    }
    Ok(())
}

#[aiodal::test]
async fn stage_says_what_it_lacks(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create table t (id int); create temp table staged_t ()")
        .await?;
    let error = whole(tx, "t", "1\n", Merge::insert())
        .await
        .expect_err("it is there");
    assert!(error.is_duplicate_table());
    assert_eq!(
        error.to_string(),
        "failed to make the stage pg_temp.\"staged_t\": there is a table of that name already: \
         give the stage another by name(..)"
    );
    for (row, stage) in [
        ("1\n", Stage::temp().name("other")),
        ("2\n", Stage::unlogged("public.other")),
    ] {
        csv(row, &[]).into_table("t").stage(stage).run(tx).await?;
    }
    assert_eq!(rows(tx, "select * from t order by 1").await?, "(1) (2)");
    Ok(())
}

#[aiodal::test]
async fn odd_names_are_quoted(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        r#"create schema "S.x"; create table "S.x"."T ""q""" ("a b" int primary key, "select" text, "Ü" int references "S.x"."T ""q""")"#,
    )
    .await?;
    let merge = Merge::upsert()
        .if_changed()
        .delete_missing()
        .dedupe(Dedupe::Last)
        .orphans(Orphans::Reject);
    let (done, _) = rejecting(tx, r#""S.x"."T ""q""""#, "1,x,1\n2,y,9\n", merge).await?;
    assert_eq!((counts(&done), done.rejected), ((1, 0, 0, 0), 1));
    Ok(())
}
