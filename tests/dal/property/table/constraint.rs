//! Primary keys, unique constraints, checks and exclusions.

use serde_json::{Value, json};

use super::super::made::{Made, Place};
use super::super::name::{sql, written};
use super::super::random::Random;
use super::super::types::Class;
use super::{Key, Table};

pub(super) fn keys(random: &mut Random, made: &mut Made, place: &mut Place, table: &mut Table) {
    let keyable = table.keyable();
    if keyable.is_empty() {
        return;
    }
    if random.chance(3, 4) {
        key(random, made, place, table, true);
    }
    for _ in 0..random.below(4) {
        key(random, made, place, table, false);
    }
}

fn key(random: &mut Random, made: &mut Made, place: &mut Place, table: &mut Table, primary: bool) {
    let mut columns = random.some(&table.keyable(), 3);
    if let Some(partition) = &table.partition_key
        && !columns.contains(partition)
    {
        columns.push(partition.clone());
    }
    let others: Vec<_> = table
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let include = if random.chance(1, 4) {
        random.some(&others, 2)
    } else {
        Vec::new()
    };
    let not_distinct = !primary && random.chance(1, 4);
    let (when, deferrable) = when(random);
    let name = place.names.name(random);
    let nulls = if not_distinct {
        " nulls not distinct"
    } else {
        ""
    };
    let kind = if primary { "primary key" } else { "unique" };
    let list = Table::list(&columns);
    let including = match include.as_slice() {
        [] => String::new(),
        include => format!(" include ({})", Table::list(include)),
    };
    made.sql.push(format!(
        "alter table {} add constraint {} {kind}{nulls} ({list}){including}{when}",
        table.qualified,
        sql(&name)
    ));
    let comment = on_constraint(random, made, table, &name);
    let mut entry = json!({
        "name": name, "columns": columns, "include": include, "deferrable": deferrable,
        "without_overlaps": false, "comment": comment,
    });
    if primary {
        for column in table.json["columns"].as_array_mut().expect("a list") {
            let name = column["name"].as_str().expect("a name");
            if columns.iter().any(|key| key == name) {
                column["not_null"] = json!(true);
            }
        }
        table.json["primary_key"] = entry;
    } else {
        entry["nulls_not_distinct"] = json!(not_distinct);
        table.add("unique_constraints", entry);
    }
    let elements: Vec<_> = columns.iter().map(|column| element(column)).collect();
    table.add(
        "indexes",
        json!({
            "name": name, "method": "btree", "elements": elements, "include": include, "predicate": null,
            "unique": true, "nulls_not_distinct": not_distinct, "valid": true,
            "immediate": deferrable == "no", "constraint": name, "inherited": false, "options": [], "comment": null,
        }),
    );
    // PostgreSQL 15 cannot check the rows that refer to an array and an enum at once.
    let array = |name: &String| table.column(name).of.json["kind"]["array"].is_object();
    // And what is logged cannot refer to what is not.
    let logged = table.json["persistence"] == "permanent";
    if deferrable == "no" && logged && !columns.iter().any(array) {
        made.keys.push(Key {
            schema: table.schema.to_owned(),
            table: table.name.clone(),
            columns: columns
                .iter()
                .map(|name| (name.clone(), table.column(name).of.clone()))
                .collect(),
        });
    }
}

/// A part of an index: a column, and nothing unusual.
pub(super) fn element(column: &str) -> Value {
    json!({
        "column": column, "expression": null, "operator_class": null, "collation": null,
        "descending": false, "nulls_first": false,
    })
}

/// When a constraint is checked: in SQL, and as reflected.
pub(super) fn when(random: &mut Random) -> (&'static str, &'static str) {
    match random.below(6) {
        0 => (" deferrable", "initially_immediate"),
        1 => (" deferrable initially deferred", "initially_deferred"),
        _ => ("", "no"),
    }
}

pub(super) fn on_constraint(
    random: &mut Random,
    made: &mut Made,
    table: &Table,
    name: &str,
) -> Option<String> {
    let comment = random.chance(1, 5).then(|| super::super::comment(random))?;
    let literal = aiodal::quote_literal(&comment);
    made.sql.push(format!(
        "comment on constraint {} on {} is {literal}",
        sql(name),
        table.qualified
    ));
    Some(comment)
}

pub(super) fn checks(random: &mut Random, made: &mut Made, place: &mut Place, table: &mut Table) {
    for _ in 0..random.below(3) {
        let at = random.below(table.columns.len().max(1));
        let Some(column) = table.columns.get(at) else {
            return;
        };
        let (quoted, shown) = (sql(&column.name), written(&column.name));
        let (declared, expression) = match column.of.class {
            Class::Integer => (format!("{quoted} > 0"), format!("({shown} > 0)")),
            Class::Text => (
                format!("length({quoted}) < 9"),
                format!("(length({shown}) < 9)"),
            ),
            _ => (
                format!("{quoted} is not null"),
                format!("({shown} IS NOT NULL)"),
            ),
        };
        let columns = vec![column.name.clone()];
        let partitioned = table.partition_key.is_some();
        let validated = partitioned || random.chance(3, 4);
        let no_inherit = !partitioned && random.chance(1, 4);
        let name = place.names.name(random);
        made.sql.push(format!(
            "alter table {} add constraint {} check ({declared}){}{}",
            table.qualified,
            sql(&name),
            if no_inherit { " no inherit" } else { "" },
            if validated { "" } else { " not valid" },
        ));
        let comment = on_constraint(random, made, table, &name);
        table.add(
            "checks",
            json!({
                "name": name, "expression": expression, "columns": columns, "validated": validated, "enforced": true,
                "no_inherit": no_inherit, "inherited": false, "comment": comment,
            }),
        );
    }
}

pub(super) fn exclusion(
    random: &mut Random,
    made: &mut Made,
    place: &mut Place,
    table: &mut Table,
) {
    let Some(column) = table
        .of_class(Class::Range)
        .map(|column| column.name.clone())
    else {
        return;
    };
    if table.partition_key.is_some() || random.chance(1, 3) {
        return;
    }
    let name = place.names.name(random);
    let (when, deferrable) = when(random);
    let partial = random.chance(1, 2);
    let (quoted, shown) = (sql(&column), written(&column));
    let condition = if partial {
        format!(" where ({quoted} is not null)")
    } else {
        String::new()
    };
    let predicate = partial.then(|| format!("({shown} IS NOT NULL)"));
    made.sql.push(format!(
        "alter table {} add constraint {} exclude using gist ({quoted} with &&){condition}{when}",
        table.qualified,
        sql(&name)
    ));
    let comment = on_constraint(random, made, table, &name);
    table.add(
        "exclusions",
        json!({
            "name": name, "predicate": predicate, "deferrable": deferrable, "comment": comment,
            "elements": [{"column": column, "expression": null, "operator": "&&"}],
        }),
    );
    table.add(
        "indexes",
        json!({
            "name": name, "method": "gist", "elements": [element(&column)], "include": [], "predicate": predicate,
            "unique": false, "nulls_not_distinct": false, "valid": true, "immediate": deferrable == "no",
            "constraint": name, "inherited": false, "options": [], "comment": null,
        }),
    );
}
