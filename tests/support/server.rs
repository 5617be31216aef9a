//! The server that the session uses, as somebody outside of any test's transaction sees it.

use aiodal::Transaction;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

/// Where the server is: what was given, or what the server says of its socket.
pub(crate) async fn config(tx: &Transaction) -> Config {
    let names = ["AIODAL_DATABASE_URL", "DATABASE_URL"];
    let given = names.iter().find_map(|name| std::env::var(name).ok());
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

/// Connects to the server's own database.
pub(crate) async fn connect(config: &Config) -> Client {
    let connected = config.connect(NoTls).await;
    let (client, connection) = connected.expect("the session's server takes another connection");
    tokio::spawn(connection);
    client
}

/// Returns the URL of a database on the server, as the user of `config`.
pub(crate) fn url(config: &Config, database: &str) -> String {
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
