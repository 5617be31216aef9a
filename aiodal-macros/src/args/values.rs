//! What the values of options may be, and what is said of those that are none.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::{LitBool, LitInt, LitStr, Path};

use super::{Flavor, Isolation, IsolationLevel};
use crate::nearest::expected_one_of;
use crate::settings::Known;

pub(super) fn flavor(value: TokenStream) -> Result<Flavor, String> {
    word(
        value,
        "flavor",
        &[
            ("current_thread", Flavor::CurrentThread),
            ("multi_thread", Flavor::MultiThread),
        ],
    )
}

pub(super) fn isolation(value: TokenStream) -> Result<Isolation, String> {
    word(
        value,
        "isolation",
        &[
            ("rollback", Isolation::Rollback),
            ("database", Isolation::Database),
            ("none", Isolation::None),
        ],
    )
}

pub(super) fn isolation_level(value: TokenStream) -> Result<IsolationLevel, String> {
    word(
        value,
        "isolation_level",
        &[
            ("read_committed", IsolationLevel::ReadCommitted),
            ("repeatable_read", IsolationLevel::RepeatableRead),
            ("serializable", IsolationLevel::Serializable),
        ],
    )
}

/// One of a few words, as a string.
pub(crate) fn word<T: Copy>(
    value: TokenStream,
    name: &str,
    words: &[(&str, T)],
) -> Result<T, String> {
    let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
    let Ok(literal) = syn::parse2::<LitStr>(value) else {
        let quoted: Vec<String> = names.iter().map(|name| format!("`\"{name}\"`")).collect();
        let (last, first) = quoted.split_last().expect("there are words to choose from");
        return Err(format!(
            "`{name}` takes a string: {} or {last}",
            first.join(", ")
        ));
    };
    let given = literal.value();
    let found = words.iter().find(|(name, _)| given == *name);
    found.map(|(_, value)| *value).ok_or_else(|| {
        format!(
            "unknown {name} `{given}`; {}",
            expected_one_of(&given, &names)
        )
    })
}

pub(super) fn worker_threads(value: TokenStream, option: Known) -> Result<usize, String> {
    syn::parse2::<LitInt>(value)
        .and_then(|literal| literal.base10_parse::<usize>())
        .ok()
        .filter(|threads| *threads > 0)
        .ok_or_else(|| {
            format!(
                "`{}` takes a whole number of at least 1, such as `{}`",
                option.name, option.example
            )
        })
}

pub(super) fn count(value: TokenStream, option: Known) -> Result<u32, String> {
    syn::parse2::<LitInt>(value)
        .and_then(|literal| literal.base10_parse::<u32>())
        .map_err(|_| {
            format!(
                "`{}` takes a whole number, such as `{}`",
                option.name, option.example
            )
        })
}

pub(super) fn boolean(value: TokenStream, option: Known) -> Result<bool, String> {
    syn::parse2::<LitBool>(value)
        .map(|literal| literal.value())
        .map_err(|_| format!("`{}` takes `true` or `false`, without quotes", option.name))
}

pub(super) fn path(value: TokenStream, option: Known) -> Result<Path, String> {
    Path::parse_mod_style.parse2(value).map_err(|_| {
        format!(
            "`{}` takes the path of a type, such as `{}`",
            option.name, option.example
        )
    })
}

pub(super) fn timeout(value: TokenStream) -> Result<Duration, String> {
    match duration(value, "timeout")? {
        Duration::ZERO => {
            Err("a timeout of zero fails every test; remove it for the configured one".into())
        }
        duration => Ok(duration),
    }
}

pub(super) fn sandbox_wait(value: TokenStream) -> Result<Duration, String> {
    match duration(value, "sandbox_wait")? {
        Duration::ZERO => Err(
            "a `sandbox_wait` of zero fails whoever waits; remove it for the configured one".into(),
        ),
        duration => Ok(duration),
    }
}

fn duration(value: TokenStream, name: &str) -> Result<Duration, String> {
    let literal = syn::parse2::<LitStr>(value).ok();
    let duration = literal.and_then(|literal| parse_duration(&literal.value()));
    duration.ok_or_else(|| {
        format!(
            "`{name}` takes a whole number and a unit in a string, such as `\"250ms\"`, `\"5s\"`, `\"2m\"` or `\"1h\"`"
        )
    })
}

pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let letters = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (count, unit) = text.split_at(letters);
    let count: u64 = count.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(count)),
        "s" => Some(Duration::from_secs(count)),
        "m" => count.checked_mul(60).map(Duration::from_secs),
        "h" => count.checked_mul(60 * 60).map(Duration::from_secs),
        _ => None,
    }
}
