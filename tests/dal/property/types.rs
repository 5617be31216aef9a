//! Types of columns: how they are declared, and what a reflection says of them.

use serde_json::{Value, json};

use super::name::{Scope, sql, written};
use super::random::Random;

/// What expressions may be made of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Integer,
    Text,
    Range,
    /// Ordered: fit for a key.
    Ordered,
    Other,
}

/// A type that a column may have.
#[derive(Clone, Debug)]
pub(crate) struct Type {
    pub(crate) sql: String,
    /// As reflected.
    pub(crate) json: Value,
    pub(crate) class: Class,
    /// A default: as declared, and as reflected.
    pub(crate) default: Option<(String, String)>,
    /// What a column has from its domain.
    pub(crate) domain: Option<(bool, Option<String>)>,
}

impl Type {
    pub(crate) fn is_keyable(&self) -> bool {
        matches!(self.class, Class::Integer | Class::Text | Class::Ordered)
    }
}

type Builtin = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Class,
    &'static str,
    &'static str,
);

/// Declared as, in `pg_type`, formatted as, modifier, class, a default as declared and as reflected.
#[rustfmt::skip]
const BUILTIN: [Builtin; 42] = {
    use Class::{Integer, Ordered, Other, Range, Text};
    [
        ("integer", "int4", "integer", "null", Integer, "42", "42"),
        ("int", "int4", "integer", "null", Integer, "-7", "'-7'::integer"),
        ("bigint", "int8", "bigint", "null", Integer, "1 + 1", "(1 + 1)"),
        ("smallint", "int2", "smallint", "null", Integer, "1", "1"),
        ("text", "text", "text", "null", Text, "'it''s'", "'it''s'::text"),
        ("text", "text", "text", "null", Text, "", ""),
        ("varchar(20)", "varchar", "character varying(20)", r#"{"length":20}"#, Ordered, "'x'", "'x'::character varying"),
        ("varchar", "varchar", "character varying", "null", Ordered, "", ""),
        ("char(3)", "bpchar", "character(3)", r#"{"length":3}"#, Ordered, "'abc'", "'abc'::bpchar"),
        ("char", "bpchar", "character(1)", r#"{"length":1}"#, Ordered, "", ""),
        ("bpchar", "bpchar", "bpchar", "null", Ordered, "", ""),
        ("\"char\"", "char", "\"char\"", "null", Ordered, "", ""),
        ("name", "name", "name", "null", Ordered, "", ""),
        ("boolean", "bool", "boolean", "null", Ordered, "true", "true"),
        ("numeric", "numeric", "numeric", "null", Ordered, "1.5", "1.5"),
        ("numeric(12,2)", "numeric", "numeric(12,2)", r#"{"numeric":{"precision":12,"scale":2}}"#, Ordered, "0", "0"),
        ("numeric(5)", "numeric", "numeric(5,0)", r#"{"numeric":{"precision":5,"scale":0}}"#, Ordered, "", ""),
        ("real", "float4", "real", "null", Ordered, "", ""),
        ("double precision", "float8", "double precision", "null", Ordered, "1.5", "1.5"),
        ("uuid", "uuid", "uuid", "null", Ordered, "gen_random_uuid()", "gen_random_uuid()"),
        ("date", "date", "date", "null", Ordered, "current_date", "CURRENT_DATE"),
        ("timestamp", "timestamp", "timestamp without time zone", "null", Ordered, "", ""),
        ("timestamp(3)", "timestamp", "timestamp(3) without time zone", r#"{"seconds":3}"#, Ordered, "", ""),
        ("timestamptz", "timestamptz", "timestamp with time zone", "null", Ordered, "now()", "now()"),
        ("timestamptz(0)", "timestamptz", "timestamp(0) with time zone", r#"{"seconds":0}"#, Ordered, "", ""),
        ("time(2)", "time", "time(2) without time zone", r#"{"seconds":2}"#, Ordered, "", ""),
        ("timetz", "timetz", "time with time zone", "null", Ordered, "", ""),
        ("interval", "interval", "interval", "null", Ordered, "", ""),
        ("interval(3)", "interval", "interval(3)", r#"{"interval":{"fields":null,"precision":3}}"#, Ordered, "", ""),
        ("interval day to second(2)", "interval", "interval day to second(2)", r#"{"interval":{"fields":"day_to_second","precision":2}}"#, Ordered, "", ""),
        ("interval year to month", "interval", "interval year to month", r#"{"interval":{"fields":"year_to_month","precision":null}}"#, Ordered, "", ""),
        ("interval hour", "interval", "interval hour", r#"{"interval":{"fields":"hour","precision":null}}"#, Ordered, "", ""),
        ("bit(5)", "bit", "bit(5)", r#"{"length":5}"#, Ordered, "", ""),
        ("bit varying(7)", "varbit", "bit varying(7)", r#"{"length":7}"#, Ordered, "", ""),
        ("bit varying", "varbit", "bit varying", "null", Ordered, "", ""),
        ("jsonb", "jsonb", "jsonb", "null", Ordered, "'{}'", "'{}'::jsonb"),
        ("json", "json", "json", "null", Other, "", ""),
        ("bytea", "bytea", "bytea", "null", Ordered, "", ""),
        ("point", "point", "point", "null", Other, "", ""),
        ("xml", "xml", "xml", "null", Other, "", ""),
        ("inet", "inet", "inet", "null", Ordered, "", ""),
        ("int4range", "int4range", "int4range", "null", Range, "", ""),
    ]
};

/// One of the system's types.
pub(crate) fn builtin(random: &mut Random) -> Type {
    make(random.pick(&BUILTIN))
}

/// The type of identity columns and the like.
pub(crate) fn integer(random: &mut Random) -> Type {
    make(&BUILTIN[random.below(4)])
}

/// The system's type that is declared by this name.
pub(crate) fn named(declared: &str) -> Type {
    let found = BUILTIN.iter().find(|of| of.0 == declared);
    make(found.expect("a type of the table above"))
}

fn make(&(declared, name, formatted, modifier, class, default, reflected): &Builtin) -> Type {
    let kind = match class {
        Class::Range => json!({"range": make(&BUILTIN[0]).json}),
        _ => json!("base"),
    };
    let modifier: Value = serde_json::from_str(modifier).expect("the table above is JSON");
    Type {
        sql: declared.to_owned(),
        json: data_type("pg_catalog", name, formatted, &modifier, &kind),
        class,
        default: (!default.is_empty()).then(|| (default.to_owned(), reflected.to_owned())),
        domain: None,
    }
}

fn data_type(schema: &str, name: &str, sql: &str, modifier: &Value, kind: &Value) -> Value {
    let name = json!({"schema": schema, "name": name});
    json!({"name": name, "sql": sql, "modifier": modifier, "kind": kind, "comment": null, "extension": null})
}

/// An array of another type.
pub(crate) fn array(of: &Type) -> Type {
    let element = &of.json;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let name = format!("_{}", text(&element["name"]["name"]));
    let sql = format!("{}[]", text(&element["sql"]));
    let kind = json!({"array": element});
    let schema = text(&element["name"]["schema"]);
    Type {
        sql: format!("{}[]", of.sql),
        json: data_type(&schema, &name, &sql, &Value::Null, &kind),
        class: if of.is_keyable() {
            Class::Ordered
        } else {
            Class::Other
        },
        default: None,
        domain: None,
    }
}

/// A type of a schema's own: its declaration, and the type.
pub(crate) fn own(random: &mut Random, schema: &str, scope: &mut Scope) -> (Vec<String>, Type) {
    let name = scope.name(random);
    let declared = format!("{}.{}", sql(schema), sql(&name));
    let formatted = format!("{}.{}", written(schema), written(&name));
    let (kind, class, create, default, domain);
    match random.below(3) {
        0 => {
            let mut labels = Scope::default();
            let labels: Vec<_> = (0..random.between(1, 4))
                .map(|_| labels.name(random))
                .collect();
            let literals: Vec<_> = labels
                .iter()
                .map(|label| aiodal::quote_literal(label))
                .collect();
            create = format!("create type {declared} as enum ({})", literals.join(", "));
            (kind, class, default, domain) = (json!({"enum": labels}), Class::Ordered, None, None);
        }
        1 => {
            let base = builtin(random);
            let not_null = random.chance(1, 3);
            let usual = base.default.clone().filter(|_| random.chance(1, 2));
            let check = scope.name(random);
            let clauses = format!(
                "{}{}",
                usual
                    .as_ref()
                    .map_or(String::new(), |(sql, _)| format!(" default {sql}")),
                if not_null { " not null" } else { "" },
            );
            let checked = base.class == Class::Integer;
            let checks = if checked {
                json!([{"name": check, "expression": "(VALUE > 0)", "validated": true}])
            } else {
                json!([])
            };
            let check = format!(" constraint {} check (value > 0)", sql(&check));
            let check = if checked { check } else { String::new() };
            create = format!("create domain {declared} as {}{clauses}{check}", base.sql);
            let reflected = usual.map(|(_, reflected)| reflected);
            kind = json!({"domain": {"base": base.json, "not_null": not_null, "default": reflected, "checks": checks}});
            class = if base.is_keyable() {
                Class::Ordered
            } else {
                Class::Other
            };
            default = None;
            domain = Some((not_null, reflected));
        }
        _ => {
            let mut names = Scope::default();
            let fields: Vec<_> = (0..random.between(1, 3))
                .map(|_| (names.name(random), builtin(random)))
                .collect();
            let list: Vec<_> = fields
                .iter()
                .map(|(name, of)| format!("{} {}", sql(name), of.sql))
                .collect();
            create = format!("create type {declared} as ({})", list.join(", "));
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, of)| json!({"name": name, "data_type": of.json}))
                .collect();
            (kind, class, default, domain) =
                (json!({"composite": fields}), Class::Other, None, None);
        }
    }
    let mut create = vec![create];
    let mut json = data_type(schema, &name, &formatted, &Value::Null, &kind);
    if random.chance(1, 3) {
        let word = if domain.is_some() { "domain" } else { "type" };
        let comment = super::comment(random);
        create.push(format!(
            "comment on {word} {declared} is {}",
            aiodal::quote_literal(&comment)
        ));
        json["comment"] = json!(comment);
    }
    let sql = declared;
    (
        create,
        Type {
            sql,
            json,
            class,
            default,
            domain,
        },
    )
}
