//! Partition trees.

use aiodal::schema::{PartitionStrategy, Table};
use aiodal::{Reflect, Schema, Transaction};

use super::{make_sink, name, sink};

fn partitioning(table: &Table) -> (PartitionStrategy, &[String]) {
    let partitioning = table.partitioning.as_ref().expect("it is partitioned");
    (partitioning.strategy, &partitioning.key)
}

#[aiodal::test]
async fn partitioned_table_has_strategy_and_key(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let (strategy, key) = partitioning(schema.table("event")?);
    assert_eq!(strategy, PartitionStrategy::Range);
    assert_eq!(key, ["happened"]);
    let (strategy, key) = partitioning(schema.table("event_2025")?);
    assert_eq!(strategy, PartitionStrategy::Hash);
    assert_eq!(key, ["id"]);
    let (strategy, key) = partitioning(schema.table("listed")?);
    assert_eq!(strategy, PartitionStrategy::List);
    assert_eq!(key, ["lower(kind)"]);
    let (_, key) = partitioning(schema.table("split")?);
    assert_eq!(key, ["id", "abs((id + 1))", "COALESCE(kind, 'a, b'::text)"]);
    assert_eq!(schema.table("columns")?.partitioning, None);
    Ok(())
}

#[aiodal::test]
async fn partition_has_its_parent_and_bound(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    for (table, parent, bound) in [
        (
            "event_2024",
            "event",
            "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
        ),
        (
            "event_2025",
            "event",
            "FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
        ),
        (
            "event_2025_1",
            "event_2025",
            "FOR VALUES WITH (modulus 2, remainder 1)",
        ),
        ("event_rest", "event", "DEFAULT"),
        ("listed_ab", "listed", "FOR VALUES IN ('a', 'b''b', NULL)"),
    ] {
        let table = schema.table(table)?;
        let of = table.partition_of.as_ref().expect("it is a partition");
        assert_eq!(of.parent, name("sink", parent));
        assert_eq!(of.bound, bound);
        assert!(table.inherits.is_empty());
    }
    assert_eq!(schema.table("event")?.partition_of, None);
    Ok(())
}

#[aiodal::test]
async fn partitions_are_hidden_unless_asked_for(tx: &mut Transaction) -> aiodal::Result<()> {
    make_sink(tx).await?;
    let schema = Schema::reflect(tx, &Reflect::new()).await?;
    assert!(schema.table("event").is_ok());
    for hidden in ["event_2024", "event_2025", "event_2025_0", "listed_ab"] {
        assert!(schema.table(hidden).is_err(), "{hidden}");
    }
    // By its name it is found.
    let only = Schema::reflect(tx, &Reflect::new().only(["event_2025_0"])).await?;
    assert_eq!(only.tables.len(), 1);
    Ok(())
}

#[aiodal::test]
async fn foreign_key_to_a_hidden_partition_is_named(tx: &mut Transaction) -> aiodal::Result<()> {
    make_sink(tx).await?;
    tx.batch_execute(
        "create table sink.to_leaf (id bigint, day date,
            foreign key (id, day) references sink.event_2024 (id, happened))",
    )
    .await?;
    let schema = Schema::reflect(tx, &Reflect::new()).await?;
    let key = &schema.table("to_leaf")?.foreign_keys[0];
    assert_eq!(key.referred_table, name("sink", "event_2024"));
    assert_eq!(key.referred_columns, ["id", "happened"]);
    Ok(())
}
