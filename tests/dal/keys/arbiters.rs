//! INSERT .. ON CONFLICT: which arbiter, and that the server refuses what is refused.

use std::sync::Arc;

use aiodal::schema::Table;
use aiodal::{ArbiterKind, Result, SqlState, Transaction};

use super::{plain, reflected, table, texts};
use crate::reflect::version;

pub(super) const BOOK: &str =
    "create table t (id serial primary key, catalog text unique, name text, stock int default 5)";

/// Runs a statement that the server refuses, and returns its SQLSTATE.
async fn refused(tx: &mut Transaction, sql: &str) -> Result<String> {
    let savepoint = tx.savepoint().await?;
    let error = savepoint
        .execute(sql, &[])
        .await
        .expect_err("the server refuses it");
    let code = error
        .code()
        .map(SqlState::code)
        .unwrap_or_default()
        .to_owned();
    savepoint.rollback().await?;
    Ok(code)
}

pub(super) fn reason(refused: Result<aiodal::BoundStatement>) -> String {
    plain(&refused.expect_err("it is refused"))
}

#[aiodal::test]
async fn only_key_with_all_its_columns_is_the_arbiter(tx: &mut Transaction) -> Result<()> {
    let t = table(tx, BOOK).await?;
    let upsert = |name: &str| {
        t.upsert()
            .set("catalog", &"QA1")
            .set("name", &name)
            .returning(["id"])
            .returning_inserted()
            .bind()
    };
    let statement = upsert("Compilers")?;
    assert_eq!(
        plain(&statement.sql()),
        "insert into \"keys\".\"t\" as \"existing\" (\"catalog\", \"name\") values ($1, $2) \
         on conflict (\"catalog\") do update set \"name\" = excluded.\"name\" returning \"id\", (xmax = 0) as inserted"
    );
    let row = statement.fetch_one(tx).await?;
    assert_eq!(
        (row.get::<_, i32>("id"), row.get::<_, bool>("inserted")),
        (1, true)
    );
    let row = upsert("Compilers 2")?.fetch_one(tx).await?;
    assert_eq!(
        (row.get::<_, i32>("id"), row.get::<_, bool>("inserted")),
        (1, false)
    );
    // The primary key wins where it is supplied too.
    let both = t.upsert().set("id", &1).set("catalog", &"QA2").bind()?;
    assert!(
        both.sql()
            .contains("on conflict (\"id\") do update set \"catalog\" ="),
        "{}",
        both.sql()
    );
    assert_eq!(both.execute(tx).await?, 1);
    Ok(())
}

#[aiodal::test]
async fn several_keys_or_none_list_the_candidates(tx: &mut Transaction) -> Result<()> {
    let ddl = "create table t (id int primary key, a int unique, b int unique, c int)";
    let t = table(tx, ddl).await?;
    let several = reason(t.upsert().set("a", &1).set("b", &1).set("c", &1).bind());
    assert_eq!(
        several,
        "refused to upsert into keys.t: several keys may decide whether a row is there already: \
         \"t_a_key\" (a); \"t_b_key\" (b); name one by on([..]) or on_constraint(\"..\")"
    );
    let none = reason(t.upsert().set("c", &1).bind());
    assert!(
        none.contains("there are \"t_pkey\" (id); \"t_a_key\" (a); \"t_b_key\" (b)"),
        "{none}"
    );
    // A row that leaves the key to its default has no value for it.
    let some = reason(
        t.upsert()
            .values(&[("a", &1), ("c", &1)])
            .values(&[("c", &2)])
            .bind(),
    );
    assert!(some.contains("don't have all columns of any key"), "{some}");
    let named = t
        .upsert()
        .set("a", &1)
        .set("b", &1)
        .set("id", &7)
        .on_constraint("t_b_key")
        .bind()?;
    assert!(
        named.sql().contains("on conflict (\"b\") do update"),
        "{}",
        named.sql()
    );
    assert_eq!(named.execute(tx).await?, 1);
    let missing = reason(t.upsert().set("a", &1).on(["c"]).bind());
    assert!(
        missing.contains("no key is over (c), but \"t_pkey\" (id)"),
        "{missing}"
    );
    let missing = reason(t.upsert().set("a", &1).on_constraint("nope").bind());
    assert!(
        missing.contains("it has no unique constraint or index \"nope\", but"),
        "{missing}"
    );
    Ok(())
}

