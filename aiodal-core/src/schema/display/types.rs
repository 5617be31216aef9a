//! Types as text.

use std::fmt;

use super::lines::{Lines, Text};
use crate::schema::{DataType, TypeKind};

pub(super) fn write(lines: &mut Lines<'_, '_>, data_type: &DataType) -> fmt::Result {
    let head = |word: &str| Text::new().word(word).word(&data_type.name);
    let tail = |text: Text| {
        text.extension(data_type.extension.as_deref())
            .comment(data_type.comment.as_deref())
    };
    match &data_type.kind {
        TypeKind::Enum(labels) => {
            let labels: Vec<_> = labels
                .iter()
                .map(|label| format!("'{}'", label.replace('\'', "''")))
                .collect();
            lines.line(
                0,
                &tail(head("enum").word(format!("({})", labels.join(", ")))),
            )
        }
        TypeKind::Domain(domain) => {
            let text = head("domain")
                .word(&domain.base.sql)
                .when(domain.not_null, "not null")
                .some(domain.default.as_ref(), |text, default| {
                    text.word("default").word(default)
                });
            lines.line(0, &tail(text))?;
            for check in &domain.checks {
                let text = Text::new()
                    .word("check: ")
                    .name(&check.name)
                    .word(&check.expression)
                    .when(!check.validated, "not valid");
                lines.line(1, &text)?;
            }
            Ok(())
        }
        TypeKind::Composite(fields) => {
            lines.line(0, &tail(head("composite")))?;
            for field in fields {
                let text = Text::new().name(&field.name).word(&field.data_type.sql);
                lines.line(1, &text)?;
            }
            Ok(())
        }
        TypeKind::Range(of) => lines.line(0, &tail(head("range").word("of").word(&of.sql))),
        TypeKind::Multirange(of) => {
            lines.line(0, &tail(head("multirange").word("of").word(&of.sql)))
        }
        TypeKind::Array(of) => lines.line(0, &tail(head("array").word("of").word(&of.sql))),
        TypeKind::Base => lines.line(0, &tail(head("type"))),
        TypeKind::Pseudo => lines.line(0, &tail(head("pseudo-type"))),
    }
}
