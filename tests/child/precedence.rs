//! What comes before what, where the value keeps a session from starting, or is a test's own.

use std::process::Command;

use crate::overrides::overridden;
use crate::run::{Outcome, Report, run};

/// A key of a server of our own: its profile, its value there, its variable and value there, its value in code, and what is
/// said of each value.
struct Unusable {
    key: &'static str,
    profile: &'static str,
    in_profile: &'static str,
    variable: (&'static str, &'static str),
    in_code: &'static str,
    says: fn(&str) -> String,
}

const UNUSABLE: [Unusable; 3] = [
    Unusable {
        key: "postgres.bin",
        profile: "bin",
        in_profile: "/no/such/file",
        variable: ("AIODAL_PG_BIN", "/no/such/variable"),
        in_code: "/no/such/code",
        says: |value| format!("AIODAL_PG_BIN is `{value}`: there is no such directory"),
    },
    Unusable {
        key: "postgres.version",
        profile: "version",
        in_profile: "99",
        variable: ("AIODAL_PG_VERSION", "98"),
        in_code: "97",
        says: |value| format!("found no PostgreSQL {value}"),
    },
    Unusable {
        key: "postgres.user",
        profile: "user",
        in_profile: "no-such-file",
        variable: ("AIODAL_PG_USER", "no-such-variable"),
        in_code: "no-such-code",
        says: |value| format!("AIODAL_PG_USER is `{value}`: there is no such user"),
    },
];

/// A child that shows its configuration.
fn aloud(test: &str) -> Command {
    let mut child = overridden(test);
    child.arg("--nocapture").env("AIODAL_LOG", "config");
    child
}

/// A child that has to start a server.
fn without_a_server(test: &str) -> Command {
    let mut child = aloud(test);
    for name in ["AIODAL_DATABASE_URL", "DATABASE_URL"] {
        child.env_remove(name);
    }
    for Unusable { variable, .. } in UNUSABLE {
        child.env_remove(variable.0);
    }
    child
}

#[test]
fn binaries_version_and_user_of_a_server_of_our_own_come_from_the_same_places() {
    for unusable in UNUSABLE {
        let Unusable { key, variable, .. } = unusable;
        let assert_comes_from = |child: &mut Command, value: &str, origin: &str| {
            let report = run(child);
            report.assert_failed(&["answers"]);
            let line = report.line(key);
            assert!(line.starts_with(&format!("{key} {value} ")), "{line}");
            assert!(line.contains(origin), "{line}");
            let said = (unusable.says)(value);
            assert!(report.count(&said) > 0, "{said}: {report:#?}");
        };
        let mut child = without_a_server("answers");
        child.env("AIODAL_PROFILE", unusable.profile);
        let origin = format!("(profile {})", unusable.profile);
        assert_comes_from(&mut child, unusable.in_profile, &origin);
        child.env(variable.0, variable.1);
        let origin = format!("environment variable {}", variable.0);
        assert_comes_from(&mut child, variable.1, &origin);
        child.env("OVERRIDE_IN_CODE", key);
        assert_comes_from(&mut child, unusable.in_code, "Overriding at ");
    }
}

#[test]
fn leave_to_use_what_looks_like_production_comes_from_the_same_places() {
    let assert_comes_from = |child: &mut Command, allowed: bool, origin: &str| {
        let report = run(child);
        report.assert_failed(&["answers"]);
        let line = report.line("allow_production");
        let start = format!("allow_production {allowed} ");
        assert!(line.starts_with(&start) && line.contains(origin), "{line}");
        let refused = report.count("refused to test on postgres://me@127.0.0.1:1/shop_live");
        assert_eq!(refused == 0, allowed, "{report:#?}");
    };
    let mut child = without_a_server("answers");
    child.env_remove("AIODAL_ALLOW_PRODUCTION");
    let mut given = without_a_server("answers");
    given
        .env_remove("AIODAL_ALLOW_PRODUCTION")
        .env("AIODAL_DATABASE_URL", "postgres://me@127.0.0.1:1/shop_live");
    assert_comes_from(&mut given, false, "default");
    child.env("AIODAL_PROFILE", "production");
    assert_comes_from(&mut child, true, "(profile production)");
    child.env("AIODAL_ALLOW_PRODUCTION", "false");
    let origin = "environment variable AIODAL_ALLOW_PRODUCTION";
    assert_comes_from(&mut child, false, origin);
    child.env("OVERRIDE_IN_CODE", "allow_production");
    assert_comes_from(&mut child, true, "Overriding at ");
}

#[track_caller]
fn assert_ok(report: &Report, test: &str) {
    assert_eq!(report.with(Outcome::Ok), [test], "{report:#?}");
}

#[test]
fn test_has_the_last_word_on_its_isolation_and_its_level() {
    let level = "default_transaction_isolation=repeatable read";
    let mut child = aloud("reads_alone");
    child
        .env("AIODAL_ISOLATION", "database")
        .env("AIODAL_SETTINGS", level);
    let report = run(&mut child);
    assert_ok(&report, "reads_alone");
    let overrides = "overrides isolation = none, isolation_level = serializable";
    assert_eq!(report.count(overrides), 1, "{report:#?}");
    // Where it says nothing, the settings do.
    let mut child = overridden("level_is_as_expected");
    child
        .env("AIODAL_SETTINGS", level)
        .env("EXPECTED_LEVEL", "repeatable read");
    assert_ok(&run(&mut child), "level_is_as_expected");
}

#[test]
fn session_that_a_test_names_comes_before_all_other_places() {
    let mut child = aloud("answers_elsewhere");
    child
        .env("AIODAL_PROFILE", "every")
        .env("AIODAL_POOL_MAX_SIZE", "2")
        .env("AIODAL_MIGRATIONS", "migrations/")
        .env("OVERRIDE_IN_CODE", "1");
    let report = run(&mut child);
    report.assert_failed(&["answers_elsewhere"]);
    for (key, value) in [
        ("database_url", "postgres://elsewhere@127.0.0.1:1/elsewhere"),
        ("pool.max_size", "4"),
        ("migrations", "./broken_migrations"),
        // What that session does not say comes from where it comes for all.
        ("lock_wait", "9s"),
    ] {
        let line = report.line(key);
        assert!(line.starts_with(&format!("{key} {value} ")), "{line}");
        let in_code = line.contains("Elsewhere at tests/child/faults/tests/overridden.rs:");
        assert_eq!(in_code, key != "lock_wait", "{line}");
    }
    report.assert_keeps("hunter2");
    let report = run(&mut aloud("answers_unprovisioned"));
    report.assert_failed(&["answers_unprovisioned"]);
    assert!(
        report.count("AIODAL_PG_BIN is `/no/such/session`") > 0,
        "{report:#?}"
    );
}

#[test]
fn test_has_the_last_word_on_whether_it_is_ambient() {
    let tests = [
        "is_ambient_whatever_is_configured",
        "is_ambient_where_that_is_configured",
        "is_not_ambient_whatever_is_configured",
    ];
    for ambient in ["true", "false"] {
        let mut child = overridden("");
        child.args(tests).env("AIODAL_AMBIENT", ambient);
        let report = run(&mut child);
        let passes = |test: &&str| ambient == "true" || !test.ends_with("where_that_is_configured");
        let expected: Vec<_> = tests.into_iter().filter(passes).collect();
        assert_eq!(report.with(Outcome::Ok), expected, "{report:#?}");
    }
}