#[aiodal::test]
async fn deferrable_keys_are_refused_and_a_twin_is_named(tx: &mut Transaction) -> Result<()> {
    let ddl = "create table t (a int, b int, c int, constraint plain unique (a), constraint later unique (a) deferrable,
               constraint alone unique (b) deferrable initially deferred)";
    let t = table(tx, ddl).await?;
    assert_eq!(
        t.arbiters()
            .iter()
            .map(|arbiter| arbiter.name)
            .collect::<Vec<_>>(),
        ["plain"]
    );
    let sql = "insert into t (b) values (1) on conflict (b) do nothing";
    assert_eq!(refused(tx, sql).await?, "55000");
    let sql = "insert into t (b) values (1) on conflict on constraint alone do update set c = 1";
    assert_eq!(refused(tx, sql).await?, "55000");
    for refused in [
        t.upsert().set("b", &1).set("c", &1).on(["b"]).bind(),
        t.upsert()
            .set("b", &1)
            .set("c", &1)
            .on_constraint("alone")
            .bind(),
    ] {
        assert!(reason(refused).contains("\"alone\" is deferrable"));
    }
    // By columns the server finds both.
    let sql = "insert into t (a) values (1) on conflict (a) do update set c = 1";
    assert_eq!(refused(tx, sql).await?, "55000");
    let twin = t.upsert().set("a", &1).set("c", &1).bind()?;
    assert!(
        twin.sql()
            .contains("on conflict on constraint \"plain\" do update"),
        "{}",
        twin.sql()
    );
    twin.execute(tx).await?;
    assert_eq!(twin.execute(tx).await?, 1);
    assert_eq!(
        texts(tx, "select count(*)::text from t").await?[0].as_deref(),
        Some("1")
    );
    Ok(())
}

#[aiodal::test]
async fn exclusion_allows_do_nothing_only(tx: &mut Transaction) -> Result<()> {
    let ddl =
        "create table t (r int4range, c int, constraint apart exclude using gist (r with &&))";
    let t = table(tx, ddl).await?;
    assert_eq!(t.arbiters()[0].kind, ArbiterKind::Exclusion);
    let sql = "insert into t values ('[1,2)') on conflict on constraint apart do update set c = 1";
    assert_eq!(refused(tx, sql).await?, "42809");
    let update = t
        .upsert()
        .set("r", &"[1,5)")
        .set("c", &1)
        .on_constraint("apart")
        .bind();
    assert!(
        reason(update)
            .contains("\"apart\" excludes rows and is no key: it allows do_nothing() only")
    );
    let nothing = t
        .upsert()
        .set("r", &"[1,5)")
        .on_constraint("apart")
        .do_nothing()
        .bind()?;
    assert_eq!(
        (nothing.execute(tx).await?, nothing.execute(tx).await?),
        (1, 0)
    );
    Ok(())
}

#[aiodal::test]
async fn unique_indexes_are_found_by_columns_expressions_and_predicate(
    tx: &mut Transaction,
) -> Result<()> {
    let ddl = "create table t (a int, b text, c int, gone bool not null default false);
               create unique index plain on t (a) include (c);
               create unique index lowered on t (lower(b), c);
               create unique index living on t (b) where not gone";
    let t = table(tx, ddl).await?;
    assert_eq!(
        refused(
            tx,
            "insert into t values (1) on conflict on constraint plain do nothing"
        )
        .await?,
        "42704"
    );
    assert_eq!(
        refused(tx, "insert into t values (1) on conflict (b) do nothing").await?,
        "42P10"
    );
    assert_eq!(
        refused(tx, "insert into t values (1) on conflict (b, c) do nothing").await?,
        "42P10"
    );
    let row: [(&str, &(dyn aiodal::types::ToSql + Sync)); 3] = [("a", &1), ("b", &"X"), ("c", &3)];
    let all = || t.upsert().values(&row);
    let cases = [
        (
            all().on(["a"]).bind()?,
            "on conflict (\"a\") do update set \"b\" =",
        ),
        (
            all().on_constraint("plain").bind()?,
            "on conflict (\"a\") do update set \"b\" =",
        ),
        (
            all().on_constraint("lowered").bind()?,
            "on conflict ((lower(b)), \"c\") do update set \"a\" =",
        ),
        (
            all().on(["b"]).bind()?,
            "on conflict (\"b\") where ((NOT gone)) do update set \"a\" =",
        ),
        (
            all().on_constraint("living").bind()?,
            "on conflict (\"b\") where ((NOT gone)) do update set \"a\" =",
        ),
        // Neither the partial index nor that of expressions is chosen unnamed.
        (all().bind()?, "on conflict (\"a\") do update set \"b\" ="),
    ];
    for (statement, text) in cases {
        assert!(statement.sql().contains(text), "{}", statement.sql());
        assert_eq!(statement.execute(tx).await?, 1);
        assert_eq!(
            texts(tx, "select count(*)::text from t").await?[0].as_deref(),
            Some("1")
        );
    }
    Ok(())
}

