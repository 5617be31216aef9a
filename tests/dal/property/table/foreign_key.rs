//! Foreign keys: to a key of any table before, and to the table's own.

use serde_json::json;

use super::super::made::{Made, Place};
use super::super::name::sql;
use super::super::random::Random;
use super::constraint::{on_constraint, when};
use super::{Column, Key, Table};

/// What a table refers to: the key, and its own columns in the key's order.
pub(super) type Reference = (Key, Vec<String>);

/// Adds the columns that are to refer to something, of the types of what they refer to.
pub(super) fn columns(random: &mut Random, made: &Made, table: &mut Table) -> Vec<Reference> {
    let mut references = Vec::new();
    for _ in 0..random.below(3) {
        if made.keys.is_empty() {
            continue;
        }
        let key = random.pick(&made.keys).clone();
        let mut names = Vec::new();
        for (_, of) in &key.columns {
            let name = table.names.name(random);
            let not_null = random.chance(1, 3);
            let (domain_not_null, default) = of.domain.clone().unwrap_or_default();
            let json = json!({
                "name": name, "position": null, "data_type": of.json, "not_null": not_null || domain_not_null,
                "default": default, "generated": null, "identity": null, "sequence": null,
                "collation": null, "comment": null,
            });
            names.push(name.clone());
            table.columns.push(Column {
                name,
                of: of.clone(),
                clauses: if not_null {
                    " not null".to_owned()
                } else {
                    String::new()
                },
                json,
                dropped: false,
            });
        }
        references.push((key, names));
    }
    references
}

/// Adds the keys; the table's own keys are there by now, and may be referred to by the same columns.
pub(super) fn keys(
    random: &mut Random,
    made: &mut Made,
    place: &mut Place,
    table: &mut Table,
    references: Vec<Reference>,
) {
    let own: Vec<_> = made
        .keys
        .iter()
        .filter(|key| key.schema == table.schema && key.table == table.name)
        .filter(|key| {
            key.columns
                .iter()
                .all(|(name, _)| table.column(name).json["generated"].is_null())
        })
        .cloned()
        .collect();
    for (key, names) in references {
        foreign_key(random, made, place, table, &key, names);
    }
    if !own.is_empty() && random.chance(1, 3) {
        let key = random.pick(&own).clone();
        let names = key.columns.iter().map(|(name, _)| name.clone()).collect();
        foreign_key(random, made, place, table, &key, names);
    }
}

fn foreign_key(
    random: &mut Random,
    made: &mut Made,
    place: &mut Place,
    table: &mut Table,
    key: &Key,
    names: Vec<String>,
) {
    let mut pairs: Vec<_> = names.into_iter().zip(&key.columns).collect();
    if random.chance(1, 2) {
        pairs.reverse();
    }
    let (columns, referred): (Vec<_>, Vec<_>) = pairs
        .into_iter()
        .map(|(name, (referred, _))| (name, referred.clone()))
        .unzip();
    let full = random.chance(1, 4);
    let (on_update, update) = action(random, "update");
    let (mut on_delete, delete) = action(random, "delete");
    let mut set = Vec::new();
    if delete.starts_with("set") && random.chance(1, 2) {
        set = random.some(&columns, 2);
        // In the order of the columns' numbers, whatever was written.
        on_delete = format!("{on_delete} ({})", Table::list(&set));
    }
    let (when, deferrable) = when(random);
    let validated = table.partition_key.is_some() || random.chance(3, 4);
    let name = place.names.name(random);
    let (from, to) = (Table::list(&columns), Table::list(&referred));
    made.sql.push(format!(
        "alter table {} add constraint {} foreign key ({from}) references {}.{} ({to}){}{on_update}{on_delete}{when}{}",
        table.qualified,
        sql(&name),
        sql(&key.schema),
        sql(&key.table),
        if full { " match full" } else { "" },
        if validated { "" } else { " not valid" },
    ));
    let comment = on_constraint(random, made, table, &name);
    table.add(
        "foreign_keys",
        json!({
            "name": name, "columns": columns, "referred_table": {"schema": key.schema, "name": key.table},
            "referred_columns": referred, "on_update": update, "on_delete": delete, "on_delete_columns": set,
            "match_type": if full { "full" } else { "simple" }, "deferrable": deferrable, "validated": validated,
            "enforced": true, "period": false, "inherited": false, "comment": comment,
        }),
    );
}

fn action(random: &mut Random, event: &str) -> (String, &'static str) {
    let (sql, reflected) = *random.pick(&[
        ("", "no_action"),
        ("no action", "no_action"),
        ("restrict", "restrict"),
        ("cascade", "cascade"),
        ("set null", "set_null"),
        ("set default", "set_default"),
    ]);
    if sql.is_empty() {
        (String::new(), reflected)
    } else {
        (format!(" on {event} {sql}"), reflected)
    }
}
