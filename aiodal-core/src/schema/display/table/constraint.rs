//! Constraints as text.

use std::fmt;

use super::super::lines::{Lines, Text};
use crate::schema::{Action, Deferrable, Exclusion, ForeignKey, Match, Table};

pub(super) fn write(lines: &mut Lines<'_, '_>, table: &Table) -> fmt::Result {
    if let Some(key) = &table.primary_key {
        let text = Text::new()
            .word("primary key: ")
            .name(&key.name)
            .names("(", &key.columns, ")")
            .when(key.without_overlaps, "without overlaps")
            .columns("include", &key.include)
            .word(when(key.deferrable))
            .comment(key.comment.as_deref());
        lines.line(1, &text)?;
    }
    for key in &table.unique_constraints {
        let text = Text::new()
            .word("unique: ")
            .name(&key.name)
            .names("(", &key.columns, ")")
            .when(key.without_overlaps, "without overlaps")
            .columns("include", &key.include)
            .when(key.nulls_not_distinct, "nulls not distinct")
            .word(when(key.deferrable))
            .comment(key.comment.as_deref());
        lines.line(1, &text)?;
    }
    for key in &table.foreign_keys {
        lines.line(1, &foreign_key(key))?;
    }
    for check in &table.checks {
        let text = Text::new()
            .word("check: ")
            .name(&check.name)
            .word(&check.expression)
            .when(check.no_inherit, "no inherit")
            .when(check.inherited, "inherited")
            .when(!check.validated, "not valid")
            .when(!check.enforced, "not enforced")
            .comment(check.comment.as_deref());
        lines.line(1, &text)?;
    }
    for exclusion in &table.exclusions {
        lines.line(1, &self::exclusion(table, exclusion))?;
    }
    Ok(())
}

fn foreign_key(key: &ForeignKey) -> Text {
    let text = Text::new()
        .word("foreign key: ")
        .name(&key.name)
        .names("(", &key.columns, ")")
        .when(key.period, "period")
        .word("references")
        .word(&key.referred_table)
        .names("(", &key.referred_columns, ")");
    let text = match key.match_type {
        Match::Simple => text,
        Match::Full => text.word("match full"),
        Match::Partial => text.word("match partial"),
    };
    text.word(action("on update", key.on_update))
        .word(action("on delete", key.on_delete))
        .columns("", &key.on_delete_columns)
        .word(when(key.deferrable))
        .when(key.inherited, "inherited")
        .when(!key.validated, "not valid")
        .when(!key.enforced, "not enforced")
        .comment(key.comment.as_deref())
}

fn action(event: &str, action: Action) -> String {
    let action = match action {
        Action::NoAction => return String::new(),
        Action::Restrict => "restrict",
        Action::Cascade => "cascade",
        Action::SetNull => "set null",
        Action::SetDefault => "set default",
    };
    format!("{event} {action}")
}

fn when(deferrable: Deferrable) -> &'static str {
    match deferrable {
        Deferrable::No => "",
        Deferrable::InitiallyImmediate => "deferrable",
        Deferrable::InitiallyDeferred => "deferrable initially deferred",
    }
}

fn exclusion(table: &Table, exclusion: &Exclusion) -> Text {
    let index = table
        .indexes
        .iter()
        .find(|index| index.constraint.as_ref() == Some(&exclusion.name));
    let elements = exclusion.elements.iter().map(|element| {
        let text = match (&element.column, &element.expression) {
            (Some(column), _) => Text::new().name(column),
            (None, expression) => Text::new().word(expression.as_deref().unwrap_or_default()),
        };
        text.word("with").word(&element.operator)
    });
    Text::new()
        .word("exclude: ")
        .name(&exclusion.name)
        .some(index, |text, index| text.word("using").word(&index.method))
        .join(" ")
        .list(elements)
        .some(exclusion.predicate.as_ref(), |text, predicate| {
            text.word("where").word(predicate)
        })
        .word(when(exclusion.deferrable))
        .comment(exclusion.comment.as_deref())
}
