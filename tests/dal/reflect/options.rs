//! What is reflected, and what is left out.

use aiodal::schema::Table;
use aiodal::{Reflect, Schema, Transaction};

use super::{make_sink, name};

async fn three_schemas(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create schema one; create schema two; create schema three;
        create table one.t (a int primary key); create table two.t (b int); create table three.t (c int);
        create table two.u (a int references one.t);
        set local search_path = one, missing",
    )
    .await
}

fn names(schema: &Schema) -> Vec<String> {
    let tables = schema.tables.iter();
    tables.map(|table| table.name.to_string()).collect()
}

#[aiodal::test]
async fn search_path_is_the_default_and_others_come_besides(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    three_schemas(tx).await?;
    let schema = Schema::reflect(tx, &Reflect::new()).await?;
    assert_eq!(schema.schemas, ["one"]);
    assert_eq!(schema.search_path, ["one"]);
    assert_eq!(names(&schema), ["one.t"]);
    let schema = Schema::reflect(tx, &Reflect::new().schemas(["two"])).await?;
    assert_eq!(names(&schema), ["one.t", "two.t", "two.u"]);
    let named = Reflect::new().search_path(false).schemas(["two"]);
    assert_eq!(
        names(&Schema::reflect(tx, &named).await?),
        ["two.t", "two.u"]
    );
    Ok(())
}

#[aiodal::test]
async fn all_schemas_are_all_but_the_system_s(tx: &mut Transaction) -> aiodal::Result<()> {
    three_schemas(tx).await?;
    let schema = Schema::reflect(tx, &Reflect::new().all_schemas(true)).await?;
    for table in ["one.t", "two.t", "two.u", "three.t"] {
        assert!(schema.table(table).is_ok(), "{table}");
    }
    assert!(schema.tables.iter().all(|table| {
        let schema = &table.name.schema;
        !schema.starts_with("pg_") && schema != "information_schema"
    }));
    Ok(())
}

#[aiodal::test]
async fn catalogs_are_reflected_if_they_are_named(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = Schema::reflect(tx, &Reflect::new().schemas(["pg_catalog"])).await?;
    let class = schema.table("pg_catalog.pg_class")?;
    assert_eq!(class.columns[0].name, "oid");
    assert!(class.columns[0].not_null);
    assert!(!class.unique_constraints.is_empty() || !class.indexes.is_empty());
    assert_eq!(&Table::reflect(tx, "pg_class").await?, class);
    Ok(())
}

#[aiodal::test]
async fn schema_that_does_not_exist_is_an_error(tx: &mut Transaction) -> aiodal::Result<()> {
    three_schemas(tx).await?;
    let error = Schema::reflect(tx, &Reflect::new().schemas(["three", "tow"]))
        .await
        .unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(
        error.to_string(),
        "no schema \"tow\" in this database; did you mean \"two\"?"
    );
    Ok(())
}

#[aiodal::test]
async fn only_restricts_to_what_is_named(tx: &mut Transaction) -> aiodal::Result<()> {
    three_schemas(tx).await?;
    // Without a schema: of that name in any of them.
    let both = Reflect::new().schemas(["two"]).only(["t"]);
    assert_eq!(
        names(&Schema::reflect(tx, &both).await?),
        ["one.t", "two.t"]
    );
    let other = Reflect::new().only(["three.T", "t"]);
    assert_eq!(
        names(&Schema::reflect(tx, &other).await?),
        ["one.t", "three.t"]
    );
    let error = Schema::reflect(tx, &Reflect::new().schemas(["two"]).only(["t", "uu"]))
        .await
        .unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.to_string(), "no relation \"uu\" in one, two");
    Ok(())
}

#[aiodal::test]
async fn only_comes_with_its_types_and_sequences(tx: &mut Transaction) -> aiodal::Result<()> {
    make_sink(tx).await?;
    let schema = Schema::reflect(tx, &Reflect::new().only(["columns"])).await?;
    assert!(schema.functions.is_empty());
    let sequences: Vec<&str> = schema
        .sequences
        .iter()
        .map(|sequence| &*sequence.name.name)
        .collect();
    assert_eq!(
        sequences,
        [
            "columns_always_seq",
            "columns_by_default_seq",
            "columns_id_seq"
        ]
    );
    assert!(schema.data_type("mood").is_ok());
    assert!(schema.data_type("posint").is_ok(), "a domain's base");
    Ok(())
}

