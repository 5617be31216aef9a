//! The account of a test: what it ran, what that did to which tables, and how to look at its database.

use std::fmt::Write as _;

use crate::case::TestCase;
use crate::changes::Changes;
use crate::isolation::Isolation;
use crate::journal::{End, Entry, History, hides};

/// How much of a statement is shown, in characters.
const LONGEST: usize = 300;

/// What a test has done.
pub(crate) struct Account {
    pub(crate) history: History,
    /// `None` if they were not asked for.
    pub(crate) changes: Option<Changes>,
    /// Whether anything was undone by rolling back to a savepoint.
    pub(crate) undoes: bool,
    /// What kept it apart from the other tests.
    pub(crate) isolation: Isolation,
}

impl Account {
    /// Returns what is printed of it; `None` if the test did nothing.
    pub(crate) fn text(&self, case: &TestCase, failed: bool) -> Option<String> {
        if self.history.is_empty() {
            return None;
        }
        let mut text = format!("what {} ran: {}", case.name, count(&self.history));
        for line in statements(&self.history) {
            let _infallible = write!(text, "\n  {line}");
        }
        if let Some(changes) = &self.changes {
            self.write_changes(changes, &mut text);
        }
        if failed && self.isolation == Isolation::Rollback {
            let _infallible = write!(text, "\n{}", how_to_keep(case));
        }
        Some(text)
    }

    fn write_changes(&self, changes: &Changes, text: &mut String) {
        let lines = changes.lines();
        if lines.is_empty() {
            return;
        }
        text.push_str("\nrows that it gained, changed or lost in tables");
        if self.undoes && matches!(changes, Changes::Tables(_)) {
            text.push_str(", undone by savepoints or not");
        }
        for line in lines {
            let _infallible = write!(text, "\n  {}", line.replace('\n', "\n  "));
        }
    }
}

fn count(history: &History) -> String {
    match history.count() {
        1 => "1 statement".to_owned(),
        count => format!("{count} statements"),
    }
}

/// The statements, of which the last that failed for a reason of its own tells it in full.
fn statements(history: &History) -> Vec<String> {
    let own = |entry: &&Entry| entry.failure().is_some_and(|failure| !failure.follows);
    let culprit = history.entries().rfind(own).map(|entry| entry.number);
    let mut lines = Vec::new();
    for entry in history.entries() {
        lines.push(line(entry));
        if Some(entry.number) == culprit {
            lines.extend(why(entry));
        }
        let is_last_of_first = history
            .first()
            .last()
            .is_some_and(|last| last.number == entry.number);
        if is_last_of_first && history.forgotten() > 0 {
            lines.push(format!("     … {} more …", history.forgotten()));
        }
    }
    lines
}

fn line(entry: &Entry) -> String {
    let took = match (&entry.end, entry.end.took()) {
        (_, Some(took)) => format!("{:.3} ms", took.as_secs_f64() * 1e3),
        (End::Queued, None) => "sent".to_owned(),
        (_, None) => "no answer".to_owned(),
    };
    let ended = match &entry.end {
        End::Rows(_, Some(1)) => "1 row".to_owned(),
        End::Rows(_, Some(rows)) => format!("{rows} rows"),
        End::Failed(_, failure) => failure.code.clone().unwrap_or_else(|| "failed".to_owned()),
        End::None | End::Queued | End::Rows(_, None) => String::new(),
    };
    let depth = usize::try_from(entry.depth).unwrap_or_default().min(20);
    format!(
        "{:>4}  {took:>11}  {ended:<7}  {}{}",
        entry.number,
        "  ".repeat(depth),
        entry.statement(LONGEST)
    )
}

/// Why a statement failed: what the server said, unless that may repeat a secret.
fn why(entry: &Entry) -> Vec<String> {
    let Some(failure) = entry.failure() else {
        return Vec::new();
    };
    if hides(&entry.sql) {
        let constraint = failure.constraint.as_deref();
        let constraint = constraint.map_or_else(String::new, |name| format!(", constraint {name}"));
        let code = failure.code.as_deref().unwrap_or("none");
        return vec![format!(
            "      SQLSTATE {code}{constraint}; what the server said may repeat a secret, and is hidden"
        )];
    }
    // They have two blanks of their own.
    let lines = failure.chain.lines();
    lines
        .map(|line| format!("    {}", line.trim_end()))
        .collect()
}

