//! Connecting to a server that asks for passwords, is full, and is started anew in the middle of a statement.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use aiodal::{Pool, PoolOptions, SqlState, Transaction};

use super::{PASSWORD, refusal, told};
use crate::postgres::{Postgres, scratch};

const HBA: &str = "host all all 127.0.0.1/32 scram-sha-256";

#[tokio::test]
async fn passwords_a_full_server_and_a_restart() {
    let conf = "max_connections = 6\nsuperuser_reserved_connections = 2";
    let Some(mut server) = Postgres::start(conf, HBA, &[]) else {
        return;
    };
    let sql =
        format!("create role me login password '{PASSWORD}'; create database library owner me");
    let admin = server.admin().await;
    for sql in sql.split(';') {
        admin
            .batch_execute(sql)
            .await
            .expect("the administrator may");
    }
    drop(admin);
    passwords(&server).await;
    password_file(&server).await;
    no_tls(&server).await;
    full(&server).await;
    restart(&mut server).await;
}

fn url(server: &Postgres, password: &str, more: &str) -> String {
    let port = server.port();
    format!("host=127.0.0.1 port={port} user=me dbname=library password='{password}' {more}")
}

async fn open(server: &Postgres, options: PoolOptions) -> Pool {
    let url = url(server, PASSWORD, "").parse().expect("it can be read");
    options.open(&url).await.expect("the password is right")
}

async fn passwords(server: &Postgres) {
    open(server, PoolOptions::new()).await;

    let error = refusal(&url(server, "hunter3", "")).await;
    assert_eq!(error.code(), Some(&SqlState::INVALID_PASSWORD));
    let line = told(&error);
    assert!(
        line.contains("password authentication failed for user \"me\"; check the password"),
        "{line}"
    );
    assert!(!line.contains("hunter3"), "{line}");

    let error = refusal(&url(server, "", "")).await;
    let line = told(&error);
    assert!(
        line.contains("asks for the password of `me`") && line.contains("PGPASSWORD"),
        "{line}"
    );
    assert!(error.is_connection_error(), "{line}");

    // Without TLS there is nothing to bind to.
    let error = refusal(&url(server, PASSWORD, "channel_binding=require")).await;
    assert!(told(&error).contains("channel binding"), "{error}");
}

async fn password_file(server: &Postgres) {
    let directory = scratch("pgpass");
    let file = directory.join("pgpass");
    let line = format!("# mine\n127.0.0.1:{}:*:me:{PASSWORD}\n", server.port());
    fs::write(&file, line).expect("a file of our own");
    let with_file = format!("passfile={}", file.display());
    let url = url(server, "", &with_file);

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("it is ours");
    let error = refusal(&url).await;
    assert!(
        told(&error).contains("was not used: others may read it"),
        "{error}"
    );

    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let pool = PoolOptions::new()
        .open(&url.parse().expect("it can be read"))
        .await;
    pool.expect("the password is in the file");

    fs::write(&file, format!("*:*:*:me:{PASSWORD}3")).expect("a file of our own");
    let error = refusal(&url).await;
    assert!(
        told(&error).contains(&format!(
            "the password is from the password file {}",
            file.display()
        )),
        "{error}"
    );

    fs::write(&file, "*:*:*:you:x").expect("a file of our own");
    assert!(told(&refusal(&url).await).contains("has no line for it"));
    fs::remove_dir_all(directory).expect("it is ours");
}

/// The server has `ssl` off.
async fn no_tls(server: &Postgres) {
    let pool = PoolOptions::new()
        .open(
            &url(server, PASSWORD, "sslmode=prefer")
                .parse()
                .expect("it can be read"),
        )
        .await;
    pool.expect("`prefer` does without");
    if cfg!(feature = "rustls") {
        let error = refusal(&url(server, PASSWORD, "sslmode=require")).await;
        assert!(told(&error).contains("does not speak TLS"), "{error}");
    }
}

async fn full(server: &Postgres) {
    // Four, since two of the six are the administrator's.
    let pool = open(server, PoolOptions::new().max_size(4)).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(pool.get().await.expect("there is room for four"));
    }
    let error = refusal(&url(server, PASSWORD, "")).await;
    assert_eq!(error.code(), Some(&SqlState::TOO_MANY_CONNECTIONS));
    assert!(
        told(&error).contains("lower the `max_size` of pools"),
        "{error}"
    );

    // A pool that would grow and can't says why, and not that all of it is in use.
    let options = PoolOptions::new()
        .max_size(2)
        .connection_timeout(Duration::from_millis(300));
    let url = url(server, PASSWORD, "").parse().expect("it can be read");
    let lazy = options.open_lazily(&url).expect("the options can be");
    let error = Transaction::begin(&lazy)
        .await
        .expect_err("there is no room");
    assert_eq!(error.code(), Some(&SqlState::TOO_MANY_CONNECTIONS));
    assert!(error.is_timeout() && error.is_connection_error(), "{error}");
    let line = told(&error);
    assert!(
        line.contains("made no connection within") && line.contains("the server refused"),
        "{line}"
    );

    // The server closes sessions in its own time.
    drop(held);
    drop(pool);
    let started = Instant::now();
    while let Err(error) = Transaction::begin(&lazy).await {
        assert!(started.elapsed() < Duration::from_secs(30), "{error:#}");
    }
}

async fn restart(server: &mut Postgres) {
    let pool = open(server, PoolOptions::new().max_size(2)).await;
    let idle = pool.get().await.expect("a connection");
    let tx = Transaction::begin(&pool).await.expect("another connection");
    drop(idle);
    let running = tokio::spawn(async move { tx.execute("select pg_sleep(60)", &[]).await });
    let admin = server.admin().await;
    let started = Instant::now();
    loop {
        let sql = "select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active' and usename = 'me'";
        let row = admin
            .query_one(sql, &[])
            .await
            .expect("the administrator sees all");
        if row.get::<_, i64>(0) == 1 {
            break;
        }
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "the statement never runs"
        );
        tokio::task::yield_now().await;
    }
    drop(admin);
    server.stop();
    let error = running
        .await
        .expect("nothing panics")
        .expect_err("the server is gone");
    assert_eq!(error.code(), Some(&SqlState::ADMIN_SHUTDOWN));
    assert!(error.is_connection_error(), "{error}");
    let line = told(&error);
    assert!(
        line.contains("terminating connection due to administrator command"),
        "{line}"
    );

    let error = refusal(&url(server, PASSWORD, "")).await;
    assert!(told(&error).contains("nobody listens"), "{error}");

    server.start_again();
    // Both connections of the pool are dead. Nobody is given one of them.
    for _ in 0..3 {
        let tx = Transaction::begin(&pool)
            .await
            .expect("the pool connects anew");
        tx.query_one("select 1", &[])
            .await
            .expect("the connection is a new one");
    }
}
