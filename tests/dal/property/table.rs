//! Random tables: columns here, constraints and indexes in the modules below.

mod constraint;
mod foreign_key;
mod index;
mod partition;

use serde_json::{Value, json};

use super::made::{Made, Place, counting};
use super::name::{Scope, list, sql, written};
use super::random::Random;
use super::types::{self, Class, Type};

/// A key that foreign keys can refer to.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    schema: String,
    table: String,
    columns: Vec<(String, Type)>,
}

/// A table as it grows.
struct Table {
    schema: &'static str,
    name: String,
    /// As SQL that this test sends.
    qualified: String,
    names: Scope,
    columns: Vec<Column>,
    json: Value,
    /// The column that it is partitioned by: part of each key.
    partition_key: Option<String>,
    /// What can be said once it is there.
    after: Vec<String>,
}

struct Column {
    name: String,
    of: Type,
    /// In its own words, behind the type.
    clauses: String,
    json: Value,
    dropped: bool,
}

/// Makes a table up, with all that belongs to it.
pub(crate) fn made(random: &mut Random, made: &mut Made, place: &mut Place) {
    let name = place.names.name(random);
    let mut table = Table {
        schema: place.schema,
        qualified: place.qualified(&name),
        json: json!({
            "name": {"schema": place.schema, "name": name},
            "kind": "table", "persistence": "permanent", "columns": [], "primary_key": null,
            "unique_constraints": [], "foreign_keys": [], "checks": [], "exclusions": [], "indexes": [],
            "partitioning": null, "partition_of": null, "inherits": [], "of_type": null,
            "foreign_server": null, "comment": null, "extension": null, "definition": null,
        }),
        name,
        names: Scope::default(),
        columns: Vec::new(),
        partition_key: None,
        after: Vec::new(),
    };
    let partitioned = random.chance(1, 5);
    for _ in 0..random.between(1, 8) {
        let column = column(random, made, place, &mut table, partitioned);
        table.columns.push(column);
    }
    let references = foreign_key::columns(random, made, &mut table);
    let partitioning = if partitioned {
        partition::choose(random, &mut table)
    } else {
        String::new()
    };
    let unlogged = !partitioned && random.chance(1, 8);
    if unlogged {
        table.json["persistence"] = json!("unlogged");
    }
    create(made, &table, unlogged, &partitioning);
    made.sql.append(&mut table.after);
    drop_columns(made, &mut table);
    finish_columns(&mut table);
    constraint::keys(random, made, place, &mut table);
    constraint::checks(random, made, place, &mut table);
    constraint::exclusion(random, made, place, &mut table);
    index::indexes(random, made, place, &mut table);
    foreign_key::keys(random, made, place, &mut table, references);
    comments(random, made, &mut table);
    for part in [
        "unique_constraints",
        "foreign_keys",
        "checks",
        "exclusions",
        "indexes",
    ] {
        let list = table.json[part].as_array_mut().expect("a list");
        list.sort_by_key(|entry| entry["name"].as_str().expect("a name").to_owned());
    }
    if partitioned {
        partition::partitions(random, made, place, &table);
    }
    made.tables.push(table.json);
}

fn column(
    random: &mut Random,
    made: &mut Made,
    place: &mut Place,
    table: &mut Table,
    partitioned: bool,
) -> Column {
    let name = table.names.name(random);
    let of = match random.below(8) {
        0 | 1 => random.pick(&place.types).clone(),
        2 => types::array(&types::builtin(random)),
        3 => types::array(random.pick(&place.types)),
        4 => types::integer(random),
        _ => types::builtin(random),
    };
    let (domain_not_null, domain_default) = of.domain.clone().unwrap_or_default();
    let mut json = json!({
        "name": name, "position": null, "data_type": of.json, "not_null": domain_not_null,
        "default": domain_default, "generated": null, "identity": null, "sequence": null,
        "collation": null, "comment": null,
    });
    let mut clauses = String::new();
    if of.class == Class::Text && random.chance(1, 3) {
        clauses += " collate \"C\"";
        json["collation"] = json!({"schema": "pg_catalog", "name": "C"});
    }
    let source = table.columns.iter().find(|column| {
        column.of.class == Class::Integer && column.json["generated"].is_null() && !column.dropped
    });
    let counts = of.class == Class::Integer && !partitioned;
    if counts && random.chance(1, 4) {
        clauses += &identity(random, made, place, table, &of, &mut json);
    } else if counts && random.chance(1, 5) {
        clauses += &serial(random, made, place, table, &mut json);
    } else if let Some(source) = source
        && of.class == Class::Integer
        && of.json["sql"] == source.of.json["sql"]
        && !partitioned
        && random.chance(1, 2)
    {
        clauses = format!(
            "{clauses} generated always as ({} * 2) stored",
            sql(&source.name)
        );
        let expression = format!("({} * 2)", written(&source.name));
        json["generated"] = json!({"expression": expression, "stored": true});
    } else if let Some((declared, reflected)) = &of.default
        && random.chance(2, 3)
    {
        clauses = format!("{clauses} default {declared}");
        json["default"] = json!(reflected);
    }
    if random.chance(1, 3) {
        clauses += " not null";
        json["not_null"] = json!(true);
    }
    let dropped = random.chance(1, 8);
    Column {
        name,
        of,
        clauses,
        json,
        dropped,
    }
}

