//! Indexes as text.

use std::fmt;

use super::super::lines::{Lines, Text};
use crate::schema::{Index, IndexElement, Table};

pub(super) fn write(lines: &mut Lines<'_, '_>, table: &Table) -> fmt::Result {
    for index in &table.indexes {
        if !is_implied(index) {
            lines.line(1, &text(index))?;
        }
    }
    Ok(())
}

/// Whether the constraint that it is behind has said all of it.
fn is_implied(index: &Index) -> bool {
    let plain = |element: &IndexElement| {
        element.operator_class.is_none()
            && element.collation.is_none()
            && !element.descending
            && !element.nulls_first
    };
    index.constraint.as_ref() == Some(&index.name)
        && index.elements.iter().all(plain)
        && index.options.is_empty()
        && index.valid
        && !index.inherited
        && index.comment.is_none()
}

fn text(index: &Index) -> Text {
    let method = (index.method != "btree").then_some(&index.method);
    let constraint = index.constraint.as_ref();
    Text::new()
        .when(index.unique, "unique")
        .word("index: ")
        .name(&index.name)
        .some(method, |text, method| text.word("using").word(method))
        .join(" ")
        .list(index.elements.iter().map(element))
        .columns("include", &index.include)
        .when(index.nulls_not_distinct, "nulls not distinct")
        .when(
            !index.options.is_empty(),
            &format!("with ({})", index.options.join(", ")),
        )
        .some(index.predicate.as_ref(), |text, predicate| {
            text.word("where").word(predicate)
        })
        .some(constraint, |text, name| {
            text.word("of constraint").spaced_name(name)
        })
        .when(index.unique && !index.immediate, "deferrable")
        .when(index.inherited, "inherited")
        .when(!index.valid, "invalid")
        .comment(index.comment.as_deref())
}

fn element(element: &IndexElement) -> Text {
    let text = match (&element.column, &element.expression) {
        (Some(column), _) => Text::new().name(column),
        (None, expression) => Text::new().word(expression.as_deref().unwrap_or_default()),
    };
    // Descending, nulls come first unless told otherwise.
    let nulls = match (element.descending, element.nulls_first) {
        (false, true) => "nulls first",
        (true, false) => "nulls last",
        _ => "",
    };
    text.some(element.collation.as_ref(), |text, collation| {
        text.word("collate").word(collation)
    })
    .some(element.operator_class.as_ref(), Text::word)
    .when(element.descending, "desc")
    .word(nulls)
}
