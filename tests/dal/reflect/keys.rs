//! Keys and other constraints: arrays of column numbers, and not a word of SQL read.

use aiodal::schema::{Action, Deferrable, ForeignKey, Match, Table};
use aiodal::{Schema, Transaction};

use super::{name, sink};

fn foreign_key<'a>(table: &'a Table, name: &str) -> &'a ForeignKey {
    let found = table.foreign_keys.iter().find(|key| key.name == name);
    found.unwrap_or_else(|| panic!("no foreign key {name}"))
}

#[aiodal::test]
async fn columns_are_in_the_order_of_the_key(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let target = schema.table("target")?;
    let key = target.primary_key.as_ref().unwrap();
    assert_eq!(key.name, "target_pk");
    assert_eq!(key.columns, ["b", "a"]);
    assert_eq!(key.include, ["c"]);
    assert_eq!(key.comment.as_deref(), Some("the key"));
    assert_eq!(
        target.unique_constraint("target_swapped")?.columns,
        ["a", "b"]
    );
    Ok(())
}

/// The original keeps one per table, the last by name.
#[aiodal::test]
async fn every_unique_constraint_is_kept(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let target = schema.table("target")?;
    let all: Vec<(&str, &[String], &[String], Deferrable)> = target
        .unique_constraints
        .iter()
        .map(|one| (&*one.name, &*one.columns, &*one.include, one.deferrable))
        .collect();
    let names = |names: &[&str]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
    assert_eq!(
        all,
        [
            (
                "target_c",
                &*names(&["d", "c"]),
                &*names(&["a"]),
                Deferrable::InitiallyImmediate
            ),
            (
                "target_later",
                &*names(&["c"]),
                &[],
                Deferrable::InitiallyDeferred
            ),
            ("target_swapped", &*names(&["a", "b"]), &[], Deferrable::No),
        ]
    );
    Ok(())
}

#[aiodal::test]
async fn foreign_key_pairs_its_columns_as_it_was_written(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let actions = schema.table("actions")?;
    let key = foreign_key(actions, "swapped");
    assert_eq!(key.columns, ["x", "y"]);
    assert_eq!(key.referred_table, name("sink", "target"));
    assert_eq!(key.referred_columns, ["a", "b"]);
    assert_eq!(
        (key.on_delete, key.on_update, key.match_type, key.deferrable),
        (
            Action::SetNull,
            Action::SetDefault,
            Match::Full,
            Deferrable::InitiallyDeferred
        )
    );
    assert!(key.on_delete_columns.is_empty());
    assert!(key.validated && key.enforced && !key.inherited && !key.period);
    assert_eq!(key.comment.as_deref(), Some("pairwise"));
    // Without a list of columns, it is the primary key's.
    assert_eq!(foreign_key(actions, "to_key").referred_columns, ["b", "a"]);
    Ok(())
}

#[aiodal::test]
async fn foreign_key_has_its_actions_and_flags(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let actions = schema.table("actions")?;
    let own = foreign_key(actions, "actions_parent_fkey");
    assert_eq!(own.referred_table, actions.name);
    assert_eq!(
        (own.on_delete, own.on_update, own.match_type),
        (Action::Cascade, Action::Restrict, Match::Simple)
    );
    let later = foreign_key(actions, "later");
    assert_eq!(
        (later.on_delete, later.on_update),
        (Action::SetDefault, Action::Cascade)
    );
    assert_eq!(later.deferrable, Deferrable::InitiallyImmediate);
    assert!(!later.validated);
    assert_eq!(foreign_key(actions, "to_key").on_delete, Action::NoAction);
    Ok(())
}

/// SQLAlchemy splits the list of columns at commas, and either drops columns or fails.
#[aiodal::test]
async fn commas_and_parentheses_in_names_do_not_matter(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let key = foreign_key(schema.table("\"r, s\"")?, "f,k (1)");
    assert_eq!(key.columns, ["z) w", "x, y"]);
    assert_eq!(key.referred_table, name("sink", "p,q"));
    assert_eq!(key.referred_columns, ["c) d", "a, b"]);
    assert_eq!(
        schema.unique_constraint("\"u,1\"")?.columns,
        ["a, b", "c) d"]
    );
    Ok(())
}

