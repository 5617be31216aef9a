//! A reflection as the SQL that makes it again: as much as the databases of this test have.

mod table;

use aiodal::schema::{DataType, QualifiedName, Schema, Sequence, SequenceOptions, TypeKind};

use super::name::sql;

/// The statements, in an order in which each finds what it needs.
pub(super) fn statements(schema: &Schema) -> Vec<String> {
    let schemas = schema
        .schemas
        .iter()
        .map(|name| format!("create schema {}", sql(name)));
    let types = schema
        .types
        .iter()
        .flat_map(|data_type| self::data_type(data_type));
    let mut statements: Vec<_> = schemas.chain(types).collect();
    for sequence in free(schema) {
        let (name, counts) = (qualified(&sequence.name), counting(&sequence.options));
        statements.push(format!(
            "create sequence {name} as {} {counts}",
            sequence.data_type
        ));
    }
    table::statements(schema, &mut statements);
    for sequence in free(schema) {
        if let Some((table, column)) = &sequence.owned_by {
            let (name, table) = (qualified(&sequence.name), qualified(table));
            statements.push(format!(
                "alter sequence {name} owned by {table}.{}",
                sql(column)
            ));
        }
    }
    statements
}

/// The sequences that no identity column makes.
fn free(schema: &Schema) -> impl Iterator<Item = &Sequence> {
    schema.sequences.iter().filter(|sequence| {
        let columns = schema.tables.iter().flat_map(|table| &table.columns);
        let mut identities = columns.filter(|column| column.identity.is_some());
        !identities.any(|column| column.sequence.as_ref() == Some(&sequence.name))
    })
}

fn data_type(data_type: &DataType) -> Vec<String> {
    let name = qualified(&data_type.name);
    let (word, create) = match &data_type.kind {
        TypeKind::Enum(labels) => {
            let labels: Vec<_> = labels
                .iter()
                .map(|label| aiodal::quote_literal(label))
                .collect();
            (
                "type",
                format!("create type {name} as enum ({})", labels.join(", ")),
            )
        }
        TypeKind::Composite(fields) => {
            let field = |field: &aiodal::schema::Field| {
                format!("{} {}", sql(&field.name), field.data_type.sql)
            };
            let fields: Vec<_> = fields.iter().map(field).collect();
            (
                "type",
                format!("create type {name} as ({})", fields.join(", ")),
            )
        }
        TypeKind::Domain(domain) => {
            let mut create = format!("create domain {name} as {}", domain.base.sql);
            if let Some(default) = &domain.default {
                create = format!("{create} default {default}");
            }
            if domain.not_null {
                create += " not null";
            }
            for check in &domain.checks {
                create = format!(
                    "{create} constraint {} check ({})",
                    sql(&check.name),
                    check.expression
                );
            }
            ("domain", create)
        }
        other => panic!("no schema of this test has a type of its own like {other:?}"),
    };
    let comment = comment(word, &name, data_type.comment.as_ref());
    std::iter::once(create).chain(comment).collect()
}

fn counting(options: &SequenceOptions) -> String {
    format!(
        "increment {} minvalue {} maxvalue {} start {} cache {} {}",
        options.increment,
        options.min,
        options.max,
        options.start,
        options.cache,
        if options.cycle { "cycle" } else { "no cycle" },
    )
}

fn comment(kind: &str, name: &str, comment: Option<&String>) -> Option<String> {
    comment.map(|comment| {
        format!(
            "comment on {kind} {name} is {}",
            aiodal::quote_literal(comment)
        )
    })
}

fn qualified(name: &QualifiedName) -> String {
    format!("{}.{}", sql(&name.schema), sql(&name.name))
}
