//! Every value of a session can be overridden: by the file, its profile, the environment, code and the test, in this order.
//!
//! The table of `aiodal-macros/src/docs/session.md` has a test for each of its rows: here, and in `precedence` where the
//! value keeps a session from starting, or is a test's own.

use std::process::Command;

use crate::crates::faults;
use crate::run::{Outcome, Report, run};

/// A key that a session runs with whatever its value: its value in the profile `every`, its variable and value there, and
/// its value in code.
const VALUES: [(&str, &str, (&str, &str), &str); 13] = [
    ("echo", "true", ("AIODAL_ECHO", "false"), "true"),
    ("timeout", "59s", ("AIODAL_TIMEOUT", "58s"), "57s"),
    (
        "migrations",
        "migrations",
        ("AIODAL_MIGRATIONS", "migrations/"),
        "./migrations",
    ),
    ("keep", "never", ("AIODAL_KEEP", "always"), "failed"),
    ("sql", "never", ("AIODAL_SQL", "always"), "failed"),
    ("ambient", "true", ("AIODAL_AMBIENT", "false"), "true"),
    ("sandbox_wait", "9s", ("AIODAL_SANDBOX_WAIT", "8s"), "7s"),
    ("lock_wait", "9s", ("AIODAL_LOCK_WAIT", "8s"), "7s"),
    (
        "settings.work_mem",
        "9MB",
        ("AIODAL_SETTINGS", "work_mem=8MB"),
        "7MB",
    ),
    ("pool.max_size", "3", ("AIODAL_POOL_MAX_SIZE", "2"), "1"),
    (
        "pool.connection_timeout",
        "29s",
        ("AIODAL_POOL_CONNECTION_TIMEOUT", "28s"),
        "27s",
    ),
    (
        "postgres.linger",
        "3s",
        ("AIODAL_PG_LINGER", "800ms"),
        "700ms",
    ),
    (
        "isolation",
        "database",
        ("AIODAL_ISOLATION", "none"),
        "rollback",
    ),
];

pub(crate) fn overridden(test: &str) -> Command {
    let mut child = faults("overridden");
    for (_, _, (variable, _), _) in VALUES {
        child.env_remove(variable);
    }
    child.args(["--exact", test]);
    child
}

/// Runs a test that passes, and returns what it has printed of its configuration.
fn logged(mut child: Command) -> Report {
    let report = run(child.arg("--nocapture").env("AIODAL_LOG", "config"));
    assert_eq!(report.with(Outcome::Ok), ["answers"], "{report:#?}");
    report
}

#[test]
fn profile_comes_before_the_file_and_the_environment_before_it_and_code_before_all() {
    let default = logged(overridden("answers"));
    let mut child = overridden("answers");
    child.env("AIODAL_PROFILE", "every");
    let profile = logged(child);
    let mut child = overridden("answers");
    child
        .env("AIODAL_PROFILE", "every")
        .envs(VALUES.map(|(_, _, variable, _)| variable));
    let environment = logged(child);
    let mut child = overridden("answers");
    child
        .env("AIODAL_PROFILE", "every")
        .env("OVERRIDE_IN_CODE", "1")
        .envs(VALUES.map(|(_, _, variable, _)| variable));
    let code = logged(child);
    for (key, in_profile, (variable, in_environment), in_code) in VALUES {
        let file = "/tests/child/faults/aiodal.toml:";
        let line = default.line(key);
        let origin = if key == "settings.work_mem" {
            file
        } else {
            "default"
        };
        assert!(line.contains(origin), "{line}");
        let line = profile.line(key);
        assert!(line.starts_with(&format!("{key} {in_profile} ")), "{line}");
        assert!(
            line.contains(file) && line.ends_with("(profile every)"),
            "{line}"
        );
        let value = in_environment.trim_start_matches("work_mem=");
        assert_eq!(
            environment.line(key),
            format!("{key} {value} environment variable {variable}")
        );
        let line = code.line(key);
        assert!(line.starts_with(&format!("{key} {in_code} ")), "{line}");
        assert!(
            line.contains("Overriding at tests/child/faults/tests/overridden.rs:"),
            "{line}"
        );
    }
}

