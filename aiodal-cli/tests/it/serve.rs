use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::project::{Project, connected, gone, text_of};

fn directory(report: &serde_json::Value) -> PathBuf {
    PathBuf::from(text_of(report, "/directory"))
}

#[test]
fn started_server_stays_for_as_long_as_was_said_and_no_longer() {
    let project = Project::bare().with("AIODAL_PG_LINGER", "50ms");
    let begun = Instant::now();
    let started = project.json(&["start", "--for", "2s"]);
    assert_eq!(started["new"], true);
    gone(&directory(&started));
    assert!(
        begun.elapsed() >= Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn second_start_finds_the_server_and_replaces_the_time() {
    let project = Project::bare().with("AIODAL_PG_LINGER", "50ms");
    let first = project.json(&["start"]);
    let second = project.json(&["start", "--for", "1s"]);
    assert_eq!(second["new"], false);
    assert_eq!(directory(&first), directory(&second));
    assert!(text_of(&first, "/kept_until") > text_of(&second, "/kept_until"));
    gone(&directory(&second));
}

#[test]
fn stop_ends_a_kept_server_at_once() {
    let project = Project::bare();
    let started = project.json(&["start"]);
    let stopped = project.json(&["stop"]);
    assert_eq!(stopped["stopped"], true);
    assert!(!directory(&started).exists());
    assert_eq!(project.json(&["stop"])["stopped"], false);
}

#[test]
fn stop_names_who_uses_the_server_and_leaves_it_unless_forced() {
    let project = Project::bare();
    let started = project.json(&["start"]);
    let url = format!("{}&application_name=payroll", text_of(&started, "/url"));
    connected(&url, async |client| {
        let refused = project.fails(&["stop"]);
        assert!(refused.contains("payroll in postgres"), "{refused}");
        assert!(refused.contains("--force"), "{refused}");
        client.simple_query("select 1").await.unwrap();
        project.text(&["stop", "--force"]);
        client.simple_query("select 1").await.unwrap_err();
    });
    assert!(!directory(&started).exists());
}

#[test]
fn given_server_is_neither_started_nor_ended() {
    let project = Project::bare().with(
        "AIODAL_DATABASE_URL",
        "postgres://me:hunter2@localhost/library",
    );
    for command in ["start", "stop"] {
        let refused = project.fails(&[command]);
        assert!(
            refused.contains("postgres://me@localhost:5432/library"),
            "{refused}"
        );
        assert!(refused.contains("AIODAL_DATABASE_URL"), "{refused}");
    }
}

#[test]
fn server_is_the_one_that_tests_of_the_target_directory_use() {
    let project = Project::bare();
    let own = directory(&project.json(&["start"]));
    let other = project.directory.join("elsewhere");
    let other = other.to_str().unwrap();
    let elsewhere = directory(&project.json(&["start", "--for", "1s", "--target-dir", other]));
    assert_ne!(own, elsewhere);
    assert!(Path::new(&own).exists());
    project.text(&["stop", "--target-dir", other]);
    assert!(!elsewhere.exists() && own.exists());
}
