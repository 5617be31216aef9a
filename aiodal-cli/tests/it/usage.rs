use crate::project::Project;

#[test]
fn wrong_use_ends_with_two() {
    let project = Project::bare();
    for arguments in [
        &["doktor"][..],
        &["start", "--for", "long"],
        &["schema", "--json", "--mermaid"],
        &["postgres", "install"],
    ] {
        let ran = project.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn outside_of_a_project_the_way_out_is_told() {
    let project = Project::bare();
    let told = project.fails(&["-C", "/", "doctor"]);
    assert!(
        told.contains("found no Cargo project in /") && told.contains("-C"),
        "{told}"
    );
}
