//! Values of keywords: one of several words, or a number.

use std::str::FromStr;

use super::Parameters;
use super::keyword::{KEYWORDS, Meaning};
use crate::error::Result;

/// Refuses what asks for something that we don't do.
pub(super) fn check_values(parameters: &Parameters) -> Result<()> {
    for keyword in KEYWORDS {
        if let (Meaning::Only(values), Some(value)) =
            (keyword.meaning, parameters.get(keyword.name))
            && !values.contains(&value)
        {
            let problem = format!("is supported with the value {} only", one_of(values));
            return Err(parameters.refuse(keyword.name, &problem));
        }
    }
    Ok(())
}

pub(super) fn choice<T: Copy>(
    parameters: &Parameters,
    name: &'static str,
    values: &[(&'static str, T)],
) -> Result<Option<T>> {
    let Some(given) = parameters.get(name) else {
        return Ok(None);
    };
    match values.iter().find(|(value, _)| *value == given) {
        Some((_, meaning)) => Ok(Some(*meaning)),
        None => {
            let names: Vec<&str> = values.iter().map(|(value, _)| *value).collect();
            Err(parameters.refuse(name, &format!("is none of {}", one_of(&names))))
        }
    }
}

fn one_of(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

pub(super) fn number(parameters: &Parameters, name: &'static str) -> Result<Option<i64>> {
    parameters
        .get(name)
        .map(|value| {
            i64::from_str(value.trim())
                .map_err(|_| parameters.refuse(name, "is not a whole number"))
        })
        .transpose()
}

pub(super) fn positive(parameters: &Parameters, name: &'static str) -> Result<Option<u64>> {
    let number = number(parameters, name)?;
    Ok(number
        .and_then(|number| u64::try_from(number).ok())
        .filter(|number| *number > 0))
}
