//! Functions as text.

use super::lines::Text;
use crate::schema::{ArgumentMode, Function, TypeKind};

pub(super) fn text(function: &Function) -> Text {
    let arguments = function.arguments.iter().map(|argument| {
        let mode = match argument.mode {
            ArgumentMode::In => "",
            ArgumentMode::InOut => "inout",
            ArgumentMode::Variadic => "variadic",
        };
        let name = argument.name.as_ref();
        Text::new()
            .word(mode)
            .some(name, |text, name| text.spaced_name(name))
            .word(&argument.data_type.sql)
            .when(argument.has_default, "default")
    });
    let text = Text::new()
        .word("function")
        .word(&function.name)
        .list(arguments)
        .word("returns setof")
        .word(&function.returns.sql);
    // The columns of a composite are said where the composite is.
    let told = matches!(function.returns.kind, TypeKind::Composite(_));
    let columns = function
        .columns
        .iter()
        .map(|column| Text::new().name(&column.name).word(&column.data_type.sql));
    let text = if told || function.columns.is_empty() {
        text
    } else {
        text.join(" ").list(columns)
    };
    text.extension(function.extension.as_deref())
        .comment(function.comment.as_deref())
}