/// SQLAlchemy has it once per partition besides.
#[aiodal::test]
async fn foreign_key_to_a_partitioned_table_is_one(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let keys = &schema.table("event_ref")?.foreign_keys;
    let names: Vec<&str> = keys.iter().map(|key| &*key.name).collect();
    assert_eq!(names, ["to_event"]);
    assert_eq!(keys[0].referred_table, name("sink", "event"));
    assert_eq!(keys[0].referred_columns, ["id", "happened"]);
    assert!(!keys[0].inherited);
    Ok(())
}

#[aiodal::test]
async fn partition_has_the_foreign_key_of_its_table(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    for (table, inherited) in [
        ("event", false),
        ("event_2024", true),
        ("event_2025_0", true),
    ] {
        let keys = &schema.table(table)?.foreign_keys;
        assert_eq!(keys.len(), 1, "{table}");
        assert_eq!(keys[0].referred_table, name("sink", "actions"));
        assert_eq!(keys[0].inherited, inherited, "{table}");
    }
    Ok(())
}

#[aiodal::test]
async fn foreign_key_names_what_was_not_reflected(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create schema near; create schema far;
        create table far.there (dropped int, x int, y int, unique (y, x));
        alter table far.there drop column dropped;
        create table near.here (a int, b int, foreign key (a, b) references far.there (x, y));
        set local search_path = near",
    )
    .await?;
    let schema = Schema::reflect(tx, &aiodal::Reflect::new()).await?;
    assert_eq!(schema.tables.len(), 1);
    let whole = &schema.table("here")?.foreign_keys[0];
    assert_eq!(whole.referred_table, name("far", "there"));
    assert_eq!(whole.referred_columns, ["x", "y"]);
    let alone = Table::reflect(tx, "here").await?;
    assert_eq!(&alone.foreign_keys[0], whole);
    Ok(())
}

#[aiodal::test]
async fn checks_have_expression_columns_and_flags(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let checks = &schema.table("checks")?.checks;
    let names: Vec<&str> = checks.iter().map(|check| &*check.name).collect();
    assert_eq!(names, ["either", "positive", "sum"]);
    assert_eq!(checks[0].expression, "((n IS NULL) OR (m IS NULL))");
    assert!(!checks[0].validated && checks[1].validated);
    assert!(checks[1].no_inherit && !checks[2].no_inherit);
    assert_eq!(checks[2].columns, ["n", "m"]);
    assert_eq!(checks[2].comment.as_deref(), Some("a sum"));
    assert!(
        checks
            .iter()
            .all(|check| check.enforced && !check.inherited)
    );
    Ok(())
}

#[aiodal::test]
async fn exclusion_constraint_has_elements_and_operators(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let table = schema.table("exclusive")?;
    let exclusion = &table.exclusions[0];
    assert_eq!(exclusion.name, "no_overlap");
    let [room, during] = exclusion.elements.as_slice() else {
        panic!("two elements: {:?}", exclusion.elements);
    };
    assert_eq!(room.column, None);
    assert_eq!(
        room.expression.as_deref(),
        Some("int8range((room)::bigint, (room)::bigint, '[]'::text)")
    );
    assert_eq!(room.operator, "=");
    assert_eq!(during.column.as_deref(), Some("during"));
    assert_eq!(during.operator, "&&");
    assert_eq!(exclusion.predicate.as_deref(), Some("(NOT gone)"));
    assert_eq!(exclusion.deferrable, Deferrable::InitiallyImmediate);
    assert_eq!(exclusion.comment.as_deref(), Some("one at a time"));
    assert_eq!(table.indexes[0].constraint.as_deref(), Some("no_overlap"));
    Ok(())
}

#[aiodal::test]
async fn referring_tables_are_found_from_the_other_end(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let target = name("sink", "target");
    let all: Vec<(&str, &str)> = schema
        .referenced_by(&target)
        .map(|(table, key)| (&*table.name.name, &*key.name))
        .collect();
    assert_eq!(all, [("actions", "swapped"), ("actions", "to_key")]);
    Ok(())
}
