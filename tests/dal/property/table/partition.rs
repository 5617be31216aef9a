//! Partitions, of one column.

use serde_json::{Value, json};

use super::super::made::{Made, Place};
use super::super::name::sql;
use super::super::random::Random;
use super::Table;

/// Chooses how a table is partitioned, and makes sure that there is a column for it.
pub(super) fn choose(random: &mut Random, table: &mut Table) -> String {
    let (strategy, of) =
        *random.pick(&[("range", "integer"), ("list", "text"), ("hash", "bigint")]);
    let name = table.names.name(random);
    let of = super::types::named(of);
    table.columns.push(super::Column {
        json: json!({
            "name": name, "position": null, "data_type": of.json, "not_null": false, "default": null,
            "generated": null, "identity": null, "sequence": null, "collation": null, "comment": null,
        }),
        name: name.clone(),
        of,
        clauses: String::new(),
        dropped: false,
    });
    table.json["kind"] = json!("partitioned_table");
    table.json["partitioning"] = json!({"strategy": strategy, "key": [name]});
    table.partition_key = Some(name.clone());
    format!(" partition by {strategy} ({})", sql(&name))
}

/// Adds partitions: they have what their table has.
pub(super) fn partitions(random: &mut Random, made: &mut Made, place: &mut Place, table: &Table) {
    let bounds: &[&str] = match table.json["partitioning"]["strategy"].as_str() {
        Some("range") => &[
            "FOR VALUES FROM (1) TO (10)",
            "FOR VALUES FROM (10) TO (MAXVALUE)",
            "DEFAULT",
        ],
        Some("list") => &[
            "FOR VALUES IN ('a', 'b''c')",
            "FOR VALUES IN (NULL)",
            "DEFAULT",
        ],
        _ => &[
            "FOR VALUES WITH (modulus 2, remainder 0)",
            "FOR VALUES WITH (modulus 2, remainder 1)",
        ],
    };
    for bound in &bounds[..random.between(1, bounds.len())] {
        let name = place.names.name(random);
        made.sql.push(format!(
            "create table {} partition of {} {bound}",
            place.qualified(&name),
            table.qualified
        ));
        made.tables.push(partition(table, &name, bound));
    }
}

fn partition(table: &Table, name: &str, bound: &str) -> Value {
    let mut json = table.json.clone();
    json["name"]["name"] = json!(name);
    json["kind"] = json!("table");
    json["partitioning"] = Value::Null;
    json["partition_of"] = json!({"parent": table.json["name"], "bound": bound});
    json["comment"] = Value::Null;
    for part in ["foreign_keys", "checks", "indexes"] {
        for entry in json[part].as_array_mut().expect("a list") {
            entry["inherited"] = json!(true);
        }
    }
    // Comments stay with the parent.
    for part in [
        "columns",
        "foreign_keys",
        "checks",
        "indexes",
        "unique_constraints",
    ] {
        for entry in json[part].as_array_mut().expect("a list") {
            entry["comment"] = Value::Null;
        }
    }
    if let Some(key) = json["primary_key"].as_object_mut() {
        key.insert("comment".to_owned(), Value::Null);
    }
    json
}
