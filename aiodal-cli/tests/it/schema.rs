use crate::project::Project;

#[test]
fn schema_is_printed_for_people_for_programs_and_as_diagrams() {
    let project = Project::migrated();
    let text = project.text(&["schema"]);
    assert!(text.contains("author") && text.contains("book"), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&project.text(&["schema", "--json"])).unwrap();
    let tables = json["tables"].as_array().unwrap();
    let names: Vec<_> = tables.iter().map(|table| &table["name"]).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(
        project
            .text(&["schema", "--mermaid"])
            .starts_with("erDiagram")
    );
    assert!(project.text(&["schema", "--dot"]).contains("digraph"));
}

#[test]
fn schema_can_be_of_another_database_and_schema() {
    let project = Project::migrated();
    let arguments = ["schema", "-d", "postgres", "--schema", "information_schema"];
    let text = project.text(&arguments);
    assert!(text.contains("sql_features"), "{text}");
}

#[test]
fn missing_test_database_is_an_error_with_the_way_to_it() {
    let project = Project::bare();
    let told = project.fails(&["schema"]);
    assert!(told.contains("cargo test"), "{told}");
}

#[test]
fn database_that_does_not_exist_is_named() {
    let project = Project::migrated();
    let told = project.fails(&["schema", "-d", "nowhere"]);
    assert!(told.contains("nowhere"), "{told}");
}
