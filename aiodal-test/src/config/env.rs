//! The environment's say.

use super::Config;
use super::keys::{KEYS, instead_of};

const PREFIX: &str = "AIODAL_";

/// The variable that other tools use for the same thing. It comes last of all.
pub(super) fn general_database_url() -> Option<String> {
    std::env::var("DATABASE_URL")
        .ok()
        .filter(|url| !url.is_empty())
}

/// Applies every `AIODAL_*` variable; one that is set to nothing counts as not set.
pub(super) fn apply(config: &mut Config, problems: &mut Vec<String>) {
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
            continue;
        };
        if value.is_empty() {
            continue;
        }
        let Some(key) = KEYS.iter().find(|key| key.env == name) else {
            problems.push(unknown(name));
            continue;
        };
        let place = format!("environment variable {name}");
        let applied = match value.to_str() {
            Some(text) => key.apply(config, text, &place),
            None => Err(key.refuse("not valid UTF-8", &place)),
        };
        problems.extend(applied.err());
    }
}

fn unknown(name: &str) -> String {
    let instead = instead_of(name, KEYS.iter().map(|key| key.env));
    format!("environment variable {name}: not known; {instead}")
}
