//! What a server says of itself.

use std::collections::BTreeMap;

use aiodal_core::DatabaseUrl;
use serde::Serialize;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::failure::Failure;

/// The settings that make tests fast or slow, or limit them.
const SETTINGS: [&str; 9] = [
    "server_version",
    "server_version_num",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "autovacuum",
    "max_connections",
    "max_locks_per_transaction",
    "wal_level",
];

/// What is of interest in a server and in whom one is there.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    pub(super) settings: BTreeMap<String, String>,
    pub(super) user: String,
    pub(super) can_create_databases: bool,
    /// How many are connected, this program included.
    pub(super) sessions: u32,
}

impl Facts {
    pub(super) fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map_or("", String::as_str)
    }

    fn major(&self) -> u32 {
        let number: u32 = self.setting("server_version_num").parse().unwrap_or(0);
        number / 10_000
    }

    /// Says whether CREATE DATABASE can be told to copy files.
    pub(super) fn can_copy_files(&self) -> bool {
        self.major() >= 15
    }

    pub(super) fn check_version(&self) -> Result<(), Failure> {
        let oldest = aiodal_test::cli::OLDEST;
        if self.major() >= oldest {
            return Ok(());
        }
        Err(Failure::new(
            format!(
                "the server is PostgreSQL {}, which is too old",
                self.setting("server_version")
            ),
            format_args!(
                "use PostgreSQL {oldest} or newer, or leave the URL out to have one started here"
            ),
        ))
    }
}

/// Connects the way tests do, but for what keeps their connections apart.
pub(super) async fn connect(url: &DatabaseUrl) -> Result<Client, Failure> {
    let url = url.with_application_name("aiodal-cli");
    let connected = url.config().connect(NoTls).await;
    let (client, connection) = connected
        .map_err(|error| Failure::caused(format!("failed to connect to {url}"), &error))?;
    // A lost connection shows in the next statement on it.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

pub(super) async fn read(url: &DatabaseUrl) -> Result<Facts, Failure> {
    let names: Vec<_> = SETTINGS.iter().map(|name| format!("'{name}'")).collect();
    let names = names.join(", ");
    let sql = format!(
        "select name, setting from pg_settings where name in ({names}) \
         union all select '', current_user::text \
         union all select '+', (rolcreatedb or rolsuper)::text from pg_roles where rolname = current_user \
         union all select '#', count(*)::text from pg_stat_activity where backend_type = 'client backend'"
    );
    let client = connect(url).await?;
    let messages = client
        .simple_query(&sql)
        .await
        .map_err(|error| Failure::caused(format!("failed to ask {url} about itself"), &error))?;
    let mut settings: BTreeMap<String, String> = messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((row.get(0)?.to_owned(), row.get(1)?.to_owned())),
            _ => None,
        })
        .collect();
    let mut take = |name| settings.remove(name).unwrap_or_default();
    let (user, can_create, sessions) = (take(""), take("+"), take("#"));
    Ok(Facts {
        settings,
        user,
        can_create_databases: can_create == "true",
        sessions: sessions.parse().unwrap_or(0),
    })
}
