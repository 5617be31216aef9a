//! `aiodal.toml`: the file of the package, else of its workspace.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Config;
use super::keys::{KEYS, instead_of};

const NAME: &str = "aiodal.toml";

/// Applies the file, if there is one. The nearest one counts whole; two are not mixed.
pub(super) fn apply(manifest_dir: &Path, config: &mut Config, problems: &mut Vec<String>) {
    let places = [Some(manifest_dir.to_owned()), workspace_of(manifest_dir)];
    for path in places
        .into_iter()
        .flatten()
        .map(|directory| directory.join(NAME))
    {
        match fs::read_to_string(&path) {
            Ok(text) => return apply_text(&text, &path, config, problems),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return problems.push(format!("{}: {error}", path.display())),
        }
    }
}

/// Returns the directory of the workspace that a package belongs to.
fn workspace_of(manifest_dir: &Path) -> Option<PathBuf> {
    let is_workspace = |directory: &&Path| {
        fs::read_to_string(directory.join("Cargo.toml")).is_ok_and(|text| {
            text.lines()
                .any(|line| line.trim_start().starts_with("[workspace]"))
        })
    };
    manifest_dir
        .ancestors()
        .find(is_workspace)
        .map(Path::to_owned)
}

fn apply_text(text: &str, path: &Path, config: &mut Config, problems: &mut Vec<String>) {
    let line = |offset: usize| text[..offset.min(text.len())].matches('\n').count() + 1;
    match DeTable::parse(text) {
        Ok(table) => {
            let mut reader = Reader {
                path,
                line: &line,
                config,
                problems,
            };
            reader.table("", table.get_ref());
        }
        Err(error) => {
            let line = error.span().map_or(1, |span| line(span.start));
            problems.push(format!("{}:{line}: {}", path.display(), error.message()));
        }
    }
}

struct Reader<'a> {
    path: &'a Path,
    line: &'a dyn Fn(usize) -> usize,
    config: &'a mut Config,
    problems: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let place = format!("{}:{}", self.path.display(), (self.line)(name.span().start));
            let path = format!("{prefix}{}", name.get_ref());
            self.entry(&path, value, &place);
        }
    }

    fn entry(&mut self, path: &str, value: &Spanned<DeValue<'_>>, place: &str) {
        let below = format!("{path}.");
        match value.get_ref() {
            DeValue::Table(table) if path == "settings" => self.settings(table, place),
            DeValue::Table(table) if KEYS.iter().any(|key| key.path.starts_with(&below)) => {
                self.table(&below, table);
            }
            value => match (KEYS.iter().find(|key| key.path == path), text_of(value)) {
                (Some(key), Some(text)) => self
                    .problems
                    .extend(key.apply(self.config, &text, place).err()),
                (Some(key), None) => self.problems.push(key.refuse(value.type_str(), place)),
                (None, _) => self.problems.push(unknown(path, place)),
            },
        }
    }

    fn settings(&mut self, table: &DeTable<'_>, place: &str) {
        for (name, value) in table {
            let name = name.get_ref();
            match text_of(value.get_ref()) {
                Some(text) => drop(self.config.settings.insert(name.to_string(), text)),
                None => self.problems.push(format!(
                    "{place}: `settings.{name}`: expected a text, number or boolean"
                )),
            }
        }
    }
}

/// The file's typed values are read by the same rules as the environment's text.
fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(boolean) => Some(boolean.to_string()),
        _ => None,
    }
}

fn unknown(path: &str, place: &str) -> String {
    let instead = instead_of(path, KEYS.iter().map(|key| key.path));
    format!("{place}: unknown key `{path}`; {instead}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(text: &str) -> (Config, Vec<String>) {
        let (mut config, mut problems) = (Config::default(), Vec::new());
        apply_text(text, Path::new(NAME), &mut config, &mut problems);
        (config, problems)
    }

    #[test]
    fn every_key_is_read() {
        let (config, problems) = read(
            "database_url = \"postgres://h/d\"\necho = true\ntimeout = \"5s\"\nmigrations = \"m\"\n\
             [settings]\nwork_mem = \"8MB\"\nstatement_timeout = 5000\n\
             [pool]\nmax_size = 3\nconnection_timeout = \"2s\"\n\
             [postgres]\nbin = \"/b\"\nversion = \"17\"\nuser = \"me\"\nlinger = \"1m\"\n",
        );
        assert_eq!(problems, Vec::<String>::new());
        assert!(config.echo);
        assert_eq!(config.timeout, Some(Duration::from_secs(5)));
        assert_eq!(config.settings["statement_timeout"], "5000");
        assert_eq!(config.pool.max_size, Some(3));
        assert_eq!(config.postgres.linger, Some(Duration::from_secs(60)));
    }

    #[test]
    fn all_problems_are_listed_with_their_lines() {
        let (_, problems) =
            read("ecko = true\n[pool]\nmax_size = 0\nsize = 3\ntimeout = [1]\n[nonsense]\na = 1\n");
        assert_eq!(
            problems[0],
            "aiodal.toml:1: unknown key `ecko`; did you mean echo?"
        );
        assert!(
            problems
                .iter()
                .any(|p| p.starts_with("aiodal.toml:3: `pool.max_size` is `0`, expected")),
            "{problems:?}"
        );
        assert!(
            problems
                .iter()
                .any(|p| p.starts_with("aiodal.toml:4: unknown key `pool.size`")),
            "{problems:?}"
        );
        assert!(
            problems
                .iter()
                .any(|p| p.starts_with("aiodal.toml:6: unknown key `nonsense`")),
            "{problems:?}"
        );
    }

    #[test]
    fn bad_syntax_names_the_line() {
        let (_, problems) = read("echo = true\ntimeout = = 1\n");
        assert!(problems[0].starts_with("aiodal.toml:2: "), "{problems:?}");
    }

    #[test]
    fn bad_url_value_is_not_repeated() {
        let (_, problems) = read("database_url = [\"postgres://me:hunter2@h/d\"]\n");
        assert!(!problems[0].contains("hunter2"), "{problems:?}");
    }
}