/// How to run the test once more so that its database stays.
fn how_to_keep(case: &TestCase) -> String {
    // The harness's name is without the crate's.
    let name = case
        .name
        .split_once("::")
        .map_or(case.name, |(_, name)| name);
    let run = if std::env::var_os("NEXTEST").is_some() {
        format!("cargo nextest run -E 'test(={name})'")
    } else {
        format!("cargo test -- --exact {name}")
    };
    let how = if case.isolation.is_some() {
        format!("set `isolation = \"database\"` on the test, and run: AIODAL_KEEP=failed {run}")
    } else {
        format!("run: AIODAL_ISOLATION=database AIODAL_KEEP=failed {run}")
    };
    format!("to keep its database and open it with psql, {how}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aiodal_core::types::ToSql;
    use aiodal_core::{Observer, Outcome, Started};

    use super::*;
    use crate::config::Config;
    use crate::journal::Journal;

    const CASE: TestCase = TestCase::new("it::users::adds", "users.rs", 1, "/");

    fn account(run: impl FnOnce(&Journal)) -> Account {
        let journal = Journal::new(&CASE, &Config::default());
        run(&journal);
        Account {
            history: journal.take_history(),
            changes: None,
            undoes: journal.undoes(),
            isolation: Isolation::Rollback,
        }
    }

    fn ran(journal: &Journal, sql: &str, params: &[&(dyn ToSql + Sync)], rows: Option<u64>) {
        let number = journal.started(&Started::new(sql).with_params(params.into()));
        journal.finished(number, Duration::from_micros(1500), Outcome::Rows(rows));
    }

    #[test]
    fn test_that_ran_nothing_has_no_account() {
        assert_eq!(account(|_| {}).text(&CASE, true), None);
    }

    #[test]
    fn statements_come_with_time_rows_and_parameters() {
        let account = account(|journal| {
            ran(journal, "select\n  $1", &[&"x"], Some(1));
            ran(journal, "update t set a = 1", &[], Some(0));
            ran(journal, "create table t ()", &[], None);
            journal.started(&Started::new("select pg_sleep(9)"));
        });
        assert_eq!(
            account.text(&CASE, false).as_deref(),
            Some(
                "what it::users::adds ran: 4 statements\n\
                 \x20    1     1.500 ms  1 row    select $1  -- $1 = \"x\"\n\
                 \x20    2     1.500 ms  0 rows   update t set a = 1\n\
                 \x20    3     1.500 ms           create table t ()\n\
                 \x20    4    no answer           select pg_sleep(9)"
            )
        );
    }

    #[test]
    fn gap_is_where_statements_are_forgotten() {
        let account = account(|journal| {
            for n in 0..50 {
                ran(journal, &format!("select {n}"), &[], Some(1));
            }
        });
        let text = account.text(&CASE, false).expect("it ran something");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 1 + 8 + 1 + 32);
        assert_eq!(lines[9], "       … 10 more …");
        assert!(lines[10].ends_with("select 18"), "{}", lines[10]);
    }

    #[test]
    fn secrets_are_hidden() {
        let account = account(|journal| {
            ran(
                journal,
                "update u set password = $1",
                &[&"hunter2"],
                Some(1),
            );
            ran(journal, "alter role u password 'hunter2'", &[], None);
        });
        let text = account.text(&CASE, true).expect("it ran something");
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("-- parameters hidden"), "{text}");
    }

    #[test]
    fn way_to_keep_the_database_depends_on_what_the_test_says() {
        let account = account(|journal| ran(journal, "select 1", &[], Some(1)));
        let text = account.text(&CASE, true).expect("it ran something");
        assert!(
            text.contains("AIODAL_ISOLATION=database AIODAL_KEEP=failed cargo"),
            "{text}"
        );
        assert!(
            text.contains("users::adds") && !text.contains("exact it::"),
            "{text}"
        );
        let mut case = CASE;
        case.isolation = Some(Isolation::Rollback);
        let text = account.text(&case, true).expect("it ran something");
        assert!(
            text.contains("`isolation = \"database\"` on the test"),
            "{text}"
        );
    }
}
