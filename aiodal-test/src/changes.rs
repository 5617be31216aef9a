//! What a transaction has done to which tables, asked within it.

use aiodal_core::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

/// How many tables are shown.
const MOST: usize = 20;

/// The server counts what a transaction does, and what of it is undone by savepoints as well.
const CHANGES: &str = "select case when schemaname like 'pg\\_temp%' then 'pg_temp' else schemaname end, relname, \
    n_tup_ins, n_tup_upd, n_tup_del \
    from pg_catalog.pg_stat_xact_user_tables where n_tup_ins + n_tup_upd + n_tup_del > 0 order by 1, 2";

/// What a transaction has done to the rows of tables.
#[derive(Debug)]
pub(crate) enum Changes {
    Tables(Vec<Table>),
    /// Nothing can be asked in it any more.
    Failed,
    /// They could not be asked for, for this reason.
    Unknown(String),
}

/// What has been done to the rows of one table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) inserted: u64,
    pub(crate) updated: u64,
    pub(crate) deleted: u64,
}

/// Asks what the transaction that is open on a connection has done.
pub(crate) async fn read(client: &Client) -> Changes {
    match client.simple_query(CHANGES).await {
        Ok(messages) => {
            let tables = messages.iter().filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Table::of(row),
                _ => None,
            });
            Changes::Tables(tables.collect())
        }
        Err(error) if error.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION) => Changes::Failed,
        Err(error) => Changes::Unknown(aiodal_core::chain(&error)),
    }
}

impl Table {
    fn of(row: &SimpleQueryRow) -> Option<Table> {
        let number = |at: usize| row.get(at)?.parse().ok();
        let (schema, table) = (row.get(0)?, row.get(1)?);
        Some(Table {
            name: match schema {
                "public" => table.to_owned(),
                schema => format!("{schema}.{table}"),
            },
            inserted: number(2)?,
            updated: number(3)?,
            deleted: number(4)?,
        })
    }

    fn line(&self) -> String {
        let parts = [
            (self.inserted, "gained"),
            (self.updated, "changed"),
            (self.deleted, "lost"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts
            .map(|(count, verb)| format!("{verb} {count}"))
            .collect();
        format!("{}: {}", self.name, parts.join(", "))
    }
}

impl Changes {
    /// Returns what is to be said, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        match self {
            Changes::Tables(tables) => {
                let mut lines: Vec<String> = tables.iter().take(MOST).map(Table::line).collect();
                if tables.len() > MOST {
                    lines.push(format!("and {} more tables", tables.len() - MOST));
                }
                lines
            }
            Changes::Failed => vec![
                "not known: the transaction had failed, and the server answers nothing in it"
                    .to_owned(),
            ],
            Changes::Unknown(why) => vec![format!("not known: {}", why.trim())],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, inserted: u64, updated: u64, deleted: u64) -> Table {
        Table {
            name: name.to_owned(),
            inserted,
            updated,
            deleted,
        }
    }

    #[test]
    fn only_what_happened_is_told() {
        let changes = Changes::Tables(vec![table("author", 2, 0, 1), table("book", 0, 3, 0)]);
        assert_eq!(
            changes.lines(),
            ["author: gained 2, lost 1", "book: changed 3"]
        );
    }

    #[test]
    fn hundreds_of_tables_are_cut() {
        let tables = (0..100).map(|n| table(&n.to_string(), 1, 0, 0)).collect();
        let lines = Changes::Tables(tables).lines();
        assert_eq!(lines.len(), MOST + 1);
        assert_eq!(lines[MOST], "and 80 more tables");
    }
}