#[aiodal::test]
async fn partial_indexes_over_the_same_columns_have_to_be_named(
    tx: &mut Transaction,
) -> Result<()> {
    let ddl = "create table t (a int, k text, n int);
               create unique index one on t (a) where k = 'one'; create unique index two on t (a) where k = 'two';
               create index slow on t (n)";
    let t = table(tx, ddl).await?;
    let both = reason(t.upsert().set("a", &1).set("k", &"one").on(["a"]).bind());
    assert!(
        both.contains("several partial indexes") && both.contains("\"one\" (a) where"),
        "{both}"
    );
    let one = t
        .upsert()
        .set("a", &1)
        .set("k", &"one")
        .set("n", &1)
        .on_constraint("one")
        .bind()?;
    assert_eq!((one.execute(tx).await?, one.execute(tx).await?), (1, 1));
    let slow = reason(t.upsert().set("n", &1).on_constraint("slow").bind());
    assert!(
        slow.contains("\"slow\" is an index that is not unique"),
        "{slow}"
    );
    Ok(())
}

#[aiodal::test]
async fn nulls_conflict_where_the_key_says_so(tx: &mut Transaction) -> Result<()> {
    if version(tx).await? < 150_000 {
        eprintln!("skipped: this server does not know NULLS NOT DISTINCT");
        return Ok(());
    }
    let ddl = "create table t (a int, b int, n int, constraint nd unique nulls not distinct (a), unique (b))";
    let t = table(tx, ddl).await?;
    let flags: Vec<bool> = t
        .arbiters()
        .iter()
        .map(|arbiter| arbiter.nulls_not_distinct)
        .collect();
    assert_eq!(flags.iter().filter(|flag| **flag).count(), 1);
    let same = t
        .upsert()
        .set("a", &None::<i32>)
        .set("n", &1)
        .on(["a"])
        .bind()?;
    assert_eq!((same.execute(tx).await?, same.execute(tx).await?), (1, 1));
    let twice = t
        .upsert()
        .values(&[("a", &None::<i32>), ("n", &1)])
        .values(&[("a", &None::<i32>), ("n", &2)])
        .on(["a"]);
    assert!(reason(twice.bind()).contains("rows 1 and 2 have the same key (a)"));
    let rows = t
        .upsert()
        .values(&[("b", &None::<i32>), ("n", &1)])
        .values(&[("b", &None::<i32>), ("n", &2)])
        .on(["b"]);
    assert_eq!(
        rows.execute(tx)
            .await
            .err()
            .map(|error| error.is_unique_violation()),
        Some(true)
    );
    Ok(())
}

#[aiodal::test]
async fn partitioned_tables_and_views_go_by_columns(tx: &mut Transaction) -> Result<()> {
    let ddl = "create table t (id int, region text, v text, primary key (id, region)) partition by list (region);
               create table t_a partition of t for values in ('a'); create table t_b partition of t for values in ('b');
               create table base (id int primary key, v text); create view w as select id, v from base";
    let schema = reflected(tx, ddl).await?;
    let upsert = |t: &Arc<Table>| {
        let upsert = t
            .upsert()
            .values(&[("id", &1), ("region", &"a"), ("v", &"x")]);
        upsert
            .values(&[("id", &1), ("region", &"b"), ("v", &"y")])
            .bind()
    };
    let statement = upsert(schema.table("t")?)?;
    assert_eq!(
        (statement.execute(tx).await?, statement.execute(tx).await?),
        (2, 2)
    );
    let inserted = schema
        .table("t")?
        .upsert()
        .set("id", &1)
        .set("region", &"a")
        .set("v", &"x")
        .returning_inserted()
        .bind();
    assert!(reason(inserted).contains("only a table that is not partitioned"));
    let sql = "insert into t values (1, 'a', 'x') on conflict (id, region) do update set v = 'z' returning xmax";
    assert_eq!(refused(tx, sql).await?, "0A000");

    let view = schema.table("w")?;
    let unnamed = reason(view.upsert().set("id", &1).set("v", &"x").bind());
    assert!(
        unnamed.contains("a view has no keys of its own: name the columns by on([..])"),
        "{unnamed}"
    );
    let statement = view
        .upsert()
        .set("id", &1)
        .set("v", &"x")
        .on(["id"])
        .bind()?;
    assert_eq!(
        (statement.execute(tx).await?, statement.execute(tx).await?),
        (1, 1)
    );
    Ok(())
}
