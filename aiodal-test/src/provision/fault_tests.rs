//! What becomes of a server, and of those who use it, when processes are killed.
//!
//! The actors are child processes of the test: this very program, run for the one test that is [`child::role`].
//! Every test shares its server with nobody, and ends when nothing is left of it.

mod child;
mod site;
mod stress;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use self::child::Fate;
use self::site::{Site, block_on, eventually, kill};
use super::owner::Owner;
use super::{Attached, Settings, Standing, reaper, verify};

pub(super) use self::child::reach;

const SHORT: Duration = Duration::from_millis(200);

/// For servers that a test ends itself.
const LONG: Duration = Duration::from_secs(600);

#[test]
fn two_dozen_cold_attaches_share_one_server() {
    let site = Site::shared(SHORT);
    let children: Vec<_> = (0..24).map(|_| site.attach()).collect();
    let attached: Vec<_> = children.iter().map(|child| child.attached()).collect();
    assert!(
        attached
            .iter()
            .all(|each| each.server == attached[0].server),
        "{attached:?}"
    );
    assert_eq!(
        attached.iter().filter(|each| each.started).count(),
        1,
        "{attached:?}"
    );
    let watch = site.watch();
    children.into_iter().for_each(|child| child.leave());
    watch.until_nothing_is_left();
}

#[test]
fn a_server_is_joined_within_its_linger() {
    let site = Site::shared(LONG);
    let first = site.attach();
    let server = first.attached().server;
    first.leave();
    let second = site.attach();
    let attached = second.attached();
    assert_eq!((attached.server, attached.started), (server, false));
    let watch = site.watch();
    site.end_server();
    second.abandon();
    watch.until_nothing_is_left();
}

#[test]
fn killed_processes_hold_no_server() {
    let site = Site::shared(SHORT);
    let children: Vec<_> = (0..8).map(|_| site.attach()).collect();
    children.iter().for_each(|child| drop(child.attached()));
    let watch = site.watch();
    children.into_iter().for_each(|child| child.kill());
    watch.until_nothing_is_left();
}

#[test]
fn a_session_keeps_the_server_beyond_its_linger() {
    let site = Site::shared(Duration::from_millis(40));
    let child = site.attach();
    let server = child.attached().server;
    let watch = site.watch();
    // The reaper has looked many times when this one has slept.
    site.query("SELECT pg_sleep(0.5)");
    let second = site.attach();
    assert_eq!(second.attached().server, server);
    child.leave();
    second.leave();
    watch.until_nothing_is_left();
}

#[test]
fn a_starter_killed_at_the_spawn_takes_the_server_with_it() {
    starter_killed("spawned");
}

#[test]
fn a_starter_killed_before_the_reaper_takes_the_server_with_it() {
    starter_killed("connected");
}

#[test]
fn a_starter_killed_before_it_lets_go_takes_the_server_with_it() {
    starter_killed("reaped");
}

#[track_caller]
fn starter_killed(at: &'static str) {
    // Beyond any wait of the test, so that it is not the reaper that ends it.
    let site = Site::shared(LONG);
    site.attach_with(Fate::DiesAt(at)).await_death();
    eventually("the server goes with its starter", || {
        site.leftovers().is_empty()
    });
    let next = site.attach();
    assert!(next.attached().started);
    let watch = site.watch();
    site.end_server();
    next.abandon();
    watch.until_nothing_is_left();
}

#[test]
fn a_starter_killed_before_the_spawn_is_swept_by_the_next_start() {
    let site = Site::private(SHORT);
    site.attach_with(Fate::DiesAt("directory")).await_death();
    assert_eq!(site.leftovers().len(), 1);
    let next = site.attach();
    assert!(next.attached().started);
    let watch = site.watch();
    next.leave();
    watch.until_nothing_is_left();
}

#[test]
fn a_killed_postmaster_takes_everything_with_it() {
    let site = Site::shared(SHORT);
    let child = site.attach();
    let server = child.attached().server;
    let watch = site.watch();
    kill(site.postmaster());
    watch.until_nothing_is_left();
    let next = site.attach();
    assert_ne!(next.attached().server, server);
    let watch = site.watch();
    next.leave();
    child.abandon();
    watch.until_nothing_is_left();
}

#[test]
fn a_killed_reaper_ends_the_server_and_the_next_attach_starts_another() {
    let site = Site::shared(LONG);
    let child = site.attach();
    let server = child.attached().server;
    let watch = site.watch();
    kill(site.reaper().expect("a server has a reaper"));
    watch.until_nothing_is_left();
    let next = site.attach();
    assert_ne!(next.attached().server, server);
    let watch = site.watch();
    site.end_server();
    next.abandon();
    child.abandon();
    watch.until_nothing_is_left();
}

