//! `aiodal.toml`: the file of the package, else of its workspace; and in it, a profile.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Config;
use super::keys::{KEYS, SETTINGS, instead_of};

const NAME: &str = "aiodal.toml";

/// Where the tables of the profiles are.
const PROFILES: &str = "profile";

/// Applies the file, if there is one, and then its profile. The nearest file counts whole; two are not mixed.
pub(super) fn apply(
    manifest_dir: &Path,
    profile: Option<&str>,
    config: &mut Config,
    problems: &mut Vec<String>,
) {
    let places = [Some(manifest_dir.to_owned()), workspace_of(manifest_dir)];
    for path in places
        .into_iter()
        .flatten()
        .map(|directory| directory.join(NAME))
    {
        match fs::read_to_string(&path) {
            Ok(text) => return apply_text(&text, &path, profile, config, problems),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return problems.push(format!("{}: {error}", path.display())),
        }
    }
    if let Some(profile) = profile {
        let directory = manifest_dir.display();
        problems.push(format!(
            "AIODAL_PROFILE is `{profile}`, but there is no {NAME} in {directory} or its workspace"
        ));
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

fn apply_text(
    text: &str,
    path: &Path,
    profile: Option<&str>,
    config: &mut Config,
    problems: &mut Vec<String>,
) {
    let line = |offset: usize| text[..offset.min(text.len())].matches('\n').count() + 1;
    match DeTable::parse(text) {
        Ok(table) => {
            let mut reader = Reader {
                path,
                line: &line,
                profile: None,
                config,
                problems,
            };
            reader.table("", table.get_ref());
            reader.profiles(table.get_ref(), profile);
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
    /// The profile that is being read; `None` is what all of them start from.
    profile: Option<&'a str>,
    config: &'a mut Config,
    problems: &'a mut Vec<String>,
}

impl Reader<'_> {
    /// Reads all profiles, so that a mistake in any is found, and keeps what the chosen one says.
    fn profiles(&mut self, root: &DeTable<'_>, chosen: Option<&str>) {
        let empty = DeTable::new();
        let profiles = match root.get(PROFILES).map(Spanned::get_ref) {
            Some(DeValue::Table(profiles)) => profiles,
            // What is not a table has been refused.
            _ => &empty,
        };
        for (name, value) in profiles {
            let name: &str = name.get_ref();
            let DeValue::Table(table) = value.get_ref() else {
                continue;
            };
            let mut other = self.config.clone();
            let is_chosen = chosen == Some(name);
            let mut reader = Reader {
                path: self.path,
                line: self.line,
                profile: Some(name),
                config: if is_chosen {
                    &mut *self.config
                } else {
                    &mut other
                },
                problems: &mut *self.problems,
            };
            reader.table("", table);
        }
        let Some(chosen) = chosen else { return };
        let names: Vec<&str> = profiles.iter().map(|(name, _)| &**name.get_ref()).collect();
        if profiles.contains_key(chosen) {
            self.config.origins.profile = Some(chosen.to_owned());
        } else if profiles.is_empty() {
            let path = self.path.display();
            self.problems.push(format!(
                "AIODAL_PROFILE is `{chosen}`, but {path} has no profile; write its keys below [{PROFILES}.{chosen}]"
            ));
        } else {
            let instead = instead_of(chosen, names.iter().copied());
            let path = self.path.display();
            self.problems.push(format!(
                "AIODAL_PROFILE is `{chosen}`, which is no profile of {path}; {instead}"
            ));
        }
    }

    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let place = self.place(name.span().start);
            let path = format!("{prefix}{}", name.get_ref());
            self.entry(&path, value, &place);
        }
    }

    fn place(&self, offset: usize) -> String {
        let (path, line) = (self.path.display(), (self.line)(offset));
        match self.profile {
            Some(profile) => format!("{path}:{line} (profile {profile})"),
            None => format!("{path}:{line}"),
        }
    }

    fn entry(&mut self, path: &str, value: &Spanned<DeValue<'_>>, place: &str) {
        let below = format!("{path}.");
        match value.get_ref() {
            DeValue::Table(table) if path == SETTINGS => self.settings(table),
            DeValue::Table(profiles) if path == PROFILES && self.profile.is_none() => {
                // Read after everything else; what is no table is no profile.
                for (name, value) in profiles {
                    if !matches!(value.get_ref(), DeValue::Table(_)) {
                        let name = name.get_ref();
                        self.problems.push(format!(
                            "{place}: `{PROFILES}.{name}`: expected a table of keys, [{PROFILES}.{name}]"
                        ));
                    }
                }
            }
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

    fn settings(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let place = self.place(name.span().start);
            let name = name.get_ref();
            match text_of(value.get_ref()) {
                Some(text) => {
                    self.config.origins.note_setting(name, &place);
                    self.config.settings.insert(name.to_string(), text);
                }
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
        read_profile(text, None)
    }

    fn read_profile(text: &str, profile: Option<&str>) -> (Config, Vec<String>) {
        let (mut config, mut problems) = (Config::default(), Vec::new());
        apply_text(text, Path::new(NAME), profile, &mut config, &mut problems);
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

    const PROFILED: &str = "echo = true\ntimeout = \"5s\"\n[settings]\nwork_mem = \"1MB\"\n\
         [profile.ci]\ntimeout = \"1m\"\n[profile.ci.settings]\njit = \"off\"\n\
         [profile.slow.pool]\nmax_size = 1\n";

    #[test]
    fn chosen_profile_comes_over_the_rest_of_the_file() {
        let (config, problems) = read_profile(PROFILED, Some("ci"));
        assert_eq!(problems, Vec::<String>::new());
        assert!(config.echo);
        assert_eq!(config.timeout, Some(Duration::from_secs(60)));
        assert_eq!(config.settings.len(), 2);
        assert_eq!(config.pool.max_size, None);
        let (config, problems) = read(PROFILED);
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(config.timeout, Some(Duration::from_secs(5)));
    }

    #[test]
    fn unknown_profile_is_named_with_those_there_are() {
        let problem = |text, profile| read_profile(text, Some(profile)).1.join("\n");
        assert_eq!(
            problem(PROFILED, "nightly"),
            "AIODAL_PROFILE is `nightly`, which is no profile of aiodal.toml; expected one of ci, slow"
        );
        assert!(problem(PROFILED, "slwo").ends_with("did you mean slow?"));
        assert!(problem("echo = true", "ci").contains("write its keys below [profile.ci]"));
    }

    #[test]
    fn mistake_in_a_profile_is_found_whichever_is_chosen() {
        let text = "[profile.ci]\necko = true\n[profile]\nslow = 1\n[profile.deep.profile.er]\necho = true\n";
        for profile in [None, Some("ci"), Some("deep")] {
            let (_, problems) = read_profile(text, profile);
            let found = |start: &str| problems.iter().any(|problem| problem.starts_with(start));
            assert!(
                found("aiodal.toml:2 (profile ci): unknown key `ecko`; did you mean echo?"),
                "{problems:?}"
            );
            assert!(found("aiodal.toml:3: `profile.slow`"), "{problems:?}");
            assert!(
                found("aiodal.toml:5 (profile deep): unknown key `profile`"),
                "{problems:?}"
            );
        }
    }

    #[test]
    fn every_value_knows_its_line() {
        let (config, _) = read_profile(PROFILED, Some("ci"));
        assert_eq!(config.origin("echo"), Some("aiodal.toml:1"));
        assert_eq!(config.origin("timeout"), Some("aiodal.toml:6 (profile ci)"));
        assert_eq!(config.origin("settings.work_mem"), Some("aiodal.toml:4"));
        assert_eq!(
            config.origin("settings.jit"),
            Some("aiodal.toml:8 (profile ci)")
        );
        assert_eq!(config.origin("isolation"), None);
    }
}
