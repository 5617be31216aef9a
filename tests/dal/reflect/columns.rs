//! Columns: their order, defaults, identity and the rest.

use aiodal::Transaction;
use aiodal::schema::{Generated, Identity, Persistence, SequenceOptions, TableKind};

use super::{column, name, sink, type_of};

#[aiodal::test]
async fn positions_have_no_holes_where_columns_were_dropped(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let table = schema.table("columns")?;
    let first: Vec<(&str, u16)> = table.columns[..4]
        .iter()
        .map(|column| (column.name.as_str(), column.position))
        .collect();
    assert_eq!(
        first,
        [("id", 1), ("always", 2), ("by_default", 3), ("plain", 4)]
    );
    assert_eq!(table.columns.last().unwrap().name, "owner_row");
    Ok(())
}

#[aiodal::test]
async fn names_come_as_they_are(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let table = schema.table("\"Mixed Case\"")?;
    let names: Vec<&str> = table.columns.iter().map(|column| &*column.name).collect();
    assert_eq!(
        names,
        [
            "Id",
            "a.b",
            "per%cent $1 ? :x",
            "new\nline",
            " space",
            "quo\"te",
            "sel'ect"
        ]
    );
    Ok(())
}

#[aiodal::test]
async fn defaults_are_qualified_and_come_from_domains_too(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let table = schema.table("columns")?;
    let default = |name| column(table, name).default.as_deref();
    assert_eq!(default("plain"), Some("(1 + 1)"));
    // SQLAlchemy would put the table's schema before a sequence that has none; here it always has its own.
    assert_eq!(
        default("counted"),
        Some("nextval('sink.counter'::regclass)")
    );
    assert_eq!(
        default("id"),
        Some("nextval('sink.columns_id_seq'::regclass)")
    );
    assert_eq!(default("feel"), Some("'sad'::sink.mood"));
    assert_eq!(default("small"), Some("7"));
    assert_eq!(default("money"), Some("9.99"));
    assert_eq!(default("vc"), None);
    assert_eq!(default("twice"), None, "its expression is no default");
    Ok(())
}

#[aiodal::test]
async fn not_null_is_the_column_s_or_its_domain_s(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let table = schema.table("columns")?;
    assert!(column(table, "plain").not_null);
    assert!(column(table, "small").not_null, "its domain is");
    assert!(!column(table, "money").not_null);
    let view = schema.table("looking")?;
    assert!(!column(view, "small").not_null, "a view refuses nothing");
    Ok(())
}

#[aiodal::test]
async fn generated_column_has_its_expression(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let generated = column(schema.table("columns")?, "twice").generated.clone();
    let Some(Generated {
        expression, stored, ..
    }) = generated
    else {
        panic!("it is generated");
    };
    assert_eq!((expression.as_str(), stored), ("(plain * 2)", true));
    Ok(())
}

#[aiodal::test]
async fn identity_and_serial_have_their_sequences(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let table = schema.table("columns")?;
    let Some(Identity {
        always, options, ..
    }) = &column(table, "always").identity
    else {
        panic!("it is an identity column");
    };
    assert!(always);
    let SequenceOptions {
        start,
        increment,
        min,
        max,
        cache,
        cycle,
        ..
    } = *options;
    assert_eq!(
        (start, increment, min, max, cache, cycle),
        (100, 10, 50, 900, 4, true)
    );
    let by_default = column(table, "by_default");
    let identity = by_default.identity.as_ref().unwrap();
    assert!(!identity.always);
    assert_eq!(identity.options.max, 32767);

    let id = column(table, "id");
    assert_eq!(id.identity, None);
    assert_eq!(id.sequence, Some(name("sink", "columns_id_seq")));
    assert_eq!(
        column(table, "always").sequence,
        Some(name("sink", "columns_always_seq"))
    );
    assert_eq!(column(table, "counted").sequence, None, "it owns none");
    Ok(())
}

#[aiodal::test]
async fn sequences_have_options_owners_and_comments(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let counter = schema.sequence("counter")?;
    assert_eq!(counter.data_type, "smallint");
    let options = counter.options;
    assert_eq!((options.start, options.increment, options.min), (10, 5, 5));
    assert_eq!((options.max, options.cache, options.cycle), (500, 3, true));
    assert_eq!(counter.owned_by, None);
    assert_eq!(counter.comment.as_deref(), Some("counts by fives"));
    let owned = schema.sequence("columns_id_seq")?;
    assert_eq!(
        owned.owned_by,
        Some((name("sink", "columns"), "id".to_owned()))
    );
    Ok(())
}

