//! Every key of the configuration: its names, what it allows, and where its value goes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Config, ShowSql};
use crate::isolation::{Isolation, Keep};

/// One key: `pool.max_size` in the file is `AIODAL_POOL_MAX_SIZE` in the environment.
pub(super) struct Key {
    /// Its path in `aiodal.toml`, with dots between.
    pub(super) path: &'static str,
    pub(super) env: &'static str,
    /// What a value may be, as the end of the sentence "expected …".
    allowed: &'static str,
    set: fn(&mut Config, &str) -> Option<()>,
    /// Its value as text; `None` where there is none. Of `settings` there is one value per name, listed elsewhere.
    get: fn(&Config) -> Option<String>,
}

pub(super) const KEYS: [Key; 18] = [
    Key {
        path: "database_url",
        env: "AIODAL_DATABASE_URL",
        allowed: "a URL such as postgres://user@host:port/database",
        set: |config, text| put(&mut config.database_url, non_empty(text)),
        get: |config| config.database_url.clone(),
    },
    Key {
        path: "echo",
        env: "AIODAL_ECHO",
        allowed: "true or false",
        set: |config, text| parse_bool(text).map(|echo| config.echo = echo),
        get: |config| Some(config.echo.to_string()),
    },
    Key {
        path: "timeout",
        env: "AIODAL_TIMEOUT",
        allowed: DURATION,
        set: |config, text| put(&mut config.timeout, parse_duration(text)),
        get: |config| config.timeout.map(duration),
    },
    Key {
        path: "migrations",
        env: "AIODAL_MIGRATIONS",
        allowed: "a directory or a .sql file, relative to the package",
        set: |config, text| put(&mut config.migrations, non_empty(text).map(PathBuf::from)),
        get: |config| config.migrations.as_deref().map(path),
    },
    Key {
        path: "isolation",
        env: "AIODAL_ISOLATION",
        allowed: "rollback, database or none",
        set: |config, text| {
            config.isolation = match text {
                "rollback" => Isolation::Rollback,
                "database" => Isolation::Database,
                "none" => Isolation::None,
                _ => return None,
            };
            Some(())
        },
        get: |config| Some(isolation(config.isolation).to_owned()),
    },
    Key {
        path: "keep",
        env: "AIODAL_KEEP",
        allowed: "never, failed or always",
        set: |config, text| {
            config.keep = match text {
                "never" => Keep::Never,
                "failed" => Keep::Failed,
                "always" => Keep::Always,
                _ => return None,
            };
            Some(())
        },
        get: |config| {
            Some(match config.keep {
                Keep::Never => "never".to_owned(),
                Keep::Failed => "failed".to_owned(),
                Keep::Always => "always".to_owned(),
            })
        },
    },
    Key {
        path: "sql",
        env: "AIODAL_SQL",
        allowed: "never, failed or always",
        set: |config, text| {
            config.sql = match text {
                "never" => ShowSql::Never,
                "failed" => ShowSql::Failed,
                "always" => ShowSql::Always,
                _ => return None,
            };
            Some(())
        },
        get: |config| {
            Some(match config.sql {
                ShowSql::Never => "never".to_owned(),
                ShowSql::Failed => "failed".to_owned(),
                ShowSql::Always => "always".to_owned(),
            })
        },
    },
    Key {
        path: "lock_wait",
        env: "AIODAL_LOCK_WAIT",
        allowed: DURATION,
        set: |config, text| parse_duration(text).map(|limit| config.lock_wait = limit),
        get: |config| Some(duration(config.lock_wait)),
    },
    Key {
        path: "sandbox_wait",
        env: "AIODAL_SANDBOX_WAIT",
        allowed: DURATION,
        set: |config, text| parse_duration(text).map(|limit| config.sandbox_wait = limit),
        get: |config| Some(duration(config.sandbox_wait)),
    },
    Key {
        path: "ambient",
        env: "AIODAL_AMBIENT",
        allowed: "true or false",
        set: |config, text| parse_bool(text).map(|ambient| config.ambient = ambient),
        get: |config| Some(config.ambient.to_string()),
    },
    Key {
        path: "allow_production",
        env: "AIODAL_ALLOW_PRODUCTION",
        allowed: "true or false",
        set: |config, text| parse_bool(text).map(|allow| config.allow_production = allow),
        get: |config| Some(config.allow_production.to_string()),
    },
    Key {
        path: "settings",
        env: "AIODAL_SETTINGS",
        allowed: "name=value pairs with commas between",
        set: |config, text| {
            text.split(',')
                .try_for_each(|pair| put_setting(config, pair))
        },
        get: |_| None,
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
        get: |config| config.pool.max_size.map(|size| size.to_string()),
    },
    Key {
        path: "pool.connection_timeout",
        env: "AIODAL_POOL_CONNECTION_TIMEOUT",
        allowed: DURATION,
        set: |config, text| {
            parse_duration(text).map(|limit| config.pool.connection_timeout = limit)
        },
        get: |config| Some(duration(config.pool.connection_timeout)),
    },
    Key {
        path: "postgres.bin",
        env: "AIODAL_PG_BIN",
        allowed: "the directory of initdb and postgres",
        set: |config, text| put(&mut config.postgres.bin, non_empty(text).map(PathBuf::from)),
        get: |config| config.postgres.bin.as_deref().map(path),
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
        get: |config| config.postgres.version.clone(),
    },
    Key {
        path: "postgres.user",
        env: "AIODAL_PG_USER",
        allowed: "the name of an operating system user",
        set: |config, text| put(&mut config.postgres.user, non_empty(text)),
        get: |config| config.postgres.user.clone(),
    },
    Key {
        path: "postgres.linger",
        env: "AIODAL_PG_LINGER",
        allowed: DURATION,
        set: |config, text| put(&mut config.postgres.linger, parse_duration(text)),
        get: |config| Some(duration(config.postgres.linger())),
    },
];

/// The table of server settings: any name is allowed in it.
pub(super) const SETTINGS: &str = "settings";

const DURATION: &str = "a duration such as 250ms, 5s or 10m";

impl Key {
    /// Sets the key from its text; `place` is named when the text is bad.
    pub(super) fn apply(&self, config: &mut Config, text: &str, place: &str) -> Result<(), String> {
        (self.set)(config, text).ok_or_else(|| self.refuse(text, place))?;
        if self.path == SETTINGS {
            for name in text.split(',').filter_map(|pair| pair.split('=').next()) {
                config.origins.note_setting(name.trim(), place);
            }
        } else {
            config.origins.note(self.path, place);
        }
        Ok(())
    }

    /// Returns the value as text.
    pub(super) fn value(&self, config: &Config) -> Option<String> {
        (self.get)(config)
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
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
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

/// Writes a duration the way it is read, where it is one of whole milliseconds.
pub(super) fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis == 0 || !duration.subsec_nanos().is_multiple_of(1_000_000) {
        return format!("{duration:?}");
    }
    let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
    let whole = units.iter().find(|(unit, _)| millis.is_multiple_of(*unit));
    let (unit, name) = whole.expect("they are whole milliseconds");
    format!("{}{name}", millis / unit)
}

pub(super) fn isolation(isolation: Isolation) -> &'static str {
    match isolation {
        Isolation::Rollback => "rollback",
        Isolation::Database => "database",
        Isolation::None => "none",
    }
}

fn path(path: &Path) -> String {
    path.display().to_string()
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
    fn durations_are_written_as_they_are_read() {
        for text in ["250ms", "1500ms", "5s", "90s", "10m", "2h"] {
            assert_eq!(parse_duration(text).map(duration).as_deref(), Some(text));
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
