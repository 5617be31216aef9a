//! Types: by OID, as `format_type` writes them, and taken apart.

use aiodal::schema::{DataType, IntervalFields, Modifier, TypeKind};
use aiodal::{Reflect, Schema, Transaction};

use super::{make_sink, name, sink, type_of};

fn element(data_type: &DataType) -> &DataType {
    match &data_type.kind {
        TypeKind::Array(element) => element,
        other => panic!("no array: {other:?}"),
    }
}

#[aiodal::test]
async fn types_are_written_as_the_server_writes_them(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    // The path would leave out schemas here, and not in a reflection.
    tx.batch_execute("set local search_path = ''").await?;
    let sql = "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'sink'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and a.attnum > 0 and not a.attisdropped";
    let rows = tx.query(sql, &[]).await?;
    assert!(rows.len() > 100);
    for row in rows {
        let (table, column, expected): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
        let table = schema.table(("sink", table))?;
        assert_eq!(type_of(table, column).sql, expected, "{column}");
    }
    Ok(())
}

/// Without asking the server for them: this is where the driver's knowledge and ours are held against its own.
#[aiodal::test]
async fn every_built_in_type_is_known(tx: &mut Transaction) -> aiodal::Result<()> {
    // A view cannot have columns of pseudo-types, nor of rows that hold one: those of statistics do.
    let rows = tx
        .query(
            "select t.typname, format_type(t.oid, -1), t.oid from pg_type t
            left join pg_type e on e.oid = t.typelem
            where t.typnamespace = 'pg_catalog'::regnamespace and t.typtype <> 'p'
            and coalesce(e.typtype <> 'p', true)
            and t.typname not in ('pg_attribute', '_pg_attribute') and t.typname !~ '_stat'
            order by t.oid",
            &[],
        )
        .await?;
    let mut columns = Vec::new();
    let mut expected = Vec::new();
    for row in rows {
        let (name, sql): (&str, &str) = (row.get(0), row.get(1));
        columns.push(format!(
            "null::pg_catalog.{} as \"{name}\"",
            aiodal::quote_ident(name)?
        ));
        expected.push((name.to_owned(), sql.to_owned(), row.get::<_, u32>(2)));
    }
    let sql = format!("create view everything as select {}", columns.join(", "));
    tx.batch_execute(&sql).await?;
    let table = aiodal::schema::Table::reflect(tx, "everything").await?;
    for (name, sql, oid) in expected {
        let data_type = type_of(&table, &name);
        assert_eq!((data_type.sql.as_str(), data_type.oid), (&*sql, oid));
        assert_eq!(data_type.name, super::name("pg_catalog", &name));
    }
    Ok(())
}

#[aiodal::test]
async fn modifiers_are_taken_apart(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let table = schema.table("columns")?;
    let modifier = |name| type_of(table, name).modifier;
    let numeric = Modifier::Numeric {
        precision: 12,
        scale: 2,
    };
    assert_eq!(modifier("numeric"), Some(numeric));
    assert_eq!(modifier("bare_numeric"), None);
    assert_eq!(modifier("vc"), Some(Modifier::Length(20)));
    assert_eq!(modifier("ch"), Some(Modifier::Length(3)));
    assert_eq!(modifier("bits"), Some(Modifier::Length(4)));
    assert_eq!(modifier("varbits"), Some(Modifier::Length(9)));
    assert_eq!(modifier("ts"), Some(Modifier::Seconds(3)));
    assert_eq!(modifier("tm"), Some(Modifier::Seconds(0)));
    assert_eq!(modifier("tstz"), None);
    assert_eq!(modifier("span"), None);
    let interval = |fields, precision| Some(Modifier::Interval { fields, precision });
    assert_eq!(
        modifier("span_fields"),
        interval(Some(IntervalFields::DayToSecond), Some(3))
    );
    assert_eq!(
        modifier("span_year"),
        interval(Some(IntervalFields::Year), None)
    );
    assert_eq!(modifier("span_digits"), interval(None, Some(2)));
    let array = type_of(table, "vcs");
    assert_eq!(
        (array.modifier, array.sql.as_str()),
        (None, "character varying(20)[]")
    );
    assert_eq!(element(array).modifier, Some(Modifier::Length(20)));
    Ok(())
}

