//! The prepared statements of one connection.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_postgres::{Client, Error, Statement};

/// How many statements a connection keeps. Each costs the server some tens of kilobytes.
const CAPACITY: usize = 256;

/// The statements that a connection has prepared, by their text.
///
/// A repeated statement then costs one round trip, and no parsing and planning. PostgreSQL refuses a prepared statement
/// whose result has other columns than before: from the first statement of a transaction on that may bring that about,
/// none is used, and whoever lends the connection [clears](Statements::clear) them at its end.
#[derive(Default)]
pub struct Statements {
    /// Guards the map only; two tasks may prepare the same text at once, and the later one is kept.
    known: Mutex<HashMap<String, Known>>,
}

enum Known {
    /// Seen once, and sent in a single round trip without preparing.
    Once,
    Prepared(Statement),
}

impl Statements {
    /// Forgets all, and has the server forget them.
    pub fn clear(&self) {
        self.known().clear();
    }

    /// Returns the prepared statement, preparing it if need be: a round trip more.
    pub(crate) async fn prepare(&self, client: &Client, sql: &str) -> Result<Statement, Error> {
        if let Some(Known::Prepared(statement)) = self.known().get(sql) {
            return Ok(statement.clone());
        }
        let statement = client.prepare(sql).await?;
        self.keep(sql, Known::Prepared(statement.clone()));
        Ok(statement)
    }

    /// The same for a statement without parameters: `None` the first time, when preparing would cost more than it saves.
    pub(crate) async fn prepare_if_repeated(
        &self,
        client: &Client,
        sql: &str,
    ) -> Result<Option<Statement>, Error> {
        if self.known().contains_key(sql) {
            return self.prepare(client, sql).await.map(Some);
        }
        self.keep(sql, Known::Once);
        Ok(None)
    }

    fn keep(&self, sql: &str, known: Known) {
        let mut all = self.known();
        if all.len() >= CAPACITY && !all.contains_key(sql) {
            // Whichever comes first: to know the least used would cost more than to prepare one anew.
            let victim = all.keys().next().cloned();
            victim.map(|victim| all.remove(&victim));
        }
        all.insert(sql.to_owned(), known);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says whether a statement may make prepared ones stale, or the driver's idea of a type.
///
/// By its words alone: a false alarm costs a round trip per statement that is used again, a miss an error.
pub(crate) fn may_outdate(sql: &str) -> bool {
    const WORDS: [&[u8]; 6] = [
        b"create",
        b"alter",
        b"drop",
        b"discard",
        b"deallocate",
        b"search_path",
    ];
    let sql = sql.as_bytes();
    WORDS.iter().any(|word| {
        sql.windows(word.len())
            .any(|window| window.eq_ignore_ascii_case(word))
    })
}

impl fmt::Debug for Statements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statements")
            .field("known", &self.known().len())
            .finish()
    }
}
