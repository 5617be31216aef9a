use crate::project::{Project, connected, text_of};

#[test]
fn url_is_of_the_migrated_database() {
    let project = Project::migrated();
    let report = project.json(&["url"]);
    assert_eq!(report["of_tests"], true);
    assert_eq!(report["server"], "own");
    let tables: i64 = connected(text_of(&report, "/url"), async |client| {
        let sql = "select count(*) from pg_tables where schemaname = 'public'";
        client.query_one(sql, &[]).await.unwrap().get(0)
    });
    assert_eq!(tables, 2);
    // For a shell: one line, and nothing else on standard output.
    assert_eq!(
        project.text(&["url"]),
        format!("{}\n", text_of(&report, "/url"))
    );
}

#[test]
fn url_can_be_of_another_database_and_keep_the_server() {
    let project = Project::migrated();
    let report = project.json(&["url", "--database", "postgres", "--for", "1h"]);
    assert_eq!(text_of(&report, "/database"), "postgres");
    assert_eq!(report["of_tests"], false);
    text_of(&report, "/kept_until");
}

#[test]
fn password_of_a_given_server_is_not_printed() {
    let project = Project::bare().with("DATABASE_URL", "postgres://me:hunter2@localhost/library");
    let ran = project.run(&["url"]);
    assert_eq!(ran.stdout, "postgres://me@localhost:5432/library\n");
    assert!(ran.stderr.contains("the password is left out") && !ran.stderr.contains("hunter2"));
}

#[test]
fn database_that_only_tests_can_make_is_told_as_missing() {
    let project = Project::bare();
    project.write(
        "tests/it.rs",
        "#[aiodal::session]\nimpl aiodal::Session for Library {}\n",
    );
    let ran = project.run(&["url"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout
            .starts_with("postgres://postgres@/postgres?host="),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("its session is in code"), "{ran:?}");
}

#[test]
fn failed_migration_is_told_with_its_file() {
    let project = Project::migrated();
    project.write(
        "migrations/2_broken.sql",
        "select 1;\nselect nothing from nowhere;\n",
    );
    let told = project.fails(&["url"]);
    assert!(told.contains("2_broken.sql:2"), "{told}");
}