fn identity(
    random: &mut Random,
    made: &mut Made,
    place: &mut Place,
    table: &Table,
    of: &Type,
    json: &mut Value,
) -> String {
    let always = random.chance(1, 2);
    let sequence = place.names.name(random);
    let data_type = of.json["sql"].as_str().expect("a type");
    let (declared, options) = counting(random, data_type);
    json["identity"] = json!({"always": always, "options": options});
    json["sequence"] = json!({"schema": place.schema, "name": sequence});
    json["not_null"] = json!(true);
    made.sequences.push(json!({
        "name": {"schema": place.schema, "name": sequence}, "data_type": data_type, "options": options,
        "owned_by": [{"schema": place.schema, "name": table.name}, json["name"]], "comment": null, "extension": null,
    }));
    let when = if always { "always" } else { "by default" };
    format!(
        " generated {when} as identity (sequence name {} {declared})",
        place.qualified(&sequence)
    )
}

/// A default that counts, by a sequence that the column may own.
fn serial(
    random: &mut Random,
    made: &mut Made,
    place: &mut Place,
    table: &mut Table,
    json: &mut Value,
) -> String {
    let sequence = place.names.name(random);
    let data_type = json["data_type"]["sql"]
        .as_str()
        .expect("a type")
        .to_owned();
    let (declared, options) = counting(random, &data_type);
    let qualified = place.qualified(&sequence);
    let create = format!("create sequence {qualified} as {data_type} {declared}");
    made.sql.push(create);
    let name = json!({"schema": place.schema, "name": sequence});
    let owned = random.chance(1, 2);
    let owned_by =
        owned.then(|| json!([{"schema": place.schema, "name": table.name}, json["name"]]));
    if owned {
        let column = sql(json["name"].as_str().expect("a name"));
        let own = format!(
            "alter sequence {qualified} owned by {}.{column}",
            table.qualified
        );
        table.after.push(own);
        json["sequence"] = name.clone();
    }
    made.sequences.push(json!({
        "name": name, "data_type": data_type, "options": options,
        "owned_by": owned_by, "comment": null, "extension": null,
    }));
    let written = format!("{}.{}", written(place.schema), written(&sequence));
    // The server's own literals have no `E` before them.
    let literal = format!("'{}'", written.replace('\'', "''"));
    json["default"] = json!(format!("nextval({literal}::regclass)"));
    format!(
        " default nextval({}::regclass)",
        aiodal::quote_literal(&qualified)
    )
}

fn create(made: &mut Made, table: &Table, unlogged: bool, partitioning: &str) {
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|column| format!("{} {}{}", sql(&column.name), column.of.sql, column.clauses))
        .collect();
    let unlogged = if unlogged { "unlogged " } else { "" };
    made.sql.push(format!(
        "create {unlogged}table {} ({}){partitioning}",
        table.qualified,
        columns.join(", ")
    ));
}

/// Drops the columns that are to leave a hole, and with them what depends on them.
fn drop_columns(made: &mut Made, table: &mut Table) {
    let (dropped, left) = std::mem::take(&mut table.columns)
        .into_iter()
        .partition::<Vec<_>, _>(|column| column.dropped);
    table.columns = left;
    for column in dropped {
        let dropped = sql(&column.name);
        made.sql.push(format!(
            "alter table {} drop column {dropped}",
            table.qualified
        ));
        made.sequences
            .retain(|sequence| sequence["owned_by"] != json!([table.json["name"], column.name]));
    }
}

fn finish_columns(table: &mut Table) {
    for (position, column) in (1..).zip(&mut table.columns) {
        column.json["position"] = json!(position);
    }
    let columns = table.columns.iter().map(|column| column.json.clone());
    table.json["columns"] = columns.collect();
}

fn comments(random: &mut Random, made: &mut Made, table: &mut Table) {
    if random.chance(1, 2) {
        let comment = super::comment(random);
        let literal = aiodal::quote_literal(&comment);
        made.sql
            .push(format!("comment on table {} is {literal}", table.qualified));
        table.json["comment"] = json!(comment);
    }
    for (at, column) in table.columns.iter().enumerate() {
        if random.chance(1, 4) {
            let comment = super::comment(random);
            let (name, literal) = (sql(&column.name), aiodal::quote_literal(&comment));
            made.sql.push(format!(
                "comment on column {}.{name} is {literal}",
                table.qualified
            ));
            table.json["columns"][at]["comment"] = json!(comment);
        }
    }
}

impl Table {
    /// The names of the columns that a key may be over.
    fn keyable(&self) -> Vec<String> {
        let columns = self.columns.iter().filter(|column| column.of.is_keyable());
        columns.map(|column| column.name.clone()).collect()
    }

    fn of_class(&self, class: Class) -> Option<&Column> {
        self.columns.iter().find(|column| column.of.class == class)
    }

    fn column(&self, name: &str) -> &Column {
        let column = self.columns.iter().find(|column| column.name == name);
        column.expect("a column of the table")
    }

    fn add(&mut self, part: &str, entry: Value) {
        self.json[part].as_array_mut().expect("a list").push(entry);
    }

    /// Some columns in SQL.
    fn list(names: &[String]) -> String {
        list(names)
    }
}
