//! How clearly and how soon a place that isn't there is told.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use aiodal::{DatabaseUrl, PoolOptions, SqlState, Transaction};
use tokio_postgres::config::Host;

use super::{PASSWORD, refusal, setting, told};
use crate::server::config;

#[aiodal::test]
async fn missing_database_and_missing_role_are_told_with_what_to_do(tx: &Transaction) {
    let mut config = config(tx).await;
    let url = DatabaseUrl::from(config.clone()).with_database("no_such_database");
    let error = PoolOptions::new()
        .open(&url)
        .await
        .expect_err("there is no such database");
    assert_eq!(error.code(), Some(&SqlState::INVALID_CATALOG_NAME));
    assert!(error.is_connection_error() && !error.is_timeout());
    let line = told(&error);
    assert!(
        line.contains("database \"no_such_database\" does not exist"),
        "{line}"
    );
    assert!(line.contains("`createdb no_such_database`"), "{line}");

    config.user("no_such_role");
    let error = PoolOptions::new()
        .open(&config.into())
        .await
        .expect_err("there is no such role");
    let line = told(&error);
    // Where passwords are asked for, the server does not say which of the two is wrong.
    assert!(line.contains("no_such_role"), "{line}");
}

#[aiodal::test]
async fn port_where_nobody_listens_is_told_at_once() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("it is bound").port()
    };
    let error = refusal(&format!("postgres://me:{PASSWORD}@127.0.0.1:{port}/d")).await;
    let line = told(&error);
    assert!(
        line.contains(&format!("nobody listens at 127.0.0.1:{port}")),
        "{line}"
    );
    assert!(
        error.is_connection_error() && !error.is_timeout(),
        "{error}"
    );
    let error = refusal(&format!(
        "host=/nonexistent port={port} user=me password={PASSWORD}"
    ))
    .await;
    assert!(
        told(&error).contains("there is no socket /nonexistent/.s.PGSQL"),
        "{error}"
    );
}

#[aiodal::test]
async fn server_that_never_answers_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let started = Instant::now();
    let error = refusal(&format!(
        "postgres://me:{PASSWORD}@127.0.0.1:{port}/d?connect_timeout=1"
    ))
    .await;
    assert!(started.elapsed() < Duration::from_secs(20));
    assert!(error.is_timeout() && error.is_connection_error(), "{error}");
    assert!(told(&error).contains("did not answer within 1s"), "{error}");
}

#[aiodal::test]
async fn server_that_hangs_up_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let hang_up = std::thread::spawn(move || {
        // As many connections as there are ways to try, with and without TLS.
        for _ in 0..if cfg!(feature = "rustls") { 2 } else { 1 } {
            let (mut stream, _) = listener.accept().expect("somebody connects");
            let _question = std::io::Read::read(&mut stream, &mut [0; 1024]);
        }
    });
    let error = refusal(&format!("postgres://me:{PASSWORD}@127.0.0.1:{port}/d")).await;
    hang_up.join().expect("it hangs up");
    let line = told(&error);
    assert!(line.contains(&format!("127.0.0.1:{port}")), "{line}");
}

#[aiodal::test]
async fn name_that_nobody_has_is_told() {
    let url = format!("postgres://me:{PASSWORD}@no-such-host.invalid/d?connect_timeout=5");
    let started = Instant::now();
    let error = refusal(&url).await;
    assert!(started.elapsed() < Duration::from_secs(30));
    assert!(told(&error).contains("no-such-host.invalid"), "{error}");
}

#[aiodal::test]
async fn every_host_is_tried_and_every_failure_told(tx: &Transaction) -> aiodal::Result<()> {
    let there = config(tx).await;
    let url = DatabaseUrl::from(there.clone()).to_string();
    let url: DatabaseUrl = url.parse()?;
    let Some(Host::Unix(socket)) = url.config().get_hosts().first() else {
        return Ok(());
    };
    let (socket, port) = (socket.display(), url.config().get_ports()[0]);
    let user = there.get_user().expect("the session has a role");
    let text = format!("host=/nonexistent,{socket} port=1,{port} user={user} dbname=postgres");
    let pool = PoolOptions::new().open(&text.parse()?).await?;
    assert_eq!(setting(&pool, "port").await, port.to_string());

    let error = refusal("host=/nowhere,/nonexistent port=1,2 user=me").await;
    let line = told(&error);
    assert!(
        line.contains("/nowhere/.s.PGSQL.1") && line.contains("/nonexistent/.s.PGSQL.2"),
        "{line}"
    );

    let error = refusal(&format!(
        "host={socket} port={port} user={user} dbname=postgres target_session_attrs=standby"
    ))
    .await;
    assert!(
        told(&error).contains("is no standby (`target_session_attrs`)"),
        "{error}"
    );
    for attrs in ["read-write", "primary", "prefer-standby"] {
        let text = format!(
            "host={socket} port={port} user={user} dbname=postgres target_session_attrs={attrs}"
        );
        PoolOptions::new().open(&text.parse()?).await?;
    }
    Ok(())
}