#[test]
fn url_comes_from_the_same_places_and_from_other_tools_last() {
    let url = |who: &str| format!("postgres://{who}:hunter2@127.0.0.1:1/{who}");
    let mut child = overridden("answers");
    child
        .arg("--nocapture")
        .env("AIODAL_LOG", "config")
        .env_remove("AIODAL_DATABASE_URL");
    let assert_comes_from = |child: &mut Command, who: &str, origin: &str| {
        let report = run(child);
        report.assert_failed(&["answers"]);
        let line = report.line("database_url");
        let start = format!("database_url postgres://{who}@127.0.0.1:1/{who} ");
        assert!(line.starts_with(&start), "{line}");
        assert!(line.contains(origin), "{line}");
        report.assert_keeps("hunter2");
    };
    child.env("DATABASE_URL", url("general"));
    assert_comes_from(&mut child, "general", "environment variable DATABASE_URL");
    child.env("AIODAL_PROFILE", "elsewhere");
    assert_comes_from(&mut child, "profile", "(profile elsewhere)");
    child.env("AIODAL_DATABASE_URL", url("ours"));
    assert_comes_from(
        &mut child,
        "ours",
        "environment variable AIODAL_DATABASE_URL",
    );
    child.env("OVERRIDE_IN_CODE", "1");
    assert_comes_from(&mut child, "code", "Overriding at ");
}

#[test]
fn test_has_the_last_word_on_its_echo_and_its_time_limit() {
    let report = run(faults("overridden")
        .args(["--exact", "echoes", "is_silent"])
        .envs([("AIODAL_ECHO", "false"), ("AIODAL_LOG", "config")]));
    report.assert_says("echoes", &["] select 'as the test says'"]);
    let report =
        run(overridden("is_silent").envs([("AIODAL_ECHO", "true"), ("AIODAL_LOG", "config")]));
    report.assert_says("is_silent", &["overrides timeout = 56s, echo = false"]);
    assert_eq!(report.count("[sql "), 0, "{report:#?}");
}

#[test]
fn configuration_is_shown_once() {
    let report = run(faults("overridden")
        .args(["--nocapture", "--exact"])
        .args(["answers", "each_transaction_starts_alike_one"])
        .env("AIODAL_LOG", "config"));
    assert_eq!(report.with(Outcome::Ok).len(), 2, "{report:#?}");
    assert_eq!(
        report.count("where each value comes from"),
        1,
        "{report:#?}"
    );
}

#[test]
fn code_begins_each_transaction_and_connection_and_it_is_rolled_back() {
    let report = run(faults("overridden")
        .args(["--test-threads=1", "--exact"])
        .args([
            "each_transaction_starts_alike_one",
            "each_transaction_starts_alike_two",
            "layer_reflects_what_the_code_says",
        ])
        .env("AIODAL_POOL_MAX_SIZE", "1"));
    assert_eq!(report.with(Outcome::Ok).len(), 3, "{report:#?}");
}

#[test]
fn settings_of_the_configuration_come_before_those_of_the_layer() {
    for (settings, expected) in [("", "77s"), ("lock_timeout=66s", "66s")] {
        let report = run(overridden("lock_timeout_is_as_expected")
            .env("AIODAL_SETTINGS", settings)
            .env("EXPECTED_LOCK_TIMEOUT", expected));
        assert_eq!(report.with(Outcome::Ok).len(), 1, "{report:#?}");
    }
}

#[test]
fn begin_that_fails_or_panics_is_a_failure_to_set_up() {
    for (how, why) in [
        ("fails", "the library is closed"),
        ("panics", "it panicked: the library is on fire"),
    ] {
        let report = run(overridden("answers").env("BEGIN", how));
        report.assert_failed(&["answers"]);
        report.assert_says(
            "answers",
            &[
                "test set-up failed for overridden::answers; the body did not run",
                "`begin` of session Overriding at tests/child/faults/tests/overridden.rs:",
                why,
            ],
        );
    }
}

#[test]
fn profile_that_does_not_exist_is_refused_with_those_that_do() {
    let report = run(overridden("answers").env("AIODAL_PROFILE", "evry"));
    report.assert_says(
        "answers",
        &["AIODAL_PROFILE is `evry`", "did you mean every?"],
    );
    let report = run(overridden("answers").env("AIODAL_LOG", "all"));
    report.assert_says(
        "answers",
        &["environment variable AIODAL_LOG is `all`, expected config"],
    );
}
