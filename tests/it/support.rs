//! A database of a test's own, for what must really commit.

use aiodal::{Pool, Transaction};
use tokio_postgres::{Client, Config, NoTls};

/// Runs `body` with a pool on a database of its own, which is dropped afterwards, whatever the body does.
pub(crate) async fn with_database<T>(
    tx: &Transaction,
    name: &str,
    body: impl AsyncFnOnce(Pool) -> T,
) -> T {
    let config = config(tx).await;
    let admin = connect(&config).await;
    // Two runs of this binary may be at it at once.
    let name = format!("it_{name}_{}", std::process::id());
    admin
        .batch_execute(&format!("create database {name}"))
        .await
        .expect("the session's role may create databases");
    let pool = aiodal::connect(&url(&config, &name))
        .await
        .expect("the new database takes connections");
    let body = std::panic::AssertUnwindSafe(body(pool.clone()));
    let result = futures_util::FutureExt::catch_unwind(body).await;
    drop(pool);
    admin
        .batch_execute(&format!("drop database {name} with (force)"))
        .await
        .expect("the database can be dropped");
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// A connection outside of any transaction, to the server's own database.
pub(crate) async fn connect(config: &Config) -> Client {
    let (client, connection) = config
        .connect(NoTls)
        .await
        .expect("the session's server takes another connection");
    tokio::spawn(connection);
    client
}

/// Where the session's server is: what was given, or what the server says of its socket.
pub(crate) async fn config(tx: &Transaction) -> Config {
    let given = ["AIODAL_DATABASE_URL", "DATABASE_URL"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    if let Some(url) = given.filter(|url| !url.is_empty()) {
        return url.parse().expect("the session has used it");
    }
    let sql = "select current_setting('unix_socket_directories'), current_setting('port'), current_user::text";
    let row = tx
        .query_one(sql, &[])
        .await
        .expect("the server tells where it is");
    let (directory, port, user): (String, String, String) = (row.get(0), row.get(1), row.get(2));
    let mut config = Config::new();
    // The server shows a list of quoted names; ours has one.
    config
        .host(directory.trim_matches('"'))
        .port(port.parse().expect("a port"))
        .user(user)
        .dbname("postgres");
    config
}

fn url(config: &Config, database: &str) -> String {
    use tokio_postgres::config::Host;
    let host = match config.get_hosts().first() {
        Some(Host::Unix(path)) => path.display().to_string(),
        Some(Host::Tcp(name)) => name.clone(),
        None => panic!("the URL names a host"),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let user = config.get_user().expect("the URL names a user");
    let password = String::from_utf8_lossy(config.get_password().unwrap_or_default());
    format!("host={host} port={port} user={user} password='{password}' dbname={database}")
}
