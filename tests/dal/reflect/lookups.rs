//! Lookups by name, and what a miss says.

use aiodal::schema::Table;
use aiodal::{Reflect, Schema, Transaction};

use super::{name, sink};

#[aiodal::test]
async fn names_are_read_as_in_sql(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    for (text, found) in [
        ("columns", name("sink", "columns")),
        ("COLUMNS", name("sink", "columns")),
        ("sink.Columns", name("sink", "columns")),
        ("Mixed Case", name("sink", "Mixed Case")),
        ("\"Mixed Case\"", name("sink", "Mixed Case")),
        ("\"Other.One\".two", name("Other.One", "two")),
        (
            "\"Other.One\".\"Mixed Case\"",
            name("Other.One", "Mixed Case"),
        ),
        ("two", name("Other.One", "two")),
        ("\"one.two\"", name("sink", "one.two")),
        ("sink.\"one.two\"", name("sink", "one.two")),
        ("\"p,q\"", name("sink", "p,q")),
    ] {
        assert_eq!(schema.table(text)?.name, found, "{text}");
        assert_eq!(Table::reflect(tx, text).await?.name, found, "{text}");
    }
    for text in [
        "\"COLUMNS\"",
        "\"mixed case\"",
        "one.two",
        "\"sink.columns\"",
    ] {
        assert!(schema.table(text).unwrap_err().is_not_found(), "{text}");
        let error = Table::reflect(tx, text).await.unwrap_err();
        assert!(error.is_not_found(), "{text}");
    }
    Ok(())
}

/// SQLAlchemy keys tables by the text `schema.table`, so that one of these hides another.
#[aiodal::test]
async fn a_dot_in_a_name_is_not_one_between_names(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create schema my; create schema \"my.schema\"; create schema path; set local search_path = path;
        create table my.\"schema.t\" (a int); create table \"my.schema\".t (b int);
        create table path.\"my.schema.t\" (c int)",
    )
    .await?;
    let options = Reflect::new().schemas(["my", "my.schema"]);
    let schema = Schema::reflect(tx, &options).await?;
    assert_eq!(schema.tables.len(), 3);
    for (text, column) in [
        ("my.\"schema.t\"", "a"),
        ("\"my.schema\".t", "b"),
        ("\"my.schema.t\"", "c"),
    ] {
        assert_eq!(schema.table(text)?.columns[0].name, column, "{text}");
        let written = schema.table(text)?.name.to_string();
        assert_eq!(schema.table(&written)?.columns[0].name, column, "{written}");
    }
    assert_eq!(schema.table(("my", "schema.t"))?.columns[0].name, "a");
    assert_eq!(schema.table(&name("my.schema", "t"))?.columns[0].name, "b");
    Ok(())
}

#[aiodal::test]
async fn search_path_decides_in_its_order(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    assert_eq!(schema.table("Mixed Case")?.name, name("sink", "Mixed Case"));
    tx.batch_execute("set local search_path = \"Other.One\", sink")
        .await?;
    let schema = Schema::reflect(tx, &Reflect::new()).await?;
    let other = name("Other.One", "Mixed Case");
    assert_eq!(schema.table("Mixed Case")?.name, other);
    assert_eq!(Table::reflect(tx, "Mixed Case").await?.name, other);
    Ok(())
}

#[aiodal::test]
async fn exact_spelling_wins_over_the_folded(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create schema s; set local search_path = s;
        create table author (a int); create table \"Author\" (b int)",
    )
    .await?;
    let schema = Schema::reflect(tx, &Reflect::new()).await?;
    for (text, column) in [("Author", "b"), ("author", "a"), ("AUTHOR", "a")] {
        assert_eq!(schema.table(text)?.columns[0].name, column);
        assert_eq!(Table::reflect(tx, text).await?.columns[0].name, column);
    }
    Ok(())
}

#[aiodal::test]
async fn miss_names_what_is_near_and_where_it_looked(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create schema shop; create schema audit; set local search_path = shop;
        create table author (id int, full_name text, unique (full_name));
        create table audit.entry (id int); create table \"a.b\" (id int)",
    )
    .await?;
    let schema = Schema::reflect(tx, &Reflect::new().schemas(["audit"])).await?;
    let miss = |text: &str| schema.table(text).unwrap_err().to_string();
    assert_eq!(
        miss("autor"),
        "no table \"autor\" in audit, shop; did you mean \"author\"?"
    );
    assert_eq!(
        miss("entry"),
        "no table \"entry\" in audit, shop; did you mean \"audit.entry\"?"
    );
    assert_eq!(
        miss("shop.entry"),
        "no table \"shop.entry\" in audit, shop; did you mean \"audit.entry\"?"
    );
    assert_eq!(
        miss("a.b"),
        "no table \"a.b\" in audit, shop; did you mean shop.\"a.b\"?"
    );
    assert_eq!(miss("invoice"), "no table \"invoice\" in audit, shop");

    let alone = Table::reflect(tx, "autor").await.unwrap_err();
    assert_eq!(
        alone.to_string(),
        "no table \"autor\" in shop; did you mean \"author\"?"
    );
    let alone = Table::reflect(tx, "audit.entri").await.unwrap_err();
    assert_eq!(
        alone.to_string(),
        "no table \"audit.entri\" in audit; did you mean \"audit.entry\"?"
    );

    let author = schema.table("author")?;
    assert_eq!(
        author.column("fullname").unwrap_err().to_string(),
        "no column \"fullname\" in table shop.author; did you mean \"full_name\"?"
    );
    let miss = author.unique_constraint("author_fullname_key").unwrap_err();
    assert!(miss.is_not_found());
    assert!(miss.to_string().contains("author_full_name_key"), "{miss}");
    Ok(())
}

