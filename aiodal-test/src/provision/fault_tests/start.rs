//! What a server starts from, and what it says when it cannot.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::super::owner::Owner;
use super::super::{Settings, endpoint_at, ensure_at, ensure_server};
use super::SHORT;
use super::site::{Site, block_on};

#[test]
fn root_runs_the_server_as_somebody_else_and_others_as_themselves() {
    let euid = nix::unistd::geteuid();
    let user = if euid.is_root() {
        "nobody".to_owned()
    } else {
        Owner::choose(None).unwrap().name
    };
    let site = Site::shared(SHORT).with(|settings| settings.user = Some(user));
    let child = site.attach();
    child.attached();
    let expected = Owner::choose(site.settings.user.as_deref()).unwrap().uid;
    assert!(!expected.is_root());
    let run = site.run();
    for file in [run.path().to_owned(), run.data().join("postmaster.pid")] {
        assert_eq!(
            fs::metadata(&file).unwrap().uid(),
            expected.as_raw(),
            "{}",
            file.display()
        );
    }
    let watch = site.watch();
    child.leave();
    watch.until_nothing_is_left();
}

#[test]
fn a_directory_that_is_not_ours_is_refused() {
    let site = Site::shared(SHORT);
    let path = site.place().new_run().unwrap().path().to_owned();
    let refusal = || {
        endpoint_at(&site.place(), &site.settings)
            .unwrap_err()
            .to_string()
    };

    symlink("/", &path).unwrap();
    assert!(refusal().contains("it is not a directory"), "{}", refusal());
    fs::remove_file(&path).unwrap();

    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o770)).unwrap();
    assert!(refusal().contains("others can enter it"), "{}", refusal());
    fs::remove_dir(&path).unwrap();
}

#[test]
fn a_damaged_cached_cluster_is_made_anew() {
    let site = Site::private(SHORT);
    let start = || {
        let child = site.attach();
        assert!(child.attached().started);
        let watch = site.watch();
        child.leave();
        watch.until_nothing_is_left();
    };
    start();
    // In the entry, and not of it.
    let mark = || site.cached_cluster().join("mark");

    fs::write(mark(), "").unwrap();
    start();
    assert!(mark().exists(), "a sound one is used again");

    fs::remove_file(site.cached_cluster().join("data/PG_VERSION")).unwrap();
    start();
    assert!(!mark().exists(), "a file is missing");

    let control = site.cached_cluster().join("data/global/pg_control");
    let length = fs::metadata(&control).unwrap().len();
    fs::write(&control, vec![0; usize::try_from(length).unwrap()]).unwrap();
    fs::write(mark(), "").unwrap();
    start();
    assert!(
        !mark().exists(),
        "no file is missing, and the server does not start"
    );

    fs::remove_dir_all(site.cached_cluster().join("data")).unwrap();
    fs::write(mark(), "").unwrap();
    start();
    assert!(!mark().exists(), "there is nothing");

    fs::remove_file(site.cached_cluster().join("survey")).unwrap();
    start();
    assert!(
        site.cached_cluster().join("survey").is_file(),
        "one without its survey is half made"
    );
}

#[test]
fn a_server_that_does_not_start_shows_its_log() {
    let site = Site::private(SHORT);
    let bin = site.scope().join("bin");
    fs::create_dir_all(&bin).unwrap();
    let program = |name: &str, text: &str| {
        fs::write(bin.join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    };
    program(
        "postgres",
        "[ \"$1\" = --version ] && exec echo 'postgres (PostgreSQL) 15.99'\necho 'FATAL:  no moon' >&2\nexit 1",
    );
    program("initdb", "mkdir \"$2\"");
    let site = site.with(|settings| settings.bin = Some(bin.clone()));
    let said = block_on(async { ensure_at(&site.place(), &site.settings).await })
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("did not start") && said.contains("FATAL:  no moon"),
        "{said}"
    );
    assert_eq!(site.leftovers(), Vec::<PathBuf>::new());
}

#[test]
fn a_wrong_setting_is_named_in_its_own_error() {
    let said = |change: fn(&mut Settings)| {
        let mut settings = Settings::default();
        change(&mut settings);
        let scope = Path::new("/nowhere");
        block_on(ensure_server(&settings, scope))
            .unwrap_err()
            .to_string()
    };
    let missing = said(|settings| settings.bin = Some("/no/such/place".into()));
    assert!(
        missing.starts_with("AIODAL_PG_BIN is `/no/such/place`: there is no such directory"),
        "{missing}"
    );
    let empty = said(|settings| settings.bin = Some("/".into()));
    assert!(
        empty.starts_with("AIODAL_PG_BIN is `/`: there is no `postgres` in it"),
        "{empty}"
    );
    let version = said(|settings| settings.version = Some("newest".into()));
    assert!(
        version.starts_with("AIODAL_PG_VERSION is `newest`: it is not a version"),
        "{version}"
    );
    let absent = said(|settings| settings.version = Some("99".into()));
    assert!(
        absent.starts_with("found no PostgreSQL 99, which AIODAL_PG_VERSION asks for; tried:"),
        "{absent}"
    );
    assert!(
        absent.contains("apt-get install") && absent.contains("AIODAL_DATABASE_URL"),
        "{absent}"
    );
    let user = said(|settings| settings.user = Some("no-such-user".into()));
    assert!(
        user.starts_with("AIODAL_PG_USER is `no-such-user`: there is no such user"),
        "{user}"
    );
}
