//! Indexes that are behind no constraint.

use serde_json::{Value, json};

use super::super::made::{Made, Place};
use super::super::name::{sql, written};
use super::super::random::Random;
use super::super::types::Class;
use super::Table;
use super::constraint::element;

pub(super) fn indexes(random: &mut Random, made: &mut Made, place: &mut Place, table: &mut Table) {
    for _ in 0..random.below(4) {
        if !table.keyable().is_empty() {
            index(random, made, place, table);
        }
    }
}

fn index(random: &mut Random, made: &mut Made, place: &mut Place, table: &mut Table) {
    let columns = random.some(&table.keyable(), 3);
    let hash = columns.len() == 1
        && matches!(
            table.column(&columns[0]).of.class,
            Class::Integer | Class::Text
        )
        && random.chance(1, 3);
    let unique = !hash && table.partition_key.is_none() && random.chance(1, 3);
    let not_distinct = unique && random.chance(1, 3);
    let (parts, elements): (Vec<_>, Vec<_>) = columns
        .iter()
        .map(|column| part(random, table, column, hash))
        .unzip();
    let others: Vec<_> = table
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let include = if !hash && random.chance(1, 4) {
        random.some(&others, 2)
    } else {
        Vec::new()
    };
    let including = match include.as_slice() {
        [] => String::new(),
        include => format!(" include ({})", Table::list(include)),
    };
    let filled = random.chance(1, 4) && table.partition_key.is_none();
    let partial = random.chance(1, 3).then(|| random.pick(&others).clone());
    let condition = partial.as_ref().map_or(String::new(), |column| {
        format!(" where {} is not null", sql(column))
    });
    let predicate = partial
        .as_ref()
        .map(|column| format!("({} IS NOT NULL)", written(column)));
    let name = place.names.name(random);
    made.sql.push(format!(
        "create {}index {} on {}{} ({}){including}{}{}{condition}",
        if unique { "unique " } else { "" },
        sql(&name),
        table.qualified,
        if hash { " using hash" } else { "" },
        parts.join(", "),
        if not_distinct {
            " nulls not distinct"
        } else {
            ""
        },
        if filled {
            " with (fillfactor = 70)"
        } else {
            ""
        },
    ));
    let comment = random.chance(1, 4).then(|| super::super::comment(random));
    if let Some(comment) = &comment {
        let literal = aiodal::quote_literal(comment);
        made.sql.push(format!(
            "comment on index {} is {literal}",
            place.qualified(&name)
        ));
    }
    let options: &[&str] = if filled { &["fillfactor=70"] } else { &[] };
    table.add(
        "indexes",
        json!({
            "name": name, "method": if hash { "hash" } else { "btree" }, "elements": elements, "include": include,
            "predicate": predicate, "unique": unique, "nulls_not_distinct": not_distinct, "valid": true,
            "immediate": true, "constraint": null, "inherited": false, "options": options, "comment": comment,
        }),
    );
}

/// A column, or an expression over it, and how it is ordered.
fn part(random: &mut Random, table: &Table, column: &str, hash: bool) -> (String, Value) {
    let class = table.column(column).of.class;
    let (quoted, shown) = (sql(column), written(column));
    let mut json = element(column);
    let mut part = quoted.clone();
    let expression = match class {
        Class::Integer => Some((format!("({quoted} + 1)"), format!("(({shown} + 1))"))),
        Class::Text => Some((format!("lower({quoted})"), format!("lower({shown})"))),
        _ => None,
    };
    if let Some((declared, reflected)) = expression
        && random.chance(1, 4)
    {
        (json["column"], json["expression"]) = (Value::Null, json!(reflected));
        // There is no column whose collation it could go without saying.
        json["collation"] = table.column(column).json["collation"].clone();
        part = declared;
    }
    if class == Class::Text && !hash {
        // The columns that were declared so have the collation already.
        if random.chance(1, 4) && table.column(column).json["collation"].is_null() {
            part += " collate \"C\"";
            json["collation"] = json!({"schema": "pg_catalog", "name": "C"});
        }
        if random.chance(1, 4) {
            part += " text_pattern_ops";
            json["operator_class"] = json!({"schema": "pg_catalog", "name": "text_pattern_ops"});
        }
    }
    if !hash && random.chance(1, 3) {
        let nulls_first = random.chance(1, 2);
        part += if nulls_first {
            " desc"
        } else {
            " desc nulls last"
        };
        (json["descending"], json["nulls_first"]) = (json!(true), json!(nulls_first));
    } else if !hash && random.chance(1, 5) {
        part += " nulls first";
        json["nulls_first"] = json!(true);
    }
    (part, json)
}