#[aiodal::test]
async fn text_that_is_no_name_is_refused(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = Schema::reflect(tx, &Reflect::new()).await?;
    let error = schema.table("a.b.c").unwrap_err();
    assert!(!error.is_not_found());
    assert!(error.to_string().contains("quote"), "{error}");
    assert!(schema.table("").is_err());
    assert!(Table::reflect(tx, "\"open").await.is_err());
    Ok(())
}

#[aiodal::test]
async fn unique_constraint_is_found_by_its_name_or_its_table_s(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    assert_eq!(schema.unique_constraint("target_later")?.columns, ["c"]);
    assert_eq!(
        schema.unique_constraint("sink.target_later")?.columns,
        ["c"]
    );
    assert_eq!(
        schema.unique_constraint("\"p,q\"")?.name,
        "u,1",
        "its table has one"
    );
    let several = schema.unique_constraint("target").unwrap_err();
    assert!(several.is_ambiguous());
    for candidate in ["target_c", "target_later", "target_swapped", "d, c"] {
        assert!(several.to_string().contains(candidate), "{several}");
    }
    let none = schema.unique_constraint("checks").unwrap_err();
    assert!(none.is_not_found());
    assert_eq!(
        none.to_string(),
        "no unique constraint in table sink.checks"
    );
    let miss = schema.unique_constraint("target_latter").unwrap_err();
    assert!(miss.is_not_found());
    assert!(miss.to_string().contains("\"target_later\""), "{miss}");
    Ok(())
}

#[aiodal::test]
async fn columns_of_a_violated_constraint_are_known(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let columns = |table: &str, name: &str| -> aiodal::Result<Vec<String>> {
        let columns = schema.table(table)?.constraint_columns(name);
        let columns = columns.unwrap_or_else(|| panic!("no constraint {name}"));
        Ok(columns.into_iter().map(str::to_owned).collect())
    };
    assert_eq!(columns("target", "target_pk")?, ["b", "a"]);
    assert_eq!(columns("target", "target_c")?, ["d", "c"]);
    assert_eq!(columns("actions", "swapped")?, ["x", "y"]);
    assert_eq!(columns("checks", "sum")?, ["n", "m"]);
    assert_eq!(columns("indexed", "indexed_partial")?, ["a"]);
    assert_eq!(columns("exclusive", "no_overlap")?, ["during"]);
    assert_eq!(schema.table("target")?.constraint_columns("nothing"), None);
    Ok(())
}

#[aiodal::test]
async fn what_is_no_relation_hides_none_of_its_name(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create schema first; create schema s; set local search_path = first, s;
        create sequence first.t; create table first.u (a int); create index v on first.u (a);
        create type first.w as (a int);
        create table s.t (a int); create table s.v (a int); create table s.w (a int)",
    )
    .await?;
    for text in ["t", "v", "w"] {
        let table = Table::reflect(tx, text).await?;
        assert_eq!(table.name, name("s", text));
    }
    let error = Table::reflect(tx, "first.v").await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    Ok(())
}

#[aiodal::test]
async fn table_alone_needs_no_privilege(tx: &mut Transaction) -> aiodal::Result<()> {
    let role = format!("aiodal_lookup_{}", std::process::id());
    tx.batch_execute(&format!(
        "create schema s; create table s.t (a int primary key, b int references s.t);
        create role {role}; set local role {role}"
    ))
    .await?;
    assert_eq!(Table::reflect(tx, "s.t").await?.foreign_keys.len(), 1);
    tx.query_one("select 1", &[]).await?;
    Ok(())
}

#[aiodal::test]
async fn temporary_table_alone_has_the_names_of_the_whole(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(
        "create temporary table parent (id serial primary key);
        create temporary table child (id int references parent) on commit drop",
    )
    .await?;
    let schema = Schema::reflect(tx, &Reflect::new()).await?;
    for text in ["parent", "child", "pg_temp.child"] {
        let bare = text.rsplit('.').next().unwrap();
        assert_eq!(&Table::reflect(tx, text).await?, schema.table(bare)?);
    }
    Ok(())
}