#[aiodal::test]
async fn enum_has_its_labels_in_order(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let mood = schema.data_type("mood")?;
    let TypeKind::Enum(labels) = &mood.kind else {
        panic!("an enum: {mood:?}");
    };
    assert_eq!(
        labels,
        &["sad", "so, so", "{}", "it's (fine)", "\"quoted\"", ""]
    );
    assert_eq!(mood.comment.as_deref(), Some("a mood"));
    let table = schema.table("columns")?;
    assert_eq!(type_of(table, "feel"), &**mood);
    assert_eq!(element(type_of(table, "feels")), &**mood);
    // SQLAlchemy knows no type with a parenthesis in its name.
    let odd = type_of(table, "odd");
    assert_eq!(odd.name, name("sink", "Enum (odd), 'one'"));
    assert_eq!(odd.sql, "sink.\"Enum (odd), 'one'\"");
    Ok(())
}

/// SQLAlchemy keeps one check of a domain, and loses the modifier of what it is over.
#[aiodal::test]
async fn domains_keep_their_chain_checks_and_modifiers(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let small = schema.data_type("small_posint")?;
    let TypeKind::Domain(domain) = &small.kind else {
        panic!("a domain: {small:?}");
    };
    assert!(domain.not_null);
    assert_eq!(domain.default.as_deref(), Some("7"));
    let checks: Vec<(&str, &str)> = domain
        .checks
        .iter()
        .map(|check| (&*check.name, &*check.expression))
        .collect();
    assert_eq!(
        checks,
        [
            ("not_five", "((VALUE)::integer <> 5)"),
            ("under_ten", "((VALUE)::integer < 10)")
        ]
    );
    assert_eq!(domain.base.sql, "sink.posint");
    assert_eq!(domain.base.comment.as_deref(), Some("above zero"));

    let price = schema.data_type("price")?;
    let TypeKind::Domain(domain) = &price.kind else {
        panic!("a domain: {price:?}");
    };
    assert_eq!(domain.base.sql, "numeric(12,2)");
    let codes = schema.data_type("codes")?;
    let TypeKind::Domain(domain) = &codes.kind else {
        panic!("a domain: {codes:?}");
    };
    assert_eq!(domain.base.sql, "character varying(10)[]");
    let table = schema.table("columns")?;
    assert_eq!(element(type_of(table, "code_list")).sql, "sink.posint");
    Ok(())
}

#[aiodal::test]
async fn composites_have_fields_without_the_dropped(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let whole = schema.data_type("whole")?;
    let TypeKind::Composite(fields) = &whole.kind else {
        panic!("a composite: {whole:?}");
    };
    let names: Vec<&str> = fields.iter().map(|field| &*field.name).collect();
    assert_eq!(names, ["first", "others"]);
    let part = element(&fields[1].data_type);
    assert_eq!(part, &*fields[0].data_type);
    let TypeKind::Composite(fields) = &part.kind else {
        panic!("a composite: {part:?}");
    };
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|field| (&*field.name, &*field.data_type.sql))
        .collect();
    assert_eq!(
        fields,
        [("amount", "numeric(8,3)"), ("codes", "sink.codes")]
    );
    // A table's row type: no type of its own, but a column may have it.
    assert!(schema.data_type("\"Mixed Case\"").is_err());
    let row = type_of(schema.table("columns")?, "owner_row");
    assert!(matches!(&row.kind, TypeKind::Composite(fields) if fields.len() == 7));
    Ok(())
}

#[aiodal::test]
async fn ranges_have_a_subtype(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let table = schema.table("columns")?;
    let subtype = |name| match &type_of(table, name).kind {
        TypeKind::Range(subtype) | TypeKind::Multirange(subtype) => subtype.sql.clone(),
        other => panic!("no range: {other:?}"),
    };
    assert_eq!(subtype("range"), "double precision");
    assert_eq!(subtype("multirange"), "double precision");
    assert_eq!(subtype("days"), "date");
    assert!(schema.data_type("floatrange").is_ok());
    Ok(())
}

#[aiodal::test]
async fn types_come_from_wherever_they_are(tx: &mut Transaction) -> aiodal::Result<()> {
    make_sink(tx).await?;
    tx.batch_execute(
        "create schema apart; set local search_path = apart;
        create table t (a sink.small_posint[], b information_schema.sql_identifier, c sink.indexed)",
    )
    .await?;
    let schema = Schema::reflect(tx, &Reflect::new()).await?;
    assert!(schema.types.is_empty(), "they are not of this schema");
    let table = schema.table("t")?;
    let small = element(type_of(table, "a"));
    assert!(matches!(&small.kind, TypeKind::Domain(domain) if domain.base.sql == "sink.posint"));
    assert!(matches!(&type_of(table, "b").kind, TypeKind::Domain(_)));
    assert!(matches!(&type_of(table, "c").kind, TypeKind::Composite(fields) if fields.len() == 8));
    Ok(())
}
