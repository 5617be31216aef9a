//! A random database: the SQL that makes it, and what a reflection of it must say.

use serde_json::{Value, json};

use super::name::{Scope, sql};
use super::random::Random;
use super::table::{Key, made as make_table};
use super::types::{self, Type};

/// The PostgreSQL schemas; the copies sort as these do, and neither name occurs anywhere else.
pub(crate) const SCHEMAS: [&str; 2] = ["Prop two.x", "prop_one"];

/// What was made so far.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) sql: Vec<String>,
    pub(crate) tables: Vec<Value>,
    pub(crate) types: Vec<Value>,
    pub(crate) sequences: Vec<Value>,
    /// What foreign keys can refer to.
    pub(crate) keys: Vec<Key>,
}

/// What can be used in a schema.
pub(crate) struct Place {
    pub(crate) schema: &'static str,
    /// The names of its relations and types.
    pub(crate) names: Scope,
    pub(crate) types: Vec<Type>,
}

impl Place {
    pub(crate) fn qualified(&self, name: &str) -> String {
        format!("{}.{}", sql(self.schema), sql(name))
    }
}

/// Makes a database up.
pub(crate) fn made(random: &mut Random) -> Made {
    let mut made = Made::default();
    for schema in SCHEMAS {
        made.sql.push(format!("create schema {}", sql(schema)));
        let mut place = Place {
            schema,
            names: Scope::default(),
            types: Vec::new(),
        };
        for _ in 0..random.between(1, 4) {
            let (create, own) = types::own(random, schema, &mut place.names);
            made.sql.extend(create);
            made.types.push(own.json.clone());
            place.types.push(own);
        }
        for _ in 0..random.between(1, 4) {
            make_table(random, &mut made, &mut place);
        }
    }
    for list in [&mut made.tables, &mut made.types, &mut made.sequences] {
        list.sort_by_key(name_of);
    }
    made
}

fn name_of(value: &Value) -> (String, String) {
    let text = |part: &str| value["name"][part].as_str().expect("a name").to_owned();
    (text("schema"), text("name"))
}

/// Options of a sequence, as declared and as reflected.
pub(crate) fn counting(random: &mut Random, data_type: &str) -> (String, Value) {
    let greatest = match data_type {
        "smallint" => i64::from(i16::MAX),
        "integer" => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    if random.chance(1, 2) {
        let usual = json!({"start": 1, "increment": 1, "min": 1, "max": greatest, "cache": 1, "cycle": false});
        return (String::new(), usual);
    }
    let falls = random.chance(1, 3);
    let cycle = random.chance(1, 3);
    let (increment, min, max, start) = if falls {
        (-2, -100, -1, -10)
    } else {
        (3, 5, 10_000, 8)
    };
    let declared = format!(
        "increment {increment} minvalue {min} maxvalue {max} start {start} cache 7{}",
        if cycle { " cycle" } else { "" }
    );
    let options = json!({"start": start, "increment": increment, "min": min, "max": max, "cache": 7, "cycle": cycle});
    (declared, options)
}
