use serde_json::Value;

use crate::project::{Project, connected, text_of};

fn names(report: &Value, key: &str) -> Vec<String> {
    let names = report[key].as_array().expect("a list").iter();
    names
        .map(|name| name.as_str().expect("a name").to_owned())
        .collect()
}

#[test]
fn unused_databases_are_dropped_and_used_ones_left() {
    let project = Project::migrated();
    let report = project.json(&["url", "--for", "1h"]);
    let session = text_of(&report, "/database").to_owned();
    let template = session.rsplit_once("_s").unwrap().0.to_owned();
    let said = project.json(&["clean", "--dry-run"]);
    assert_eq!(names(&said, "dropped"), [template.clone(), session.clone()]);
    connected(text_of(&report, "/url"), async |_client| {
        let cleaned = project.json(&["clean"]);
        assert_eq!(names(&cleaned, "dropped"), [""; 0]);
        assert_eq!(names(&cleaned, "in_use"), [&*template, &*session]);
    });
    assert_eq!(
        names(&project.json(&["clean"]), "dropped"),
        [template, session]
    );
    assert_eq!(names(&project.json(&["clean"]), "dropped"), [""; 0]);
}

#[test]
fn clone_of_a_living_process_is_left_and_one_of_a_dead_one_dropped() {
    let project = Project::bare();
    let url = project.text(&["url", "--for", "1h"]);
    let clone = "aiodal_0a1b2c3d_001122334455_d42";
    connected(url.trim(), async |client| {
        let make = format!("create database {clone}");
        client.batch_execute(&make).await.expect("it can be made");
        let mark = format!("comment on database {clone} is 'aiodal: clone for it::one'");
        client.batch_execute(&mark).await.expect("it can be marked");
        let own = "select pg_advisory_lock(x'61696f63'::int, 42)";
        client.batch_execute(own).await.expect("nobody owns it");
        assert_eq!(names(&project.json(&["clean"]), "in_use"), [clone]);
    });
    assert_eq!(names(&project.json(&["clean"]), "dropped"), [clone]);
}

#[test]
fn server_that_looks_like_production_is_not_touched() {
    let url = "postgres://me:hunter2@db.prod.invalid/library";
    let project = Project::bare().with("DATABASE_URL", url);
    let told = project.fails(&["clean"]);
    assert!(told.contains("looks like production"), "{told}");
    let ran = project.run(&["doctor"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("looks like production"), "{ran:?}");
    assert!(!format!("{told}{ran:?}").contains("hunter2"));
}

#[test]
fn on_a_given_server_only_what_the_workspace_has_made_is_dropped() {
    let host = Project::migrated();
    let url = host.json(&["url", "--for", "1h"]);
    // Its session database, which nobody uses, may go with any set-up on the server; its template stays.
    let of_host = text_of(&url, "/database")
        .rsplit_once("_s")
        .unwrap()
        .0
        .to_owned();
    let maintenance = host.text(&["url", "-d", "postgres"]);
    let guest = Project::migrated().with("AIODAL_DATABASE_URL", maintenance.trim());
    let of_guest = text_of(&guest.json(&["url"]), "/database").to_owned();
    assert_ne!(of_host, of_guest);
    let said = guest.json(&["clean", "--dry-run"]);
    assert!(names(&said, "of_others").contains(&of_host), "{said}");
    let mine = [names(&said, "dropped"), names(&said, "in_use")].concat();
    assert!(
        mine.contains(&of_guest) && !mine.contains(&of_host),
        "{said}"
    );
    let cleaned = guest.json(&["clean", "--all"]);
    assert!(names(&cleaned, "dropped").contains(&of_host), "{cleaned}");
}

#[test]
fn without_a_server_there_is_nothing_to_do_and_none_is_started() {
    let project = Project::bare();
    let text = project.text(&["clean"]);
    assert_eq!(
        text,
        "no server of this project is running\nnothing to clean up\n"
    );
    assert_eq!(project.json(&["stop"])["stopped"], false);
}

#[test]
fn caches_would_be_removed_only_on_demand() {
    let project = Project::bare();
    project.text(&["start", "--for", "1m"]);
    assert_eq!(
        names(&project.json(&["clean", "--dry-run"]), "forgotten"),
        [""; 0]
    );
    let said = project.json(&["clean", "--dry-run", "--cache"]);
    assert!(!names(&said, "forgotten").is_empty(), "{said}");
}
