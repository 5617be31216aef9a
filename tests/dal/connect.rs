//! Connecting: what a connection starts with, and how clearly and how soon a place that isn't there is told.

use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aiodal::{DatabaseUrl, Error, Pool, PoolOptions, SqlState, Transaction};

use bb8_postgres::PostgresConnectionManager;
use tokio_postgres::NoTls;

use crate::server::config;

pub(crate) const PASSWORD: &str = "hunter2";

/// Renders an error in every form, after making sure that none has the password in it.
#[track_caller]
pub(crate) fn told(error: &Error) -> String {
    for form in [format!("{error:#}"), format!("{error:?}"), error.one_line()] {
        assert!(!form.contains(PASSWORD), "{form}");
    }
    let line = error.one_line();
    assert!(!line.contains('\n'), "{line}");
    line
}

/// Tries to connect, and returns what is told.
pub(crate) async fn refusal(url: &str) -> Error {
    let url: DatabaseUrl = url.parse().expect("it can be read");
    let opened = PoolOptions::new().open(&url).await;
    opened.expect_err("there is nothing to connect to")
}

async fn open(tx: &Transaction, options: PoolOptions) -> aiodal::Result<Pool> {
    options.open(&DatabaseUrl::from(config(tx).await)).await
}

async fn setting(pool: &Pool, name: &str) -> String {
    let connection = pool.get().await.expect("a connection");
    let row = connection
        .client()
        .query_one("select current_setting($1)", &[&name])
        .await;
    row.expect("there is such a setting").get(0)
}

#[aiodal::test]
async fn settings_travel_with_the_start_of_the_session(tx: &Transaction) -> aiodal::Result<()> {
    let options = PoolOptions::new()
        .max_size(1)
        .application_name("loans")
        .statement_timeout(Duration::from_secs(7))
        .lock_timeout(Duration::from_millis(1500))
        .idle_in_transaction_session_timeout(Duration::from_secs(60))
        .search_path(["od d\\", "public"])
        .on_connect("set timezone = 'Asia/Tokyo'");
    let pool = open(tx, options).await?;
    for (name, value) in [
        ("application_name", "loans"),
        ("statement_timeout", "7s"),
        ("lock_timeout", "1500ms"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("search_path", "\"od d\\\", \"public\""),
        ("TimeZone", "Asia/Tokyo"),
    ] {
        let set = setting(&pool, name).await;
        assert_eq!(set.replace("\",\"", "\", \""), value, "{name}");
    }
    Ok(())
}

#[aiodal::test]
async fn url_counts_more_than_the_options(tx: &Transaction) -> aiodal::Result<()> {
    let mut config = config(tx).await;
    config
        .options("-c statement_timeout=3s")
        .application_name("operator");
    let options = PoolOptions::new()
        .application_name("loans")
        .statement_timeout(Duration::from_secs(7));
    let pool = options.open(&DatabaseUrl::from(config)).await?;
    assert_eq!(setting(&pool, "statement_timeout").await, "3s");
    assert_eq!(setting(&pool, "application_name").await, "operator");
    Ok(())
}

#[aiodal::test]
async fn connection_knows_its_servers_version(tx: &Transaction) -> aiodal::Result<()> {
    let pool = open(tx, PoolOptions::new()).await?;
    let number: i32 = setting(&pool, "server_version_num")
        .await
        .parse()
        .expect("a number");
    let connection = pool.get().await.expect("a connection");
    assert_eq!(connection.server_version(), u32::try_from(number).ok());
    Ok(())
}

#[aiodal::test]
async fn notices_are_heard(tx: &Transaction) -> aiodal::Result<()> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = heard.clone();
    let options = PoolOptions::new().on_notice(move |notice| {
        log.lock()
            .expect("nobody panics")
            .push(notice.message().to_owned());
    });
    let pool = open(tx, options).await?;
    let connection = pool.get().await.expect("a connection");
    let raise = "do $$ begin raise notice 'hear, hear'; end $$";
    connection
        .client()
        .batch_execute(raise)
        .await
        .expect("it only says something");
    assert_eq!(*heard.lock().expect("nobody panics"), ["hear, hear"]);
    Ok(())
}

#[aiodal::test]
async fn statement_on_connect_that_fails_is_the_reason(tx: &Transaction) {
    let error = open(tx, PoolOptions::new().on_connect("select 1/0"))
        .await
        .expect_err("it fails");
    assert!(
        told(&error).contains("run on each new connection failed: division by zero"),
        "{error}"
    );
}

#[aiodal::test]
async fn token_cancels_the_statement_that_runs(tx: &Transaction) -> aiodal::Result<()> {
    let pool = open(tx, PoolOptions::new()).await?;
    let connection = pool.get().await.expect("a connection");
    cancels(&connection).await
}

