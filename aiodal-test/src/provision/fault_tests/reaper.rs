//! What a test may do to the reaper, as it can to any session.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::site::{Site, eventually, kill};
use super::{LONG, SHORT};

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
    let site = Site::shared(LONG);
    let child = site.attach();
    child.attached();
    let reaper = site.reaper();
    let watch = site.watch();
    // At any moment of its round, and while it deals with the one before.
    site.query(
        "DO $$ BEGIN FOR time IN 1..200 LOOP
             PERFORM pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'aiodal-reaper';
             PERFORM pg_sleep(random() * 0.002);
         END LOOP; END $$",
    );
    assert_eq!(site.reaper(), reaper);
    site.end_server();
    child.abandon();
    watch.until_nothing_is_left();
}

#[test]
fn limits_that_a_test_sets_on_the_superuser_do_not_touch_the_reaper() {
    let site = Site::shared(SHORT);
    let child = site.attach();
    child.attached();
    site.query(
        "ALTER ROLE postgres SET statement_timeout = '300ms'; ALTER ROLE postgres SET default_transaction_read_only = on;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'aiodal-reaper'",
    );
    eventually("the reaper ends", || site.reaper().is_none());
    let next = site.attach();
    next.attached();
    let reaper = site.reaper();
    for _ in 0..4 {
        site.query("SELECT pg_sleep(0.1)");
    }
    assert_eq!(site.reaper(), reaper);
    let watch = site.watch();
    child.leave();
    next.leave();
    watch.until_nothing_is_left();
}

#[test]
fn server_with_a_kept_database_stays_until_that_is_gone() {
    let linger = Duration::from_millis(300);
    let site = Site::shared(linger);
    let child = site.attach();
    let server = child.attached().server;
    site.query("CREATE DATABASE looked_at");
    site.query("COMMENT ON DATABASE looked_at IS 'aiodal: kept from a test'");
    child.leave();
    sleep(linger * 5);
    let next = site.attach();
    assert_eq!(next.attached().server, server);
    site.query("DROP DATABASE looked_at");
    let watch = site.watch();
    next.leave();
    watch.until_nothing_is_left();
}

#[test]
fn sessions_too_short_to_be_seen_keep_the_server() {
    let linger = Duration::from_secs(1);
    let site = Site::shared(linger);
    let child = site.attach();
    let server = child.attached().server;
    child.leave();
    // The reaper looks four times in the time of its linger, and nearly always between two of these.
    let begun = Instant::now();
    while begun.elapsed() < linger * 4 {
        site.query("SELECT 1");
        sleep(linger / 10);
    }
    let next = site.attach();
    assert_eq!(next.attached().server, server);
    let watch = site.watch();
    next.leave();
    watch.until_nothing_is_left();
}
