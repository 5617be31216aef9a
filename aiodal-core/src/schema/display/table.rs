//! Tables as text.

mod constraint;
mod index;

use std::fmt;

use super::lines::{Lines, Text, options};
use crate::schema::{Column, PartitionStrategy, Persistence, Table, TableKind};

pub(super) fn write(lines: &mut Lines<'_, '_>, table: &Table) -> fmt::Result {
    lines.line(0, &head(table))?;
    let width = |text: fn(&Column) -> Text| {
        let widths = table.columns.iter().map(move |column| text(column).width());
        widths.max().unwrap_or(0)
    };
    let widths = [
        width(|column| Text::new().name(&column.name)),
        width(|column| Text::new().word(&column.data_type.sql)),
        width(|column| Text::new().when(column.not_null, "not null")),
    ];
    for column in &table.columns {
        lines.line(1, &self::column(table, column, widths))?;
    }
    constraint::write(lines, table)?;
    index::write(lines, table)?;
    if let Some(definition) = &table.definition {
        lines.line(1, &Text::new().word("definition:"))?;
        for line in definition.lines() {
            lines.line(2, &Text::new().join(line))?;
        }
    }
    Ok(())
}

fn head(table: &Table) -> Text {
    let kind = match table.kind {
        TableKind::Table => "table",
        TableKind::PartitionedTable => "partitioned table",
        TableKind::View => "view",
        TableKind::MaterializedView => "materialized view",
        TableKind::ForeignTable => "foreign table",
    };
    let persistence = match table.persistence {
        Persistence::Permanent => "",
        Persistence::Unlogged => "unlogged",
        Persistence::Temporary => "temporary",
    };
    let mut text = Text::new().word(persistence).word(kind).word(&table.name);
    if let Some(partition) = &table.partition_of {
        text = text
            .word("partition of")
            .word(&partition.parent)
            .word(&partition.bound);
    }
    if let Some(partitioning) = &table.partitioning {
        let strategy = match partitioning.strategy {
            PartitionStrategy::Range => "range",
            PartitionStrategy::List => "list",
            PartitionStrategy::Hash => "hash",
        };
        let key = partitioning.key.join(", ");
        text = text.word(format!("partition by {strategy} ({key})"));
    }
    for (at, parent) in table.inherits.iter().enumerate() {
        text = text
            .join(if at == 0 { " inherits" } else { "," })
            .word(parent);
    }
    text.some(table.of_type.as_ref(), |text, name| {
        text.word("of").word(name)
    })
    .some(table.foreign_server.as_ref(), |text, name| {
        text.word("server").spaced_name(name)
    })
    .extension(table.extension.as_deref())
    .comment(table.comment.as_deref())
}

fn column(table: &Table, column: &Column, [name, sql, null]: [usize; 3]) -> Text {
    let text = Text::new()
        .name(&column.name)
        .pad(name)
        .join("  ")
        .join(&column.data_type.sql)
        .pad(name + 2 + sql);
    let text = if null == 0 {
        text
    } else {
        text.join(if column.not_null { "  not null" } else { "" })
            .pad(name + sql + null + 4)
    };
    let rest = Text::new()
        .some(column.collation.as_ref(), |text, collation| {
            text.word("collate").word(collation)
        })
        .some(column.default.as_ref(), |text, default| {
            text.word("default").word(default)
        })
        .some(column.generated.as_ref(), |text, generated| {
            text.word("generated always as")
                .word(&generated.expression)
                .word(if generated.stored {
                    "stored"
                } else {
                    "virtual"
                })
        });
    let rest = counting(rest, table, column).comment(column.comment.as_deref());
    if rest.is_empty() {
        text
    } else {
        text.join("  ").join(rest.as_str())
    }
}

/// How a column counts: as an identity, or by a sequence of its own.
fn counting(text: Text, table: &Table, column: &Column) -> Text {
    let Some(identity) = &column.identity else {
        return text.some(column.sequence.as_ref(), |text, sequence| {
            text.word("owns").word(sequence)
        });
    };
    let when = if identity.always {
        "always"
    } else {
        "by default"
    };
    let options = options(&identity.options, &column.data_type.sql);
    // What the server calls one, unless that would be too long or is taken.
    let usual = format!("{}_{}_seq", table.name.name, column.name);
    let sequence = column
        .sequence
        .as_ref()
        .filter(|sequence| sequence.schema != table.name.schema || sequence.name != usual);
    text.word(format!("generated {when} as identity"))
        .when(!options.is_empty(), &format!("({options})"))
        .some(sequence, |text, sequence| text.word("owns").word(sequence))
}
