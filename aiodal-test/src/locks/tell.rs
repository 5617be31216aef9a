//! What a test's output says of waiting for locks.

use std::fmt::Write as _;
use std::time::Duration;

use super::look::{Blocker, UniqueIndex, Wait};
use super::{PREFIX, Watching};
use crate::journal::{LONGEST_STATEMENT, LockError, in_a_line};

/// The waits that were too long, each with what the server said when it was cancelled.
pub(super) fn cancelled(waits: &[Wait], errors: &[LockError], limit: Duration) -> Option<String> {
    let mut errors = errors.iter().filter(|error| !error.is_deadlock);
    let told: Vec<String> = waits
        .iter()
        .map(|wait| {
            let error = errors.next();
            let waited = wait.waited;
            let mut text = format!(
                "waited {waited:.1?} for a lock, longer than `lock_wait` allows ({limit:?}); its statement was cancelled"
            );
            describe(&mut text, wait, error);
            text
        })
        .collect();
    (!told.is_empty()).then(|| told.join("\n"))
}

/// A wait that something else has ended, such as the test's own time limit.
pub(super) fn waiting(wait: &Wait) -> String {
    let mut text = format!("was waiting for a lock, for {:.1?} at least", wait.waited);
    describe(&mut text, wait, None);
    text
}

/// The deadlocks that the test's statements were chosen to end; `wait` is what one of them was seen waiting for.
pub(super) fn deadlocks(
    errors: &[LockError],
    wait: Option<&Wait>,
    watching: &Watching,
) -> Option<String> {
    let what = if watching.watched.has_the_database() {
        "was in a deadlock: two of its transactions waited for each other"
    } else {
        "was in a deadlock: it waited for a lock of another, which waited for one of this test"
    };
    let mut text = String::new();
    for error in errors.iter().filter(|error| error.is_deadlock) {
        let line_break = if text.is_empty() { "" } else { "\n" };
        let _infallible = write!(
            text,
            "{line_break}{what}; the server has ended one of the two statements"
        );
        // It was seen shortly before, in the same statement; the server cuts long ones short.
        match wait.filter(|wait| error.sql.starts_with(&wait.statement)) {
            Some(wait) => describe(&mut text, wait, Some(error)),
            None => by_process(&mut text, error, watching),
        }
    }
    (!text.is_empty()).then_some(text)
}

fn describe(text: &mut String, wait: &Wait, error: Option<&LockError>) {
    let statement = error.map_or(&wait.statement, |error| &error.sql);
    line(
        text,
        &format!("statement: {}", in_a_line(statement, LONGEST_STATEMENT)),
    );
    let context = error.and_then(|error| error.context.as_deref());
    line(text, &format!("waiting for: {}", object(wait, context)));
    for context in context.into_iter().flat_map(str::lines).take(3) {
        line(text, &format!("  {context}"));
    }
    for blocker in &wait.blockers {
        holder(text, blocker, wait.in_own_database);
    }
    line(text, way_out(wait));
}

/// What is locked, in words.
fn object(wait: &Wait, context: Option<&str>) -> String {
    match wait.kind.as_str() {
        // Whoever has made or locked a row is waited for by its transaction.
        "transactionid" | "tuple" | "spectoken" => row(wait, context),
        "relation" => {
            let relation = wait.relation.as_deref().unwrap_or("a table");
            format!("{relation}, as a whole, for a lock of mode {}", wait.mode)
        }
        "advisory" => "an advisory lock".to_owned(),
        kind => match &wait.relation {
            Some(relation) => format!("a lock ({kind}) of {relation}"),
            None => format!("a lock ({kind})"),
        },
    }
}

