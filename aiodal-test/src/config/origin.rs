//! Where the values of a configuration come from, and the text that says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aiodal_core::DatabaseUrl;

use super::Config;
use super::keys::{KEYS, SETTINGS, duration, isolation};
use crate::case::TestCase;

/// Words of a setting's name whose value is not printed.
const SECRETS: [&str; 4] = ["password", "secret", "token", "api_key"];

/// Where values come from that are not defaults, by the path of their key.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins {
    places: BTreeMap<String, String>,
    /// The profile of the file that was applied.
    pub(super) profile: Option<String>,
    /// Whether the tests are to show them.
    pub(super) logs: bool,
}

impl Origins {
    pub(super) fn note(&mut self, path: &str, place: &str) {
        self.places.insert(path.to_owned(), place.to_owned());
    }

    pub(super) fn note_setting(&mut self, name: &str, place: &str) {
        self.note(&format!("{SETTINGS}.{name}"), place);
    }
}

impl Config {
    /// Returns where the value of a key comes from: a line of a file, a variable, or the session's code. `None` is a
    /// default.
    ///
    /// A key goes by its path in `aiodal.toml`, such as `pool.max_size` or `settings.work_mem`.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&str> {
        self.origins.places.get(key).map(String::as_str)
    }

    /// Lists every key with its value and where that comes from, a line each. Passwords are left out.
    #[must_use]
    pub fn explain(&self) -> String {
        let values = self.values();
        let width = |column: fn(&(String, String)) -> usize| values.iter().map(column).max();
        let path_width = width(|(path, _)| path.chars().count()).unwrap_or(0);
        // One long path need not push all origins out of sight.
        let value_width = width(|(_, value)| value.chars().count())
            .unwrap_or(0)
            .min(40);
        values
            .iter()
            .fold(String::new(), |mut text, (path, value)| {
                let origin = self.origin(path).unwrap_or("default");
                let line_break = if text.is_empty() { "" } else { "\n" };
                let _infallible = write!(
                    text,
                    "{line_break}{path:path_width$}  {value:value_width$}  {origin}"
                );
                text
            })
    }

    /// Has code change the configuration, and notes what it has changed.
    pub(crate) fn configure_by(&mut self, place: &str, configure: impl FnOnce(&mut Config)) {
        let (before, origins) = (self.raw_values(), self.origins.clone());
        configure(self);
        // The code may have put another configuration in its place.
        self.origins = origins;
        for (path, value) in self.raw_values() {
            if before.get(&path) != Some(&value) {
                self.origins.note(&path, place);
            }
        }
    }

    /// Returns what is to be shown of it before the first test, if that was asked for.
    pub(crate) fn log(&self) -> Option<String> {
        self.origins.logs.then(|| {
            let profile = match &self.origins.profile {
                Some(profile) => format!(" (profile {profile})"),
                None => String::new(),
            };
            format!(
                "the configuration of this session{profile}, and where each value comes from:\n{}",
                self.explain()
            )
        })
    }

    /// Returns what a test decides for itself, if that was asked for.
    pub(crate) fn log_test(&self, case: &TestCase) -> Option<String> {
        if !self.origins.logs {
            return None;
        }
        let options = [
            ("timeout", case.timeout.map(duration)),
            (
                "isolation",
                case.isolation.map(|of| isolation(of).to_owned()),
            ),
            (
                "isolation_level",
                case.isolation_level
                    .map(|level| level.to_string().replace(' ', "_")),
            ),
            ("ambient", case.ambient.map(|ambient| ambient.to_string())),
            ("sandbox_wait", case.sandbox_wait.map(duration)),
            ("echo", case.echo.map(|echo| echo.to_string())),
        ];
        let given: Vec<String> = options
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name} = {}", value?)))
            .collect();
        let TestCase {
            name, file, line, ..
        } = case;
        (!given.is_empty())
            .then(|| format!("test {name} ({file}:{line}) overrides {}", given.join(", ")))
    }

    /// Every key in order, with the value as it may be printed.
    fn values(&self) -> Vec<(String, String)> {
        let unset = || "(not set)".to_owned();
        let mut values = Vec::new();
        for key in &KEYS {
            if key.path == SETTINGS {
                for (name, value) in &self.settings {
                    let hidden = SECRETS
                        .iter()
                        .any(|word| name.to_lowercase().contains(word));
                    let value = if hidden { "…" } else { value };
                    values.push((format!("{SETTINGS}.{name}"), value.to_owned()));
                }
                continue;
            }
            let value = key.value(self).map(|value| match key.path {
                "database_url" => shown_url(&value),
                _ => value,
            });
            values.push((key.path.to_owned(), value.unwrap_or_else(unset)));
        }
        values
    }

    fn raw_values(&self) -> BTreeMap<String, Option<String>> {
        let keys = KEYS
            .iter()
            .map(|key| (key.path.to_owned(), key.value(self)));
        let settings = self.settings.iter();
        let settings =
            settings.map(|(name, value)| (format!("{SETTINGS}.{name}"), Some(value.clone())));
        keys.chain(settings).collect()
    }
}

/// The URL without its password; one that can't be read might have it anywhere.
fn shown_url(url: &str) -> String {
    match url.parse::<DatabaseUrl>() {
        Ok(url) => url.to_string(),
        Err(_) => "(not valid)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn code_that_changes_a_value_is_its_origin() {
        let mut config = Config {
            echo: true,
            ..Config::default()
        };
        config.origins.note("echo", "aiodal.toml:1");
        config.configure_by("Library at tests/it.rs:3", |config| {
            config.timeout = Some(Duration::from_secs(5));
            config.settings.insert("jit".into(), "off".into());
        });
        assert_eq!(config.origin("echo"), Some("aiodal.toml:1"));
        for key in ["timeout", "settings.jit"] {
            assert_eq!(
                config.origin(key),
                Some("Library at tests/it.rs:3"),
                "{key}"
            );
        }
        config.configure_by("Library at tests/it.rs:3", |config| {
            *config = Config {
                echo: true,
                ..Config::default()
            };
        });
        assert_eq!(config.origin("echo"), Some("aiodal.toml:1"));
        assert_eq!(config.origin("timeout"), Some("Library at tests/it.rs:3"));
    }

    #[test]
    fn every_key_is_explained_and_no_password_is() {
        let mut config = Config {
            database_url: Some("postgres://me:hunter2@h:5433/d".into()),
            ..Config::default()
        };
        config
            .origins
            .note("database_url", "environment variable DATABASE_URL");
        config.settings.insert("app.token".into(), "hunter2".into());
        let text = config.explain();
        assert!(!text.contains("hunter2"), "{text}");
        let line = |start: &str| {
            let line = text.lines().find(|line| line.starts_with(start));
            let words = line
                .unwrap_or_else(|| panic!("no {start} in\n{text}"))
                .split_whitespace();
            words.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            line("database_url"),
            "database_url postgres://me@h:5433/d environment variable DATABASE_URL"
        );
        assert_eq!(line("timeout"), "timeout (not set) default");
        assert_eq!(line("lock_wait"), "lock_wait 10s default");
        for key in KEYS.iter().filter(|key| key.path != SETTINGS) {
            line(key.path);
        }
    }

    #[test]
    fn url_that_cannot_be_read_is_not_shown() {
        assert_eq!(shown_url("postgres//me:hunter2@h/d"), "(not valid)");
    }
}
