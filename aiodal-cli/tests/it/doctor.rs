use crate::project::{Project, text_of};

#[test]
fn doctor_says_what_tests_use_and_how_fast_it_is() {
    let project = Project::migrated();
    let database = text_of(&project.json(&["url", "--for", "1h"]), "/database").to_owned();
    let report = project.json(&["doctor"]);
    assert_eq!(report["server"]["kind"], "own");
    assert_eq!(report["facts"]["settings"]["fsync"], "off");
    for time in [
        "attach",
        "connect",
        "statement",
        "transaction",
        "create_database",
        "drop_database",
    ] {
        assert!(
            report["speed"][time].as_f64().unwrap() > 0.0,
            "{time}: {report}"
        );
    }
    let found = report["databases"].as_array().unwrap();
    let tests = found
        .iter()
        .find(|found| found["name"] == *database)
        .unwrap();
    assert_eq!(tests["kind"], "tests");
    let directory = project.directory.file_name().unwrap().to_str().unwrap();
    assert_eq!(tests["of"], directory);
    let chosen = report["installations"].as_array().unwrap();
    assert_eq!(
        chosen
            .iter()
            .filter(|found| found["chosen"] == true)
            .count(),
        1,
        "{report}"
    );

    let text = project.text(&["doctor"]);
    for part in [
        "package   ",
        "our own: no URL is set; kept until",
        "speed     attach",
        &database,
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn given_server_is_told_with_who_named_it_and_nothing_is_written_there() {
    let host = Project::bare();
    let url = host.text(&["url", "--for", "1h"]);
    let (head, tail) = url.trim().split_once("postgres@").unwrap();
    let url = format!("{head}postgres:hunter2@{tail}");
    let guest = Project::bare();
    guest.write("aiodal.toml", &format!("database_url = \"{url}\"\n"));
    let guest = guest.with("DATABASE_URL", "postgres://localhost/ignored");
    let report = guest.json(&["doctor"]);
    assert_eq!(report["server"]["kind"], "given");
    assert!(
        text_of(&report, "/server/because").contains("aiodal.toml:1 names it"),
        "{report}"
    );
    assert!(report["speed"]["create_database"].is_null(), "{report}");
    assert!(!report.to_string().contains("hunter2"));
    assert!(report.to_string().contains("opt-level"), "{report}");
    assert!(guest.json(&["doctor", "--clone"])["speed"]["create_database"].is_number());
}

#[test]
fn server_that_tests_could_not_use_is_a_problem() {
    let project = Project::bare().with("DATABASE_URL", "postgres://me@127.0.0.1:1/library");
    let ran = project.run(&["doctor", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let problem = text_of(&report, "/problem");
    assert!(problem.contains("127.0.0.1:1"), "{problem}");
    let text = project.run(&["doctor"]).stdout;
    assert!(text.contains("problem   failed to connect"), "{text}");
}

#[test]
fn bad_configuration_is_told_with_its_place() {
    let project = Project::bare();
    project.write("aiodal.toml", "\nekho = true\n");
    let told = project.fails(&["doctor"]);
    assert!(
        told.contains("aiodal.toml:2") && told.contains("echo"),
        "{told}"
    );
    project.write("aiodal.toml", "");
}