pub(crate) async fn cancels(connection: &aiodal::Connection) -> aiodal::Result<()> {
    let token = connection.cancel_token();
    let started = Instant::now();
    let sleep = connection.client().batch_execute("select pg_sleep(60)");
    let (slept, cancelled) = futures_util::future::join(sleep, token.cancel()).await;
    cancelled?;
    let error = slept.expect_err("it was cancelled");
    assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
    assert!(started.elapsed() < Duration::from_secs(30));
    // The request is over and done with: it hits nothing that comes later.
    for _ in 0..20 {
        connection
            .client()
            .batch_execute("select")
            .await
            .expect("nobody cancels this");
    }
    Ok(())
}

#[aiodal::test]
async fn spoilt_and_closed_connections_are_not_handed_out_again(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let pool = open(tx, PoolOptions::new().max_size(1)).await?;
    let pid = async || -> i32 {
        let connection = pool.get().await.expect("a connection");
        let row = connection
            .client()
            .query_one("select pg_backend_pid()", &[])
            .await;
        row.expect("it has a pid").get(0)
    };
    let first = pid().await;
    assert_eq!(pid().await, first, "it was returned as it was");
    pool.get().await.expect("a connection").spoil();
    let second = pid().await;
    assert_ne!(second, first);
    tx.execute("select pg_terminate_backend($1, 10000)", &[&second])
        .await?;
    assert_ne!(
        pid().await,
        second,
        "the server has closed it while nobody looked"
    );
    Ok(())
}

#[aiodal::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_that_the_server_takes_leave_of_is_not_handed_out_again(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let pool = open(tx, PoolOptions::new().max_size(1)).await?;
    for _ in 0..30 {
        let dying = Transaction::begin(&pool).await?;
        let error = dying
            .query_one("select pg_terminate_backend(pg_backend_pid())", &[])
            .await;
        let error = error.expect_err("it has terminated itself");
        assert_eq!(error.code(), Some(&SqlState::ADMIN_SHUTDOWN));
        assert!(error.is_connection_error());
        drop(dying);
        // The server closes the connection only some time after its last word.
        Transaction::begin(&pool)
            .await?
            .query_one("select 1", &[])
            .await?;
    }
    Ok(())
}

/// A pool as an application may have it already.
async fn brought(tx: &Transaction) -> bb8::Pool<PostgresConnectionManager<NoTls>> {
    let source = PostgresConnectionManager::new(config(tx).await, NoTls);
    bb8::Pool::builder()
        .max_size(1)
        .build(source)
        .await
        .expect("the server takes it")
}

#[aiodal::test]
async fn pool_that_somebody_brings_is_taken(tx: &Transaction) -> aiodal::Result<()> {
    let pool = brought(tx).await;
    let ours = Transaction::begin(pool.clone()).await?;
    let pid: i32 = ours.query_one("select pg_backend_pid()", &[]).await?.get(0);
    ours.commit().await?;
    let theirs = pool.get().await.expect("it is back");
    let row = theirs.query_one("select pg_backend_pid()", &[]).await;
    assert_eq!(row.expect("it has a pid").get::<_, i32>(0), pid);
    drop(theirs);

    let held = Transaction::begin(pool.clone()).await?;
    let started = Instant::now();
    {
        let mut sleep = Box::pin(held.execute("select pg_sleep(60)", &[]));
        assert!(futures_util::poll!(sleep.as_mut()).is_pending());
    }
    drop(held);
    // It comes back when the statement has been cancelled, in no transaction, and nothing hits its next user.
    let theirs = pool.get().await.expect("it is back");
    for _ in 0..20 {
        let asked = theirs
            .query_one("select pg_current_xact_id_if_assigned() is null", &[])
            .await;
        assert!(asked.expect("nobody cancels this").get::<_, bool>(0));
    }
    assert!(started.elapsed() < Duration::from_secs(30));
    Ok(())
}

#[aiodal::test]
async fn pool_that_somebody_brings_tells_when_it_is_exhausted(tx: &Transaction) {
    let source = PostgresConnectionManager::new(config(tx).await, NoTls);
    let pool = bb8::Pool::builder()
        .max_size(1)
        .connection_timeout(Duration::from_millis(50))
        .build_unchecked(source);
    let _held = pool.get().await.expect("there is one");
    let error = Transaction::begin(pool.clone())
        .await
        .expect_err("there is no other");
    assert!(error.is_timeout());
    assert!(
        told(&error).contains("all 1 of the pool are in use"),
        "{error}"
    );
}

