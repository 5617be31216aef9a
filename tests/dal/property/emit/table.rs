//! Tables, with all that belongs to them.

use aiodal::schema::{
    Action, Check, Column, Deferrable, Exclusion, ForeignKey, Index, IndexElement, Match,
    PartitionStrategy, Persistence, Schema, Table,
};

use super::super::name::{list, sql};
use super::{comment, counting, qualified};

pub(super) fn statements(schema: &Schema, statements: &mut Vec<String>) {
    let (parts, tables): (Vec<_>, Vec<_>) = schema
        .tables
        .iter()
        .partition(|table| table.partition_of.is_some());
    for table in &tables {
        statements.push(create(table));
    }
    for table in &tables {
        constraints(table, statements);
    }
    for table in &tables {
        for key in &table.foreign_keys {
            statements.push(foreign_key(table, key));
            constraint_comment(table, &key.name, key.comment.as_ref(), statements);
        }
    }
    for table in &parts {
        let partition = table.partition_of.as_ref().expect("they are partitions");
        let (name, parent) = (qualified(&table.name), qualified(&partition.parent));
        statements.push(format!(
            "create table {name} partition of {parent} {}",
            partition.bound
        ));
    }
    for table in &tables {
        let name = qualified(&table.name);
        statements.extend(comment("table", &name, table.comment.as_ref()));
        for column in &table.columns {
            let name = format!("{name}.{}", sql(&column.name));
            statements.extend(comment("column", &name, column.comment.as_ref()));
        }
    }
}

fn create(table: &Table) -> String {
    let columns: Vec<_> = table.columns.iter().map(column).collect();
    let unlogged = if table.persistence == Persistence::Unlogged {
        "unlogged "
    } else {
        ""
    };
    let partitioning = table
        .partitioning
        .as_ref()
        .map_or(String::new(), |partitioning| {
            let strategy = match partitioning.strategy {
                PartitionStrategy::Range => "range",
                PartitionStrategy::List => "list",
                PartitionStrategy::Hash => "hash",
                other => panic!("a strategy of a later version: {other:?}"),
            };
            // This test partitions by columns, which are named as they are.
            format!(" partition by {strategy} ({})", list(&partitioning.key))
        });
    let name = qualified(&table.name);
    format!(
        "create {unlogged}table {name} ({}){partitioning}",
        columns.join(", ")
    )
}

fn column(column: &Column) -> String {
    let mut text = format!("{} {}", sql(&column.name), column.data_type.sql);
    if let Some(collation) = &column.collation {
        text = format!("{text} collate {}", qualified(collation));
    }
    if let Some(default) = &column.default {
        text = format!("{text} default {default}");
    }
    if let Some(generated) = &column.generated {
        text = format!(
            "{text} generated always as ({}) stored",
            generated.expression
        );
    }
    if let Some(identity) = &column.identity {
        let when = if identity.always {
            "always"
        } else {
            "by default"
        };
        let sequence = column
            .sequence
            .as_ref()
            .expect("an identity column has a sequence");
        let (name, counts) = (qualified(sequence), counting(&identity.options));
        text = format!("{text} generated {when} as identity (sequence name {name} {counts})");
    }
    if column.not_null {
        text += " not null";
    }
    text
}

fn constraints(table: &Table, statements: &mut Vec<String>) {
    let alter = format!("alter table {} add constraint", qualified(&table.name));
    if let Some(key) = &table.primary_key {
        let (name, columns) = (sql(&key.name), list(&key.columns));
        let (include, when) = (include(&key.include), when(key.deferrable));
        statements.push(format!(
            "{alter} {name} primary key ({columns}){include}{when}"
        ));
        constraint_comment(table, &key.name, key.comment.as_ref(), statements);
    }
    for key in &table.unique_constraints {
        let (name, columns) = (sql(&key.name), list(&key.columns));
        let nulls = if key.nulls_not_distinct {
            " nulls not distinct"
        } else {
            ""
        };
        let (include, when) = (include(&key.include), when(key.deferrable));
        statements.push(format!(
            "{alter} {name} unique{nulls} ({columns}){include}{when}"
        ));
        constraint_comment(table, &key.name, key.comment.as_ref(), statements);
    }
    for check in &table.checks {
        let Check {
            name,
            expression,
            no_inherit,
            validated,
            ..
        } = check;
        let no_inherit = if *no_inherit { " no inherit" } else { "" };
        let valid = if *validated { "" } else { " not valid" };
        statements.push(format!(
            "{alter} {} check ({expression}){no_inherit}{valid}",
            sql(name)
        ));
        constraint_comment(table, name, check.comment.as_ref(), statements);
    }
    for exclusion in &table.exclusions {
        statements.push(format!("{alter} {}", self::exclusion(table, exclusion)));
        constraint_comment(
            table,
            &exclusion.name,
            exclusion.comment.as_ref(),
            statements,
        );
    }
    for index in table
        .indexes
        .iter()
        .filter(|index| index.constraint.is_none())
    {
        statements.push(self::index(table, index));
        let name = format!("{}.{}", sql(&table.name.schema), sql(&index.name));
        statements.extend(comment("index", &name, index.comment.as_ref()));
    }
}

