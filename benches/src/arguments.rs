//! The command line.

use std::path::PathBuf;

use crate::suites::Suite;

pub(crate) const USAGE: &str = "\
usage: cargo run --release --manifest-path benches/Cargo.toml -- <suite> [--quick] [--json FILE]

suites:
  isolation   300 tests as whole processes: aiodal, sqlx, a connection per test, and the floor
  provision   from nothing to the first SELECT: initdb and pg_ctl, and aiodal first, cached and warm
  build       what a test crate compiles: crates, and a cold build of them, beside sqlx
  query       a statement through the data access layer, the bare driver, deadpool, and unprepared
  reflect     what a database holds: aiodal, its catalog statements alone, and the original on SQLAlchemy
  bulk        loads and exports: aiodal, the server itself, psql, tokio-postgres by hand, sqlx, asyncpg
  database    a database per test, with 1, 50 and 300 migrations: aiodal, sqlx, and the floor
  sandbox     a statement and a test through a sandbox, and the same without it

--quick       fewer rounds
--json FILE   the figures as JSON too";

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) suite: Suite,
    pub(crate) quick: bool,
    pub(crate) json: Option<PathBuf>,
}

impl Arguments {
    /// Reads the arguments behind the program's name; `None` if all they ask for is help.
    ///
    /// # Errors
    ///
    /// What cannot be understood, and what would be.
    pub(crate) fn parse(
        mut words: impl Iterator<Item = String>,
    ) -> Result<Option<Arguments>, String> {
        let (mut suite, mut quick, mut json) = (None, false, None);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => return Ok(None),
                "--quick" => quick = true,
                "--json" => match words.next() {
                    Some(file) => json = Some(PathBuf::from(file)),
                    None => return Err("`--json` needs a file behind it".to_owned()),
                },
                option if option.starts_with('-') => {
                    return Err(format!("unknown option `{option}`"));
                }
                _ if suite.is_some() => {
                    return Err(format!("one suite at a time: `{word}` is a second one"));
                }
                name => match Suite::named(name) {
                    Some(found) => suite = Some(found),
                    None => return Err(format!("unknown suite `{name}`")),
                },
            }
        }
        let suite = suite.ok_or("no suite was named")?;
        Ok(Some(Arguments { suite, quick, json }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Arguments>, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_stand_on_either_side_of_the_suite() {
        let arguments = parse("--quick isolation --json out.json").unwrap().unwrap();
        assert_eq!(arguments.suite, Suite::Isolation);
        assert!(arguments.quick);
        assert_eq!(arguments.json, Some(PathBuf::from("out.json")));
        assert!(parse("isolation --help").unwrap().is_none());
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (line, part) in [
            ("", "no suite"),
            ("speed", "`speed`"),
            ("build --fast", "`--fast`"),
            ("build isolation", "`isolation`"),
            ("build --json", "`--json`"),
        ] {
            let problem = parse(line).unwrap_err();
            assert!(problem.contains(part), "{line}: {problem}");
        }
    }
}