#[aiodal::test]
async fn collation_is_told_where_it_is_not_the_type_s(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let table = schema.table("columns")?;
    let collation = |name| column(table, name).collation.clone();
    assert_eq!(collation("vc"), None);
    assert_eq!(collation("plain"), None);
    assert_eq!(collation("collated"), Some(name("pg_catalog", "C")));
    assert_eq!(collation("word"), None, "its domain has it");
    assert_eq!(
        collation("word_default"),
        Some(name("pg_catalog", "default"))
    );
    let own = "create collation sink.german (locale = 'C');
        create table sink.of_german (word text collate sink.german)";
    tx.batch_execute(own).await?;
    let table = aiodal::schema::Table::reflect(tx, "of_german").await?;
    assert_eq!(
        column(&table, "word").collation,
        Some(name("sink", "german"))
    );
    Ok(())
}

#[aiodal::test]
async fn comments_are_those_of_the_catalog_in_question(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let table = schema.table("\"Mixed Case\"")?;
    assert_eq!(
        table.comment.as_deref(),
        Some("it's \"quoted\"\nin two lines")
    );
    assert_eq!(column(table, "a.b").comment.as_deref(), Some("with a dot"));
    assert_eq!(column(table, "Id").comment, None);
    let table = schema.table("columns")?;
    assert_eq!(table.comment, None);
    // Behind dropped columns, where a position is not a number.
    assert_eq!(column(table, "plain").comment.as_deref(), Some("plain"));
    assert_eq!(
        column(table, "owner_row").comment.as_deref(),
        Some("the last")
    );
    Ok(())
}

#[aiodal::test]
async fn every_kind_of_relation_is_there(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let kind = |name: &str| schema.table(name).map(|table| table.kind);
    assert_eq!(kind("columns")?, TableKind::Table);
    assert_eq!(kind("event")?, TableKind::PartitionedTable);
    assert_eq!(kind("event_2025")?, TableKind::PartitionedTable);
    assert_eq!(kind("event_2024")?, TableKind::Table);
    assert_eq!(kind("looking")?, TableKind::View);
    assert_eq!(kind("counting")?, TableKind::View);
    assert_eq!(kind("kept")?, TableKind::MaterializedView);
    assert_eq!(kind("distant")?, TableKind::ForeignTable);
    assert!(schema.table("nothing")?.columns.is_empty());
    assert_eq!(schema.table("fast")?.persistence, Persistence::Unlogged);
    assert_eq!(schema.table("columns")?.persistence, Persistence::Permanent);
    let distant = schema.table("distant")?;
    assert_eq!(distant.foreign_server.as_deref(), Some("far away"));
    assert!(column(distant, "id").not_null);
    assert_eq!(
        column(distant, "what").default.as_deref(),
        Some("'x'::text")
    );
    assert_eq!(distant.checks[0].expression, "(id > 0)");
    Ok(())
}

#[aiodal::test]
async fn columns_of_views_have_types_comments_and_defaults(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let view = schema.table("looking")?;
    assert_eq!(view.comment.as_deref(), Some("a view"));
    let plain = column(view, "Plain");
    assert_eq!(plain.comment.as_deref(), Some("of a view"));
    assert_eq!(plain.default.as_deref(), Some("5"), "it is updatable");
    assert_eq!(column(view, "small").default, None, "its table has one");
    assert_eq!(type_of(view, "small").sql, "sink.small_posint");
    assert_eq!(
        type_of(schema.table("counting")?, "n").sql,
        "integer",
        "though it refers to itself"
    );
    let kept = schema.table("kept")?;
    assert_eq!(kept.comment.as_deref(), Some("kept"));
    assert_eq!(kept.indexes[0].name, "kept_a");
    Ok(())
}

#[aiodal::test]
async fn typed_table_and_heirs_name_what_they_are_of(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let typed = schema.table("typed")?;
    assert_eq!(typed.of_type, Some(name("sink", "part")));
    assert!(column(typed, "amount").not_null);
    let heir = schema.table("heir")?;
    assert_eq!(
        heir.inherits,
        [name("sink", "base"), name("sink", "second_base")]
    );
    let names: Vec<&str> = heir.columns.iter().map(|column| &*column.name).collect();
    assert_eq!(names, ["id", "name", "extra", "own", "own_id"], "merged");
    assert!(heir.checks[0].inherited);
    assert!(!schema.table("base")?.checks[0].inherited);
    assert_eq!(heir.partition_of, None);
    Ok(())
}
