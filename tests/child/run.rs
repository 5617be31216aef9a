//! Runs a test binary and reads what libtest says, as data.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// How one test of a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    Failed,
    Ignored,
}

/// What a run of a child printed.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) outcomes: BTreeMap<String, Outcome>,
    /// What libtest shows of each failed test.
    outputs: BTreeMap<String, String>,
    whole: String,
}

/// Runs a child with its output captured.
pub(crate) fn run(command: &mut Command) -> Report {
    let output = command
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()
        .expect("the child can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    Report::parse(text)
}

impl Report {
    fn parse(whole: String) -> Report {
        let (mut outcomes, mut outputs) = (BTreeMap::new(), BTreeMap::new());
        let mut section: Option<String> = None;
        for line in whole.lines() {
            if let Some(name) = line
                .strip_prefix("---- ")
                .and_then(|rest| rest.strip_suffix(" stdout ----"))
            {
                section = Some(name.to_owned());
            } else if line == "failures:" || line.starts_with("test result:") {
                section = None;
            } else if let Some(name) = &section {
                let output: &mut String = outputs.entry(name.clone()).or_default();
                output.push_str(line);
                output.push('\n');
            } else if let Some((name, outcome)) = outcome(line) {
                outcomes.insert(name, outcome);
            }
        }
        Report {
            outcomes,
            outputs,
            whole,
        }
    }

    /// Asserts how each test ended: the names that failed, and that every other passed.
    #[track_caller]
    pub(crate) fn assert_failed(&self, expected: &[&str]) {
        let failed: Vec<_> = self.with(Outcome::Failed);
        assert_eq!(
            failed, expected,
            "other tests failed than were meant to:\n{}",
            self.whole
        );
        assert!(
            !self.outcomes.is_empty(),
            "the child ran no test:\n{}",
            self.whole
        );
    }

    pub(crate) fn with(&self, wanted: Outcome) -> Vec<&str> {
        let matching = self
            .outcomes
            .iter()
            .filter(|(_, outcome)| **outcome == wanted);
        matching.map(|(name, _)| name.as_str()).collect()
    }

    /// Asserts that the output of a failed test contains each of `expected`, in that order.
    #[track_caller]
    pub(crate) fn assert_says(&self, test: &str, expected: &[&str]) {
        let output = self.output(test);
        let mut rest = output;
        for text in expected {
            let at = rest.find(text).unwrap_or_else(|| {
                panic!("{test} does not say `{text}` (in this place):\n{output}")
            });
            rest = &rest[at + text.len()..];
        }
    }

    /// Returns the output of a failed test.
    #[track_caller]
    pub(crate) fn output(&self, test: &str) -> &str {
        self.outputs
            .get(test)
            .unwrap_or_else(|| panic!("{test} did not fail:\n{}", self.whole))
    }

    /// Asserts that nothing that was printed, by whatever test, contains `secret`.
    #[track_caller]
    pub(crate) fn assert_keeps(&self, secret: &str) {
        assert!(
            !self.whole.contains(secret),
            "`{secret}` was printed:\n{}",
            self.whole
        );
    }

    /// Returns the rest of the line behind `text`, wherever it was printed first.
    #[track_caller]
    pub(crate) fn behind(&self, text: &str) -> &str {
        let whole = &self.whole;
        let (_, rest) = whole
            .split_once(text)
            .unwrap_or_else(|| panic!("`{text}` was not printed:\n{whole}"));
        rest.lines().next().unwrap_or_default()
    }

    /// Returns all that was printed.
    pub(crate) fn whole(&self) -> &str {
        &self.whole
    }

    /// Returns the first line that begins with a word, with single spaces between its words.
    #[track_caller]
    pub(crate) fn line(&self, word: &str) -> String {
        let begins = |line: &&str| line.split_whitespace().next() == Some(word);
        let line = self.whole.lines().find(begins);
        let line = line.unwrap_or_else(|| panic!("no line begins with {word}:\n{}", self.whole));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Counts how often `text` was printed.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.whole.matches(text).count()
    }
}

/// Reads `test a::b ... ok` and `test a::b - should panic ... FAILED`.
fn outcome(line: &str) -> Option<(String, Outcome)> {
    let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let name = name.strip_suffix(" - should panic").unwrap_or(name);
    let outcome = match outcome.split([',', ' ']).next()? {
        "ok" => Outcome::Ok,
        "FAILED" => Outcome::Failed,
        "ignored" => Outcome::Ignored,
        _ => return None,
    };
    Some((name.to_owned(), outcome))
}
