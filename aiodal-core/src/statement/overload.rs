//! Which of several functions of one name is meant by some arguments.

use std::sync::Arc;

use tokio_postgres::types::ToSql;

use super::param::Param;
use super::types::{driver_type, without_domain};
use super::wire::Wire;
use crate::error::{Error, Result};
use crate::schema::{Argument, ArgumentMode, DataType, Function, TypeKind};

/// A function that the values fit.
struct Fit<'f> {
    function: &'f Arc<Function>,
    arguments: Arguments,
    /// Whether no value needs converting.
    exact: bool,
}

/// The arguments of a call, and the types that they are cast to.
pub(super) type Arguments = Vec<(Param, String)>;

/// Finds the function, and encodes the arguments for it.
pub(super) fn resolve<'f>(
    overloads: &[&'f Arc<Function>],
    values: &[&(dyn ToSql + Sync)],
) -> Result<(&'f Arc<Function>, Arguments)> {
    let mut reasons = Vec::new();
    let mut fits = Vec::new();
    for function in overloads {
        match fit(function, values) {
            Ok(fit) => fits.push(fit),
            Err(reason) => reasons.push(format!("{}: {reason}", function.signature())),
        }
    }
    if fits.len() > 1 && fits.iter().filter(|fit| fit.exact).count() == 1 {
        fits.retain(|fit| fit.exact);
    }
    if fits.len() > 1 {
        let names: Vec<String> = fits.iter().map(|fit| fit.function.signature()).collect();
        let reason = format!("the arguments fit {}", names.join(" and "));
        return refused(overloads, reason);
    }
    match fits.pop() {
        Some(fit) => Ok((fit.function, fit.arguments)),
        None if reasons.is_empty() => refused(overloads, "there is no such function".to_owned()),
        None => refused(
            overloads,
            format!("the arguments do not fit {}", reasons.join("; ")),
        ),
    }
}

fn refused<T>(overloads: &[&Arc<Function>], reason: String) -> Result<T> {
    let name = overloads.first().map(|function| function.name.to_string());
    let operation = format!("call {}", name.as_deref().unwrap_or("a function"));
    Err(Error::refused(&operation, reason))
}

fn fit<'f>(function: &'f Arc<Function>, values: &[&(dyn ToSql + Sync)]) -> Result<Fit<'f>, String> {
    let types = types(&function.arguments, values.len())?;
    let mut arguments = Vec::with_capacity(values.len());
    let mut exact = true;
    for (index, (value, data_type)) in values.iter().zip(types).enumerate() {
        if data_type.kind == TypeKind::Pseudo {
            return Err(format!(
                "{} takes any type, so that SQL has to cast it",
                data_type.sql
            ));
        }
        let ty = driver_type(data_type);
        let wire = Wire::encode(*value, &ty)
            .map_err(|reason| format!("argument {} is {}: {reason}", index + 1, data_type.sql))?;
        exact &= wire.ty == *without_domain(&ty);
        let what = format!("argument {} of {}", index + 1, function.name);
        arguments.push((Param { wire, what }, data_type.sql.clone()));
    }
    Ok(Fit {
        function,
        arguments,
        exact,
    })
}

/// The types that so many values would have.
fn types(arguments: &[Argument], count: usize) -> Result<Vec<&DataType>, String> {
    let required = arguments
        .iter()
        .filter(|argument| !argument.has_default && argument.mode != ArgumentMode::Variadic)
        .count();
    let variadic = (arguments.iter())
        .find(|argument| argument.mode == ArgumentMode::Variadic)
        .and_then(|argument| match &argument.data_type.kind {
            TypeKind::Array(element) => Some(&**element),
            _ => None,
        });
    let fixed = arguments.len() - usize::from(variadic.is_some());
    // A VARIADIC argument takes one value at least, unless it has a default.
    let fewest = required + usize::from(variadic.is_some() && !arguments[fixed].has_default);
    if count < fewest || count > fixed && variadic.is_none() {
        let takes = if fewest == fixed && variadic.is_none() {
            format!("{fixed}")
        } else if variadic.is_some() {
            format!("{fewest} or more")
        } else {
            format!("{fewest} to {fixed}")
        };
        return Err(format!("it takes {takes} arguments, not {count}"));
    }
    let fixed = arguments
        .iter()
        .take(fixed)
        .map(|argument| &*argument.data_type);
    let rest = std::iter::repeat_with(|| variadic).flatten();
    Ok(fixed.chain(rest).take(count).collect())
}
