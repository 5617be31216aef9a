//! Every key of the configuration: its names, what it allows, and where its value goes.

use std::path::PathBuf;
use std::time::Duration;

use super::Config;

/// One key: `pool.max_size` in the file is `AIODAL_POOL_MAX_SIZE` in the environment.
pub(super) struct Key {
    /// Its path in `aiodal.toml`, with dots between.
    pub(super) path: &'static str,
    pub(super) env: &'static str,
    /// What a value may be, as the end of the sentence "expected …".
    allowed: &'static str,
    set: fn(&mut Config, &str) -> Option<()>,
}

pub(super) const KEYS: [Key; 11] = [
    Key {
        path: "database_url",
        env: "AIODAL_DATABASE_URL",
        allowed: "a URL such as postgres://user@host:port/database",
        set: |config, text| put(&mut config.database_url, non_empty(text)),
    },
    Key {
        path: "echo",
        env: "AIODAL_ECHO",
        allowed: "true or false",
        set: |config, text| parse_bool(text).map(|echo| config.echo = echo),
    },
    Key {
        path: "timeout",
        env: "AIODAL_TIMEOUT",
        allowed: DURATION,
        set: |config, text| put(&mut config.timeout, parse_duration(text)),
    },
    Key {
        path: "migrations",
        env: "AIODAL_MIGRATIONS",
        allowed: "a directory, relative to the package",
        set: |config, text| put(&mut config.migrations, non_empty(text).map(PathBuf::from)),
    },
    Key {
        path: "settings",
        env: "AIODAL_SETTINGS",
        allowed: "name=value pairs with commas between",
        set: |config, text| {
            text.split(',')
                .try_for_each(|pair| put_setting(config, pair))
        },
    },
    Key {
        path: "pool.max_size",
        env: "AIODAL_POOL_MAX_SIZE",
        allowed: "a whole number from 1 to 1000",
        set: |config, text| {
            put(
                &mut config.pool.max_size,
                text.parse().ok().filter(|size| (1..=1000).contains(size)),
            )
        },
    },
    Key {
        path: "pool.connection_timeout",
        env: "AIODAL_POOL_CONNECTION_TIMEOUT",
        allowed: DURATION,
        set: |config, text| {
            parse_duration(text).map(|limit| config.pool.connection_timeout = limit)
        },
    },
    Key {
        path: "postgres.bin",
        env: "AIODAL_PG_BIN",
        allowed: "the directory of initdb and postgres",
        set: |config, text| put(&mut config.postgres.bin, non_empty(text).map(PathBuf::from)),
    },
    Key {
        path: "postgres.version",
        env: "AIODAL_PG_VERSION",
        allowed: "a major version such as 17",
        set: |config, text| {
            let version = text
                .split('.')
                .all(|part| part.parse::<u16>().is_ok())
                .then(|| text.to_owned());
            put(&mut config.postgres.version, version)
        },
    },
    Key {
        path: "postgres.user",
        env: "AIODAL_PG_USER",
        allowed: "the name of an operating system user",
        set: |config, text| put(&mut config.postgres.user, non_empty(text)),
    },
    Key {
        path: "postgres.linger",
        env: "AIODAL_PG_LINGER",
        allowed: DURATION,
        set: |config, text| put(&mut config.postgres.linger, parse_duration(text)),
    },
];

const DURATION: &str = "a duration such as 250ms, 5s or 10m";

impl Key {
    /// Sets the key from its text; `place` is named when the text is bad.
    pub(super) fn apply(&self, config: &mut Config, text: &str, place: &str) -> Result<(), String> {
        (self.set)(config, text).ok_or_else(|| self.refuse(text, place))
    }

    pub(super) fn refuse(&self, text: &str, place: &str) -> String {
        // The one value that may hold a password is not repeated.
        let value = if self.path == "database_url" {
            String::new()
        } else {
            format!(" is `{text}`,")
        };
        format!("{place}: `{}`{value} expected {}", self.path, self.allowed)
    }
}

/// Says what to write instead of an unknown name: the one it was probably meant to be, or else all there are.
pub(super) fn instead_of<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match aiodal_core::nearest(name, known.clone()).first() {
        Some(near) => format!("did you mean {near}?"),
        None => format!("expected one of {}", known.collect::<Vec<_>>().join(", ")),
    }
}

/// Reads `250ms`, `5s`, `10m`, `1h`. Zero is refused: as a limit it could only mean "never".
fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let millis = match unit.trim_start() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number
        .checked_mul(millis)
        .filter(|millis| *millis > 0)
        .map(Duration::from_millis)
}

fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn non_empty(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn put<T>(field: &mut Option<T>, value: Option<T>) -> Option<()> {
    *field = Some(value?);
    Some(())
}

fn put_setting(config: &mut Config, pair: &str) -> Option<()> {
    let (name, value) = pair.split_once('=')?;
    config
        .settings
        .insert(non_empty(name)?, value.trim().to_owned());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_and_are_not_zero() {
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse_duration("5 s"), Some(Duration::from_secs(5)));
        assert_eq!(parse_duration("10m"), Some(Duration::from_secs(600)));
        for bad in [
            "",
            "5",
            "s",
            "0s",
            "-1s",
            "1.5s",
            "5 days",
            "99999999999999999999h",
        ] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn mistyped_name_finds_its_neighbour() {
        let names = || KEYS.iter().map(|key| key.env);
        assert_eq!(
            instead_of("AIODAL_DATABSE_URL", names()),
            "did you mean AIODAL_DATABASE_URL?"
        );
        assert!(
            instead_of("AIODAL_COLOUR", names())
                .starts_with("expected one of AIODAL_DATABASE_URL, ")
        );
    }

    #[test]
    fn bad_value_names_key_value_place_and_what_is_allowed() {
        let mut config = Config::default();
        let key = KEYS.iter().find(|key| key.path == "pool.max_size").unwrap();
        let message = key.apply(&mut config, "many", "aiodal.toml:3").unwrap_err();
        assert_eq!(
            message,
            "aiodal.toml:3: `pool.max_size` is `many`, expected a whole number from 1 to 1000"
        );
    }
}