fn constraint_comment(
    table: &Table,
    name: &str,
    text: Option<&String>,
    statements: &mut Vec<String>,
) {
    let name = format!("{} on {}", sql(name), qualified(&table.name));
    statements.extend(comment("constraint", &name, text));
}

fn include(columns: &[String]) -> String {
    if columns.is_empty() {
        String::new()
    } else {
        format!(" include ({})", list(columns))
    }
}

fn when(deferrable: Deferrable) -> &'static str {
    match deferrable {
        Deferrable::No => "",
        Deferrable::InitiallyImmediate => " deferrable",
        Deferrable::InitiallyDeferred => " deferrable initially deferred",
    }
}

fn foreign_key(table: &Table, key: &ForeignKey) -> String {
    let action = |event: &str, action: Action| {
        let action = match action {
            Action::NoAction => return String::new(),
            Action::Restrict => "restrict",
            Action::Cascade => "cascade",
            Action::SetNull => "set null",
            Action::SetDefault => "set default",
        };
        format!(" on {event} {action}")
    };
    let set = match key.on_delete_columns.as_slice() {
        [] => String::new(),
        columns => format!(" ({})", list(columns)),
    };
    format!(
        "alter table {} add constraint {} foreign key ({}) references {} ({}){}{}{}{set}{}{}",
        qualified(&table.name),
        sql(&key.name),
        list(&key.columns),
        qualified(&key.referred_table),
        list(&key.referred_columns),
        if key.match_type == Match::Full {
            " match full"
        } else {
            ""
        },
        action("update", key.on_update),
        action("delete", key.on_delete),
        when(key.deferrable),
        if key.validated { "" } else { " not valid" },
    )
}

fn exclusion(table: &Table, exclusion: &Exclusion) -> String {
    let mut indexes = table.indexes.iter();
    let index = indexes.find(|index| index.constraint.as_ref() == Some(&exclusion.name));
    let method = &index.expect("an exclusion has an index").method;
    let elements: Vec<_> = exclusion
        .elements
        .iter()
        .map(|element| {
            let column = element
                .column
                .as_ref()
                .expect("this test excludes by columns");
            format!("{} with {}", sql(column), element.operator)
        })
        .collect();
    let predicate = exclusion
        .predicate
        .as_ref()
        .map_or(String::new(), |text| format!(" where ({text})"));
    let (elements, when) = (elements.join(", "), when(exclusion.deferrable));
    format!(
        "{} exclude using {method} ({elements}){predicate}{when}",
        sql(&exclusion.name)
    )
}

fn index(table: &Table, index: &Index) -> String {
    let elements: Vec<_> = index.elements.iter().map(element).collect();
    let options = match index.options.as_slice() {
        [] => String::new(),
        options => format!(" with ({})", options.join(", ")),
    };
    format!(
        "create {}index {} on {} using {} ({}){}{}{options}{}",
        if index.unique { "unique " } else { "" },
        sql(&index.name),
        qualified(&table.name),
        index.method,
        elements.join(", "),
        include(&index.include),
        if index.nulls_not_distinct {
            " nulls not distinct"
        } else {
            ""
        },
        index
            .predicate
            .as_ref()
            .map_or(String::new(), |text| format!(" where {text}")),
    )
}

fn element(element: &IndexElement) -> String {
    let mut text = match (&element.column, &element.expression) {
        (Some(column), _) => sql(column),
        (None, expression) => format!("({})", expression.as_ref().expect("one of both")),
    };
    for (word, name) in [
        (" collate ", &element.collation),
        (" ", &element.operator_class),
    ] {
        if let Some(name) = name {
            text = format!("{text}{word}{}", qualified(name));
        }
    }
    if element.descending {
        text += " desc";
    }
    match (element.descending, element.nulls_first) {
        (true, false) => text + " nulls last",
        (false, true) => text + " nulls first",
        _ => text,
    }
}
