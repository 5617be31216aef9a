//! What newer servers have. Each test says on which version it begins to mean something.

use aiodal::schema::{Action, Modifier, Table};
use aiodal::{Reflect, Schema, Transaction};

use super::{column, type_of, version};

#[aiodal::test]
async fn nulls_not_distinct_and_listed_columns_of_set_null(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    if version(tx).await? < 150_000 {
        return Ok(());
    }
    tx.batch_execute(
        "create schema s; set local search_path = s;
        create table t (a int, b int, constraint one unique nulls not distinct (a), constraint two unique (b));
        create unique index three on t (b) nulls not distinct;
        create table u (a int, b int, primary key (a, b));
        create table v (a int, b int, foreign key (a, b) references u on delete set null (b));
        create table w (n numeric(3, -2), m numeric(2, 5))",
    )
    .await?;
    let schema = Schema::reflect(tx, &Reflect::new()).await?;
    let table = schema.table("t")?;
    assert!(table.unique_constraint("one")?.nulls_not_distinct);
    assert!(!table.unique_constraint("two")?.nulls_not_distinct);
    let flags: Vec<(&str, bool)> = table
        .indexes
        .iter()
        .map(|index| (&*index.name, index.nulls_not_distinct))
        .collect();
    assert_eq!(flags, [("one", true), ("three", true), ("two", false)]);
    let key = &schema.table("v")?.foreign_keys[0];
    assert_eq!(key.on_delete, Action::SetNull);
    assert_eq!(key.on_delete_columns, ["b"]);
    let numeric = schema.table("w")?;
    assert_eq!(type_of(numeric, "n").sql, "numeric(3,-2)");
    assert_eq!(
        type_of(numeric, "m").modifier,
        Some(Modifier::Numeric {
            precision: 2,
            scale: 5
        })
    );
    Ok(())
}

#[aiodal::test]
async fn identity_of_a_partition_is_its_table_s(tx: &mut Transaction) -> aiodal::Result<()> {
    if version(tx).await? < 170_000 {
        return Ok(());
    }
    tx.batch_execute(
        "create schema roots; create schema s; set local search_path = s;
        create table roots.t (id int generated always as identity (start 7), b int) partition by list (b);
        create table s.t_1 partition of roots.t for values in (1) partition by list (b);
        create table s.t_1_1 partition of s.t_1 for values in (1)",
    )
    .await?;
    let schema = Schema::reflect(tx, &Reflect::new().partitions(true)).await?;
    assert_eq!(schema.tables.len(), 2);
    assert!(schema.sequences.is_empty(), "it is of another schema");
    for partition in ["t_1", "t_1_1"] {
        let table = schema.table(partition)?;
        let identity = column(table, "id").identity.as_ref().unwrap();
        assert_eq!(identity.options.start, 7);
        assert_eq!(&Table::reflect(tx, partition).await?, table);
    }
    Ok(())
}

#[aiodal::test]
async fn periods_virtual_columns_and_constraints_not_enforced(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    if version(tx).await? < 180_000 {
        return Ok(());
    }
    tx.batch_execute(
        "create schema s; set local search_path = s;
        create table room (id int4range, during tsrange, constraint room_pk primary key (id, during without overlaps));
        create table booking (room int4range, during tsrange, plain int, twice int generated always as (plain * 2),
            constraint of_room foreign key (room, period during) references room (id, period during),
            constraint loose check (plain > 0) not enforced,
            constraint apart unique (room, during without overlaps));
        create table strict (n int constraint filled not null)",
    )
    .await?;
    let schema = Schema::reflect(tx, &Reflect::new()).await?;
    let room = schema.table("room")?;
    assert!(room.primary_key.as_ref().unwrap().without_overlaps);
    let booking = schema.table("booking")?;
    assert!(booking.unique_constraint("apart")?.without_overlaps);
    let key = &booking.foreign_keys[0];
    assert!(key.period && key.enforced);
    assert_eq!(key.columns, ["room", "during"]);
    assert!(!booking.checks[0].enforced);
    let generated = column(booking, "twice").generated.as_ref().unwrap();
    assert!(!generated.stored);
    // NOT NULL is a constraint with a row of its own, and no check.
    let strict = schema.table("strict")?;
    assert!(column(strict, "n").not_null);
    assert!(strict.checks.is_empty());
    Ok(())
}

#[aiodal::test]
async fn not_null_of_a_domain_is_no_check(tx: &mut Transaction) -> aiodal::Result<()> {
    // From 17 on a row of pg_constraint.
    tx.batch_execute(
        "create schema s; set local search_path = s;
        create domain filled as int not null constraint positive check (value > 0);
        create table t (n filled)",
    )
    .await?;
    let schema = Schema::reflect(tx, &Reflect::new()).await?;
    let filled = schema.data_type("filled")?;
    let aiodal::schema::TypeKind::Domain(domain) = &filled.kind else {
        panic!("a domain: {filled:?}");
    };
    assert!(domain.not_null);
    assert_eq!(domain.checks.len(), 1);
    assert!(column(schema.table("t")?, "n").not_null);
    Ok(())
}
