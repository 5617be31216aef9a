//! Functions that return rows, from their rows.

use super::rows::{FunctionRow, Letter};
use super::types::Types;
use crate::error::Result;
use crate::schema::{Argument, ArgumentMode, DataType, Field, Function, QualifiedName, TypeKind};

const IN: Letter = Letter(b'i');

pub(super) fn function(row: FunctionRow, types: &mut Types) -> Result<Function> {
    // Without a word on the modes all arguments are IN, and those are what is in `proargtypes`.
    let all = row.all.as_ref().unwrap_or(&row.inputs);
    let inputs = row.inputs.len();
    let required = inputs.saturating_sub(usize::try_from(row.defaults).unwrap_or_default());
    let mut arguments = Vec::with_capacity(inputs);
    let mut columns = Vec::new();
    for (at, oid) in all.iter().enumerate() {
        let name = row
            .names
            .iter()
            .flatten()
            .nth(at)
            .filter(|name| !name.is_empty());
        let data_type = types.get(*oid, -1, None)?;
        let letter = row.modes.iter().flatten().nth(at).copied().unwrap_or(IN);
        let mode = match letter.0 {
            b'b' => Some(ArgumentMode::InOut),
            b'v' => Some(ArgumentMode::Variadic),
            b'i' => Some(ArgumentMode::In),
            _ => None,
        };
        if matches!(letter.0, b'o' | b'b' | b't') {
            columns.push(Field {
                // As the server calls it, counting from 1 (`build_function_result_tupdesc_d`).
                name: name
                    .cloned()
                    .unwrap_or_else(|| format!("column{}", columns.len() + 1)),
                data_type: data_type.clone(),
            });
        }
        if let Some(mode) = mode {
            arguments.push(Argument {
                name: name.cloned(),
                data_type,
                mode,
                has_default: arguments.len() >= required,
            });
        }
    }
    let returns = types.get(row.returns, -1, None)?;
    if columns.is_empty() {
        columns = match &below_domains(&returns).kind {
            TypeKind::Composite(fields) => fields.clone(),
            TypeKind::Pseudo if returns.name.name == "record" => Vec::new(),
            _ => vec![Field {
                name: row.name.clone(),
                data_type: returns.clone(),
            }],
        };
    } else if let [only] = columns.as_mut_slice() {
        // A single OUT argument makes no record: the column has the argument's name or else the function's.
        if only.name == "column1" && !row.names.iter().flatten().any(|name| name == "column1") {
            only.name.clone_from(&row.name);
        }
    }
    Ok(Function {
        name: QualifiedName::new(row.schema, row.name),
        arguments,
        returns,
        columns,
        comment: row.comment,
        extension: row.extension,
    })
}

/// A domain over a composite type has its columns.
fn below_domains(mut data_type: &DataType) -> &DataType {
    while let TypeKind::Domain(domain) = &data_type.kind {
        data_type = &domain.base;
    }
    data_type
}
