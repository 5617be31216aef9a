//! One server for all who ask, for as long as anybody uses it.

use std::time::Duration;

use super::super::{Attached, Standing, reaper, verify};
use super::site::{Site, block_on};
use super::{LONG, SHORT};

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
    for child in children {
        child.leave();
    }
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
fn a_session_keeps_the_server_beyond_its_linger() {
    let site = Site::shared(Duration::ZERO);
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
fn a_lease_keeps_the_server_until_it_is_released() {
    let site = Site::shared(Duration::from_millis(40));
    let watch = block_on(async {
        let mut server = site.ensure().await;
        assert!(matches!(server.how, Attached::Started));
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