#[aiodal::test]
async fn foreign_keys_are_followed_from_table_to_table_if_asked(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    three_schemas(tx).await?;
    tx.batch_execute(
        "alter table two.t add primary key (b);
        alter table one.t add foreign key (a) references two.t;
        alter table two.t add foreign key (b) references one.t;
        create table three.last (id int primary key);
        alter table two.t add foreign key (b) references three.last",
    )
    .await?;
    let follow = Reflect::new().follow_foreign_keys(true);
    let schema = Schema::reflect(tx, &follow).await?;
    assert_eq!(names(&schema), ["one.t", "three.last", "two.t"]);
    let schema = Schema::reflect(tx, &follow.only(["two.u"])).await?;
    assert_eq!(schema.tables.len(), 4);
    assert_eq!(
        schema.table("two.u")?.foreign_keys[0].referred_table,
        name("one", "t")
    );
    Ok(())
}

#[aiodal::test]
async fn kinds_can_be_left_out(tx: &mut Transaction) -> aiodal::Result<()> {
    make_sink(tx).await?;
    let options = Reflect::new().views(false).foreign_tables(false);
    let schema = Schema::reflect(tx, &options.functions(false)).await?;
    for gone in ["looking", "kept", "distant"] {
        assert!(schema.table(gone).is_err(), "{gone}");
    }
    assert!(schema.table("columns").is_ok());
    assert!(schema.functions.is_empty());
    Ok(())
}

#[aiodal::test]
async fn definitions_of_views_are_read_if_asked(tx: &mut Transaction) -> aiodal::Result<()> {
    make_sink(tx).await?;
    let without = Schema::reflect(tx, &Reflect::new()).await?;
    assert_eq!(without.table("kept")?.definition, None);
    let with = Schema::reflect(tx, &Reflect::new().definitions(true)).await?;
    let definition = with.table("kept")?.definition.as_deref().unwrap();
    assert!(definition.contains("FROM sink.indexed"), "{definition}");
    assert!(with.table("counting")?.definition.is_some());
    assert_eq!(with.table("columns")?.definition, None);
    Ok(())
}

#[aiodal::test]
async fn inaccessible_relations_can_be_left_out(tx: &mut Transaction) -> aiodal::Result<()> {
    let role = format!("aiodal_reflect_{}", std::process::id());
    tx.batch_execute(&format!(
        "create schema s; set local search_path = s;
        create table mine (a int primary key); create table hers (a int references mine);
        create table part (a int, b int);
        create role {role}; grant usage on schema s to {role};
        grant insert on hers to {role}; grant select (b) on part to {role};
        set local role {role}",
    ))
    .await?;
    let all = Schema::reflect(tx, &Reflect::new()).await?;
    assert_eq!(all.tables.len(), 3, "the catalogs hide nothing");
    let schema = Schema::reflect(tx, &Reflect::new().accessible_only(true)).await?;
    assert_eq!(names(&schema), ["s.hers", "s.part"]);
    assert_eq!(
        schema.table("hers")?.foreign_keys[0].referred_table,
        name("s", "mine")
    );
    Ok(())
}

#[aiodal::test]
async fn extensions_are_left_out_unless_asked_for(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create schema s; set local search_path = s; create table t (a int);
        create extension if not exists pg_stat_statements schema s",
    )
    .await?;
    let without = Schema::reflect(tx, &Reflect::new()).await?;
    assert_eq!(names(&without), ["s.t"]);
    assert!(without.functions.is_empty());
    let with = Schema::reflect(tx, &Reflect::new().extensions(true)).await?;
    let view = with.table("pg_stat_statements")?;
    assert_eq!(view.extension.as_deref(), Some("pg_stat_statements"));
    let function = with.function("pg_stat_statements")?;
    assert_eq!(function.extension.as_deref(), Some("pg_stat_statements"));
    let alone = Table::reflect(tx, "pg_stat_statements").await?;
    assert_eq!(&alone, view);
    Ok(())
}
