//! The environment's say.

use super::Config;
use super::keys::{KEYS, instead_of};

const PREFIX: &str = "AIODAL_";

/// Which profile of the file to use.
const PROFILE: &str = "AIODAL_PROFILE";

/// What to tell on the output of the first test.
const LOG: &str = "AIODAL_LOG";

/// The variable that other tools use for the same thing. It comes last of all.
pub(super) fn general_database_url() -> Option<String> {
    variable("DATABASE_URL")
}

/// Returns the name of the profile to use.
pub(super) fn profile() -> Option<String> {
    variable(PROFILE)
}

/// Says whether the first test is to show where each value comes from.
pub(super) fn logs_config() -> bool {
    variable(LOG).is_some()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
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
        let place = format!("environment variable {name}");
        if name == PROFILE || name == LOG {
            problems.extend(check(name, value.to_str(), &place));
            continue;
        }
        let Some(key) = KEYS.iter().find(|key| key.env == name) else {
            problems.push(unknown(name));
            continue;
        };
        let applied = match value.to_str() {
            Some(text) => key.apply(config, text, &place),
            None => Err(key.refuse("not valid UTF-8", &place)),
        };
        problems.extend(applied.err());
    }
}

/// Finds fault with a variable that is no key.
fn check(name: &str, value: Option<&str>, place: &str) -> Option<String> {
    match value {
        None => Some(format!("{place}: not valid UTF-8")),
        Some("config") if name == LOG => None,
        Some(value) if name == LOG => Some(format!("{place} is `{value}`, expected config")),
        // Whether there is such a profile, the file knows.
        Some(_) => None,
    }
}

fn unknown(name: &str) -> String {
    let known = KEYS.iter().map(|key| key.env).chain([PROFILE, LOG]);
    let instead = instead_of(name, known);
    format!("environment variable {name}: not known; {instead}")
}
