//! The server that this run uses, and things on it that only a child process should see.

use aiodal::Transaction;
use tokio_postgres::{Client, Config, NoTls};

/// A connection outside of any test's transaction, with the same server.
pub(crate) async fn connect(tx: &Transaction) -> (Client, Config) {
    let config = config(tx).await;
    let (client, connection) = config
        .connect(NoTls)
        .await
        .expect("the server of the session takes another connection");
    tokio::spawn(connection);
    (client, config)
}

/// Where the session's server is: what was given, or what the server says of its socket.
async fn config(tx: &Transaction) -> Config {
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

/// Returns the URL of `config`.
pub(crate) fn url_of(config: &Config) -> String {
    let user = config.get_user().expect("the URL names a user");
    let password = String::from_utf8_lossy(config.get_password().unwrap_or_default());
    url_as(config, user, &password)
}

/// Returns the URL of `config` for another role.
pub(crate) fn url_as(config: &Config, user: &str, password: &str) -> String {
    use tokio_postgres::config::Host;
    let host = match config.get_hosts().first() {
        Some(Host::Unix(path)) => path.display().to_string(),
        Some(Host::Tcp(name)) => name.clone(),
        None => panic!("the URL names a host"),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let database = config.get_dbname().unwrap_or("postgres");
    format!("host={host} port={port} user={user} password='{password}' dbname={database}")
}
