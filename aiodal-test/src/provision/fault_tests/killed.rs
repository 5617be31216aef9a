//! kill -9 of each process that has a part in it, and of all of them.

use std::path::PathBuf;

use super::child::Fate;
use super::site::{Site, eventually, kill};
use super::{LONG, SHORT};

#[test]
fn killed_processes_hold_no_server() {
    let site = Site::shared(SHORT);
    let children: Vec<_> = (0..8).map(|_| site.attach()).collect();
    for child in &children {
        child.attached();
    }
    let watch = site.watch();
    for child in children {
        child.kill();
    }
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
    assert_eq!(site.leftovers(), Vec::<PathBuf>::new());
    watch.until_nothing_is_left();
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
