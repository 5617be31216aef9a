//! Indexes, whose parts are columns or expressions.

use aiodal::Transaction;
use aiodal::schema::{Index, Table};

use super::{name, sink};

fn index<'a>(table: &'a Table, name: &str) -> &'a Index {
    let found = table.indexes.iter().find(|index| index.name == name);
    found.unwrap_or_else(|| panic!("no index {name}"))
}

#[aiodal::test]
async fn unique_index_is_no_constraint(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let table = schema.table("indexed")?;
    assert!(table.unique_constraints.is_empty());
    let partial = index(table, "indexed_partial");
    assert!(partial.unique && partial.valid && partial.immediate);
    assert_eq!(partial.predicate.as_deref(), Some("(b IS NOT NULL)"));
    assert_eq!(partial.constraint, None);
    assert_eq!(partial.method, "btree");
    Ok(())
}

#[aiodal::test]
async fn constraint_s_index_names_it(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let table = schema.table("target")?;
    let key = index(table, "target_pk");
    assert_eq!(key.constraint.as_deref(), Some("target_pk"));
    assert_eq!(key.include, ["c"]);
    assert_eq!(key.elements.len(), 2);
    assert!(!index(table, "target_later").immediate);
    // `swapped` of another table refers to it and is not it.
    let swapped = index(table, "target_swapped");
    assert_eq!(swapped.constraint.as_deref(), Some("target_swapped"));
    Ok(())
}

#[aiodal::test]
async fn expressions_are_in_their_places(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let index = index(schema.table("indexed")?, "indexed_expressions");
    let parts: Vec<(Option<&str>, Option<&str>)> = index
        .elements
        .iter()
        .map(|part| (part.column.as_deref(), part.expression.as_deref()))
        .collect();
    assert_eq!(
        parts,
        [
            (None, Some("lower(b)")),
            (Some("a"), None),
            (None, Some("((a + 1))"))
        ]
    );
    assert_eq!(index.include, ["e"]);
    assert_eq!(index.options, ["fillfactor=70"]);
    Ok(())
}

#[aiodal::test]
async fn order_and_place_of_nulls_are_told(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let index = index(schema.table("indexed")?, "indexed_order");
    let order: Vec<(bool, bool)> = index
        .elements
        .iter()
        .map(|part| (part.descending, part.nulls_first))
        .collect();
    assert_eq!(
        order,
        [(true, true), (true, false), (false, true), (false, false)]
    );
    Ok(())
}

#[aiodal::test]
async fn operator_class_is_told_where_it_is_not_the_default(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let table = schema.table("indexed")?;
    let class = |index: &Index, at: usize| {
        let class = index.elements[at].operator_class.as_ref();
        class.map(|class| class.name.clone())
    };
    let classes = index(table, "indexed_classes");
    assert_eq!(class(classes, 0).as_deref(), Some("text_pattern_ops"));
    assert_eq!(
        class(classes, 1),
        None,
        "of text, which varchar has for its own"
    );
    assert_eq!(class(classes, 2), None);
    assert_eq!(class(classes, 3).as_deref(), Some("varchar_pattern_ops"));
    assert_eq!(
        class(classes, 4).as_deref(),
        Some("oid_ops"),
        "the default, but of another type"
    );
    let gin = index(table, "indexed_gin");
    assert_eq!(gin.method, "gin");
    assert_eq!(class(gin, 0).as_deref(), Some("jsonb_path_ops"));
    assert_eq!(gin.comment.as_deref(), Some("for paths"));
    assert_eq!(class(index(table, "indexed_arrays"), 0), None);
    assert_eq!(class(index(table, "indexed_hash"), 0), None);
    Ok(())
}

#[aiodal::test]
async fn collation_is_told_where_it_is_not_the_column_s(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let index = index(schema.table("indexed")?, "indexed_collations");
    let collations: Vec<_> = index
        .elements
        .iter()
        .map(|part| part.collation.clone())
        .collect();
    assert_eq!(
        collations,
        [
            Some(name("pg_catalog", "C")),
            None,
            Some(name("pg_catalog", "POSIX")),
            Some(name("pg_catalog", "C"))
        ]
    );
    tx.batch_execute(
        "create collation sink.other (locale = 'C');
        create index other on sink.indexed (a, b collate sink.other)",
    )
    .await?;
    let table = Table::reflect(tx, "indexed").await?;
    let other = self::index(&table, "other");
    assert_eq!(other.elements[0].collation, None);
    assert_eq!(other.elements[1].collation, Some(name("sink", "other")));
    Ok(())
}

#[aiodal::test]
async fn partition_s_index_is_inherited(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let of = |table: &str| -> aiodal::Result<Vec<bool>> {
        let table = schema.table(table)?;
        Ok(table.indexes.iter().map(|index| index.inherited).collect())
    };
    assert_eq!(of("event")?, [false, false]);
    assert_eq!(of("event_2024")?, [true, true]);
    Ok(())
}