fn row(wait: &Wait, context: Option<&str>) -> String {
    let key = |indexes: &[&UniqueIndex]| {
        let word = |index: &&UniqueIndex| format!("{} on {}", index.name, index.on);
        let which = if indexes.len() == 1 {
            "unique index"
        } else {
            "one of the unique indexes"
        };
        let all: Vec<String> = indexes.iter().map(word).collect();
        let all = all.join(" and ");
        format!("the key of {which} {all}: the other has a row with the same one")
    };
    let indexes = wait.indexes.iter();
    let named = |index: &&UniqueIndex| context.is_some_and(|said| said.contains(&index.name));
    // One name may be the beginning of another.
    if let Some(index) = indexes.filter(named).max_by_key(|index| index.name.len()) {
        return key(&[index]);
    }
    match wait.row_of.as_ref().or(wait.relation.as_ref()) {
        Some(table) => format!("a row of {table} that the other has changed or locked"),
        None if wait.indexes.is_empty() || context.is_some() => {
            "the end of the other's transaction".to_owned()
        }
        None => key(&wait.indexes.iter().collect::<Vec<_>>()),
    }
}

fn holder(text: &mut String, blocker: &Blocker, in_own_database: bool) {
    let name = if in_own_database && blocker.process != 0 {
        format!(
            "another connection to this test's database (the server's process {})",
            blocker.process
        )
    } else {
        name(blocker)
    };
    let mut who = format!("held by {name}");
    if let Some(open_for) = blocker.open_for {
        let _infallible = write!(who, ", whose transaction has been open for {open_for:.1?}");
    }
    line(text, &who);
    if let Some(statement) = &blocker.statement {
        let what = match (blocker.is_waiting, blocker.is_running) {
            (true, _) => "it waits for a lock itself, with",
            (false, true) => "it is running",
            (false, false) => "its last statement was",
        };
        line(
            text,
            &format!("  {what}: {}", in_a_line(statement, LONGEST_STATEMENT)),
        );
    }
}

fn name(blocker: &Blocker) -> String {
    if let Some(case) = blocker.test {
        return format!("test {} ({}:{})", case.name, case.file, case.line);
    }
    let process = blocker.process;
    match blocker.application_name.as_deref() {
        _ if process == 0 => "a prepared transaction".to_owned(),
        Some(name) if name.starts_with(PREFIX) => {
            format!("test {} of another process", &name[PREFIX.len()..])
        }
        Some("") | None => format!("the server's process {process}"),
        Some(name) => format!("the server's process {process} (`{name}`)"),
    }
}

/// A deadlock that came before anybody had looked: all that is known is numbers.
fn by_process(text: &mut String, error: &LockError, watching: &Watching) {
    line(
        text,
        &format!("statement: {}", in_a_line(&error.sql, LONGEST_STATEMENT)),
    );
    for said in error.detail.iter().flat_map(|detail| detail.lines()) {
        line(text, said);
        // The number of the process that is in the way comes last.
        let mut numbers = said.split(|c: char| !c.is_ascii_digit());
        let process = numbers.rfind(|number| !number.is_empty());
        let other = process.and_then(|number| watching.locks.test_of(number.parse().ok()?));
        if let Some(case) = other {
            let told = format!("  that is test {} ({}:{})", case.name, case.file, case.line);
            line(text, &told);
        }
    }
    for context in error.context.iter().flat_map(|context| context.lines()) {
        line(text, context);
    }
    let way_out = if watching.watched.has_the_database() {
        OWN_TRANSACTIONS
    } else {
        OWN_VALUES
    };
    line(text, way_out);
}

const OWN_VALUES: &str = "give each test values of its own, as `tx.unique(..)` makes them, or run one of the two with \
     `isolation = \"database\"`; `lock_wait` says how long a test may wait";

const OWN_TRANSACTIONS: &str = "end the one transaction before the other's statement is waited for, or run both at the same time; \
     `lock_wait` says how long a statement may wait";

fn way_out(wait: &Wait) -> &'static str {
    match wait.kind.as_str() {
        _ if wait.in_own_database => OWN_TRANSACTIONS,
        "relation" => {
            "a statement that changes or locks a whole table keeps that until its test ends: run the test that does so with \
             `isolation = \"database\"`; `lock_wait` says how long a test may wait"
        }
        "advisory" => {
            "let tests use keys of their own, or run one of the two with `isolation = \"database\"`, where nobody else is; \
             `lock_wait` says how long a test may wait"
        }
        _ => OWN_VALUES,
    }
}

fn line(text: &mut String, line: &str) {
    text.push('\n');
    text.push_str(line);
}