#[test]
fn a_terminated_reaper_is_installed_again_by_the_next_attach() {
    let site = Site::shared(SHORT);
    let child = site.attach();
    let server = child.attached().server;
    let first = site.reaper().expect("a server has a reaper");
    site.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'aiodal-reaper'");
    eventually("the reaper ends", || site.reaper().is_none());

    let next = site.attach();
    assert_eq!(next.attached().server, server);
    assert!(site.reaper().is_some_and(|second| second != first));
    let watch = site.watch();
    child.leave();
    next.leave();
    watch.until_nothing_is_left();
}

#[test]
fn a_cancelled_reaper_goes_on() {
    let site = Site::shared(SHORT);
    let child = site.attach();
    drop(child.attached());
    let reaper = site.reaper();
    let watch = site.watch();
    for _ in 0..20 {
        site.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'aiodal-reaper'");
    }
    assert_eq!(site.reaper(), reaper);
    child.leave();
    watch.until_nothing_is_left();
}

#[test]
fn limits_that_a_test_sets_on_the_superuser_do_not_touch_the_reaper() {
    let site = Site::shared(SHORT);
    let child = site.attach();
    drop(child.attached());
    site.query(
        "ALTER ROLE postgres SET statement_timeout = '300ms'; ALTER ROLE postgres SET default_transaction_read_only = on;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'aiodal-reaper'",
    );
    eventually("the reaper ends", || site.reaper().is_none());
    let next = site.attach();
    drop(next.attached());
    let reaper = site.reaper();
    (0..4).for_each(|_| drop(site.query("SELECT pg_sleep(0.1)")));
    assert_eq!(site.reaper(), reaper);
    let watch = site.watch();
    child.leave();
    next.leave();
    watch.until_nothing_is_left();
}

#[test]
fn what_is_left_when_everything_is_killed_is_swept_by_the_next_start_of_any_server() {
    let site = Site::private(SHORT);
    let child = site.attach();
    let server = child.attached().server;
    let watch = site.watch();
    kill(site.wrapper());
    kill(site.postmaster());
    child.kill();
    watch.until_no_process_is_left();
    assert_eq!(
        site.leftovers().len(),
        1,
        "nobody is left to remove the directory"
    );

    let neighbour = site.neighbour();
    let other = neighbour.attach();
    assert_ne!(other.attached().server, server);
    assert_eq!(site.leftovers(), Vec::<std::path::PathBuf>::new());
    let watch = neighbour.watch();
    other.leave();
    watch.until_nothing_is_left();
}

#[test]
fn a_server_whose_wrapper_was_killed_still_serves_and_ends() {
    let site = Site::private(SHORT);
    let child = site.attach();
    let server = child.attached().server;
    let watch = site.watch();
    kill(site.wrapper());
    let next = site.attach();
    assert_eq!(next.attached().server, server);
    child.leave();
    next.leave();
    watch.until_no_process_is_left();
    let last = site.attach();
    assert!(
        last.attached().started,
        "the directory that was left is no server"
    );
    let watch = site.watch();
    last.leave();
    watch.until_nothing_is_left();
}

#[test]
fn a_held_connection_is_told_that_its_server_is_gone() {
    let site = Site::shared(SHORT);
    block_on(async {
        let server = site.ensure().await;
        let (client, connection) = server
            .config("postgres")
            .connect(tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        assert_eq!(verify(&client, &server).await.unwrap(), Standing::Held);
        let watch = site.watch();
        reaper::end(&client).await;
        assert_eq!(verify(&client, &server).await.unwrap(), Standing::Gone);
        watch.until_nothing_is_left();
    });
}

#[test]
fn a_lease_keeps_the_server_until_it_is_released() {
    let site = Site::shared(Duration::from_millis(40));
    let watch = block_on(async {
        let mut server = site.ensure().await;
        assert!(matches!(server.how, Attached::Started { .. }));
        let watch = site.watch();
        site.query("SELECT pg_sleep(0.4)");
        assert!(matches!(site.ensure().await.how, Attached::Joined));
        server.release_lease();
        // What the lease says as it goes is sent by the runtime.
        tokio::time::timeout(Duration::from_secs(20), async {
            while !site.leftovers().is_empty() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await
        .unwrap();
        watch
    });
    watch.until_nothing_is_left();
}

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
    drop(child.attached());
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
        super::endpoint_at(&site.place(), &site.settings)
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
    let said = block_on(async { super::ensure_at(&site.place(), &site.settings).await })
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("did not start") && said.contains("FATAL:  no moon"),
        "{said}"
    );
    assert_eq!(site.leftovers(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_wrong_setting_is_named_in_its_own_error() {
    let said = |change: fn(&mut Settings)| {
        let mut settings = Settings::default();
        change(&mut settings);
        let scope = Path::new("/nowhere");
        block_on(super::ensure_server(&settings, scope))
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
