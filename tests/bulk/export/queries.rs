//! What can be exported, and what is refused.

use aiodal::Transaction;
use aiodal::bulk::{Binary, Columns, Csv, Export, Header, JsonLines};

use super::{exported, exported_text};

async fn refused(export: Export<'_>, tx: &mut Transaction) -> String {
    let error = exported(export, tx).await.map(drop);
    let error = error.expect_err("it is refused");
    let alive = tx.query_one("select 1", &[]).await;
    alive.expect("the transaction goes on");
    error.to_string()
}

#[aiodal::test]
async fn a_table_is_what_select_returns_of_it(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create schema \"Odd one\"; create table \"Odd one\".\"a.b\" (\"N 1\" int, d int generated always as (1) stored); \
         create table heir () inherits (\"Odd one\".\"a.b\"); insert into \"Odd one\".\"a.b\" values (1); \
         insert into heir values (2); \
         create table parted (n int) partition by list (n); create table part partition of parted default; \
         insert into parted values (1), (2); \
         create view seen as select n, n * 2 as twice from parted; \
         create materialized view kept as select * from seen; \
         create temp table passing as select 7 as n",
    )
    .await?;
    let cases = [
        ("\"Odd one\".\"a.b\"", "N 1\n1\n2\n"),
        ("parted", "n\n1\n2\n"),
        ("seen", "n,twice\n1,2\n2,4\n"),
        ("kept", "n,twice\n1,2\n2,4\n"),
        ("passing", "n\n7\n"),
    ];
    for (name, expected) in cases {
        assert_eq!(exported_text(Export::table(name), tx).await?, expected);
    }
    let table = tx.table(("Odd one", "a.b")).await?;
    let all = Export::table(&table.name).columns(["d", "N 1"]);
    assert_eq!(exported_text(all, tx).await?, "d,N 1\n1,1\n1,2\n");
    Ok(())
}

#[aiodal::test]
async fn unknown_names_are_met_with_the_nearest(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create table author (name text)").await?;
    let error = refused(Export::table("autor"), tx).await;
    assert!(error.contains("did you mean \"author\"?"), "{error}");
    let error = refused(Export::table("author").columns(["nam"]), tx).await;
    assert!(error.contains("did you mean \"name\"?"), "{error}");
    let record = Export::table("author").format(JsonLines::into_column("nane"));
    let error = refused(record, tx).await;
    assert_eq!(
        error,
        "no column nane in what is exported; did you mean \"name\"?"
    );
    Ok(())
}

#[aiodal::test]
async fn any_query_that_returns_rows_is_exported(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create table t (n int); insert into t values (1), (2), (3)")
        .await?;
    let bare = || Csv::new().header(Header::None);
    for (sql, expected) in [
        ("select n from t order by n desc; -- the last", "3\n2\n1\n"),
        ("values (1, null), (2, '')", "1,\n2,\"\"\n"),
        ("table t", "1\n2\n3\n"),
        ("(select 1) union all (select 2)", "1\n2\n"),
        ("with x as (select 5 as n) select * from x", "5\n"),
        ("insert into t values (9) returning n", "9\n"),
        (
            "with gone as (delete from t where n = 9 returning n) select * from gone",
            "9\n",
        ),
        ("update t set n = n where n = 2 returning n", "2\n"),
    ] {
        let export = Export::query(sql, &[]).format(bare());
        assert_eq!(exported_text(export, tx).await?, expected, "{sql}");
    }
    for (sql, expected) in [
        (
            "select n from t order by n desc",
            "{\"n\":3}\n{\"n\":2}\n{\"n\":1}\n",
        ),
        ("select 1 as aiodal_row", "{\"aiodal_row\":1}\n"),
        ("select", "{}\n"),
        (
            " -- a comment\n delete from t where n = 3 returning n, n + 1 as \"it's\"",
            "{\"n\":3,\"it's\":4}\n",
        ),
    ] {
        let export = Export::query(sql, &[]).format(JsonLines::new());
        assert_eq!(exported_text(export, tx).await?, expected, "{sql}");
    }
    // One that changes data within can be a line as it is.
    let sql = "with gone as (delete from t where n = $1 returning n) select to_jsonb(gone) as line from gone";
    let lines = Export::query(sql, &[&2]).format(JsonLines::into_column("line"));
    assert_eq!(exported_text(lines, tx).await?, "{\"n\": 2}\n");
    let error = refused(Export::query(sql, &[&1]).format(JsonLines::new()), tx).await;
    assert!(error.contains("exported `into_column`"), "{error}");
    Ok(())
}

#[aiodal::test]
async fn what_can_only_go_wrong_is_refused(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create table t (n int)").await?;
    let cases = [
        (
            Export::query("select 1; select 2", &[]),
            "refused to export a query: it is more than one statement",
        ),
        (
            Export::query("select 1", &[&1]),
            "refused to export a query: it has 0 parameters, and 1 values are given",
        ),
        (
            Export::query("select 1", &[]).columns(["n"]),
            "refused to export a query: `columns` is for tables: name them in the query",
        ),
        (
            Export::query("select 1 as a, 2 as a", &[]).format(JsonLines::new()),
            "refused to export JSON lines: two columns are called a: give one of them another name, or one key has two values",
        ),
        (
            Export::table("t").format(Csv::new().force_null(Columns::All)),
            "refused to export CSV: `force_null` and `force_not_null` are for loading: leave them out",
        ),
    ];
    for (export, expected) in cases {
        assert_eq!(refused(export, tx).await, expected);
    }
    for (sql, code) in [
        ("selec 1", "42601"),
        ("select * from nowhere", "42P01"),
        ("create table x ()", "42601"),
        ("insert into t values (1)", "0A000"),
    ] {
        for format in [aiodal::bulk::Format::from(Binary::new()), Csv::new().into()] {
            let error = exported(Export::query(sql, &[]).format(format), tx).await;
            let error = error.expect_err("the server refuses it");
            assert_eq!(
                error.code().map(aiodal::SqlState::code),
                Some(code),
                "{sql}"
            );
            tx.query_one("select 1", &[]).await?;
        }
    }
    let error = Export::table("t")
        .run(tx)
        .await
        .expect_err("it goes nowhere");
    assert_eq!(
        error.to_string(),
        "refused to export \"t\": it goes nowhere: say `to_path`, `to_writer` or `to_callback`, or take its `stream`"
    );
    Ok(())
}
