//! The values of a query's parameters as literals: COPY takes no parameters (PostgreSQL manual, COPY).

use std::fmt::Write as _;

use tokio_postgres::types::{ToSql, Type};

use crate::error::{Error, Result};
use crate::statement::text::parameters;
use crate::transaction::Transaction;

/// A query as the server sees it.
#[derive(Debug)]
pub(super) struct Described {
    /// The name and type of each column.
    pub(super) columns: Vec<(String, Type)>,
    /// The text with the values in it.
    pub(super) sql: String,
}

/// Asks the server what a query returns, and puts the values of its parameters into it.
///
/// The transaction has failed if this does.
pub(super) async fn describe(
    tx: &mut Transaction,
    sql: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Described> {
    let lane = tx.lane();
    let prepared = lane
        .unobserved(Box::pin(lane.held().client().prepare(sql)))
        .await?
        .map_err(|error| lane.failed(sql, error))?;
    let types = prepared.params();
    if types.len() != params.len() {
        let reason = format!(
            "it has {} parameters, and {} values are given",
            types.len(),
            params.len()
        );
        return Err(Error::refused("export a query", reason));
    }
    let columns = prepared
        .columns()
        .iter()
        .map(|column| (column.name().to_owned(), column.type_().clone()))
        .collect();
    let sql = if params.is_empty() {
        sql.to_owned()
    } else {
        let values = params.iter().copied().zip(types.iter().cloned());
        let values: Vec<_> = values.collect();
        let written = Literals::of(tx, &values).await?;
        written.put_into(sql)
    };
    Ok(Described { columns, sql })
}

/// The values, as the server writes them.
struct Literals {
    texts: Vec<String>,
    /// Whether it reads backslashes in plain strings.
    backslashes: bool,
}

impl Literals {
    /// Has the server write the values, so that it is the one who quotes them and who knows their types' names.
    async fn of(tx: &mut Transaction, values: &[(&(dyn ToSql + Sync), Type)]) -> Result<Literals> {
        // What is written here can be read under any settings, and without loss.
        const SETTINGS: &str = "set local datestyle = 'ISO'; set local intervalstyle = 'postgres'; \
             set local extra_float_digits = 3; set local bytea_output = 'hex'";
        let mut sql =
            "select pg_catalog.current_setting('standard_conforming_strings') = 'off', array["
                .to_owned();
        for number in 1..=values.len() {
            let comma = if number == 1 { "" } else { ", " };
            // With a modifier of -1 `character` and `bit` are any number of them, and not one.
            let _infallible = write!(
                sql,
                "{comma}pg_catalog.format('(%L::%s)', ${number}, pg_catalog.format_type(pg_catalog.pg_typeof(${number})::oid, -1))"
            );
        }
        sql.push(']');
        let apart = tx.savepoint().await?;
        apart.batch_execute(SETTINGS).await?;
        let rows = apart.query_typed(&sql, values).await?;
        apart.rollback().await?;
        let read = |error| {
            Error::bulk(
                "export a query",
                "the server's literals don't read",
                Some(Box::new(error)),
            )
        };
        let row = rows.first().ok_or_else(|| {
            Error::bulk("export a query", "the server returned no literals", None)
        })?;
        Ok(Literals {
            backslashes: row.try_get(0).map_err(read)?,
            texts: row.try_get(1).map_err(read)?,
        })
    }

    fn put_into(&self, sql: &str) -> String {
        let mut out = String::with_capacity(sql.len() * 2);
        let mut from = 0;
        for parameter in parameters(sql, self.backslashes) {
            let literal = parameter
                .number
                .checked_sub(1)
                .and_then(|index| self.texts.get(index));
            // A number that the server has not seen is left to it.
            if let Some(literal) = literal {
                out.push_str(&sql[from..parameter.place.start]);
                out.push_str(literal);
                from = parameter.place.end;
            }
        }
        out.push_str(&sql[from..]);
        out
    }
}
