use crate::project::Project;

#[test]
fn psql_is_connected_to_the_database_of_the_tests() {
    let project = Project::migrated();
    let counted = project.text(&["psql", "-XtAc", "select count(*) from author"]);
    assert_eq!(counted, "0\n");
}

#[test]
fn option_of_psql_chooses_another_database() {
    let project = Project::migrated();
    let name = project.text(&[
        "psql",
        "-d",
        "postgres",
        "-XtAc",
        "select current_database()",
    ]);
    assert_eq!(name, "postgres\n");
}

#[test]
fn exit_code_is_that_of_psql() {
    let project = Project::bare();
    let ran = project.run(&[
        "psql",
        "-X",
        "-v",
        "ON_ERROR_STOP=1",
        "-f",
        "/dev/null/nothing",
    ]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let ran = project.run(&["psql", "-X", "-d", "nowhere"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
}

#[test]
fn session_in_code_leaves_psql_to_the_maintenance_database() {
    let project = Project::bare();
    project.write("tests/it.rs", "impl Session for Library {}\n");
    let ran = project.run(&["psql", "-XtAc", "select current_database()"]);
    assert_eq!(ran.stdout, "postgres\n", "{ran:?}");
    assert!(
        ran.stderr
            .contains("there is no database of this package's tests"),
        "{ran:?}"
    );
}