#[aiodal::test]
async fn no_statement_stays_prepared_without_a_cache(tx: &Transaction) -> aiodal::Result<()> {
    for (size, stays) in [(0, false), (8, true)] {
        let pool = open(tx, PoolOptions::new().max_size(1).statement_cache(size)).await?;
        let tx = Transaction::begin(&pool).await?;
        for n in 0..3 {
            tx.query_one("select $1::int + 1", &[&n]).await?;
        }
        let sql =
            "select exists (select from pg_prepared_statements where statement like '%::int + 1')";
        assert_eq!(tx.query_one(sql, &[]).await?.get::<_, bool>(0), stays);
    }
    Ok(())
}

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
    let Some(tokio_postgres::config::Host::Unix(socket)) = url.config().get_hosts().first() else {
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

#[aiodal::test]
async fn options_that_cannot_be_are_refused_and_not_panicked_about(tx: &Transaction) {
    for (options, problem) in [
        (
            PoolOptions::new().max_size(0),
            "`max_size` must be at least 1",
        ),
        (PoolOptions::new().max_size(1).min_idle(2), "`min_idle`"),
        (
            PoolOptions::new().connection_timeout(Duration::ZERO),
            "`connection_timeout`",
        ),
        (
            PoolOptions::new().max_lifetime(Duration::ZERO),
            "`max_lifetime`",
        ),
        (PoolOptions::new().application_name("a\0b"), "NUL"),
        (
            PoolOptions::new().search_path([""]),
            "cannot be an SQL identifier",
        ),
    ] {
        let error = open(tx, options).await.expect_err("it can't be");
        assert!(told(&error).contains(problem), "{error}");
    }
}

/// What libpq would go astray by. None of it is there.
const ASTRAY: [(&str, &str); 10] = [
    ("PGHOST", "no-such-host.invalid"),
    ("PGHOSTADDR", "192.0.2.1"),
    ("PGPORT", "1"),
    ("PGUSER", "nobody_at_all"),
    ("PGPASSWORD", PASSWORD),
    ("PGDATABASE", "no_such_database"),
    ("PGSSLMODE", "verify-full"),
    ("PGOPTIONS", "-c no_such_setting=1"),
    ("PGSERVICE", "no_such_service"),
    ("PGAPPNAME", "astray"),
];

/// Runs one of these tests in a process of its own, with these variables on top.
fn run(test: &str, variables: &[(&str, &str)]) -> std::process::Output {
    let this = std::env::current_exe().expect("a test is a program");
    let mut command = Command::new(this);
    command.args(["--exact", test, "--nocapture", "--include-ignored"]);
    command
        .envs(variables.iter().copied())
        .output()
        .expect("it runs")
}

#[test]
fn session_is_not_led_astray_by_the_variables_of_libpq() {
    let output = run("connect::transaction_reaches_the_sessions_server", &ASTRAY);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && shown.contains("1 passed"),
        "{shown}"
    );
}

#[aiodal::test]
async fn transaction_reaches_the_sessions_server(tx: &Transaction) -> aiodal::Result<()> {
    let name: String = tx
        .query_one("select current_setting('application_name')", &[])
        .await?
        .get(0);
    assert_ne!(name, "astray");
    // A place that is named is not mixed with what the variables say either.
    let url = DatabaseUrl::from(config(tx).await);
    PoolOptions::new().open(&url).await?;
    Ok(())
}

#[aiodal::test]
async fn empty_string_connects_to_where_the_environment_says(tx: &Transaction) {
    let config = config(tx).await;
    let Some(tokio_postgres::config::Host::Unix(socket)) = config.get_hosts().first() else {
        return;
    };
    let (socket, port) = (
        socket.display().to_string(),
        config.get_ports()[0].to_string(),
    );
    let user = config
        .get_user()
        .expect("the session has a role")
        .to_owned();
    let variables = [
        ("PGHOST", socket.as_str()),
        ("PGPORT", &port),
        ("PGUSER", &user),
        ("PGDATABASE", "postgres"),
        ("PGAPPNAME", "by environment"),
        ("PGTZ", "Asia/Tokyo"),
    ];
    let output = run("connect::by_the_environment_alone", &variables);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && shown.contains("1 passed"),
        "{shown}"
    );
}

#[ignore = "run by `empty_string_connects_to_where_the_environment_says`"]
#[tokio::test]
async fn by_the_environment_alone() {
    if std::env::var("PGAPPNAME").as_deref() != Ok("by environment") {
        return;
    }
    let pool = aiodal::connect("")
        .await
        .expect("the environment says where");
    assert_eq!(setting(&pool, "application_name").await, "by environment");
    assert_eq!(setting(&pool, "TimeZone").await, "Asia/Tokyo");
}
